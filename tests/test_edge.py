"""Edge: an edge of a known blur gives its MTF back; what is no edge is refused."""

import numpy as np
import pytest
from scipy.special import ndtr

from twinlens.core.errors import ParameterError
from twinlens.measure.edge import slanted_edge


def edge(sigma=0.7, angle=5.0, size=(80, 72), contrast=0.6, bend=0.0, sharpen=0.0):
    """An edge blurred by a Gaussian and by square pixels, integrated exactly along x with 8 points along y."""
    height, width = size
    y, x = np.mgrid[0:height, 0:width].astype(float)
    out = np.zeros(size)
    for part in (np.arange(8) + 0.5) / 8 - 0.5:
        yy = (y + part - height / 2) / height
        d = (x - width / 2) - np.tan(np.radians(angle)) * yy * height - bend * yy**2
        c = np.cos(np.radians(angle))
        out += _integral((d + 0.5) * c, sigma) / c - _integral((d - 0.5) * c, sigma) / c
        if sharpen:
            wide = 2.0
            out += sharpen * (_integral((d + 0.5) * c, sigma) - _integral((d - 0.5) * c, sigma)) / c
            out -= sharpen * (_integral((d + 0.5) * c, wide) - _integral((d - 0.5) * c, wide)) / c
    return 0.5 - contrast / 2 + contrast * out / 8


def _integral(d, sigma):
    """The integral of the normal distribution function."""
    return d * ndtr(d / sigma) + sigma * np.exp(-((d / sigma) ** 2) / 2) / np.sqrt(2 * np.pi)


def truth(frequency, sigma, angle):
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    pixel = np.sinc(frequency * c) * np.sinc(frequency * s)
    return np.exp(-2 * (np.pi * sigma * frequency) ** 2) * np.abs(pixel)


@pytest.mark.parametrize("sigma", [0.35, 0.7, 1.5])
@pytest.mark.parametrize("angle", [4.0, 5.7, 12.0, -7.0])
def test_the_sfr_of_a_known_blur_comes_back(sigma, angle):
    found = slanted_edge(edge(sigma, angle))
    frequency = np.linspace(0.02, 0.5, 25)
    expected = truth(frequency, sigma, angle)
    assert np.abs(np.interp(frequency, found.frequency, found.sfr) - expected).max() < 0.02
    fine = np.linspace(0, 1, 2001)
    assert found.mtf50 == pytest.approx(fine[np.argmax(truth(fine, sigma, angle) < 0.5)], rel=0.02)
    assert found.angle_deg == pytest.approx(abs(angle), abs=0.1)
    assert found.overshoot < 0.01 and found.undershoot < 0.01


def test_rows_columns_and_both_directions_agree():
    picture = edge()
    results = [slanted_edge(one).mtf50 for one in (picture, picture.T, picture[:, ::-1], picture[::-1].T)]
    assert np.ptp(results) < 0.002


def test_a_bent_edge_is_followed():
    assert slanted_edge(edge(bend=8.0)).mtf50 == pytest.approx(slanted_edge(edge()).mtf50, rel=0.02)


def test_noise_leaves_mtf50_where_it_is():
    rng = np.random.default_rng(0)
    clean = slanted_edge(edge()).mtf50
    noisy = [slanted_edge(edge() + rng.normal(0, 0.01, (80, 72))).mtf50 for _ in range(10)]
    assert np.mean(noisy) == pytest.approx(clean, rel=0.02)


def test_one_color_of_a_mosaic_is_enough():
    where = np.zeros((80, 72), bool)
    where[::2, ::2] = True
    assert slanted_edge(edge(0.7), where).mtf50 == pytest.approx(slanted_edge(edge(0.7)).mtf50, rel=0.03)


def test_overshoot_is_a_share_of_the_step():
    fine = np.linspace(-12, 12, 4801)
    profile = ndtr(fine / 0.9) + 0.8 * (ndtr(fine / 0.9) - ndtr(fine / 2.2))
    found = slanted_edge(edge(0.85, sharpen=0.8))
    assert found.overshoot == pytest.approx(profile.max() - 1, abs=0.02)
    assert found.undershoot == pytest.approx(found.overshoot, abs=0.01)


@pytest.mark.parametrize(
    ("picture", "says"),
    [
        (np.full((64, 64), 0.5), "contrast"),
        (edge(angle=0.3), "tilted"),
        (np.random.default_rng(0).random((64, 64)), "edge"),
        (edge()[:12], "16 x 16"),
    ],
)
def test_what_is_no_edge_is_refused_in_words(picture, says):
    with pytest.raises(ParameterError, match=says):
        slanted_edge(picture)
