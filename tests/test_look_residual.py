"""The residual of a learned look: hue fields, repairs of the order of colors, weights of colors."""

from __future__ import annotations

import numpy as np
import pytest

from twinlens.core.look import Table, keep_table
from twinlens.learn import field, hues
from twinlens.learn.coverage import even_weights
from twinlens.learn.order import calmed, kept
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


def test_a_valid_look_is_kept_as_it_is():
    stage = LookMap(gamut="srgb", table=keep_table(Table(identity_table(33) * 0.98)))
    assert kept(stage) is stage


def test_strong_colors_weigh_less_than_greys():
    grey, red = np.full(3, 0.5), np.array([0.75, 0.25, 0.25])
    weight = even_weights(np.stack([grey, red]))
    assert weight.sum() == pytest.approx(1) and weight[0] == pytest.approx(3 * weight[1])
