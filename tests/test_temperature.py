"""Temperature and tint: published values, a second library, and the way back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinlens.numerics.temperature import (
    LIGHT_TEMPERATURE_K,
    light_xy,
    temperature_from_xy,
    uv_from_xy,
    xy_from_temperature,
    xy_from_uv,
)


@pytest.mark.parametrize(
    ("xy", "kelvin", "tint"),
    [  # CIE 15:2018; daylight lies about 0.0032 above the locus, A upon it
        ((0.3127, 0.3290), 6504, 9.7),
        ((0.3457, 0.3585), 5001, 9.5),
        ((0.44757, 0.40745), 2856, 0.0),
    ],
)
def test_standard_lights_have_their_published_temperature(xy: tuple[float, float], kelvin: float, tint: float) -> None:
    found = temperature_from_xy(xy)
    assert found[0] == pytest.approx(kelvin, rel=5e-4)
    assert found[1] == pytest.approx(tint, abs=0.4)


def test_agrees_with_colour_science() -> None:
    colour = pytest.importorskip("colour")
    for kelvin in (1800, 2500, 3333, 4750, 6500, 9000, 20000):
        for tint in (-60, -10, 0, 25, 80):
            xy = xy_from_temperature(kelvin, tint)
            theirs = colour.temperature.uv_to_CCT_Robertson1968(uv_from_xy(xy))
            ours = temperature_from_xy(xy)
            assert ours[0] == pytest.approx(theirs[0], rel=1e-6)
            assert ours[1] == pytest.approx(3000 * theirs[1], abs=1e-3)


@given(st.floats(1700, 50000), st.floats(-100, 100))
def test_there_and_back(kelvin: float, tint: float) -> None:
    found = temperature_from_xy(xy_from_temperature(kelvin, tint))
    assert found[0] == pytest.approx(kelvin, rel=2e-3)
    assert found[1] == pytest.approx(tint, abs=0.2)


@given(st.floats(0.15, 0.6), st.floats(0.15, 0.6))
def test_uv_there_and_back_and_finite_everywhere(x: float, y: float) -> None:
    assert np.allclose(xy_from_uv(uv_from_xy((x, y))), (x, y))
    kelvin, tint = temperature_from_xy((x, y))
    assert 1667 <= kelvin <= 100000
    assert np.isfinite(tint)


def test_a_greenish_light_has_positive_tint() -> None:
    x, y = xy_from_temperature(5500)
    assert temperature_from_xy((x, y + 0.01))[1] > 0


def test_every_light_code_with_a_temperature_has_a_chromaticity_near_it() -> None:
    for code, kelvin in LIGHT_TEMPERATURE_K.items():
        xy = light_xy(code)
        assert xy is not None
        # The codes' round numbers differ from the standard lights' own: 18 (B) is 4874 K, counted as 5500.
        assert temperature_from_xy(xy)[0] == pytest.approx(kelvin, rel=0.13)
    assert light_xy(0) is None
    assert light_xy(255) is None
