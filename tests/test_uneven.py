"""Uneven light: a smooth change of light over a chart is found and taken off, with the color."""

import numpy as np
import pytest

from shared_data import shared
from twinlens.calibrate.color_files import color_from_charts
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


def test_a_real_chart_in_a_light_booth_is_read_within_two_delta_e_of_left_out_patches():
    path = shared("raw/lightbooth_colorchecker_1920x1080_12bit_BGGR.raw")
    made = color_from_charts([path], ["A"], raw_layout="1920x1080:uint16le:BGGR:black=32:white=4095", uneven=True)
    assert made.fit.left_out.mean < 2.0 and not made.fit.is_plain
    assert any("mean of 30 charts" in one for one in made.notes)


def test_a_matrix_is_judged_with_a_shading_made_without_the_patch_too():
    rgb, light, rng = chart()
    noisy = rgb * light[:, None] * (1 + 0.003 * rng.standard_normal(rgb.shape))
    fit, _ = fit_color_in_uneven_light(noisy, CENTERS, "colorchecker", "D65")
    assert fit.plain_left_out.mean > fit.left_out.mean and not fit.is_plain
    mixing = np.array([[1.4, -0.6, 0.2], [-0.9, 1.7, 0.1], [0.3, -0.8, 1.6]])
    xyz = spectra.xyz_from_reflectance(chart_reflectances(), spectra.illuminant("D65"))
    odd, _ = fit_color_in_uneven_light(xyz @ mixing.T * light[:, None], CENTERS, "colorchecker", "D65")
    assert odd.is_plain and odd.held_out == odd.plain_left_out.mean
    assert any("3x3 matrix is used" in one for one in odd.notes)
