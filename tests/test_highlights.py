"""Highlights: no magenta, color kept where channels survive, no border."""

import numpy as np
import pytest

from twinlens.core.image import BALANCED, Image, Window, empty_rgb, planar
from twinlens.core.shot import Shot
from twinlens.core.stage import Facts
from twinlens.kernels import library
from twinlens.kernels.highlights import _reference, highlights
from twinlens.numerics.highlights import chroma_of, maps_of
from twinlens.stages.highlights import Highlights

LIGHTS = [(2.0, 1.0, 1.5), (1.0, 1.1, 2.6), (1.0, 1.0, 1.0), (2.4, 1.0, 1.05)]


def clipped_shot(truth, levels, noise=0.0, seed=0):
    """What a sensor with these clip levels holds of `truth` (H, W, 3): an Image with its mask."""
    levels = np.array(levels, np.float32)
    seen = truth + noise * np.random.default_rng(seed).normal(size=truth.shape)
    marks = ((seen >= levels) * np.array([1, 2, 4])).sum(-1).astype(np.uint8)
    pixels = planar(np.minimum(seen, levels).astype(np.float32))
    return Image(pixels=pixels, state=BALANCED, shot=Shot(), clipped=marks)


def mended(image, levels, chroma=(1.0, 1.0, 1.0)):
    stage = Highlights(levels=(float(levels[0]), float(levels[1]), float(levels[2])), chroma=chroma)
    scan = image.with_pixels(image.pixels[::2, ::2], clipped=image.clipped[::2, ::2])
    return stage.bind(scan)(image).pixels


def marked(image):
    assert image.clipped is not None
    return image.clipped > 0


def ramp(color, top=4.0, height=40, width=300):
    light = np.linspace(0.05, top, width, dtype=np.float32)[None, :, None]
    return np.broadcast_to(light * np.array(color, np.float32), (height, width, 3))


@pytest.mark.parametrize("levels", LIGHTS)
def test_a_white_ramp_stays_white_and_never_falls(levels):
    result = mended(clipped_shot(ramp((1, 1, 1)), levels), levels)
    assert np.ptp(result, axis=-1).max() < 0.01
    assert np.diff(result.mean(axis=(0, 2))).min() > -2e-3
    assert result.max() == pytest.approx(max(levels), rel=0.01)


@pytest.mark.parametrize("levels", LIGHTS)
@pytest.mark.parametrize("color", [(1, 0.9, 0.7), (0.7, 0.85, 1), (1, 0.95, 1), (1, 1, 1)])
def test_clipped_light_is_never_magenta(levels, color):
    image = clipped_shot(ramp(color), levels, noise=0.004)
    result = mended(image, levels)
    part = marked(image)
    lack = np.minimum(result[..., 0], result[..., 2]) - result[..., 1]
    assert lack[part].max() < 0.05 + max(0.0, min(color[0], color[2]) - color[1])


@pytest.mark.parametrize("levels", LIGHTS[:2])
def test_skin_one_stop_over_keeps_its_hue_while_channels_survive(levels):
    truth = ramp((0.60, 0.40, 0.30), top=4.2)
    image = clipped_shot(truth, levels)
    result = mended(image, levels)
    part = marked(image) & (np.sum(truth >= 0.88 * np.array(levels), axis=-1) == 1)
    chroma = result / result.sum(axis=-1, keepdims=True)
    assert part.any()
    assert np.abs(chroma - np.array([0.60, 0.40, 0.30]) / 1.3)[part].max() < 0.02


def test_a_border_between_clipped_and_not_is_smooth():
    result = mended(clipped_shot(ramp((0.6, 0.4, 0.3), top=6), (1.8, 1, 1.4)), (1.8, 1.0, 1.4))
    steps = np.abs(np.diff(np.log(result[20]), n=2, axis=0))[20:]
    assert steps.max() < 0.03


def test_values_below_the_clip_level_are_left_alone():
    image = clipped_shot(ramp((1, 0.5, 0.4), top=0.8), (1.5, 1, 1.2))
    assert mended(image, (1.5, 1, 1.2)) is image.pixels


def test_a_gain_map_raises_the_level_where_it_lifted_the_clipped():
    truth = np.concatenate([np.full((30, 60, 3), 1.5), np.full((30, 60, 3), 9.0)], axis=1)
    levels = np.array((1.5, 1.0, 1.2)) * 1.8
    image = clipped_shot(truth.astype(np.float32), levels)
    result = mended(image, levels / 1.8)
    assert np.allclose(result[:, :50], 1.5, atol=0.01)
    assert np.ptp(result[:, 70:], axis=-1).max() < 0.05


def test_clip_cuts_all_channels_at_the_lowest_level():
    image = clipped_shot(ramp((1, 1, 1)), (2, 1, 1.5))
    result = Highlights(method="clip", levels=(2.0, 1.0, 1.5))(image).pixels
    assert result.max() == 1 and np.ptp(result, axis=-1).max() == 0


def test_resolving_finds_the_levels_and_the_color():
    image = clipped_shot(ramp((1, 0.8, 0.5), top=0.7), (1, 1, 1))
    facts = Facts(Shot(), image, lambda: image)
    stage = Highlights().resolve(facts)
    assert stage.levels == (1, 1, 1)
    assert stage.chroma == pytest.approx(np.array([1, 0.8, 0.5]) / np.mean([1, 0.8, 0.5]), rel=0.02)


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (5, 1), (37, 53), (64, 33)])
@pytest.mark.parametrize("with_mask", [True, False])
def test_kernel_agrees_with_its_reference(size, with_mask):
    if library.find("highlights") is None:
        pytest.skip("no compiled kernels")
    rng = np.random.default_rng(5)
    height, width = size
    levels = np.array([1.7, 1.0, 1.3])
    rgb = planar(rng.uniform(0, 1.8, (height, width, 3)).astype(np.float32))
    marks = (rng.integers(0, 8, (height, width), dtype=np.uint8)) if with_mask else None
    scan = rng.uniform(0, 1.8, (30, 40, 3)).astype(np.float32)
    maps = maps_of(scan, None, levels, chroma_of(scan, None, levels))
    window = Window(11, 5, 11 + height, 5 + width, (211, 190))
    fast, slow = highlights(rgb, marks, maps, window), _reference(rgb, marks, maps, window)
    assert np.allclose(fast, slow, atol=2e-4)  # float32 sums in another order, and quotients of small determinants


def test_parts_agree_with_the_whole():
    rng = np.random.default_rng(2)
    truth = ramp((1, 0.8, 0.6), top=3, height=90, width=160) * rng.uniform(0.9, 1.1, (90, 160, 1)).astype(np.float32)
    image = clipped_shot(truth, (1.6, 1, 1.4))
    run = Highlights(levels=(1.6, 1.0, 1.4), chroma=(1.0, 1.0, 1.0)).bind(image)
    whole = run(image).pixels
    parts = empty_rgb(90, 160)
    for top in range(0, 90, 30):
        for left in range(0, 160, 50):
            window = Window(top, left, min(top + 30, 90), min(left + 50, 160), (90, 160))
            parts[top : window.bottom, left : window.right] = run(image.cut(window)).pixels
    assert np.array_equal(whole, parts)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (3, 2)])
def test_smallest_sizes(size):
    image = clipped_shot(np.full((*size, 3), 3.0, np.float32), (2, 1, 1.5))
    assert np.allclose(mended(image, (2.0, 1.0, 1.5)), 2.0, rtol=0.02)
