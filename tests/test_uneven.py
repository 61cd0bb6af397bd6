"""Uneven light: a smooth change of light over a chart is found and taken off, with the color."""

import numpy as np
import pytest

from twinlens.calibrate.uneven import fit_color_in_uneven_light
from twinlens.core.errors import ParameterError
from twinlens.numerics import spectra
from twinlens.numerics.sensor_prior import bundled_prior, chart_reflectances, unit_luminance

CENTERS = np.stack(np.meshgrid(np.arange(6.0), np.arange(4.0)), -1).reshape(-1, 2) * 100 + 50


def chart(seed=0):
    rng = np.random.default_rng(seed)
    prior = bundled_prior()
    unit = unit_luminance(spectra.illuminant("D65"))
    curves = np.reshape(prior.mean, (3, -1)).T
    rgb = chart_reflectances() * unit @ curves
    rgb = rgb / rgb.max()
    x, y = (CENTERS - CENTERS.mean(0)).T / 500
    light = np.exp(0.5 * x - 0.3 * y - 0.6 * (x * x + y * y))
    return rgb, light / light.mean(), rng


def test_the_light_on_each_patch_comes_back():
    rgb, light, rng = chart()
    noisy = rgb * light[:, None] * (1 + 0.003 * rng.standard_normal(rgb.shape))
    fit, found = fit_color_in_uneven_light(noisy, CENTERS, "colorchecker", "D65")
    assert np.abs(found / light - 1).max() < 0.03
    assert fit.left_out.mean < 1.2 and fit.held_out == fit.left_out.mean
    assert "evened" in fit.notes[-1]


def test_places_that_do_not_belong_to_the_patches_are_refused():
    rgb, _, _ = chart()
    with pytest.raises(ParameterError, match="centers"):
        fit_color_in_uneven_light(rgb, CENTERS[:-1], "colorchecker", "D65")
