"""Local tone: halo-free, hue-keeping, the same at any size and in any part."""

import numpy as np
import pytest

from twinlens.core.image import SCENE, Image, Window, empty_rgb, planar
from twinlens.core.shot import Shot
from twinlens.kernels import library
from twinlens.kernels.local_tone import _reference, local_tone
from twinlens.numerics.local_tone import maps_of, stops_for
from twinlens.stages.local_tone import LocalTone


def scene(rgb):
    return Image(pixels=planar(np.asarray(rgb, np.float32)), state=SCENE, shot=Shot())


def toned(image, strength=1.0, step=4):
    scan = scene(image.pixels[: image.height // step * step, : image.width // step * step])
    blocks = scan.pixels.reshape(image.height // step, step, image.width // step, step, 3).mean((1, 3))
    return LocalTone(strength=strength).bind(scene(blocks))(image).pixels


def step_picture(low, high, height=80, width=2560):
    values = np.where(np.arange(width) < width // 2, low, high)
    return np.broadcast_to(values[None, :, None], (height, width, 3))


@pytest.mark.parametrize("center", [-2.0, 0.0, 1.0])
def test_no_halo_on_an_edge_of_four_stops(center):
    low, high = 0.18 * 2 ** (center - 2), 0.18 * 2 ** (center + 2)
    line = np.log2(toned(scene(step_picture(low, high)))[40, :, 1])
    left, right = line[:1280], line[1280:]
    assert np.abs(left - left[20]).max() <= 0.05
    assert np.abs(right - right[-20]).max() <= 0.05
    assert right[-20] - left[20] < 3.5  # and it does compress


def test_mid_grey_stays():
    assert np.allclose(toned(scene(np.full((40, 60, 3), 0.18))), 0.18, rtol=1e-3)


def test_grey_stays_grey_and_hue_stays():
    rng = np.random.default_rng(0)
    rgb = rng.uniform(0.01, 3, (80, 120, 1)) * np.array([0.8, 0.5, 0.2])
    result = toned(scene(rgb))
    assert np.allclose(result / result.sum(-1, keepdims=True), np.array([0.8, 0.5, 0.2]) / 1.5, atol=1e-5)


def test_the_curve_is_monotone_and_anchored():
    base = np.linspace(-12, 6, 2000)
    for strength in (0.3, 1.0):
        assert np.diff(base + stops_for(base, strength)).min() > 0
    assert np.abs(stops_for(base, 1.0)).max() < 1.5


def test_fine_detail_keeps_its_contrast():
    rng = np.random.default_rng(1)
    detail = rng.normal(0, 0.1, (240, 320, 1))
    result = toned(scene(0.9 * np.exp2(detail) * np.ones(3)))
    assert np.std(np.log2(result[20:-20, 20:-20, 1])) > 0.08  # of 0.1


def test_strength_zero_is_left_out():
    assert LocalTone().is_identity and not LocalTone(strength=0.1).is_identity


def test_black_and_negative_light_stay_finite():
    rgb = np.zeros((20, 30, 3))
    rgb[5] = -0.01
    result = toned(scene(rgb))
    assert np.isfinite(result).all() and np.abs(result).max() <= 0.03


def test_a_preview_agrees_with_the_full_size():
    y, x = np.mgrid[0:480, 0:640] / 640
    light = 0.18 * np.exp2(3 * np.sin(9 * x) + np.where(x + 0.3 * y > 0.6, 2.0, -2.0))
    full = scene(light[..., None] * np.ones(3))
    maps = planar(maps_of(full.pixels[::2, ::2]))
    small = full.pixels.reshape(240, 2, 320, 2, 3).mean((1, 3))
    one = local_tone(full.pixels, maps, full.window, 1.0).reshape(240, 2, 320, 2, 3).mean((1, 3))
    other = local_tone(planar(small), maps, Window.whole(240, 320), 1.0)
    assert np.median(np.abs(np.log2(one / other))) < 0.005


def test_parts_agree_with_the_whole():
    rng = np.random.default_rng(2)
    image = scene(rng.uniform(0, 2, (90, 160, 3)))
    run = LocalTone(strength=0.5).bind(image)
    whole, parts = run(image).pixels, empty_rgb(90, 160)
    for top in range(0, 90, 30):
        for left in range(0, 160, 50):
            window = Window(top, left, min(top + 30, 90), min(left + 50, 160), (90, 160))
            parts[top : window.bottom, left : window.right] = run(image.cut(window)).pixels
    assert np.array_equal(whole, parts)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (6, 1), (37, 53), (64, 33)])
def test_kernel_agrees_with_its_reference(size):
    if library.find("local_tone") is None:
        pytest.skip("no compiled kernels")
    rng = np.random.default_rng(3)
    rgb = planar((10 ** rng.uniform(-4, 1, (*size, 3))).astype(np.float32))
    maps = maps_of(10 ** rng.uniform(-4, 1, (60, 80, 3)))
    window = Window(13, 6, 13 + size[0], 6 + size[1], (400, 300))
    fast, slow = local_tone(rgb, maps, window, 0.7, 1.3), _reference(rgb, maps, window, 0.7, 1.3)
    assert np.allclose(fast, slow, rtol=2e-4)  # the compiled one takes a polynomial for log and exp
