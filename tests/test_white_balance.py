"""White balance: every mode makes its neutral grey, and the numbers mean what photographers expect of them."""

from __future__ import annotations

import importlib
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from shared_data import shared
from twinlens.core.errors import ParameterError
from twinlens.core.image import BALANCED, CAMERA_RGB, Image, planar, upright
from twinlens.core.shot import Shot
from twinlens.core.stage import Facts, Stage
from twinlens.numerics import color
from twinlens.numerics.auto_white import estimate_neutral, statistics
from twinlens.numerics.dng_color import lights_from, neutral_from_xy
from twinlens.numerics.temperature import temperature_from_xy, xy_from_temperature
from twinlens.simulate import sample
from twinlens.stages.camera_color import CameraColor
from twinlens.stages.white_balance import PRESET_XY, WhiteBalance, stored_place

LIGHTS = lights_from(sample.camera_color().calibrations)
MODES = [
    {"mode": "as_shot"},
    {"mode": "auto"},
    *({"mode": name} for name in PRESET_XY),
    {"mode": "kelvin", "kelvin": 3200.0, "tint": -15.0},
    {"mode": "neutral", "neutral": (0.2, 0.5, 0.3)},
    {"mode": "spot", "spot": (40.0, 20.0)},
]


def picture(shot: Shot | None = None, height: int = 60, width: int = 80) -> Image:
    """A scene as the sample camera sees it, in state CAMERA_RGB."""
    shot = shot or Shot(
        color=sample.camera_color(), as_shot_neutral=tuple(sample.neutral()), width=width, height=height
    )
    rgb = sample.scene(height, width).rgb @ sample.camera_matrix().T.astype(np.float32)
    return Image(pixels=planar(rgb), state=CAMERA_RGB, shot=shot)


def facts(image: Image, before: tuple[Stage, ...] = ()) -> Facts:
    return Facts(shot=image.shot, source=image, arriving=lambda: image, before=before)


@pytest.mark.parametrize("values", MODES, ids=lambda one: one["mode"])
def test_the_neutral_becomes_exactly_grey_in_the_scene(values: dict[str, object]) -> None:
    image = picture()
    balance = WhiteBalance(**values).resolve(facts(image))
    assert balance.gains is not None
    assert min(balance.gains) == pytest.approx(1.0)
    neutral = 1 / np.array(balance.gains)
    patch = image.with_pixels(planar(np.broadcast_to(neutral * 0.5, (3, 4, 3)).astype(np.float32)))
    balanced = balance(patch)
    scene = CameraColor().resolve(facts(balanced, (balance,)))(balanced)
    assert balanced.state is BALANCED
    assert np.ptp(scene.pixels, axis=-1).max() < 1e-5
    assert np.isfinite(scene.pixels).all()


@pytest.mark.parametrize("values", MODES, ids=lambda one: one["mode"])
def test_a_resolved_stage_replays_by_its_numbers(values: dict[str, object]) -> None:
    image = picture()
    balance = WhiteBalance(**values).resolve(facts(image))
    nothing = Image(pixels=image.pixels, state=CAMERA_RGB, shot=Shot())
    assert balance.resolve(facts(nothing)) == balance


def test_as_shot_is_the_files_neutral() -> None:
    balance = WhiteBalance().resolve(facts(picture()))
    assert np.allclose(balance.gains, sample.neutral().max() / sample.neutral())
    assert balance.white_xy == pytest.approx(color.D65_XY, abs=1e-4)


def test_as_shot_white_xy_stands_in_for_a_missing_neutral() -> None:
    xy = xy_from_temperature(4200, 6)
    image = picture(replace(picture().shot, as_shot_neutral=None, as_shot_white_xy=xy))
    balance = WhiteBalance().resolve(facts(image))
    assert balance.mode == "as_shot"
    assert balance.white_xy == pytest.approx(xy, abs=1e-4)
    assert np.allclose(1 / np.array(balance.gains), neutral_from_xy(LIGHTS, xy))


def test_without_any_white_it_is_estimated() -> None:
    for neutral in (None, (0.0, 1.0, 0.5), (1.0,)):
        image = picture(replace(picture().shot, as_shot_neutral=neutral))
        assert WhiteBalance().resolve(facts(image)).mode == "auto"


@pytest.mark.parametrize(("kelvin", "tint"), [(2600.0, 0.0), (4000.0, 20.0), (6500.0, -12.0), (9000.0, 5.0)])
def test_kelvin_and_tint_come_back_as_the_white(kelvin: float, tint: float) -> None:
    balance = WhiteBalance(mode="kelvin", kelvin=kelvin, tint=tint).resolve(facts(picture()))
    assert balance.white_xy is not None
    found = temperature_from_xy(balance.white_xy)
    assert found[0] == pytest.approx(kelvin, rel=2e-3)
    assert found[1] == pytest.approx(tint, abs=0.3)


def test_a_higher_temperature_makes_the_picture_warmer() -> None:
    def gains(kelvin: float) -> tuple[float, ...]:
        return WhiteBalance(mode="kelvin", kelvin=kelvin).resolve(facts(picture())).gains or ()

    cold, warm = gains(3000.0), gains(9000.0)
    assert warm[0] / warm[2] > cold[0] / cold[2]


def test_more_tint_makes_the_picture_more_magenta() -> None:
    def green(tint: float) -> float:
        gains = WhiteBalance(mode="kelvin", kelvin=5000.0, tint=tint).resolve(facts(picture())).gains or (1, 1, 1)
        return gains[1] / np.sqrt(gains[0] * gains[2])

    assert green(40.0) < green(0.0) < green(-40.0)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_spot_counts_in_the_finished_picture(orientation: int) -> None:

    # The stored frame is 40 x 60 with a border of 4; one grey block lies at rows 20-26, columns 30-36.
    pixels = np.full((40, 60, 3), 0.3, np.float32) * np.array([1.0, 0.2, 0.5], np.float32)
    pixels[20:27, 30:37] = [0.2, 0.4, 0.25]
    shot = Shot(
        width=60, height=40, orientation=orientation, default_crop_origin=(4.0, 4.0), default_crop_size=(52.0, 32.0)
    )
    image = Image(pixels=planar(pixels), state=CAMERA_RGB, shot=shot)
    seen = upright(pixels[4:36, 4:56], orientation)
    y, x = np.argwhere(seen[..., 1] == np.float32(0.4)).mean(0)
    balance = WhiteBalance(mode="spot", spot=(x, y)).resolve(facts(image))
    assert np.allclose(1 / np.array(balance.gains), [0.5, 1.0, 0.625], atol=1e-4)
    across, down = seen.shape[1], seen.shape[0]
    u, v = stored_place((x + 0.5) / across, (y + 0.5) / down, orientation)
    assert (4 + v * 32, 4 + u * 52) == pytest.approx((23.5, 33.5))
    with pytest.raises(ParameterError, match="outside the picture"):
        WhiteBalance(mode="spot", spot=(across + 1, 3)).resolve(facts(image))


def test_missing_values_are_named() -> None:
    for mode in ("kelvin", "spot", "neutral"):
        with pytest.raises(ParameterError, match=f"needs WhiteBalance.{mode}"):
            WhiteBalance(mode=mode).resolve(facts(picture()))
    with pytest.raises(ParameterError, match="color matrix"):
        WhiteBalance(mode="daylight").resolve(facts(picture(Shot(width=80, height=60))))


def test_noise_is_scaled_with_the_pixels() -> None:
    image = picture()
    image = replace(image, noise=sample.shoot(8, 8).noise or sample.shoot(8, 8).shot.noise)
    balance = WhiteBalance().resolve(facts(image))
    result = balance(image)
    assert image.noise is not None
    assert result.noise is not None
    assert np.allclose(np.array(result.noise.offset) / image.noise.offset, np.square(balance.gains))


def test_a_grey_world_is_estimated_right() -> None:
    rng = np.random.default_rng(0)
    surfaces = rng.uniform(0.05, 0.6, (40, 40, 1)) * rng.uniform(0.9, 1.1, (40, 40, 3))
    for kelvin in (3000.0, 4500.0, 6500.0):
        neutral = neutral_from_xy(LIGHTS, xy_from_temperature(kelvin, 5.0))
        found = estimate_neutral((surfaces * neutral).astype(np.float32), LIGHTS)
        cosine = found @ neutral / np.linalg.norm(found) / np.linalg.norm(neutral)
        assert np.degrees(np.arccos(min(cosine, 1))) < 3.0


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (2, 2)])
def test_auto_takes_any_picture(size: tuple[int, int]) -> None:
    for value in (0.0, 0.4, 5.0):
        rgb = np.full((*size, 3), value, np.float32)
        assert np.isfinite(estimate_neutral(rgb, LIGHTS)).all()
        assert np.isfinite(statistics(rgb)).all()


def test_error_on_a_share_of_the_benchmark() -> None:
    """Two photographs, one camera, two lights; all of them in `benchmarks/auto_white.py`."""
    files = [shared(f"photos/{name}.jpg") for name in ("apple_iphone_6", "leica_t_typ701")]
    benchmarks = Path(__file__).parents[1] / "benchmarks"
    sys.path.insert(0, str(benchmarks))
    try:
        benchmark = importlib.import_module("auto_white")
    finally:
        sys.path.remove(str(benchmarks))
    found = benchmark.measure(cameras=("Canon_EOS_R5",), names=("D65", "illuminantA"), files=files)["methods"]
    assert found["ours"]["mean"] < 3.0
    assert found["ours"]["mean"] < found["grey_world"]["mean"]
