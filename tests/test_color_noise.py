"""Color noise: the kernel beside its reference, and what must hold for every picture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twinlens.core.image import CAMERA_RGB, Image, Window
from twinlens.core.noise import NoiseModel
from twinlens.core.shot import Cfa, Shot
from twinlens.core.stage import Facts
from twinlens.kernels import color_noise as kernel
from twinlens.numerics import color_noise as reference
from twinlens.stages.color_noise import ColorNoise
from twinlens.stages.denoise import Denoise

NEUTRAL = (0.5, 1.0, 0.65)
MODEL = NoiseModel((7e-4, 7e-4, 7e-4), (4e-6, 4e-6, 4e-6))
ROUNDING = 3e-5  # the compiled inverse and products are ordered differently


def image_of(rgb: np.ndarray, **fields: object) -> Image:
    shot = Shot(as_shot_neutral=NEUTRAL, cfa=Cfa.bayer("RGGB"), height=rgb.shape[0], width=rgb.shape[1])
    return replace(Image(pixels=rgb.astype(np.float32), state=CAMERA_RGB, shot=shot, noise=MODEL), **fields)


def textured(height: int, width: int, color: tuple[float, float, float] = (0.5, 0.9, 0.2)) -> np.ndarray:
    """Fine texture of one color in uneven light."""
    y, x = np.mgrid[:height, :width]
    shade = 0.3 + 0.1 * np.sin(1.3 * x + 0.7 * y) + 0.1 * np.sin(0.11 * y)
    return (shade[..., None] * np.array(color) * np.array(NEUTRAL)).astype(np.float32)


@given(st.integers(1, 70), st.integers(1, 100), st.sampled_from([0.0, 1e-4, 1e-2]), st.integers(0, 9))
@settings(max_examples=25, deadline=None)
def test_the_kernel_agrees_with_its_reference(height: int, width: int, tolerance: float, seed: int) -> None:
    rgb = np.random.default_rng(seed).uniform(-0.01, 0.6, (height, width, 3)).astype(np.float32)
    balance = np.array([2.0, 1.0, 1.5])
    made = kernel.color_noise(rgb, balance, 0.01, tolerance)
    assert np.abs(made - reference.color_noise(rgb, balance, 0.01, tolerance)).max() < ROUNDING


def test_color_noise_goes_and_texture_of_one_color_stays() -> None:
    clean = textured(96, 128)
    noise = np.random.default_rng(0).normal(0, 0.003, clean.shape) * np.array([1, 0, 1])
    made = ColorNoise(amount=0.5)(image_of(clean + noise)).pixels

    def color_error(rgb: np.ndarray) -> float:
        wrong = (rgb - clean)[8:-8, 8:-8] / np.array(NEUTRAL)
        return float(np.mean((wrong[..., 0] - wrong[..., 2]) ** 2))

    assert color_error(made) < 0.4 * color_error(clean + noise)
    untouched = ColorNoise(amount=0.5)(image_of(clean)).pixels
    assert np.abs(untouched - clean).max() < 0.003, "one color in any light lies on a line"


def test_grey_stays_grey_and_flat_color_keeps_its_mean() -> None:
    grey = textured(40, 60, (1, 1, 1))
    made = ColorNoise(amount=1)(image_of(grey)).pixels / np.array(NEUTRAL)
    assert np.abs(made - made[..., 1:2]).max() < 1e-5
    flat = np.full((128, 128, 3), 0.002) + np.random.default_rng(1).normal(0, 5e-4, (128, 128, 3))
    assert np.abs(ColorNoise(amount=0.5)(image_of(flat)).pixels.mean((0, 1)) - flat.mean((0, 1))).max() < 2e-5


def test_an_edge_of_color_stays() -> None:
    rgb = np.full((40, 64, 3), 0.2) * np.array(NEUTRAL)
    rgb[:, 31:] = np.array([0.4, 0.2, 0.05]) * np.array(NEUTRAL)
    change = np.abs(ColorNoise(amount=0.5)(image_of(rgb)).pixels - rgb) / np.array(NEUTRAL)
    assert change.max() < 0.02


def test_a_part_is_the_same_as_that_part_of_the_whole() -> None:
    rgb = np.random.default_rng(3).uniform(0, 0.5, (61, 93, 3))
    stage, image = ColorNoise(amount=0.5), image_of(rgb)
    whole = stage(image).pixels
    for target in (Window(0, 0, 20, 40, (61, 93)), Window(17, 33, 45, 80, (61, 93)), Window(40, 51, 61, 93, (61, 93))):
        part = stage.over(image.cut(stage.source_window(target, 61, 93)), target)
        assert np.abs(part.pixels - whole[target.top : target.bottom, target.left : target.right]).max() < 1e-6
        grown = target.grown(stage.margin)
        assert np.abs(stage(image.cut(grown)).cut(target).pixels - part.pixels).max() < 1e-6


def test_clipped_pixels_and_what_has_no_bayer_mosaic_stay() -> None:
    rgb = np.random.default_rng(3).uniform(0, 1, (30, 40, 3)).astype(np.float32)
    marks = (rgb[..., 1] > 0.8).astype(np.uint8) * 2
    image = image_of(rgb, clipped=marks)
    made = ColorNoise(amount=0.5)(image).pixels
    assert np.array_equal(made[marks != 0], rgb[marks != 0]) and not np.array_equal(made, rgb)
    linear = replace(image, shot=replace(image.shot, cfa=None))
    assert np.array_equal(ColorNoise(amount=0.5)(linear).pixels, rgb)


@pytest.mark.parametrize("amount", [0.0, 0.3])
def test_it_follows_the_amount_of_denoise(amount: float) -> None:
    image = image_of(textured(8, 8))
    facts = Facts(image.shot, image, lambda: image, None, (Denoise(amount=amount),))
    resolved = ColorNoise().resolve(facts)
    assert resolved.amount == amount and resolved.neutral == pytest.approx(NEUTRAL)
    assert resolved.is_identity == (amount == 0)
    assert ColorNoise().resolve(replace(facts, before=())).is_identity
