"""Demosaic: kernels beside their references, and what must hold for every method."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from twinlens.core.errors import ParameterError
from twinlens.core.image import CAMERA_RGB, MOSAIC, Image, Window
from twinlens.core.noise import NoiseModel
from twinlens.core.shot import Cfa, Shot
from twinlens.core.stage import Facts, registry
from twinlens.kernels import library
from twinlens.kernels.clip_mask import clip_mask
from twinlens.kernels.demosaic_lmmse import demosaic_lmmse
from twinlens.kernels.demosaic_malvar import demosaic_malvar
from twinlens.numerics import demosaic as reference
from twinlens.numerics.mosaic_average import mosaic_average
from twinlens.simulate import sample
from twinlens.stages.demosaic import USUAL_BALANCE, Demosaic, balance_as_shot

ORDERS = ("RGGB", "GRBG", "GBRG", "BGGR")
METHODS = ("lmmse", "malvar")
BALANCE = (2.1, 1.0, 1.6)
GAINS = np.array(BALANCE, np.float32)
X_TRANS = Cfa(("GGRGGB", "GGBGGR", "BRGRBG", "GGBGGR", "GGRGGB", "RBGBRG"))
QUAD = Cfa(("RRGG", "RRGG", "GGBB", "GGBB"))
ROUNDING = 3e-5  # the compiled arithmetic is fused and ordered differently


def smooth_light(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Linear camera RGB (H, W, 3) with edges, textures and colors, 0 to about 0.5."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    waves = [np.sin(x * a + y * b + c) for a, b, c in rng.uniform((0.02, 0.02, 0), (0.9, 0.9, 6), (3, 3))]
    edge = (x * 0.8 + y > (height + width) / 2.5)[..., None] * rng.uniform(0.02, 0.2, 3)
    return (0.15 + 0.04 * np.stack(waves, -1) + edge).astype(np.float32)


def mosaic_of(rgb: np.ndarray, order: str | Cfa) -> np.ndarray:
    tile = (Cfa.bayer(order) if isinstance(order, str) else order).indices
    height, width = rgb.shape[:2]
    color = np.tile(tile, (height // tile.shape[0] + 1, width // tile.shape[1] + 1))[:height, :width]
    return np.take_along_axis(rgb, color[..., None].astype(int), 2)[..., 0]


def mosaic_image(rgb: np.ndarray, order: str | Cfa = "RGGB", **changes: object) -> Image:
    cfa = Cfa.bayer(order) if isinstance(order, str) else order
    return Image(pixels=mosaic_of(rgb, order), state=MOSAIC, shot=Shot(), cfa=cfa, **changes)  # type: ignore[arg-type]


@pytest.fixture
def numpy_only(monkeypatch: pytest.MonkeyPatch):
    """Calls a function without the compiled kernels."""

    def call(function, *arguments):
        with monkeypatch.context() as patch:
            patch.setattr(library, "find", lambda name: None)
            return function(*arguments)

    return call


@pytest.mark.parametrize("size", [(2, 2), (2, 9), (3, 3), (17, 5), (33, 70), (64, 97)])
@pytest.mark.parametrize("red", [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_kernels_agree_with_their_references(size, red, numpy_only):
    sites = mosaic_of(smooth_light(*size), "RGGB") + np.random.default_rng(1).normal(0, 0.01, size).astype(np.float32)
    for noise in ((0.0, 0.0, 0.0), (1e-3, 1e-3, 1e-3)):
        made, wanted = (
            demosaic_lmmse(sites, red, BALANCE, noise),
            numpy_only(demosaic_lmmse, sites, red, BALANCE, noise),
        )
        np.testing.assert_allclose(made, wanted, atol=ROUNDING)
    made, wanted = demosaic_malvar(sites, red, BALANCE), numpy_only(demosaic_malvar, sites, red, BALANCE)
    np.testing.assert_allclose(made, wanted, atol=ROUNDING)
    clipped = (np.random.default_rng(2).random(size) < 0.1).astype(np.uint8)
    cfa = Cfa.bayer("RGGB").shifted(-red[0], -red[1])
    np.testing.assert_array_equal(clip_mask(clipped, cfa), numpy_only(clip_mask, clipped, cfa))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("order", ORDERS)
def test_every_bayer_order_gives_the_same_picture(method, order):
    """A scene shifted by one site has red at another place of the tile; away from the edges nothing else changes."""
    rgb = smooth_light(80, 96)
    red = order.index("R")
    top, left = red // 2, red % 2
    stage = Demosaic(method=method, balance=BALANCE)
    whole = stage(mosaic_image(rgb)).pixels
    other = stage(mosaic_image(rgb[2 - top :, 2 - left :], order)).pixels
    inner = slice(20, -20)
    np.testing.assert_allclose(other[inner, inner], whole[2 - top :, 2 - left :][inner, inner], atol=1e-6)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("order", [*ORDERS, X_TRANS, QUAD])
def test_one_color_everywhere_stays_that_color(method, order):
    color = np.array([0.21, 0.4, 0.13], np.float32)
    made = Demosaic(method=method, balance=BALANCE)(mosaic_image(np.tile(color, (31, 29, 1)), order))
    np.testing.assert_allclose(made.pixels, np.broadcast_to(color, made.pixels.shape), atol=2e-6)
    assert made.state is CAMERA_RGB and made.cfa is None


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("order", ["RGGB", "GBRG", QUAD])
def test_grey_stays_grey(method, order):
    """A smooth grey scene in balanced light has three equal balanced channels, to a part in a thousand."""
    y, x = np.mgrid[:60, :64]
    grey = (0.3 + 0.2 * np.sin(x / 30) * np.cos(y / 25)).astype(np.float32)
    rgb = grey[..., None] / GAINS
    balanced = Demosaic(method=method, balance=BALANCE)(mosaic_image(rgb, order)).pixels * GAINS
    inner = balanced[8:-8, 8:-8]
    assert np.ptp(inner, axis=2).max() < 2e-3 * (1 if order != QUAD else 10)


@pytest.mark.parametrize("method", METHODS)
def test_measured_sites_keep_their_value_without_a_noise_model(method):
    rgb = smooth_light(40, 44)
    image = mosaic_image(rgb)
    made = Demosaic(method=method, balance=BALANCE)(image).pixels
    np.testing.assert_allclose(mosaic_of(made, "RGGB"), image.pixels, atol=1e-6)


def test_a_noise_model_shrinks_color_noise():
    rng = np.random.default_rng(3)
    rgb = np.full((96, 96, 3), 0.2, np.float32) / GAINS
    gain = 1e-3
    image = mosaic_image(rgb)
    noisy = image.with_pixels((image.pixels + rng.normal(0, np.sqrt(gain * image.pixels))).astype(np.float32))
    model = NoiseModel((gain, gain, gain), (0.0, 0.0, 0.0))

    def color_noise(one: Image) -> float:
        balanced = Demosaic(balance=BALANCE)(one).pixels * GAINS
        return float(np.std(balanced[..., 0] - balanced[..., 1]))

    assert color_noise(noisy.with_pixels(noisy.pixels, noise=model)) < 0.85 * color_noise(noisy)


def test_a_noise_model_calms_flat_green_and_leaves_a_clear_edge():
    """A step of 25 times the noise stays where it is, with the height that it has; flat green loses half its noise."""
    rng, gain = np.random.default_rng(4), 2e-4
    rgb = np.full((64, 96, 3), 0.1, np.float32) / GAINS
    rgb[:, 48:] *= 4
    image = mosaic_image(rgb)
    noisy = image.with_pixels((image.pixels + rng.normal(0, np.sqrt(gain * image.pixels))).astype(np.float32))
    knowing = noisy.with_pixels(noisy.pixels, noise=NoiseModel((gain, gain, gain), (0.0, 0.0, 0.0)))
    raw, calm = (Demosaic(balance=BALANCE)(one).pixels[16:-16, 16:-16, 1] for one in (noisy, knowing))
    truth = rgb[16:-16, 16:-16, 1]
    assert np.std((calm - truth)[:, :24]) < 0.5 * np.std((raw - truth)[:, :24])
    denoised = replace(knowing, noise=NoiseModel((gain, gain, gain), (0.0, 0.0, 0.0), independent=False))
    left = Demosaic(balance=BALANCE)(denoised).pixels[16:-16, 16:-16, 1]
    np.testing.assert_array_equal(left[::2, 1::2], raw[::2, 1::2])  # measured green is left as a denoiser left it
    across = calm.mean(0) - truth.mean(0)
    assert np.abs(across[30:34]).max() < 0.02 * (0.4 - 0.1)


@settings(max_examples=25, deadline=None)
@given(
    height=st.integers(2, 40), width=st.integers(2, 40), seed=st.integers(0, 99), order=st.sampled_from(ORDERS),
    method=st.sampled_from(METHODS), low=st.floats(-2, 0), high=st.floats(0, 20),
)  # fmt: skip
def test_any_numbers_give_finite_numbers(height, width, seed, order, method, low, high):
    sites = np.random.default_rng(seed).uniform(low, high, (height, width)).astype(np.float32)
    noise = NoiseModel((1e-3, 1e-3, 1e-3), (1e-6, 1e-6, 1e-6))
    image = Image(pixels=sites, state=MOSAIC, shot=Shot(), cfa=Cfa.bayer(order), noise=noise)
    kept = sites.copy()
    made = Demosaic(method=method)(image).pixels
    assert made.shape == (height, width, 3) and made.dtype == np.float32 and np.isfinite(made).all()
    np.testing.assert_array_equal(sites, kept)


def test_black_noise_keeps_its_mean():
    """Light around black, half of it negative, is on average still black: no cast, no lift."""
    sites = np.random.default_rng(5).normal(0, 0.003, (256, 256)).astype(np.float32)
    image = Image(pixels=sites, state=MOSAIC, shot=Shot(), cfa=Cfa.bayer("RGGB"))
    assert np.abs(Demosaic(balance=BALANCE)(image).pixels.mean((0, 1))).max() < 3e-4


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("order", [*ORDERS, X_TRANS, QUAD])
def test_parts_equal_the_whole(method, order):
    rgb = smooth_light(90, 110)
    clipped = (np.random.default_rng(0).random((90, 110)) < 0.02).astype(np.uint8)
    image = mosaic_image(rgb, order, clipped=clipped, noise=NoiseModel((2e-4, 2e-4, 2e-4), (0.0, 0.0, 0.0)))
    stage = Demosaic(method=method, balance=BALANCE)
    whole = stage(image)
    assert whole.clipped is not None
    for box in ((0, 0, 33, 41), (33, 41, 90, 110), (33, 0, 34, 110), (7, 51, 60, 52), (89, 109, 90, 110)):
        target = Window(*box, (90, 110))
        part = stage.over(image.cut(stage.source_window(target, 90, 110)), target)
        assert part.window == target
        np.testing.assert_allclose(part.pixels, whole.pixels[box[0] : box[2], box[1] : box[3]], atol=1e-6)
        np.testing.assert_array_equal(part.clipped, whole.clipped[box[0] : box[2], box[1] : box[3]])
        again = stage(image.cut(stage.source_window(target, 90, 110))).cut(target)
        np.testing.assert_allclose(part.pixels, again.pixels, atol=1e-6)


@pytest.mark.parametrize("order", [*ORDERS, X_TRANS])
def test_clipped_sites_become_bits_by_color(order):
    rgb = smooth_light(24, 24)
    cfa = Cfa.bayer(order) if isinstance(order, str) else order
    color = np.tile(cfa.indices, (12, 12))[:24, :24]
    clipped = np.zeros((24, 24), np.uint8)
    clipped[10, 7] = 1
    mask = Demosaic()(mosaic_image(rgb, order, clipped=clipped)).clipped
    wanted = np.zeros((24, 24), np.uint8)
    wanted[9:12, 6:9] = 1 << color[10, 7]
    np.testing.assert_array_equal(mask, wanted)


def test_linear_and_monochrome_raws_pass():
    rgb = smooth_light(5, 7)
    linear = Image(pixels=rgb, state=MOSAIC, shot=Shot())
    assert Demosaic()(linear).pixels is not None
    np.testing.assert_array_equal(Demosaic()(linear).pixels, rgb)
    grey = Image(pixels=rgb[..., 0], state=MOSAIC, shot=Shot(), clipped=np.eye(5, 7, dtype=np.uint8))
    made = Demosaic()(grey)
    np.testing.assert_array_equal(made.pixels, np.repeat(rgb[..., :1], 3, axis=2))
    np.testing.assert_array_equal(made.clipped, np.eye(5, 7, dtype=np.uint8) * 7)
    one = Image(pixels=rgb[:1, :1, 0], state=MOSAIC, shot=Shot())
    assert Demosaic()(one).pixels.shape == (1, 1, 3)


@pytest.mark.parametrize("size", [(1, 1), (1, 8), (8, 1)])
@pytest.mark.parametrize("order", ["RGGB", X_TRANS])
def test_a_mosaic_without_all_colors_is_refused(size, order):
    with pytest.raises(ParameterError, match="crop less"):
        Demosaic()(mosaic_image(smooth_light(*size), order))


def test_balance_is_resolved_from_the_shot():
    image = mosaic_image(smooth_light(8, 8))
    shot = replace(image.shot, as_shot_neutral=(0.5, 1.0, 0.625))
    facts = Facts(shot, image, arriving=lambda: image)
    assert Demosaic().resolve(facts).balance == pytest.approx((2.0, 1.0, 1.6))
    assert Demosaic(balance=(1, 1, 1)).resolve(facts).balance == (1.0, 1.0, 1.0)
    assert balance_as_shot(Shot()) == USUAL_BALANCE
    assert balance_as_shot(Shot(as_shot_neutral=(0.0, 1.0, 1.0))) == USUAL_BALANCE


def test_the_default_is_nearer_the_truth_than_malvar_and_an_average():
    rgb = np.clip(sample.scene(180, 240).rgb @ sample.camera_matrix().T, 0, 1).astype(np.float32)
    image = mosaic_image(rgb)
    errors = [np.std((Demosaic(method=one, balance=BALANCE)(image).pixels - rgb)[8:-8, 8:-8]) for one in METHODS]
    averaged = mosaic_average(image.pixels, image.cfa.indices, BALANCE)  # type: ignore[union-attr]
    assert errors[0] < errors[1] < np.std((averaged - rgb)[8:-8, 8:-8])


@pytest.mark.parametrize("method", METHODS)
def test_a_mosaic_mirrored_in_its_diagonal_gives_the_mirrored_picture(method):
    sites = mosaic_of(smooth_light(48, 48), "RGGB")
    image = mosaic_image(smooth_light(48, 48))
    stage = Demosaic(method=method, balance=BALANCE)
    mirrored = stage(image.with_pixels(np.ascontiguousarray(sites.T))).pixels
    np.testing.assert_allclose(mirrored, stage(image).pixels.transpose(1, 0, 2), atol=ROUNDING)


def test_detail_of_a_saturated_color_counts_less_as_error():
    """Red alone is textured: what saturation changes brings all three channels nearer to the truth."""
    rng = np.random.default_rng(6)
    rgb = np.full((96, 96, 3), (0.3, 0.05, 0.04), np.float32)
    rgb[..., 0] *= 1 + 0.25 * gaussian_filter(rng.standard_normal((96, 96)), 1) / 0.28
    mosaic = mosaic_of(rgb, "RGGB")
    m = reference.LMMSE_MARGIN

    def error() -> float:
        return float(np.std(reference.lmmse(mosaic, (1.0, 1.0, 1.0)) - rgb[m:-m, m:-m]))

    aware = error()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reference, "SATURATION", 1e3)
        assert aware < 0.85 * error()


def test_root_is_undone_for_every_number():
    light = np.linspace(-1, 8, 999).astype(np.float32)
    np.testing.assert_allclose(reference.from_root(reference.to_root(light)), light, atol=1e-6)


def test_the_stage_is_registered():
    assert registry["demosaic"] is Demosaic
