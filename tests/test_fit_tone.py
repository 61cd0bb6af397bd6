"""Tone: a known response comes back from steps; what is no response is refused."""

import numpy as np
import pytest

from twinlens.calibrate.tone import fit_tone
from twinlens.core.errors import ParameterError
from twinlens.numerics.color import encode

STEPS = 2.0 ** np.linspace(-6, 0, 20)


def test_a_rendered_curve_comes_back_within_half_a_percent():
    rng = np.random.default_rng(0)
    fit = fit_tone(STEPS, encode(STEPS) + rng.normal(0, 0.0005, 20))
    between = 2.0 ** np.linspace(-5.8, -0.2, 50)
    assert np.abs(fit.value.encode(between) / encode(between) - 1).max() < 0.005
    assert np.abs(fit.value.decode(encode(between)) / between - 1).max() < 0.015
    assert not fit.value.is_linear and fit.held_out < 0.01


def test_raw_values_are_told_to_be_linear_and_a_bend_is_not():
    assert fit_tone(STEPS, 0.8 * STEPS).value.linearity < 1e-6
    assert fit_tone(STEPS, 0.8 * STEPS).value.slope == pytest.approx(0.8)
    bent = 0.8 * STEPS * (1 - 0.1 * STEPS)
    assert 0.01 < fit_tone(STEPS, bent).value.linearity < 0.12


def test_the_order_of_the_steps_does_not_matter_and_the_input_stays():
    rng = np.random.default_rng(1)
    order = rng.permutation(20)
    light, value = STEPS[order], encode(STEPS)[order]
    before = light.copy(), value.copy()
    assert np.array_equal(fit_tone(light, value).value.value, fit_tone(STEPS, encode(STEPS)).value.value)
    assert np.array_equal(light, before[0]) and np.array_equal(value, before[1])


@pytest.mark.parametrize(
    ("light", "value", "says"),
    [
        (STEPS[:4], STEPS[:4], "5 steps"),
        (STEPS, 1 - STEPS, "fall where light rises"),
        (STEPS, STEPS * 255, "0 to 1"),
        (STEPS - 0.5, STEPS, "0 or more"),
        (STEPS, np.full(20, np.nan), "not finite"),
    ],
)
def test_what_is_no_response_is_refused_in_words(light, value, says):
    with pytest.raises(ParameterError, match=says):
        fit_tone(light, value)
