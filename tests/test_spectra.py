"""Spectra: the tables and formulas against published numbers and a second library."""

import numpy as np
import pytest

from twinlens.core.errors import ParameterError
from twinlens.numerics import color, colorchecker, spectra


@pytest.mark.parametrize(
    ("name", "xy"),
    [  # CIE 15:2018, tables 4, 11 and 13
        ("A", (0.44757, 0.40745)),
        ("D50", (0.34567, 0.35850)),
        ("D65", (0.31271, 0.32902)),
        ("FL2", (0.3721, 0.3751)),
        ("FL11", (0.3805, 0.3769)),
        ("LED-B3", (0.3756, 0.3723)),
        ("LED-RGB1", (0.4557, 0.4211)),
    ],
)
def test_named_lights_have_their_published_chromaticity(name, xy):
    found = color.xy_from_xyz(spectra.white_xyz(spectra.illuminant(name)))
    assert np.allclose(found, xy, atol=0.0015)  # 400 to 700 nm in steps of 10 instead of 360 to 830 in steps of 1


def test_every_listed_illuminant_is_positive_and_has_31_bands():
    for name in spectra.illuminants():
        power = spectra.illuminant(name)
        assert power.shape == (31,) and (power >= 0).all() and power.max() > 0


def test_the_chart_by_its_spectra_is_the_chart_by_its_published_colors():
    """Charts differ by batch and the Lab values are of newer ones: near, not equal."""
    reflectance = np.stack(list(spectra.table("colorchecker").values()))
    light = spectra.illuminant("D50")
    lab = color.lab_from_xyz(spectra.xyz_from_reflectance(reflectance, light), spectra.white_xyz(light))
    assert color.delta_e_2000(lab, colorchecker.LAB).mean() < 1.5


def test_resampling_keeps_what_is_on_our_wavelengths_and_the_mean_of_what_is_finer():
    values = np.sin(spectra.WAVELENGTHS_NM / 50)
    same, beyond = spectra.resampled(spectra.WAVELENGTHS_NM, values)
    assert np.allclose(same, values) and beyond == 0
    fine = np.arange(380.0, 781.0)
    assert np.allclose(spectra.resampled(fine, 0.01 * fine)[0], 0.01 * spectra.WAVELENGTHS_NM)
    line = (fine == 545).astype(float)
    assert spectra.resampled(fine, line)[0].sum() * 10 == pytest.approx(1.0)  # a line's power is kept


def test_missing_ends_are_held_and_told():
    nm = np.arange(410.0, 691.0, 10.0)
    values, beyond = spectra.resampled(nm, nm)
    assert beyond == 20 and values[0] == 410 and values[-1] == 690


@pytest.mark.parametrize(
    ("nm", "says"),
    [
        (np.arange(0.4, 0.71, 0.01), "expected nm"),
        (np.arange(450.0, 701.0, 10.0), "covers 450"),
        (np.arange(400.0, 701.0, 10.0)[::-1], "do not rise"),
    ],
)
def test_wrong_wavelengths_are_refused_in_words(nm, says):
    with pytest.raises(ParameterError, match=says):
        spectra.resampled(nm, np.ones(nm.size))


@pytest.mark.parametrize("name", ["D1", "D3000", "sunshine", "FL99"])
def test_unknown_lights_are_refused(name):
    with pytest.raises(ParameterError):
        spectra.illuminant(name)
