"""Denoise, noise and defects: kernels beside their references, and what must hold for every picture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twinlens import stages
from twinlens.core.image import MOSAIC, Image, Window
from twinlens.core.noise import NoiseModel, at_iso
from twinlens.core.profile import CameraProfile
from twinlens.core.shot import Cfa, Shot
from twinlens.core.stage import Facts
from twinlens.kernels import denoise as kernel
from twinlens.kernels.defects import fix_defects
from twinlens.numerics import defects as defects_reference
from twinlens.numerics import denoise as reference
from twinlens.numerics import noise as measured
from twinlens.simulate import sample
from twinlens.stages.defects import Defects
from twinlens.stages.denoise import Denoise

ORDERS = ("RGGB", "GRBG", "GBRG", "BGGR")
NEUTRAL = (0.5, 1.0, 0.65)
MODEL = NoiseModel((1.3e-3, 1.3e-3, 1.3e-3), (7e-6, 7e-6, 7e-6))  # of a phone at ISO 800
ROUNDING = 1e-5  # the compiled arithmetic is fused and ordered differently
X_TRANS = Cfa(("GGRGGB", "GGBGGR", "BRGRBG", "GGBGGR", "GGRGGB", "RBGBRG"))


def model_of(gain: float, offset: float) -> NoiseModel:
    return NoiseModel((gain, gain, gain), (offset, offset, offset))


def light(height: int, width: int) -> np.ndarray:
    """Linear camera RGB (H, W, 3): a gradient, an edge, a texture."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    grey = 0.05 + 0.15 * x / max(width, 1) + 0.25 * (x + 0.3 * y > width / 2) + 0.03 * np.sin(0.9 * x + 0.5 * y)
    return np.maximum(grey, 0)[..., None] * np.array(NEUTRAL, np.float32)


def mosaic_of(rgb: np.ndarray, order: str = "RGGB", model: NoiseModel | None = MODEL, seed: int = 0) -> Image:
    """A mosaic image of camera RGB (H, W, 3) with this noise."""
    height, width = rgb.shape[:2]
    cfa = Cfa.bayer(order)
    colors = np.tile(cfa.indices, (height // 2 + 1, width // 2 + 1))[:height, :width]
    sites = np.take_along_axis(rgb, colors[..., None].astype(int), 2)[..., 0]
    if model is not None:
        deviation = np.sqrt(model.gain[1] * sites + model.offset[1])
        sites = sites + deviation * np.random.default_rng(seed).standard_normal(sites.shape)
    shot = Shot(as_shot_neutral=NEUTRAL, noise=model, cfa=cfa, iso=800.0, height=height, width=width)
    clipped = (sites >= 0.995).astype(np.uint8)
    return Image(pixels=sites.astype(np.float32), state=MOSAIC, shot=shot, cfa=cfa, noise=model, clipped=clipped)


@given(
    st.sampled_from([(4, 128), (8, 192), (36, 128)]), st.booleans(), st.sampled_from([0.2, 0.5, 1.0]), st.integers(0, 9)
)
@settings(max_examples=12, deadline=None)
def test_the_kernel_agrees_with_its_reference(size: tuple[int, int], swap: bool, amount: float, seed: int) -> None:
    around = (size[0] + 2 * kernel.MARGIN, size[1] + 2 * kernel.MARGIN)
    order = "GRBG" if swap else "RGGB"
    image = mosaic_of(light(*around), order, seed=seed)
    tile = reference.sites(Cfa.bayer(order).indices, np.array(MODEL.gain), np.array(MODEL.offset), np.array(NEUTRAL))
    out = np.empty(size, np.float32)
    kernel.denoise(image.pixels, tile, swap, amount, out)
    expected = reference.denoise(image.pixels, tile, swap, amount)
    assert np.abs(out - expected).max() < ROUNDING


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (2, 2), (5, 3), (31, 67), (66, 130), (3, 301)])
def test_any_size_and_the_border_are_finite_and_near_the_light(size: tuple[int, int]) -> None:
    rgb = np.full((*size, 3), 0.2, np.float32) * np.array(NEUTRAL, np.float32)
    result = Denoise()(mosaic_of(rgb))
    assert result.pixels.shape == size
    assert np.isfinite(result.pixels).all()
    assert np.abs(result.pixels - mosaic_of(rgb, model=None).pixels).max() < 5 * np.sqrt(1.3e-3 * 0.2 + 7e-6)


def test_amount_0_is_no_stage_and_a_small_amount_does_little() -> None:
    image = mosaic_of(light(64, 160))
    assert Denoise(amount=0).is_identity
    assert np.array_equal(Denoise(amount=0)(image).pixels, image.pixels)
    assert np.abs(Denoise(amount=1e-4)(image).pixels - image.pixels).max() < 2e-3


def test_more_amount_takes_more_noise() -> None:
    clean = mosaic_of(light(96, 192), model=None).pixels
    image = mosaic_of(light(96, 192))
    taken = [
        float(np.mean((Denoise(amount=a)(image).pixels - image.pixels) ** 2)) for a in (0.05, 0.2, 0.35, 0.5, 0.8, 1)
    ]
    assert taken == sorted(taken)
    assert np.mean((Denoise()(image).pixels - clean) ** 2) < 0.35 * np.mean((image.pixels - clean) ** 2)


@pytest.mark.parametrize("level", [0.0, 0.001, 0.01, 0.1])
@pytest.mark.parametrize("gain", [1.7e-4, 1.3e-3, 5.3e-3])
def test_flat_areas_keep_their_mean_in_every_color(level: float, gain: float) -> None:
    model = model_of(gain, (2 * gain) ** 2)
    rgb = np.full((320, 384, 3), level, np.float32) * np.array([0.5, 0.9, 0.5], np.float32)
    image, clean = mosaic_of(rgb, model=model, seed=1), mosaic_of(rgb, model=None).pixels
    result = Denoise()(image).pixels
    for y, x in ((0, 0), (0, 1), (1, 0), (1, 1)):
        sites, truth = result[y::2, x::2], float(clean[y, x])
        deviation = np.sqrt(gain * truth + (2 * gain) ** 2)
        assert abs(sites.mean() - truth) < max(0.01 * truth, 0.1 * deviation)
        assert abs(sites.mean() - image.pixels[y::2, x::2].mean()) < 0.02 * deviation, "nothing is added or lost"
        assert sites.std() < 0.25 * deviation


def test_a_part_is_the_same_as_that_part_of_the_whole() -> None:
    image = mosaic_of(light(150, 330))
    stage = Denoise()
    whole = stage(image)
    for target in (
        Window(0, 0, 70, 160, (150, 330)),
        Window(67, 93, 131, 260, (150, 330)),
        Window(128, 256, 150, 330, (150, 330)),
    ):
        part = stage.over(image.cut(stage.source_window(target, 150, 330)), target)
        assert np.abs(part.pixels - whole.cut(target).pixels).max() < 1e-5
        called = stage(image.cut(stage.source_window(target, 150, 330))).cut(target)
        assert np.abs(called.pixels - part.pixels).max() < 1e-5


def test_the_four_bayer_orders_give_the_same_quality() -> None:
    errors = []
    for order in ORDERS:
        clean = mosaic_of(light(96, 256), order, model=None).pixels
        errors.append(float(np.mean((Denoise()(mosaic_of(light(96, 256), order)).pixels - clean) ** 2)))
    assert max(errors) < 1.2 * min(errors)


def test_unequal_greens_of_noise_make_no_maze() -> None:
    model = model_of(5.3e-3, 1e-4)
    image = mosaic_of(np.full((256, 256, 3), 0.1, np.float32) * np.array(NEUTRAL, np.float32), model=model)
    made = Denoise()(image).pixels
    means = [np.array([plane[y : y + 8, x : x + 8].mean() for y in range(16, 100, 8) for x in range(16, 100, 8)])
             for plane in (made[0::2, 1::2], made[1::2, 0::2])]  # fmt: skip
    assert np.std(means[0] - means[1]) < 0.04 * np.sqrt(5.3e-3 * 0.1 + 1e-4), "noise alone would leave 0.18"


def test_clipped_sites_stay_and_do_not_smear() -> None:
    rgb = np.full((96, 192, 3), 0.1, np.float32)
    rgb[:, 96:] = 1.5
    image = mosaic_of(rgb)
    image = replace(image, pixels=np.minimum(image.pixels, 1))
    result = Denoise()(image).pixels
    assert np.array_equal(result[image.clipped == 1], image.pixels[image.clipped == 1])
    beside = result[:, 84:96]
    assert abs(beside.mean() - 0.1) < 0.1 * np.sqrt(1.3e-4)
    assert np.abs(beside - 0.1).max() < 4 * np.sqrt(1.3e-4)


def test_exposure_of_picture_and_noise_together_changes_nothing() -> None:
    image = mosaic_of(light(64, 160))
    half = model_of(MODEL.gain[0] / 2, MODEL.offset[0] / 4)
    dark = replace(image, pixels=image.pixels / 2, noise=half, shot=replace(image.shot, noise=half))
    assert np.abs(2 * Denoise()(dark).pixels - Denoise()(image).pixels).max() < 1e-5


def test_other_arrays_and_linear_raws_pass_unchanged() -> None:
    image = mosaic_of(light(36, 48))
    for other in (
        replace(image, cfa=X_TRANS),
        replace(image, cfa=None),
        replace(image, pixels=light(36, 48), cfa=None),
    ):
        for stage in (Denoise(), Defects()):
            assert np.array_equal(stage(other).pixels, other.pixels)


def test_shading_that_scaled_the_picture_scales_the_model() -> None:
    image = mosaic_of(light(64, 160))
    resolved = Denoise(gain=MODEL.gain, offset=MODEL.offset)
    bright = replace(image, pixels=image.pixels * 2, noise=MODEL.scaled((2, 2, 2)))
    assert np.abs(resolved(bright).pixels / 2 - resolved(image).pixels).max() < 1e-5
    after = resolved(image).noise
    assert after is not None and after.gain[0] < MODEL.gain[0]


def facts(image: Image, profile: CameraProfile | None = None) -> Facts:
    return Facts(shot=image.shot, source=image, arriving=lambda: image, profile=profile)


def test_the_model_comes_from_the_file_then_the_profile_then_the_picture() -> None:
    image = mosaic_of(light(256, 384))
    assert Denoise().resolve(facts(image)).gain == MODEL.gain
    unknown = replace(image, noise=None, shot=replace(image.shot, noise=None))
    profile = CameraProfile(name="p", noise={100.0: model_of(1e-4, 1e-7)})
    resolved = Denoise().resolve(facts(unknown, profile))
    assert resolved.gain == pytest.approx((8e-4,) * 3) and resolved.offset == pytest.approx((6.4e-6,) * 3)
    found = Denoise().resolve(facts(unknown))
    assert found.gain is not None and min(found.gain) > 0


@pytest.mark.parametrize("iso", [100, 800, 3200])
def test_the_model_is_found_in_the_picture_itself(iso: int) -> None:
    shot = sample.shoot(768, 1024, iso=iso, bits=14)
    assert shot.shot.black_level is not None and shot.shot.white_level is not None and shot.cfa is not None
    black, white = float(np.ravel(shot.shot.black_level)[0]), shot.shot.white_level[0]
    linear = (shot.pixels.astype(np.float32) - black) / (white - black)
    truth = sample.noise_model(iso)
    found = measured.estimate([linear[t:b, x:r] for t, x, b, r in measured.windows(*linear.shape)], shot.cfa.indices)
    assert found is not None
    for channel in range(3):
        for signal in (0.02, 0.1, 0.5):
            expected = truth.gain[channel] * signal + truth.offset[channel]
            assert np.sqrt(found.gain[channel] * signal + found.offset[channel]) == pytest.approx(
                np.sqrt(expected), rel=0.15
            )


def test_a_picture_too_small_gives_no_model() -> None:
    assert measured.estimate([np.zeros((12, 12), np.float32)], Cfa.bayer("RGGB").indices) is None


@given(st.integers(1, 40), st.integers(1, 70), st.integers(0, 9))
@settings(max_examples=20, deadline=None)
def test_the_defects_kernel_agrees_with_its_reference(height: int, width: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    sites = rng.normal(0.1, 0.02, (height + 6, width + 6)).astype(np.float32)
    sites[rng.random(sites.shape) < 0.02] = 0.9
    sites[rng.random(sites.shape) < 0.02] = 0.0
    out = np.empty((height, width), np.float32)
    fix_defects(sites, 1e-3, 1e-5, 4.0, out)
    differs = np.abs(out - defects_reference.fix_defects(sites, 1e-3, 1e-5, 4.0)) > 1e-6
    assert differs.mean() <= 0.001, "a tie may be decided differently"


def test_hot_and_dead_sites_go_and_the_picture_stays() -> None:
    image = mosaic_of(light(120, 200))
    rng = np.random.default_rng(4)
    rows, columns = rng.integers(4, 116, 60), rng.integers(4, 196, 60)
    sites = image.pixels.copy()
    sites[rows[:40], columns[:40]] = 0.95
    sites[rows[40:], columns[40:]] = 0.0
    broken = replace(image, pixels=sites, clipped=(sites > 0.9).astype(np.uint8))
    fixed = Defects()(broken)
    error = np.abs(fixed.pixels - image.pixels)[rows, columns]
    assert np.mean(error[:40] < 0.1) > 0.9
    assert np.mean(np.abs(fixed.pixels - image.pixels)[rows[40:], columns[40:]] < 0.1) > 0.7
    changed = fixed.pixels != broken.pixels
    changed[rows, columns] = False
    assert changed.mean() < 1e-3
    assert fixed.clipped is not None and fixed.clipped[rows[:40], columns[:40]].mean() < 0.1


@pytest.mark.parametrize("sigma", [0.55, 0.8, 1.2])
def test_stars_stay(sigma: float) -> None:
    y, x = np.mgrid[:160, :200].astype(np.float32)
    rng = np.random.default_rng(2)
    sky = np.full((160, 200), 0.004, np.float32)
    places = [
        (8 + 16 * i + rng.uniform(-0.5, 0.5), 8 + 16 * j + rng.uniform(-0.5, 0.5)) for i in range(9) for j in range(12)
    ]
    for cy, cx in places:
        sky += 0.35 * np.exp(-((y - cy) ** 2 + (x - cx) ** 2) / (2 * sigma**2))
    image = mosaic_of(sky[..., None] * np.array(NEUTRAL, np.float32))
    changed = np.abs(Defects()(image).pixels - image.pixels) > 0.02
    assert changed.sum() <= 1


def test_defects_found_on_parts_are_those_of_the_whole() -> None:
    image = mosaic_of(light(60, 90))
    sites = image.pixels.copy()
    sites[::13, ::11] = 0.9
    image = replace(image, pixels=sites)
    stage, target = Defects(), Window(17, 21, 45, 71, (60, 90))
    part = stage.over(image.cut(stage.source_window(target, 60, 90)), target)
    assert np.array_equal(part.pixels, stage(image).cut(target).pixels)
    assert Defects(threshold=0).is_identity


def test_a_site_that_noise_alone_lifted_to_clipping_is_denoised() -> None:
    """Light at 90 % of white with the noise of ISO 3200 clips here and there; no white specks may stay."""
    light = np.full((96, 128, 3), 0.9, np.float32)
    image = sample.shoot(light=light, iso=3200, seed=5)
    mosaic = stages.load()["linearize"]()(image)
    assert mosaic.clipped is not None and 0 < mosaic.clipped.mean() < 0.5
    facts = Facts(image.shot, image, lambda: image)
    denoised = Denoise(amount=0.5).resolve(facts)(mosaic)
    green = mosaic.cfa.indices[0, 1] == 1
    assert green
    sites = denoised.pixels[0::2, 1::2]
    assert sites.std() < 0.6 * mosaic.pixels[0::2, 1::2].std()
    assert np.percentile(sites, 99.9) < mosaic.pixels[0::2, 1::2].max()


def test_light_that_clips_stays_clipped() -> None:
    image = sample.shoot(light=np.full((64, 96, 3), 3.0, np.float32), iso=3200, seed=5)
    mosaic = stages.load()["linearize"]()(image)
    denoised = Denoise(amount=0.5).resolve(Facts(image.shot, image, lambda: image))(mosaic)
    assert denoised.clipped is not None and (denoised.clipped == mosaic.clipped).all()


def test_between_measured_isos_the_noise_of_an_amplifier_is_exact() -> None:
    def true(iso: float) -> NoiseModel:  # photons, read noise before the amplifier and behind it
        gain, offset = 2e-6 * iso, 1e-7 + 4e-12 * iso**2
        return NoiseModel((gain, 1.1 * gain, 0.9 * gain), (offset, 2 * offset, 3 * offset))

    measured = {iso: true(iso) for iso in (100.0, 400.0, 1600.0)}
    for iso in (100.0, 150.0, 400.0, 800.0, 1600.0):
        found = at_iso(measured, iso)
        assert np.allclose(found.gain, true(iso).gain) and np.allclose(found.offset, true(iso).offset)
    louder = at_iso(measured, 3200.0)
    assert np.allclose(louder.gain, true(3200.0).gain)
    assert np.allclose(louder.offset, 4 * np.array(true(1600.0).offset))
