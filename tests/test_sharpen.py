"""Sharpen: steeper edges without overshoot, noise left alone, hue kept."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from twinlens.core.image import OUTPUT, SCENE, Image, Window, planar
from twinlens.core.noise import NoiseModel
from twinlens.core.shot import Shot
from twinlens.kernels import library
from twinlens.kernels.sharpen import sharpen
from twinlens.numerics import sharpen as reference
from twinlens.stages.acutance import Acutance
from twinlens.stages.sharpen import Sharpen


def scene(rgb, **changes):
    return Image(pixels=planar(np.asarray(rgb, np.float32)), state=SCENE, shot=Shot(), **changes)


def slanted_edge(low=0.05, high=0.6, blur=0.8):
    y, x = np.mgrid[0:160, 0:192] / 2.0
    sharp = np.where(x - 48 + (y - 40) * np.tan(np.radians(5)) > 0, high, low)
    soft = gaussian_filter(sharp, 2 * blur).reshape(80, 2, 96, 2).mean((1, 3))
    return soft[..., None] * np.ones(3)


def test_no_overshoot_on_a_slanted_edge():
    result = Sharpen(amount=1.0)(scene(slanted_edge())).pixels
    assert result.max() <= 0.6 * 1.005 and result.min() >= 0.05 * 0.995


def test_an_edge_gets_steeper():
    before = slanted_edge()
    after = Sharpen()(scene(before)).pixels
    assert np.abs(np.diff(after[..., 1], axis=1)).max() > 1.2 * np.abs(np.diff(before[..., 1], axis=1)).max()


def test_even_light_and_zero_amount_are_left_alone():
    even = np.full((20, 30, 3), 0.3)
    assert np.allclose(Sharpen(amount=1.5)(scene(even)).pixels, 0.3, rtol=1e-5)
    assert Sharpen(amount=0).is_identity
    preview = scene(slanted_edge(), scale=4.0)
    assert Sharpen()(preview) is preview


def test_noise_is_not_amplified_much_where_there_is_nothing_else():
    rng = np.random.default_rng(0)
    model = NoiseModel((2e-4, 2e-4, 2e-4), (1e-7, 1e-7, 1e-7))
    noisy = 0.2 + rng.normal(size=(100, 100, 3)) * np.sqrt(2e-4 * 0.2)
    plain = Sharpen(amount=1.0)(scene(noisy)).pixels
    aware = Sharpen(amount=1.0)(scene(noisy, noise=model)).pixels
    luminance = [np.std(one @ reference.LUMINANCE) for one in (noisy, aware, plain)]
    assert luminance[1] < 1.25 * luminance[0] < luminance[2]


def test_hue_stays_and_nothing_goes_below_zero():
    rng = np.random.default_rng(1)
    rgb = rng.uniform(0, 1, (40, 50, 1)) * np.array([0.9, 0.4, 0.1])
    result = Sharpen(amount=1.5)(scene(rgb)).pixels
    assert result.min() >= 0
    assert np.allclose(result * rgb.sum(-1, keepdims=True), rgb * result.sum(-1, keepdims=True), atol=1e-5)


def test_clipped_places_are_left_alone():
    image = scene(slanted_edge(), clipped=np.ones((80, 96), np.uint8))
    assert np.array_equal(Sharpen(amount=1.0)(image).pixels, image.pixels)


def test_parts_agree_with_the_whole():
    rng = np.random.default_rng(2)
    image = scene(rng.uniform(0, 1, (90, 160, 3)))
    stage = Sharpen(amount=1.0)
    whole = stage(image).pixels
    for top, left in ((0, 0), (30, 50), (60, 100)):
        window = Window(top, left, top + 30, left + 50, (90, 160))
        part = stage.over(image.cut(stage.source_window(window, 90, 160)), window)
        assert np.allclose(part.pixels, whole[top : top + 30, left : left + 50], rtol=1e-6)  # rounding of vector tails


@pytest.mark.parametrize("size", [(1, 1), (1, 2), (2, 1), (1, 9), (6, 1), (3, 3), (37, 53), (64, 33)])
def test_kernel_agrees_with_its_reference(size):
    if library.find("sharpen") is None:
        pytest.skip("no compiled kernels")
    rng = np.random.default_rng(3)
    rgb = planar(rng.uniform(-0.05, 1, (*size, 3)).astype(np.float32))
    marks = (rng.random(size) < 0.1).astype(np.uint8)
    arguments = (rgb, marks, 0.7, 2.0, 1e-4, 1e-6, 0.9)
    assert np.allclose(sharpen(*arguments), reference.sharpen(*arguments), atol=2e-5)


def test_acutance_stays_below_white_and_is_off_by_default():
    edge = Image(pixels=planar(slanted_edge(0.3, 1.0).astype(np.float32)), state=OUTPUT, shot=Shot())
    result = Acutance(amount=1.0)(edge).pixels
    assert Acutance().is_identity
    assert result.max() <= 1.0001 and result.min() > 0.299
    assert np.abs(np.diff(result[..., 1], axis=1)).max() > 1.1 * np.abs(np.diff(edge.pixels[..., 1], axis=1)).max()


def test_a_matrix_taken_along_is_a_matrix_before() -> None:
    rng = np.random.default_rng(3)
    rgb = rng.uniform(0.01, 0.9, (37, 53, 3)).astype(np.float32)
    mixing = np.array([[1.6, -0.4, -0.2], [-0.1, 1.2, -0.1], [0.0, -0.3, 1.3]])
    joined = sharpen(planar(rgb), None, 0.7, 1.0, 1e-4, 1e-6, mixing=mixing)
    apart = sharpen(planar((rgb @ mixing.T).astype(np.float32)), None, 0.7, 1.0, 1e-4, 1e-6)
    assert np.abs(joined - apart).max() < 2e-5
