"""Quad Bayer: read as stored, brought to a Bayer mosaic near the truth, and developed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import twinlens
from twinlens.core.errors import ParameterError
from twinlens.core.image import MOSAIC, Image, Window
from twinlens.core.noise import NoiseModel
from twinlens.core.shot import Cfa, Shot
from twinlens.files import dng
from twinlens.files.frame import UnsupportedError
from twinlens.kernels import remosaic as kernels
from twinlens.numerics import quad_bayer as method
from twinlens.pipeline.default import default_stages
from twinlens.pipeline.preview import Preview
from twinlens.pipeline.recipe import Recipe
from twinlens.pipeline.resolve import resolve
from twinlens.simulate import camera as cameras
from twinlens.simulate import photograph as photographs
from twinlens.simulate import sample, scenes
from twinlens.stages.demosaic import Demosaic
from twinlens.stages.remosaic import Remosaic

ORDERS = ("RGGB", "GRBG", "GBRG", "BGGR")
BALANCE = (2.1, 1.0, 1.6)
NEUTRAL = (1 / 2.1, 1.0, 1 / 1.6)
QUAD = Cfa.bayer("RGGB").doubled
FULL, BIN = Remosaic(method="full", neutral=NEUTRAL), Remosaic(method="bin", neutral=NEUTRAL)


def light(height: int, width: int) -> np.ndarray:
    """Balanced camera RGB (H, W, 3) of the sample scene, 0 to 1."""
    return np.clip(sample.scene(height, width).rgb, 0, 1).astype(np.float32)


def sites_of(rgb: np.ndarray, cfa: Cfa) -> np.ndarray:
    tile, (height, width) = cfa.indices, rgb.shape[:2]
    color = np.tile(tile, (height // len(tile) + 1, width // len(tile[0]) + 1))[:height, :width]
    return np.take_along_axis(rgb / np.array(BALANCE, np.float32), color[..., None].astype(int), 2)[..., 0]


def mosaic(rgb: np.ndarray, cfa: Cfa = QUAD, **changes: object) -> Image:
    return Image(pixels=sites_of(rgb, cfa), state=MOSAIC, shot=Shot(), cfa=cfa, **changes)  # type: ignore[arg-type]


def psnr(one: np.ndarray, other: np.ndarray) -> float:
    return float(-10 * np.log10(np.mean((one - other) ** 2)))


@pytest.mark.parametrize("order", ORDERS)
def test_blocks_of_every_order_are_known_wherever_the_tile_begins(order: str) -> None:
    for top in range(4):
        for left in range(4):
            seen = Cfa.bayer(order).doubled.shifted(top, left)
            assert seen.is_quad_bayer and not seen.is_bayer and seen.block_corner == (top % 2, left % 2)
    assert not Cfa.bayer(order).is_quad_bayer and not Cfa(2 * ("RGRG", "GBGB")).is_quad_bayer


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("corner", [(0, 0), (3, 5), (2, 1)])
def test_a_quad_bayer_file_is_read_as_it_was_written(order: str, corner: tuple[int, int], tmp_path: Path) -> None:
    height, width = 40, 60
    pixels = np.random.default_rng(0).integers(0, 4095, (height, width)).astype(np.uint16)
    cfa = Cfa.bayer(order).doubled.shifted(*(-at for at in corner))
    shot = Shot(width=width, height=height, cfa=cfa, active_area=(*corner, height, width), white_level=(4095.0,))
    dng.write(tmp_path / "quad.dng", pixels, shot)
    back = twinlens.read(tmp_path / "quad.dng")
    assert np.array_equal(back.pixels, pixels) and back.cfa == back.shot.cfa == cfa


@pytest.mark.parametrize("pattern", ["RRGGRRGGGGBBGGBR", "RGRGGBGBRGRGGBGB", "GGGGGGGGGGGGGGGG"])
def test_other_arrays_of_4_x_4_are_left_to_libraw(pattern: str, tmp_path: Path) -> None:
    cfa = Cfa(tuple(pattern[i : i + 4] for i in range(0, 16, 4)))
    dng.write(tmp_path / "other.dng", np.zeros((32, 32), np.uint16), Shot(width=32, height=32, cfa=cfa))
    with pytest.raises(UnsupportedError, match="not those of a quad Bayer array"):
        dng.read(tmp_path / "other.dng")


@pytest.mark.parametrize("length", [4, 5, 6, 7, 9])
@pytest.mark.parametrize("phase", range(4))
def test_a_mirrored_line_goes_on_with_the_same_colors(length: int, phase: int) -> None:
    colors = np.tile([0, 0, 1, 1], 30)
    line = np.roll(colors, -phase)[:length]
    places = method.mirrored(-29, length + 58, length, bool(phase % 2))
    assert np.array_equal(line[places], [colors[(phase + i) % 4] for i in range(-29, length + 29)])


@pytest.mark.parametrize("order", ORDERS)
def test_one_color_everywhere_stays_that_color(order: str) -> None:
    color = np.broadcast_to(np.array([0.21, 0.4, 0.13], np.float32), (29, 31, 3))
    for shift in ((0, 0), (1, 2), (3, 1)):
        cfa = Cfa.bayer(order).doubled.shifted(*shift)
        made = FULL(mosaic(color, cfa))
        assert made.cfa is not None and made.cfa.is_bayer
        np.testing.assert_allclose(made.pixels, sites_of(color, made.cfa), atol=2e-6)


def test_sites_of_the_wanted_color_keep_their_value() -> None:
    image = mosaic(light(64, 80))
    made = FULL(image)
    same = np.tile(method.TILE == method.BAYER, (16, 20))
    assert same.mean() == 6 / 16
    np.testing.assert_array_equal(made.pixels[same], image.pixels[same])


def test_a_shifted_array_gives_the_same_picture() -> None:
    rgb = light(96, 120)
    whole = Demosaic(balance=BALANCE)(FULL(mosaic(rgb))).pixels
    other = Demosaic(balance=BALANCE)(FULL(mosaic(rgb[3:, 2:], QUAD.shifted(3, 2)))).pixels
    np.testing.assert_allclose(other[40:-40, 40:-40], whole[3:, 2:][40:-40, 40:-40], atol=1e-6)


def test_full_size_is_nearer_to_the_truth_than_binning_and_the_nearest_site() -> None:
    """On the sample scene, by 2 dB and more in the root of light; what binning leaves is the size, not the color."""
    rgb = light(192, 256)
    image = mosaic(rgb)
    gains = np.array(BALANCE, np.float32)
    root = lambda one: np.sqrt(np.clip(one, 0, 1))[24:-24, 24:-24]  # noqa: E731
    ours = Demosaic(balance=BALANCE)(FULL(image)).pixels * gains
    half = Demosaic(balance=BALANCE)(BIN(image)).pixels * gains
    nearest = image.pixels.copy()
    for y, x in np.argwhere(method.TILE != method.BAYER):
        sources = np.argwhere(method.BAYER[y, x] == method.TILE)
        near = sources[np.argmin(((sources - (y, x)) ** 2).sum(1))]
        nearest[y::4, x::4] = image.pixels[near[0] :: 4, near[1] :: 4]
    naive = Demosaic(balance=BALANCE)(replace(image, pixels=nearest, cfa=Cfa.bayer("RGGB"))).pixels * gains
    enlarged = np.repeat(np.repeat(half, 2, 0), 2, 1)
    truth = root(rgb)
    found = [psnr(root(one), truth) for one in (ours, enlarged, naive)]
    assert found[0] > found[1] + 2 and found[0] > found[2] + 2
    small = rgb.reshape(96, 2, 128, 2, 3).mean((1, 3))
    assert psnr(half[12:-12, 12:-12], small[12:-12, 12:-12]) > 30


def test_parts_equal_the_whole() -> None:
    rgb = light(90, 110)
    clipped = (np.random.default_rng(0).random((90, 110)) < 0.02).astype(np.uint8)
    image = mosaic(rgb, QUAD.shifted(1, 3), clipped=clipped, noise=NoiseModel((2e-4,) * 3, (0.0,) * 3))  # type: ignore[arg-type]
    for stage in (FULL, replace(BIN, corner=(1, 1))):
        whole = stage(image)
        frame = stage.frame(90, 110)
        assert whole.pixels.shape == frame and whole.clipped is not None
        for box in ((0, 0, 33, 41), (33, 41, *frame), (7, 30, 40, 31)):
            target = Window(*box, frame)
            part = stage.over(image.cut(stage.source_window(target, 90, 110)), target)
            assert part.window == target and part.cfa == whole.cfa
            np.testing.assert_allclose(part.pixels, whole.pixels[box[0] : box[2], box[1] : box[3]], atol=1e-6)
            np.testing.assert_array_equal(part.clipped, whole.clipped[box[0] : box[2], box[1] : box[3]])


ROUNDING = 3e-5  # the compiled arithmetic is fused and ordered differently


@pytest.mark.parametrize("size", [(4, 4), (8, 60), (12, 64), (20, 68), (64, 132), (200, 256)])
def test_compiled_remosaic_is_the_reference(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(sum(size))
    height, width = (one + 2 * method.MARGIN for one in size)
    sites = sites_of(light(height, width), QUAD) + rng.normal(0, 0.01, (height, width)).astype(np.float32)
    sites[::7, ::5] *= 3  # above white, and edges everywhere
    clipped = (rng.random((height, width)) < 0.05).astype(np.uint8)
    for noise in ((0.0, 0.0, 0.0), (2e-4, 1e-4, 3e-4)):
        made = kernels.remosaic(sites, BALANCE, noise)
        assert made.shape == size
        np.testing.assert_allclose(made, method.remosaic(sites, BALANCE, noise), atol=ROUNDING)
    np.testing.assert_array_equal(kernels.clipped_sites(clipped), method.clipped_sites(clipped))


@pytest.mark.parametrize("starts", [(-29, -31), (1, 2), (3, 2), (-1, 9), (9, -3), (30, 40)])
def test_what_lies_outside_a_mosaic_is_its_reflection(starts: tuple[int, int]) -> None:
    plane = np.arange(13 * 18, dtype=np.float32).reshape(13, 18)
    counts, seconds = (11, 12), (True, False)
    rows, columns = map(method.mirrored, starts, counts, plane.shape, seconds)
    made = method.framed(plane, starts, counts, seconds)
    np.testing.assert_array_equal(made, plane[np.ix_(rows, columns)])
    assert np.shares_memory(made, plane) == (starts == (1, 2))


def test_binning_averages_blocks_and_says_so() -> None:
    pixels = np.arange(64, dtype=np.float32).reshape(8, 8)
    model = NoiseModel((4e-4, 8e-4, 4e-4), (4e-6, 4e-6, 4e-6))
    clipped = np.zeros((8, 8), np.uint8)
    clipped[3, 4] = 1
    image = Image(pixels=pixels, state=MOSAIC, shot=Shot(), cfa=QUAD, noise=model, clipped=clipped)
    made = BIN(image)
    np.testing.assert_array_equal(made.pixels, pixels.reshape(4, 2, 4, 2).mean((1, 3)))
    assert made.cfa == Cfa.bayer("RGGB") and made.scale == 2 and made.noise is not None
    assert made.noise.gain == pytest.approx((1e-4, 2e-4, 1e-4)) and made.noise.offset == pytest.approx((1e-6,) * 3)
    assert made.clipped is not None and np.argwhere(made.clipped).tolist() == [[1, 2]]
    with pytest.raises(ParameterError, match="4 x 4 sites or more"):
        FULL(Image(pixels=pixels[:3], state=MOSAIC, shot=Shot(), cfa=QUAD))


def test_clipped_sites_mark_what_was_estimated_from_them() -> None:
    clipped = np.zeros((16, 16), np.uint8)
    clipped[4:6, 4:6] = 1  # a red block
    made = FULL(mosaic(np.full((16, 16, 3), 0.3, np.float32), clipped=clipped)).clipped
    wanted = np.zeros((16, 16), np.uint8)
    wanted[2:7:2, 2:7:2] = 1  # the Bayer array's red sites up to two away from it
    np.testing.assert_array_equal(made, wanted)


def test_a_bayer_mosaic_passes() -> None:
    raw = sample.shoot(64, 80)
    found = resolve(Recipe(default_stages(raw.state)), raw).get("remosaic")
    assert isinstance(found, Remosaic) and found.method == "off" and found.is_identity
    image = Image(pixels=raw.pixels.astype(np.float32), state=MOSAIC, shot=raw.shot, cfa=raw.cfa)
    assert FULL(image).pixels is image.pixels


def test_a_simulated_quad_sensor_develops_like_its_bayer_twin(tmp_path: Path) -> None:
    """The same scene on the same pixels behind either array: close at full size, previews alike, colors the same."""
    phone = cameras.load("phone")
    shown = {}
    for cfa in ("RGGB", "quad-GBRG"):
        camera = replace(phone, sensor=replace(phone.sensor, cfa=cfa))
        shot = photographs.photograph(
            scenes.make("still-life", 300, 400, seed=1), camera, height=240, width=320, seed=2
        )
        path = tmp_path / f"{cfa}.dng"
        shot.write(path)
        small = Preview(path, long_edge=80).render(look="neutral").pixels
        shown[cfa] = (twinlens.develop(path, look="neutral").pixels / 255.0, small / 255.0)
    (full, small), (quad, quad_small) = shown.values()
    assert full.shape == quad.shape and psnr(full, quad) > 32
    assert np.abs((full - quad).mean((0, 1))).max() < 1e-3
    assert small.shape == quad_small.shape and psnr(small, quad_small) > 28
    half = twinlens.develop(tmp_path / "quad-GBRG.dng", look="neutral", edits={"remosaic": {"method": "bin"}}).pixels
    assert half.shape == (full.shape[0] // 2, full.shape[1] // 2, 3)
    assert np.abs(half.mean((0, 1)) / 255 - full.mean((0, 1))).max() < 3e-3
