"""Compression of strong colors in a look: its document and blends, and looks between one that cuts and one of greys."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from twinlens.numerics import look
from twinlens.pipeline.look import Look, blend, dumps, load, loads, problems
from twinlens.stages.look_map import LookMap


@pytest.mark.parametrize("amount", [-0.6, 0.3, 4.0])
def test_compression_keeps_greys_exposure_and_order_and_knows_its_slopes(amount):
    rgb = np.random.default_rng(4).uniform(0, 1, (500, 3))
    found, (slopes, by_amount) = look.compressed(rgb, amount), look.compression_slopes(rgb, amount)
    greys = np.repeat(rgb[:, :1], 3, 1)
    assert np.abs(look.compressed(greys, amount) - greys).max() < 1e-12
    assert np.abs(look.compressed(rgb * 8, amount) - found * 8).max() < 1e-12
    assert np.all((np.ptp(found, axis=1) < np.ptp(rgb, axis=1)) == (amount > 0))
    assert np.linalg.det(slopes).min() > 0
    steps = [look.compressed(rgb + 1e-6 * one, amount) - look.compressed(rgb - 1e-6 * one, amount) for one in np.eye(3)]
    assert np.abs(np.stack(steps, -1) / 2e-6 - slopes).max() < 1e-7
    step = look.compressed(rgb, amount + 1e-6) - look.compressed(rgb, amount - 1e-6)
    assert np.abs(step / 2e-6 - by_amount).max() < 1e-7


def test_a_look_with_compression_is_written_read_and_blended():
    stage = LookMap(look="x", compression=0.8)
    assert not stage.is_neutral and not problems(stage)
    whole = Look(name="x", map=stage)
    again = loads(dumps(whole)).map
    assert again.compression == 0.8
    strong = np.array([[0.6, 0.1, 0.05]])
    shown = [np.ptp(one.render(strong)) for one in (LookMap(curve="film"), dataclasses.replace(stage, curve="film"))]
    assert shown[1] < shown[0]
    between = blend(Look(name="y", map=LookMap(look="y")), whole, 0.25).map
    assert between.compression == pytest.approx(0.2)


@pytest.mark.parametrize("share", [0.3, 0.7, 0.95])
def test_between_a_cut_look_of_strong_terms_and_one_without_color_there_are_looks(share):
    rows = (
        (1.42, -0.42, -0.02, 0.4, 0.59, -0.81, -0.17, -0.24, 0.39, -0.22, -0.31, 0.42, -0.03),
        (-0.09, 1.1, 0.0, -0.32, -0.64, 0.35, 0.14, 0.29, -0.16, 0.17, 0.33, -0.19, 0.02),
        (-0.01, 0.05, 0.91, 0.13, 1.16, 1.25, -0.05, -0.54, -0.6, -0.06, -0.57, -0.6, -0.06),
    )
    cut = LookMap(look="cut", gamut="srgb", space="p3", transform=rows, curve="film", contrast=1.3)
    assert not problems(cut)
    found = blend(Look(name="cut", map=cut), load("mono"), share).map
    assert not problems(found)
    grey, red = np.array([[0.18] * 3]), np.array([[0.4, 0.1, 0.1]])
    lowest, highest = sorted(float(one.grey(grey[0, :1])[0, 1]) for one in (cut, load("mono").map))
    assert lowest - 0.01 < float(found.grey(grey[0, :1])[0, 1]) < highest + 0.01
    assert 0 < np.ptp(found.render(red)) < np.ptp(cut.render(red))
