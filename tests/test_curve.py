"""Tone curves: film, nodes and the tone code."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinlens.numerics import curve

STOPS = np.linspace(-12, 6, 1801)
LIGHT = curve.MID_GREY * np.exp2(STOPS)


def test_tone_code_is_undone_and_runs_from_0_to_1():
    light = np.linspace(0, 4, 1001)
    assert np.allclose(curve.decode_tone(curve.encode_tone(light)), light, atol=1e-12)
    assert curve.encode_tone(np.array([0.0, 1.0])) == pytest.approx([0, 1], abs=1e-12)


@given(
    middle=st.floats(0.15, 0.35),
    contrast=st.floats(1.1, 2.5),
    toe=st.floats(0.5, 2.5),
    white=st.floats(2.6, 6),
)
def test_film_curve_is_what_its_numbers_say(middle, contrast, toe, white):
    shown = curve.film(LIGHT, middle, contrast, toe, white)
    assert np.all(np.diff(shown) >= -1e-12)
    assert shown.min() >= 0 and shown.max() <= 1 + 1e-9
    at_mid = curve.film(np.array([curve.MID_GREY]), middle, contrast, toe, white)
    assert at_mid == pytest.approx([middle])
    step = 1e-4
    around = curve.film(curve.MID_GREY * np.exp2([-step, step]), middle, contrast, toe, white)
    assert np.diff(np.log2(around)) / (2 * step) == pytest.approx([contrast], rel=1e-3)
    assert curve.film(curve.MID_GREY * np.exp2([white, white + 2]), middle, contrast, toe, white) == pytest.approx(
        [1, 1]
    )
    deep = curve.film(curve.MID_GREY * np.exp2([-18.0, -17.0]), middle, contrast, toe, white)
    assert np.diff(np.log2(deep)) == pytest.approx([toe], rel=0.01)


def test_film_curve_that_cannot_reach_white_is_refused():
    with pytest.raises(ValueError, match=r"contrast = 0\.5 cannot reach white"):
        curve.film(LIGHT, 0.18, 0.5, 1, 3)


@given(st.lists(st.floats(0, 0.3), min_size=1, max_size=12))
def test_nodes_are_met_and_nothing_overshoots(rises):
    codes = np.concatenate([[0.05], 0.05 + np.cumsum(rises)])
    stops = np.arange(len(codes)) - 9.0
    at_nodes = curve.through_nodes(curve.MID_GREY * np.exp2(stops), stops, codes)
    assert np.allclose(curve.encode_tone(at_nodes), codes, atol=1e-9)
    between = curve.through_nodes(LIGHT, stops, codes)
    assert np.all(np.diff(between) >= -1e-12)
    assert between[-1] == pytest.approx(at_nodes[-1])


def test_light_under_the_first_node_falls_off_in_proportion():
    stops, codes = np.array([-4.0, 0.0]), np.array([0.1, 0.5])
    low = curve.through_nodes(curve.MID_GREY * np.exp2([-4.0, -6.0]), stops, codes)
    assert low[1] / low[0] == pytest.approx(0.25)


def test_monotone_slopes_of_a_line_are_its_slope():
    x = np.array([0.0, 1.0, 3.0, 4.5])
    assert np.allclose(curve.monotone_slopes(x, 2 * x + 1), 2)
