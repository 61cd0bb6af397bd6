"""Grain and vignette: by position alone, grey stays grey, nothing at zero."""

import numpy as np
import pytest

from twinlens.core.image import OUTPUT, SCENE, Image, Window, empty_rgb, planar
from twinlens.core.shot import Shot
from twinlens.kernels import library
from twinlens.kernels.grain import grain
from twinlens.kernels.vignette import vignette
from twinlens.numerics import grain as reference
from twinlens.stages.grain import Grain
from twinlens.stages.vignette import Vignette

SIZES = [(1, 1), (1, 9), (6, 1), (37, 53), (64, 33)]


def picture(rgb, state=OUTPUT):
    return Image(pixels=planar(np.asarray(rgb, np.float32)), state=state, shot=Shot())


def parts_of(stage, image, step=(30, 50)):
    result = empty_rgb(image.height, image.width)
    for top in range(0, image.height, step[0]):
        for left in range(0, image.width, step[1]):
            window = Window(
                top, left, min(top + step[0], image.height), min(left + step[1], image.width), image.window.frame
            )
            result[top : window.bottom, left : window.right] = stage(image.cut(window)).pixels
    return result


def test_grain_is_the_same_in_parts_and_whole():
    image = picture(np.random.default_rng(0).uniform(0, 1, (90, 160, 3)))
    stage = Grain(amount=0.5)
    assert np.allclose(parts_of(stage, image), stage(image).pixels, rtol=1e-6)


def test_grain_keeps_grey_grey_and_the_mean_light():
    image = picture(np.full((200, 200, 3), 0.2))
    result = Grain(amount=0.5).__call__(image).pixels
    assert np.ptp(result, axis=-1).max() < 1e-6
    assert result.mean() == pytest.approx(0.2, rel=0.01)
    assert 0.02 < result[..., 1].std() < 0.05


def test_white_has_no_grain_and_nothing_leaves_the_range():
    assert np.allclose(Grain(amount=1)(picture(np.ones((20, 20, 3)))).pixels, 1, atol=1e-6)
    mixed = Grain(amount=1)(picture(np.random.default_rng(1).uniform(0, 1, (50, 50, 3)))).pixels
    assert mixed.min() >= 0 and mixed.max() <= 1 + 1e-6


def test_another_seed_gives_other_grain_and_the_same_seed_the_same():
    image = picture(np.full((40, 40, 3), 0.2))
    one, same, other = (Grain(amount=0.5, seed=seed)(image).pixels for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert abs(np.corrcoef(one[..., 0].ravel(), other[..., 0].ravel())[0, 1]) < 0.1


def test_the_noise_is_white_and_normal():
    noise = reference.white_noise(0, 0, 300, 300, 7)
    assert abs(noise.mean()) < 0.02 and noise.std() == pytest.approx(1, abs=0.02)
    for dy, dx in ((0, 1), (1, 0), (1, 1), (0, 2)):
        assert abs(np.mean(noise[dy:, dx:] * noise[: 300 - dy, : 300 - dx])) < 0.015
    assert np.mean(np.abs(noise) < 1) == pytest.approx(0.68, abs=0.02)


@pytest.mark.parametrize("size", [0.5, 1.5, 3.0])
def test_a_larger_grain_is_smoother_and_as_strong(size):
    noise = reference.field(0, 0, 300, 300, size, 0)
    assert noise.std() == pytest.approx(1, abs=0.06)
    assert np.mean(noise[:, 1:] * noise[:, :-1]) > {0.5: -0.1, 1.5: 0.4, 3.0: 0.7}[size]


@pytest.mark.parametrize("size", SIZES)
def test_grain_kernel_agrees_with_its_reference(size):
    if library.find("grain") is None:
        pytest.skip("no compiled kernels")
    rgb = planar(np.random.default_rng(3).uniform(-0.1, 1.1, (*size, 3)).astype(np.float32))
    window = Window(5, 11, 5 + size[0], 11 + size[1], (400, 400))
    noise = reference.field(5, 11, size[0], size[1], 1.5, 9)
    assert np.allclose(grain(rgb, window, 0.2, 1.5, 9), reference.grained(rgb, noise, 0.2), atol=2e-6)


def test_grain_and_vignette_are_off_by_default():
    assert Grain().is_identity and Vignette().is_identity


def test_vignette_darkens_the_corners_by_its_amount_and_not_the_middle():
    result = Vignette(amount=1.0)(picture(np.ones((301, 401, 3)), SCENE)).pixels
    assert result[150, 200] == pytest.approx(1, abs=1e-4)
    assert result[0, 0] == pytest.approx(0.5, rel=0.01)
    assert np.all(np.diff(result[150, 200:, 0]) < 0)


def test_vignette_undone_by_its_inverse_gain():
    shape = Vignette(amount=1.5)(picture(np.ones((60, 80, 3)), SCENE)).pixels
    rgb = np.random.default_rng(0).uniform(0, 4, (60, 80, 3))
    assert np.allclose(Vignette(amount=1.5)(picture(rgb, SCENE)).pixels / shape, rgb, rtol=1e-5)


def test_vignette_is_the_same_in_parts_and_whole():
    image = picture(np.random.default_rng(0).uniform(0, 1, (90, 160, 3)), SCENE)
    stage = Vignette(amount=0.7)
    assert np.allclose(parts_of(stage, image), stage(image).pixels, rtol=1e-6)


@pytest.mark.parametrize("size", SIZES)
def test_vignette_kernel_agrees_with_its_reference(size, monkeypatch):
    rgb = planar(np.random.default_rng(3).uniform(0, 2, (*size, 3)).astype(np.float32))
    window = Window(5, 11, 5 + size[0], 11 + size[1], (100, 90))
    fast = vignette(rgb, window, 1.2)
    monkeypatch.setattr(library, "find", lambda name: None)
    assert np.allclose(fast, vignette(rgb, window, 1.2), rtol=1e-5)
