"""Sensitivities: an invented camera goes in, its curves come out; the evidence names the light."""

import numpy as np
import pytest

from twinlens.numerics import sensitivity, sensor_prior, spectra
from twinlens.numerics.sensitivity_solver import Noise, Response
from twinlens.numerics.sensor_prior import chart_reflectances, unit_luminance

NM = spectra.WAVELENGTHS_NM


def invented(shift_nm: float = 0.0) -> np.ndarray:
    """Sensitivities (31, 3) of a camera that nobody makes: three smooth bumps with a side lobe in red."""
    bump = [
        0.9 * np.exp(-(((NM - 605 - shift_nm) / 42) ** 2)) + 0.08 * np.exp(-(((NM - 440) / 30) ** 2)),
        np.exp(-(((NM - 535 - shift_nm) / 48) ** 2)),
        0.8 * np.exp(-(((NM - 465 - shift_nm) / 35) ** 2)),
    ]
    return np.stack(bump, 1)


def response(sensor: np.ndarray, light: str, veil: float = 0.0, stated: str = "", gain: float = 1.0) -> Response:
    power = unit_luminance(spectra.illuminant(light))
    rgb = gain * ((chart_reflectances() * power) @ sensor + veil * (power @ sensor))
    told = unit_luminance(spectra.illuminant(stated or light))
    return Response(rgb, chart_reflectances() * told, told)


def test_the_bundled_prior_is_normalised_and_its_covariance_valid():
    prior = sensor_prior.bundled_prior()
    assert np.allclose(prior.mean.reshape(3, 31).sum(1), 1, atol=1e-4)
    assert np.allclose(prior.covariance, prior.covariance.T, rtol=1e-4, atol=1e-9)
    assert np.linalg.eigvalsh((prior.covariance + prior.covariance.T) / 2).min() > -1e-8


def test_the_bundled_surfaces_reflect_between_nothing_and_a_little_over_everything():
    surfaces = sensor_prior.table("reflectances")
    assert surfaces.shape[0] > 600 and surfaces.shape[1] == 31
    assert surfaces.min() >= 0 and surfaces.max() < 1.1


def test_white_is_one_under_the_prior_of_any_light():
    for name in ("A", "D65", "FL11"):
        power = unit_luminance(spectra.illuminant(name))
        prior = sensor_prior.prior_under(sensor_prior.bundled_prior(), power, 0.0)
        assert np.allclose(prior.mean.reshape(3, 31) @ power, 1)
        along = np.kron(np.eye(3), power)  # the responses to white hardly vary
        assert np.sqrt(np.diag(along @ prior.covariance @ along.T)) == pytest.approx(sensor_prior.SCALE_SD, rel=1e-6)


def test_the_prior_of_one_camera_twice_has_no_spread():
    prior = sensor_prior.prior_from(np.stack([invented(), 2 * invented()]))
    assert np.abs(prior.covariance).max() < 1e-12


def test_an_invented_cameras_curves_come_back_within_their_limits():
    sensor = invented()
    found = sensitivity.estimate([response(sensor, "D65")])
    away = (found.sensitivities - sensor) / sensor.max(0)
    assert np.sqrt(np.mean(away**2)) < 0.06
    assert np.mean(np.abs(found.sensitivities - sensor) < 3 * found.sd() + 1e-3) > 0.9


def test_a_veil_is_found_and_does_not_change_the_curves():
    sensor = invented()
    clean, veiled = (sensitivity.estimate([response(sensor, "D65", veil)]) for veil in (0.0, 0.05))
    white = unit_luminance(spectra.illuminant("D65")) @ sensor
    assert veiled.veil[0] / white == pytest.approx(0.05, abs=1e-3)
    assert np.abs(veiled.sensitivities - clean.sensitivities).max() < 5e-3


def test_the_unit_of_rgb_scales_the_curves_and_nothing_else():
    one, thousand = (sensitivity.estimate([response(invented(), "D50", gain=gain)]) for gain in (1.0, 1000.0))
    assert np.allclose(thousand.sensitivities, 1000 * one.sensitivities, rtol=1e-6)


def test_a_second_picture_finds_its_own_exposure():
    sensor = invented()
    found = sensitivity.estimate([response(sensor, "D65"), response(sensor, "A", gain=3.0)])
    assert found.exposure == pytest.approx([1, 3], rel=0.01)
    alone = sensitivity.estimate([response(sensor, "D65")])
    assert np.abs(found.sensitivities - sensor).mean() < np.abs(alone.sensitivities - sensor).mean()


def test_a_patch_left_out_is_the_estimate_made_without_it():
    given = response(invented(), "D65")
    keep = np.arange(24) != 5
    residuals, noises = (0.04,), (Noise(0.004),)
    full = sensitivity.estimate([given], residuals=residuals, noises=noises)
    without = sensitivity.estimate(
        [Response(given.rgb[keep], given.stimuli[keep], given.white)], residuals=residuals, noises=noises
    )
    assert np.abs(full.left_out[5] - without.sensitivities).max() < 2e-3  # the scale was set with all patches


def test_the_evidence_names_a_light_with_lines():
    prior, noises = sensor_prior.bundled_prior(), (Noise(0.001), Noise(0.004))
    for true in ("FL11", "FL2"):
        trials = {name: response(invented(), true, stated=name) for name in ("D65", "A", "FL2", "FL11", "LED-B3")}
        found = {name: sensitivity.log_evidence([one], prior, 0.04, noises) for name, one in trials.items()}
        assert max(found, key=found.__getitem__) == true


def test_two_color_matrices_give_a_sensor_that_sees_as_they_say():
    sensor = invented()
    names, matrices = ("A", "D65"), []
    for name in names:
        power = unit_luminance(spectra.illuminant(name))
        stimuli = chart_reflectances() * power
        matrices.append(np.linalg.lstsq(stimuli @ spectra.observer(), stimuli @ sensor, rcond=None)[0].T)
    found = sensitivity.from_color_matrices(matrices, [spectra.illuminant(name) for name in names])
    for name in (*names, "FL11"):
        power = unit_luminance(spectra.illuminant(name))
        stimuli = chart_reflectances() * power
        white = (power @ found.sensitivities) / (power @ sensor)
        seen = (stimuli @ found.sensitivities) / (stimuli @ sensor) / white
        assert np.abs(seen - 1).mean() < 0.03
    assert (found.sd() > 0).all()
