"""Resize: what a good change of size must keep, and tiles against the whole."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twinlens.core.errors import ParameterError
from twinlens.core.image import OUTPUT, Image, Window, planar
from twinlens.core.shot import Shot
from twinlens.core.stage import Facts
from twinlens.kernels import resample as kernel
from twinlens.numerics import resample as reference
from twinlens.stages.resize import Resize

SIZES = st.integers(1, 70)


def picture(pixels: np.ndarray, **more) -> Image:
    return Image(pixels=planar(pixels.astype(np.float32)), state=OUTPUT, shot=Shot(**more), primaries="srgb")


@settings(max_examples=40, deadline=None)
@given(SIZES, SIZES, SIZES, SIZES)
def test_kernel_equals_reference(height, width, down, across):
    pixels = planar(np.random.default_rng(0).uniform(0, 1, (height, width, 3)).astype(np.float32))
    rows, columns = reference.weights(height, down), reference.weights(width, across)
    assert np.abs(kernel.resample(pixels, rows, columns) - reference.resample(pixels, rows, columns)).max() < 2e-6


@pytest.mark.parametrize("scale", (0.13, 0.5, 0.93, 1.0, 1.7, 3.0))
def test_a_constant_stays(scale):
    out = Resize(scale=scale)(picture(np.full((41, 59, 3), 0.37)))
    assert np.abs(out.pixels - 0.37).max() < 2e-6


@pytest.mark.parametrize("scale", (0.25, 0.5, 2.0))
def test_a_ramp_stays_a_ramp_away_from_the_edge(scale):
    x = np.arange(160.0)
    out = Resize(scale=scale)(picture(np.repeat((x / 160)[None, :, None], 20, 0).repeat(3, 2))).pixels[2, :, 1]
    place = ((np.arange(out.size) + 0.5) * 160 / out.size - 0.5) / 160
    inner = slice(int(16 * scale) + 2, -int(16 * scale) - 2)
    assert np.abs(out - place)[inner].max() < 2e-3


def test_the_same_size_is_the_same_picture():
    pixels = np.random.default_rng(1).uniform(0, 1, (33, 47, 3))
    assert np.abs(Resize(scale=1.0)(picture(pixels)).pixels - pixels).max() < 1e-6


@pytest.mark.parametrize("scale", (0.31, 0.5, 1.9))
def test_light_is_kept(scale):
    pixels = np.zeros((120, 160, 3))
    pixels[60, 80], pixels[30:40, 100:130] = 1, 0.7
    out = Resize(scale=scale)(picture(pixels))
    area = (120 / out.height) * (160 / out.width)
    assert out.pixels.sum() * area == pytest.approx(pixels.sum(), rel=0.06)  # ringing below 0 is cut off
    smooth = np.cos(np.arange(160) / 20)[None, :, None] * np.ones((120, 1, 3)) * 0.4 + 0.5
    assert Resize(scale=scale)(picture(smooth)).pixels.mean() == pytest.approx(smooth.mean(), rel=2e-3)


def test_detail_too_fine_for_the_new_size_becomes_flat():
    stripes = np.tile([0.0, 1.0], 80)[None, :, None] * np.ones((60, 1, 3))
    out = Resize(scale=0.4)(picture(stripes)).pixels[10:-10, 10:-10]
    assert np.abs(out - 0.5).max() < 0.02


def test_never_below_zero():
    pixels = np.zeros((40, 40, 3))
    pixels[:, 20:] = 1
    assert Resize(scale=2.3)(picture(pixels)).pixels.min() >= 0


@pytest.mark.parametrize(("height", "width"), [(97, 143), (1, 9), (3, 2)])
@pytest.mark.parametrize("wish", [{"scale": 0.37}, {"long_edge": 50}, {"scale": 2.2}])
def test_tiles_equal_the_whole(height, width, wish):
    image, stage = picture(np.random.default_rng(2).uniform(0, 1, (height, width, 3))), Resize(**wish)
    whole = stage(image)
    down, across = stage.frame(height, width)
    for top in range(0, down, 13):
        for left in range(0, across, 17):
            target = Window(top, left, min(top + 13, down), min(left + 17, across), (down, across))
            part = stage.over(image.cut(stage.source_window(target, height, width)), target)
            assert (part.pixels == whole.pixels[top : target.bottom, left : target.right]).all()
            assert part.window == target


def test_sizes_and_scale():
    assert Resize(long_edge=1600).frame(3000, 4000) == (1200, 1600)
    assert Resize(long_edge=1600).frame(4000, 3000) == (1600, 1200)
    assert Resize(width=1000, height=1000).frame(3000, 4000) == (750, 1000)
    assert Resize(long_edge=2).frame(1, 4000) == (1, 2)
    assert Resize(scale=0.5)(picture(np.zeros((10, 20, 3)))).scale == 2.0
    assert Resize().is_identity and Resize().frame(5, 7) == (5, 7)
    with pytest.raises(ParameterError):
        Resize(long_edge=0)


def test_width_means_the_upright_picture():
    image = picture(np.zeros((30, 40, 3)), orientation=6)
    stage = Resize(width=15).resolve(Facts(image.shot, image, lambda: image))
    assert stage.turned and stage.frame(30, 40) == (15, 20)
