"""Noise: an invented sensor's numbers come back from its frames."""

import numpy as np
import pytest

from twinlens.calibrate.noise import by_iso, fit_noise
from twinlens.core.errors import ParameterError

TILE = np.array([[0, 1], [1, 2]])
BLACK, WHITE, GAIN = 64.0, 1023.0, 4.0  # DN, DN, electrons a DN
READ_E, FULL_E, ROW_DN, PRNU = 6.0, 3400.0, 0.5, 0.01
SHAPE = (192, 256)
DEAD, HOT = (10, 21), (77, 130)


class Camera:
    def __init__(self, seed=0):
        self.rng = np.random.default_rng(seed)
        self.response = 1 + PRNU * self.rng.standard_normal(SHAPE)
        self.response[DEAD] = 0.1

    def frame(self, electrons):
        y, x = np.mgrid[0 : SHAPE[0], 0 : SHAPE[1]]
        shading = 1 - 0.3 * ((y / SHAPE[0] - 0.5) ** 2 + (x / SHAPE[1] - 0.5) ** 2)
        channel = np.array([0.6, 1.0, 0.7])[np.tile(TILE, (SHAPE[0] // 2, SHAPE[1] // 2))]
        signal = np.minimum(self.rng.poisson(electrons * shading * channel * self.response), FULL_E)
        signal[HOT] = signal[HOT] + 900
        noisy = signal + READ_E * self.rng.standard_normal(SHAPE)
        counts = noisy / GAIN + BLACK + ROW_DN * self.rng.standard_normal((SHAPE[0], 1))
        return np.clip(np.rint(counts), 0, WHITE).astype(np.uint16)

    def pair(self, electrons):
        return self.frame(electrons), self.frame(electrons)


@pytest.fixture(scope="module")
def fit():
    camera = Camera()
    flats = [camera.pair(e) for e in (100, 200, 400, 800, 1200, 1600, 2000, 2400, 2800, 9000) for _ in range(2)]
    return fit_noise(flats, [camera.pair(0) for _ in range(6)], tile=TILE, white=WHITE, iso=100)


def test_gain_read_noise_and_full_well_come_back(fit):
    quantization = GAIN / np.sqrt(12)
    assert np.allclose(fit.value.electrons_per_dn, GAIN, rtol=0.03)
    assert np.allclose(fit.value.read_noise_e, np.hypot(READ_E, quantization), rtol=0.03)
    assert np.allclose(fit.value.full_well_e, FULL_E, rtol=0.03)


def test_row_noise_response_and_black_come_back(fit):
    assert fit.value.row_noise_dn == pytest.approx(ROW_DN, rel=0.1)
    assert fit.value.prnu == pytest.approx(PRNU, rel=0.15)
    assert fit.value.black_dn == pytest.approx(BLACK, abs=0.05)


def test_dead_and_hot_sites_are_found_and_no_others(fit):
    assert {tuple(one) for one in fit.value.defects.tolist()} == {DEAD, HOT}


def test_the_fit_says_how_far_it_is_off_on_pairs_that_it_has_not_seen(fit):
    assert 0 < fit.residual < 0.05 and fit.held_out < 0.05


def test_the_model_for_develop_is_relative_to_white(fit):
    model = by_iso([fit])[100.0]
    span = WHITE - BLACK
    assert np.allclose(model.gain, 1 / (GAIN * span), rtol=0.03)
    read = np.hypot(READ_E / GAIN, np.sqrt(1 / 12))
    assert np.allclose(model.offset, (read**2 + ROW_DN**2) / span**2, rtol=0.06)


def test_the_line_alone_tells_the_read_noise_when_there_are_no_darks():
    camera = Camera(1)
    flats = [camera.pair(e) for e in (20, 40, 80, 160, 400, 800, 1600, 2400) for _ in range(3)]
    found = fit_noise(flats, tile=TILE, white=WHITE, black=BLACK).value
    total = np.hypot(np.hypot(READ_E, GAIN / np.sqrt(12)), ROW_DN * GAIN)
    assert np.allclose(found.electrons_per_dn, GAIN, rtol=0.03)
    assert np.allclose(found.read_noise_e, total, rtol=0.06)
    assert np.isnan(found.full_well_dn).all() and np.isnan(found.row_noise_dn)


def test_the_frames_are_left_alone():
    camera = Camera(2)
    flats = [camera.pair(e) for e in (200, 800, 1600, 2400)]
    before = [one.copy() for pair in flats for one in pair]
    fit_noise(flats, tile=TILE, white=WHITE, black=BLACK)
    assert all((a == b).all() for a, b in zip(before, [one for pair in flats for one in pair], strict=True))


def test_what_are_no_flats_is_refused_in_words():
    camera = Camera(3)
    rng = np.random.default_rng(0)
    pattern = rng.uniform(0.3, 1, SHAPE)
    cases = [
        ([camera.pair(900)], "levels of light"),
        ([(camera.frame(500), camera.frame(1500))], "same exposure"),
        ([], "no pair"),
        ([(camera.frame(900), camera.frame(900)[:-2])], "one size"),
        (
            [tuple((one * pattern).astype(np.uint16) for one in camera.pair(e)) for e in (400, 900, 1500, 2400)],
            "structure",
        ),
    ]
    for flats, says in cases:
        with pytest.raises(ParameterError, match=says):
            fit_noise(flats, tile=TILE, white=WHITE, black=BLACK)
    with pytest.raises(ParameterError, match="black level"):
        fit_noise([camera.pair(900)], tile=TILE, white=WHITE)
