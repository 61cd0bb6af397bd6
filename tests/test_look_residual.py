"""The residual of a learned look: hue fields, repairs of the order of colors, weights of colors."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from learned_looks import MATRIX
from twinlens.core.look import Table, keep_table, table_of
from twinlens.learn import field, hues
from twinlens.learn.coverage import even_weights
from twinlens.learn.look_fit import in_order
from twinlens.learn.order import calmed, kept
from twinlens.learn.rendering import Rendering
from twinlens.numerics.lut import identity_table
from twinlens.pipeline.look import problems
from twinlens.stages.look_map import LookMap


def codes(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0, 1, (count, 3))


def turned(rgb: np.ndarray, degrees: float) -> np.ndarray:
    """Codes (N, 3) turned about the grey axis."""
    angle = np.radians(degrees)
    across = rgb @ hues.ACROSS.T @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return rgb.mean(1, keepdims=True) + across @ hues.ACROSS


def test_the_hue_fields_leave_grey_alone_and_lie_on_the_lattice():
    greys = np.repeat(np.linspace(0, 1, 20)[:, None], 3, 1)
    assert np.abs(hues.fields(greys)).max() < 1e-9
    at, shapes = field.interpolation(codes(2000)), hues.on_lattice(field.SPANS)
    wanted = hues.fields(codes(2000))
    off = np.stack([at @ shapes[c] for c in range(3)], 1) - wanted
    assert np.sqrt(np.mean(off**2)) < 0.05 * np.sqrt(np.mean(wanted**2))


def test_a_change_of_hue_seen_in_pale_colors_goes_on_in_strong_ones():
    every = codes(6000)
    pale = np.ptp(every, axis=1) < 0.4
    strong = (np.ptp(every, axis=1) > 0.6) & (np.ptp(every, axis=1) < 0.8)
    seen = every[pale]
    target = np.clip(turned(seen, 6), 0.01, 0.99)
    weight = np.full(len(seen), 1 / len(seen))
    found = field.gather(seen, target, weight, np.full(len(seen), 0.004), 1e-6).solve(1e-6)
    shown = every[strong] + field.interpolation(every[strong]) @ found
    wanted = turned(every[strong], 6)
    left = np.sqrt(np.mean((shown - wanted) ** 2)) / np.sqrt(np.mean((every[strong] - wanted) ** 2))
    assert left < 0.25


def test_a_repair_makes_the_field_level_there_and_leaves_it_alone_elsewhere():
    every = codes(3000)
    target = np.clip(every + 0.03 * np.sin(9 * every[:, ::-1]), 0.01, 0.99)
    system = field.gather(every, target, np.full(len(every), 1 / len(every)), np.zeros(len(every)), 1e-7)
    place = np.full((1, 3), 0.5)
    before, after = system.solve(1e-7), system.solve(1e-7, field.stiffer(place, 6.0**7))
    near, far = place + np.array([[0.0, 0, 0], [0.04, 0, 0], [0, -0.04, 0.04]]), np.array([[0.05, 0.9, 0.1]])
    one, other = (np.ptp(field.interpolation(near) @ change, axis=0).max() for change in (before, after))
    assert other < 0.2 * one
    assert np.abs(field.interpolation(far) @ (after - before)).max() < 0.002


@pytest.mark.parametrize("depth", [0.12, 0.16])
def test_a_table_that_folds_in_one_place_is_calmed_there_alone(depth):
    plain = identity_table(33)
    dent = depth * np.exp(-np.square(plain - 0.5).sum(-1, keepdims=True) / (2 * 0.07**2)) * (plain - 0.5) / 0.07
    stage = LookMap(gamut="srgb", table=keep_table(Table(plain - dent)))
    assert any("folds" in one for one in problems(stage))
    found = kept(stage)
    assert found.table and problems(found) == ()
    assert np.abs(calmed(plain - dent, np.full((1, 3), 0.5))[2, 3, 30] - plain[2, 3, 30]).max() < 1e-4


def dented(depth: float, width: float) -> np.ndarray:
    """A table whose colors are drawn together about one of them."""
    plain = identity_table(33)
    place = plain - np.array([0.3, 0.55, 0.62])
    return plain - depth * np.exp(-np.square(place).sum(-1, keepdims=True) / (2 * width**2)) * place / width


def nearly_folding() -> LookMap:
    """A look map that is in order, but not under the light of `lit(stage, 1.1, 0.9)`."""
    transform = tuple(map(tuple, MATRIX.tolist()))
    return LookMap(gamut="srgb", transform=transform, table=keep_table(Table(dented(0.074, 0.06))))


def lit(stage: LookMap, red: float, blue: float) -> LookMap:
    """The same, with a white of its own under 2850 K."""
    lights = ((2850.0, *(MATRIX * [red, 1.0, blue]).ravel()), (6500.0, *MATRIX.ravel()))
    return replace(stage, lights=tuple(tuple(map(float, row)) for row in lights))


def test_a_table_that_folds_under_one_of_its_lights_alone_is_calmed():
    stage = lit(nearly_folding(), 1.1, 0.9)
    assert problems(stage) and not problems(replace(stage, lights=()))
    found = kept(stage)
    assert found.table and found.lights == stage.lights and problems(found) == ()
    changed = np.abs(table_of(found.table).values - table_of(stage.table).values).max(-1)
    assert changed.max() > 1e-3 and np.median(changed) < 1e-4, "there alone"


def test_whites_of_lights_that_no_table_can_mend_are_left_out():
    stage = LookMap(gamut="srgb", table=keep_table(Table(identity_table(33) * 0.98)))
    found = kept(lit(stage, 2.5, 0.4))
    assert found == stage and problems(lit(replace(stage, table=""), 2.5, 0.4))


def test_a_fitted_look_keeps_the_order_of_colors_under_each_light():
    stage = nearly_folding()
    base: Any = None
    fitted = Rendering(map=stage, plain=replace(stage, table=""), base=base, smoothing=1e-6)
    found, lights = in_order(fitted, lit(stage, 1.1, 0.9).lights)
    assert problems(replace(found.map, lights=lights)) == () and lights
    assert found.map.lights == () and any("under a light" in note for note in found.notes)
    same, none = in_order(fitted, ())
    assert same.map == fitted.map and none == () and same.notes == ()


def test_greys_that_fall_are_mended_where_they_do_and_the_rest_of_the_table_stays():
    plain = identity_table(33)
    values = plain + 0.03 * np.sin(5 * plain[..., ::-1]) * np.ptp(plain, axis=-1, keepdims=True)
    values[-2:, -2:, -2:] -= 0.05  # white is darker than what is nearly white
    stage = LookMap(gamut="srgb", table=keep_table(Table(values)))
    assert any("greys fall" in one for one in problems(stage))
    found = kept(stage)
    assert found.table and problems(found) == ()
    assert np.median(np.abs(table_of(found.table).values - values).max(-1)) < 1e-4


def test_a_valid_look_is_kept_as_it_is():
    stage = LookMap(gamut="srgb", table=keep_table(Table(identity_table(33) * 0.98)))
    assert kept(stage) is stage


def test_strong_colors_weigh_less_than_greys():
    grey, red = np.full(3, 0.5), np.array([0.75, 0.25, 0.25])
    weight = even_weights(np.stack([grey, red]))
    assert weight.sum() == pytest.approx(1) and weight[0] == pytest.approx(3 * weight[1])


def test_colors_that_are_cut_in_the_target_do_not_pull_the_field():
    rng = np.random.default_rng(0)
    code = rng.uniform(0.05, 0.95, (3000, 3))
    code[:300, 2] = rng.uniform(-0.4, -0.05, 300)  # far outside what the target can show
    target = np.clip(code, 0, 1)
    found = field.gather(code, target, np.full(3000, 1 / 3000), np.zeros(3000), 1e-6).solve(1e-6)
    assert np.abs(field.interpolation(code) @ found).max() < 1e-3
