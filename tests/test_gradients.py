"""Gradients: what may never happen to smooth light, found where it happens, and absent from the shipped looks."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from twinlens.core.image import ENCODED, Image, planar
from twinlens.core.look import PLAIN_SECTOR, Table, keep_table
from twinlens.core.shot import Shot
from twinlens.measure import gradients
from twinlens.numerics import color, lut
from twinlens.pipeline.develop import develop
from twinlens.pipeline.look import load, problems, shipped, valid_strength
from twinlens.pipeline.recipe import Output
from twinlens.stages.look_map import LookMap

BY_PLACE = {
    "vignette": {"amount": 0.0}, "local_tone": {"strength": 0.0}, "acutance": {"amount": 0.0}, "grain": {"amount": 0.0},
}  # fmt: skip  # what a look does to a picture as a whole is off: these tests look at tone and color


def developed(name: str, codes: np.ndarray, bits: int, stops: float) -> np.ndarray:
    """Codes (N, 3) of a row of sRGB codes (N, 3) developed as a picture that is `stops` brighter."""
    pixels = planar(np.repeat(codes[None], 4, 0).astype(np.float32))
    picture = Image(pixels=pixels, state=ENCODED, shot=Shot(), primaries="srgb")
    edits = {**BY_PLACE, "exposure": {"stops": stops}, "output_color": {"knee": 0.85}}
    return develop(picture, look=name, edits=edits, output=Output(bits=bits), threads=1).pixels[1].astype(float)


@pytest.mark.parametrize("name", shipped())
def test_shipped_looks_show_smooth_light_smoothly(name):
    found = gradients.gradients(load(name).map)
    assert found.passed
    assert (found.folded, found.grey_inversions) == (0, 0)
    assert found.p99 < 0.1  # codes of 8 bits


@pytest.mark.parametrize("name", shipped())
@pytest.mark.parametrize("stops", [0.0, 1.5])
def test_a_developed_grey_ramp_has_no_bands(name, stops):
    """Steps of a ramp of 16 bits are those of the curve, up to rounding; those of 8 bits never skip a code."""
    codes = np.repeat(np.linspace(0, 1, 16384)[:, None], 3, 1)
    light = color.decode(codes) * 2.0**stops
    wanted = gradients.analytic_codes(load(name).map, light) * 65535
    fine, coarse = developed(name, codes, 16, stops), developed(name, codes, 8, stops)
    assert np.diff(fine, axis=0).min() >= 0
    assert np.abs(np.diff(fine, axis=0) - np.diff(wanted, axis=0)).max() < 2.5  # 1 of rounding, 1 of the input's codes
    assert np.ptp(fine, axis=1).max() == 0
    assert set(np.diff(coarse, axis=0).ravel()) <= {0.0, 1.0}


@pytest.mark.parametrize("name", shipped())
@pytest.mark.parametrize("bits", [8, 16])
def test_a_developed_hue_sweep_is_that_of_the_look(name, bits):
    scene = gradients.hue_sweep(2048, 1)[1:3]
    codes = color.encode(scene @ color.rgb_from_rgb("srgb", "rec2020").T)
    codes = np.clip(codes, 0, 1).reshape(-1, 3)
    light = color.decode(codes) @ color.rgb_from_rgb("rec2020", "srgb").T
    wanted = gradients.analytic_codes(load(name).map, light) * (2**bits - 1)
    shown = developed(name, codes, bits, 0.0)
    steps = [np.abs(np.diff(one.reshape(2, -1, 3), axis=1)) for one in (shown, wanted)]
    assert steps[0].max() <= steps[1].max() * 1.1 + 1
    assert np.abs(shown - wanted).max() < {8: 1.6, 16: 300}[bits]  # a little more than one code of 8 bits


def test_folded_cells_are_counted():
    sectors = tuple((45.0 if index % 2 else -45.0, *PLAIN_SECTOR[1:]) for index in range(12))
    found = gradients.gradients(LookMap(curve="film", contrast=1.4, sectors=sectors))
    assert found.folded > 0 and not found.passed


def rough(amount: float) -> LookMap:
    """A look with a table of chance."""
    values = lut.identity_table(17) + amount * np.random.default_rng(0).normal(size=(17, 17, 17, 3)).astype(np.float32)
    return LookMap(curve="film", contrast=1.2, table=keep_table(Table(values)))


def test_folds_of_a_fine_table_do_not_slip_through_the_check_of_a_look():
    values = lut.identity_table(33) + 0.01 * np.random.default_rng(0).normal(size=(33, 33, 33, 3)).astype(np.float32)
    stage = LookMap(curve="film", contrast=1.3, table=keep_table(Table(values)))
    assert gradients.gradients(stage).folded > 0
    assert "folds" in " ".join(problems(stage))
    strength, note = valid_strength(stage, 1.0)
    assert 0 < strength < 1 and "folds" in note
    assert gradients.gradients(dataclasses.replace(stage, strength=strength)).folded == 0


def test_greys_that_fall_are_counted():
    values = lut.identity_table(9)
    values[5, 5, 5] = values[4, 4, 4] - np.float32(0.05)
    found = gradients.gradients(LookMap(table=keep_table(Table(values))))
    assert found.grey_inversions > 0 and not found.passed


def test_bands_are_found_and_a_rounded_corner_is_none(monkeypatch):
    stage = load("authentic").map
    shown = gradients.display

    def banded(stage, scene):
        return color.decode(np.round(color.encode(shown(stage, scene)) * 1023) / 1023)

    def rounded(stage, scene):  # white as of a table: a corner over two codes of 8 bits
        code = color.encode(shown(stage, scene))
        return color.decode(np.where(code > 253 / 255, 253 / 255 + (code - 253 / 255) / 2, code))

    monkeypatch.setattr(gradients, "display", banded)
    assert gradients.grey_steps(stage)[1] > 10
    monkeypatch.setattr(gradients, "display", rounded)
    assert gradients.grey_steps(stage)[1] < gradients.LARGEST_STEP_ERROR


def test_a_rough_table_is_rough_against_the_look_it_should_be():
    smooth = LookMap(curve="film", contrast=1.2)
    found = gradients.gradients(rough(0.02), lambda light: gradients.analytic_codes(smooth, light))
    assert found.ratio > gradients.ROUGHEST_RATIO and not found.is_smooth
    same = gradients.gradients(smooth, lambda light: gradients.analytic_codes(smooth, light))
    assert same.ratio < found.ratio / 5


def test_bends_of_clipping_do_not_count():
    ramp = np.repeat(np.linspace(-100, 400, 256)[None, :, None], 3, -1)
    clipped = np.clip(ramp, 0, 255)
    assert gradients.bends(clipped, clipped)[0] == pytest.approx(0, abs=1e-9)
    assert gradients.bends(np.zeros((2, 9, 3)), np.zeros((2, 9, 3))) == (0.0, 0.0)


def test_ramps_are_the_same_every_time_and_other_with_another_seed():
    assert np.array_equal(gradients.ramps(1, 5), gradients.ramps(1, 5))
    assert not np.array_equal(gradients.ramps(1, 5), gradients.ramps(2, 5))


def test_a_look_of_several_lights_is_measured_under_daylight():
    rows = ((2856.0, *np.diag([1.1, 1.0, 0.8]).ravel().tolist()), (6504.0, *np.eye(3).ravel().tolist()))
    several = LookMap(curve="film", contrast=1.3, lights=rows)
    one = dataclasses.replace(several, lights=())
    assert gradients.gradients(several).p99 == pytest.approx(gradients.gradients(one).p99, rel=0.02)
