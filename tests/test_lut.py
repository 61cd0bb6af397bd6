"""Shapers and tables: reference interpolation, the build, and the compiled kernel against the reference."""

from __future__ import annotations

import numpy as np
import pytest

from twinlens.core.image import Window, empty_rgb, planar
from twinlens.kernels import look as kernels
from twinlens.kernels import vignette
from twinlens.numerics import curve, look, lut
from twinlens.pipeline.look import load, shipped
from twinlens.stages.look_map import compiled

SIZES = [(1, 1), (1, 9), (3, 17), (5, 127), (4, 128), (3, 129), (2, 300)]


def scene(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Random scene light, black, overexposed and slightly negative places included."""
    rng = np.random.default_rng(seed)
    rgb = np.exp2(rng.uniform(-9, 3, (height, width, 1))) * rng.uniform(-0.02, 1, (height, width, 3))
    rgb[0, 0] = 0
    rgb[-1, -1] = (50, 0.1, 40)
    return planar(rgb.astype(np.float32))


def test_shaper_is_sampled_where_its_index_points():
    light = lut.shaper_light()
    assert light[0] == 0 and np.all(np.diff(light) > 0) and light[-1] > lut.SHAPER_TOP
    inside = light[light <= lut.SHAPER_TOP].astype(np.float32)
    index = lut.shape(inside, np.arange(lut.SHAPER_SIZE, dtype=np.float32))
    assert np.allclose(index, np.arange(len(inside)), atol=0.02)


def test_shaper_is_as_exact_as_16_bits_need():
    light = np.linspace(0, 2, 100_001)
    shaper = curve.encode_tone(lut.shaper_light()).astype(np.float32)
    assert np.abs(lut.shape(light, shaper) - curve.encode_tone(light)).max() < 0.5 / 65535


@pytest.mark.parametrize("size", [2, 3, 17])
def test_tetrahedral_is_exact_for_affine_maps_and_at_nodes(size):
    rng = np.random.default_rng(size)
    matrix, offset = rng.normal(size=(3, 3)), rng.normal(size=3)
    table = lut.identity_table(size).astype(float) @ matrix.T + offset
    grid = rng.uniform(0, size - 1, (200, 3))
    grid[:4] = [[0, 0, 0], [size - 1] * 3, [0, size - 1, 0], [1, 0, 1]]
    assert np.allclose(lut.tetrahedral(grid, table), grid / (size - 1) @ matrix.T + offset, atol=1e-6)


def test_tetrahedral_agrees_with_scipy_on_the_diagonal_and_edges():
    interpolate = pytest.importorskip("scipy.interpolate")
    table = np.random.default_rng(1).normal(size=(5, 5, 5, 3))
    line = np.linspace(0, 4, 41)[:, None]
    for direction in ([1, 0, 0], [0, 1, 0], [0, 0, 1]):  # along an edge every interpolation is the linear one
        grid = line * direction
        true = interpolate.interpn([np.arange(5)] * 3, table, grid[:, ::-1])
        assert np.allclose(lut.tetrahedral(grid, table), true)


def test_folding_is_1_for_no_change_and_negative_for_a_mirror():
    table = lut.identity_table(5).astype(float)
    assert np.allclose(lut.folding(table), 1)
    assert np.allclose(lut.folding(table[..., ::-1]), -1)
    assert np.allclose(lut.folding(table * [1, 1, 0.5]), 0.5)


@pytest.mark.parametrize("name", [name for name in shipped() if name != "neutral"])
@pytest.mark.parametrize("shape", SIZES)
def test_kernel_agrees_with_the_reference(name, shape):
    tables = compiled(load(name).map)
    rgb = scene(*shape)
    true = lut.look_up(rgb, tables.shapers, tables.table)
    # 2e-6: float32 rounding, weights summed in another order.
    assert np.abs(kernels.look(rgb, tables) - true).max() < 2e-6


def test_kernel_takes_windows_of_larger_arrays():
    tables = compiled(load("authentic").map)
    rgb = scene(40, 300)
    whole = kernels.look(rgb, tables)
    assert np.array_equal(kernels.look(rgb[7:31, 13:290], tables), whole[7:31, 13:290])


@pytest.mark.parametrize("shape", SIZES)
@pytest.mark.parametrize("gain", [0.5, 1.0, 3.7])
def test_to_display_agrees_with_the_reference(shape, gain):
    rgb = scene(*shape)
    assert np.abs(kernels.to_display(rgb, gain * np.eye(3)) - look.clip_to_display(rgb * np.float32(gain))).max() < 2e-6


def test_kernel_takes_light_that_is_not_a_number_without_reading_outside():
    rgb = empty_rgb(2, 200)
    rgb[:] = np.nan
    rgb[0, ::2] = np.inf
    rgb[1, ::3] = -np.inf
    shown = kernels.look(rgb, compiled(load("authentic").map))
    assert shown.shape == rgb.shape


def test_a_vignette_taken_along_is_a_vignette_before():
    rng = np.random.default_rng(5)
    rgb = planar(rng.uniform(0, 1.5, (40, 170, 3)).astype(np.float32))
    window, tables = Window(100, 30, 140, 200, (300, 400)), compiled(load("authentic").map)
    joined = kernels.look(rgb, tables, vignette.lines(window, 0.7))
    apart = kernels.look(vignette.vignette(rgb, window, 0.7), tables)
    assert np.abs(joined - apart).max() < 1e-5
    assert joined.mean() < kernels.look(rgb, tables).mean()


def test_a_finer_table_keeps_its_nodes_and_straight_lines_and_has_no_kinks():
    rng = np.random.default_rng(2)
    table = lut.identity_table(9) + rng.normal(0, 0.02, (9, 9, 9, 3)).astype(np.float32)
    fine = lut.finer(table, 4)
    assert fine.shape == (33, 33, 33, 3) and fine.dtype == np.float32
    assert np.abs(fine[::4, ::4, ::4] - table).max() < 1e-6
    assert np.abs(lut.finer(lut.identity_table(9), 4) - lut.identity_table(33)).max() < 1e-6
    small = table[:5, :5, :5]
    bends = np.abs(np.diff(lut.finer(small, 16)[16, 32, :, 0].astype(float), 2)).max()
    assert bends < 0.4 * np.abs(np.diff(small[1, 2, :, 0], 2)).max() / 16, "a kink of straight lines"
