"""Shading: an invented falloff comes back from noisy flats, and its gain maps even them out."""

import numpy as np
import pytest

from twinlens.calibrate.shading import fit_shading
from twinlens.core.errors import ParameterError
from twinlens.core.image import Window
from twinlens.core.shading import LensShading, between
from twinlens.kernels.gain_map import apply_opcodes
from twinlens.numerics.opcode_lists import segments

TILE = np.array([[0, 1], [1, 2]])
BLACK, WHITE = 64.0, 1023.0
SIZE = (480, 640)
STRENGTH = np.array([1.15, 1.0, 0.9])  # color shading: red falls off more than blue


def truth(v, h):
    """(..., 3) of places in -1 to 1."""
    radius = np.hypot(0.6 * (v - 0.05), 0.8 * (h + 0.1))[..., None]
    return 1 / (1 + STRENGTH * 0.8 * radius**2) ** 2 * (1 + 0.03 * h[..., None])


def flat(seed=0, level=0.7, dust=False):
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0 : SIZE[0], 0 : SIZE[1]]
    response = truth(2 * (y + 0.5) / SIZE[0] - 1, 2 * (x + 0.5) / SIZE[1] - 1)
    index = np.tile(TILE, (SIZE[0] // 2, SIZE[1] // 2))
    signal = np.take_along_axis(response, index[..., None], 2)[..., 0] * np.array([0.6, 1.0, 0.8])[index] * level
    if dust:
        signal *= 1 - 0.3 * np.exp(-((y - 200) ** 2 + (x - 300) ** 2) / 200)
    counts = signal * (WHITE - BLACK) + BLACK
    return np.rint(counts + rng.standard_normal(SIZE) * np.sqrt(counts / 4)).astype(np.uint16)


def relative_error(found):
    response = found.response()
    v, h = np.meshgrid(*(np.linspace(-1, 1, n) for n in response.shape[:2]), indexing="ij")
    ratio = response / truth(v, h)
    return ratio / np.median(ratio, (0, 1)) - 1


@pytest.mark.parametrize("dust", [False, True])
def test_the_falloff_comes_back_within_half_a_percent(dust):
    fit = fit_shading([flat(seed, dust=dust) for seed in range(4)], tile=TILE, black=BLACK, white=WHITE)
    inner = relative_error(fit.value)[1:-1, 1:-1]
    assert np.abs(inner).max() < 0.005
    assert np.abs(relative_error(fit.value)).max() < 0.015  # the very corner points lie beyond all cells
    assert fit.held_out < 1.2 * fit.residual + 1e-4


def test_the_gain_maps_even_a_flat_out():
    fit = fit_shading([flat(seed) for seed in range(4)], tile=TILE, black=BLACK, white=WHITE)
    pixels = ((flat(9).astype(np.float32) - BLACK) / (WHITE - BLACK)).astype(np.float32)
    for part in segments(fit.value.opcodes(TILE, SIZE), SIZE):
        pixels = apply_opcodes(part.opcodes, pixels, Window.whole(*SIZE))
    for y, x in np.ndindex(2, 2):
        blocks = pixels[y::2, x::2].reshape(8, 30, 8, 40).mean((1, 3))
        assert np.ptp(blocks) / blocks.mean() < 0.01


def test_falloff_and_color_shift_are_told():
    found = fit_shading([flat()], tile=TILE, black=BLACK, white=WHITE).value
    v, h = np.meshgrid(np.linspace(-1, 1, 50), np.linspace(-1, 1, 50), indexing="ij")
    green = truth(v, h)[..., 1]
    assert found.falloff_stops == pytest.approx(-np.log2(green.min() / green.max()), abs=0.03)
    assert min(found.color_shift) > 0.05


def test_between_two_lights_the_shading_is_mixed_in_reciprocal_temperature():
    flat_field = LensShading(np.zeros((3, 45)), "D65", 6504.0)
    rng = np.random.default_rng(0)
    curved = LensShading(rng.normal(0, 0.02, (3, 45)), "A", 2856.0)
    assert np.allclose(between([curved, flat_field], 2000).response(), curved.response())
    assert np.allclose(between([flat_field, curved], 9000).response(), 1)
    middle = between([curved, flat_field], 2e6 / (1e6 / 2856 + 1e6 / 6504))
    assert np.allclose(middle.coefficients, curved.coefficients / 2)


def test_what_is_no_flat_is_refused_in_words():
    rng = np.random.default_rng(0)
    cases = [([], "no flat"), ([flat(level=0.01)], "too dark"), ([flat(level=1.4)], "clipped")]
    cases.append(([flat(), flat()[:-2]], "one size"))
    blotches = np.kron(rng.uniform(0.7, 1.0, (24, 32)), np.ones((20, 20)))
    cases.append(([(flat() * blotches).astype(np.uint16)], "not flat"))
    for flats, says in cases:
        with pytest.raises(ParameterError, match=says):
            fit_shading(flats, tile=TILE, black=BLACK, white=WHITE)
