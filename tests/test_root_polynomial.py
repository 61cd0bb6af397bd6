"""Root-polynomial: exact under exposure, grey stays grey where asked, and its metric is that of CIEDE2000."""

import numpy as np
import pytest

from twinlens.numerics import root_polynomial, spectra
from twinlens.numerics.color import delta_e_2000, lab_from_xyz

WHITE = spectra.white_xyz(spectra.illuminant("D65"))


def colors(count: int = 200) -> np.ndarray:
    return np.random.default_rng(1).uniform(0.02, 0.9, (count, 3)) * WHITE


def test_terms_scale_with_the_exposure():
    rgb = np.random.default_rng(0).uniform(0, 1, (50, 3))
    for gain in (2.0**-4, 4.0):
        assert np.allclose(root_polynomial.terms(gain * rgb), gain * root_polynomial.terms(rgb), rtol=1e-12)


def test_all_terms_of_a_grey_are_its_value():
    assert np.allclose(root_polynomial.terms(np.full(3, 0.3)), 0.3)


def test_channels_below_zero_do_not_break_the_roots():
    found = root_polynomial.terms(np.array([-0.1, 0.2, 0.3]))
    assert np.isfinite(found).all() and found[0] == pytest.approx(-0.1)


def test_the_metric_is_the_color_difference_of_small_steps():
    xyz = colors()
    step = np.random.default_rng(2).standard_normal(xyz.shape) * 2e-5
    near = np.linalg.norm((root_polynomial.metric(xyz, WHITE) @ step[..., None])[..., 0], axis=-1)
    true = delta_e_2000(lab_from_xyz(xyz + step, WHITE), lab_from_xyz(xyz, WHITE))
    assert np.allclose(near, true, rtol=0.02, atol=1e-5)


def test_a_matrix_is_found_again():
    matrix = np.array([[0.7, 0.2, 0.1], [0.3, 0.8, 0.0], [0.0, 0.1, 0.9]])
    xyz = colors()
    rgb = xyz @ np.linalg.inv(matrix)
    assert np.allclose(root_polynomial.fit(rgb, xyz, WHITE), matrix, atol=1e-6)
    found = root_polynomial.fit(root_polynomial.terms(rgb), xyz, WHITE)
    assert np.allclose(root_polynomial.terms(rgb) @ found, xyz, atol=1e-5)


def test_white_is_exact_where_it_is_asked_for():
    rgb = np.random.default_rng(3).uniform(0.05, 1, (200, 3))
    xyz = np.sqrt(rgb * rgb[:, [1, 2, 0]]) * WHITE * 0.97
    features = root_polynomial.terms(rgb)
    found = root_polynomial.fit(features, xyz, WHITE, exact=np.ones(features.shape[1]))
    assert np.allclose(np.ones(features.shape[1]) @ found, WHITE, rtol=1e-9)


def test_crowded_colors_weigh_less():
    lab = np.vstack([np.full((50, 3), 50.0) + np.random.default_rng(0).normal(0, 1, (50, 3)), [[50, 90, 0]]])
    weight = root_polynomial.even_weights(lab)
    assert weight.mean() == pytest.approx(1) and weight[-1] > 10 * weight[:-1].max()
