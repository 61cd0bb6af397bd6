"""Color calibration: an invented camera shoots a chart; the model reads surfaces it has not seen, says what is wrong
with a bad chart, and never hides a matrix that is better."""

import numpy as np
import pytest

from twinlens.calibrate import fit_color, fit_color_from_matrices, fit_color_from_sensitivities, match
from twinlens.calibrate.color_errors import delta_e
from twinlens.calibrate.color_input import reflectances_from_xyz
from twinlens.core.errors import ParameterError
from twinlens.numerics import spectra
from twinlens.numerics.sensor_prior import bundled_prior, chart_editions, chart_reflectances, unit_luminance

NM = spectra.WAVELENGTHS_NM
CHART = chart_reflectances()


def invented(red_nm: float = 603.0) -> np.ndarray:
    """Sensitivities (31, 3) of a camera that nobody makes; white under D65 is (0.5, 1, 0.7)."""
    curves = np.stack(
        [
            np.exp(-(((NM - red_nm) / 40) ** 2)) + 0.06 * np.exp(-(((NM - 440) / 28) ** 2)),
            np.exp(-(((NM - 533) / 46) ** 2)),
            np.exp(-(((NM - 463) / 33) ** 2)),
        ],
        1,
    )
    return curves * np.array([0.5, 1.0, 0.7]) / (unit_luminance(spectra.illuminant("D65")) @ curves)


def shot(sensor: np.ndarray, light: str = "D65", surfaces: np.ndarray = CHART) -> np.ndarray:
    return (surfaces * unit_luminance(spectra.illuminant(light))) @ sensor


def unseen() -> np.ndarray:
    """Reflectances (40, 31) by formula, as no set that the maps are fitted on has them: edges, dyes and ramps."""
    rng = np.random.default_rng(4)
    edge, width, low = rng.uniform(420, 650, 40), rng.uniform(25, 90, 40), rng.uniform(0.03, 0.3, 40)
    rising = 1 / (1 + np.exp(-(NM - edge[:, None]) / width[:, None]))
    rising[::2] = 1 - rising[::2]
    return low[:, None] + (0.8 - low[:, None]) * rising


def error(model, sensor, light="D65", gain=1.0) -> np.ndarray:
    given = shot(sensor, light, unseen()) * gain
    power = spectra.illuminant(light)
    return delta_e(model.to_xyz(given, light) / gain, spectra.xyz_from_reflectance(unseen(), power), power)


@pytest.fixture(scope="module")
def fit():
    return fit_color(shot(invented()), "colorchecker", "D65")


def test_unseen_surfaces_are_read_better_than_by_a_matrix(fit):
    rgb = shot(invented())
    matrix = np.linalg.lstsq(rgb, spectra.xyz_from_reflectance(CHART, spectra.illuminant("D65")), rcond=None)[0]
    power = spectra.illuminant("D65")
    plain = delta_e(shot(invented(), "D65", unseen()) @ matrix, spectra.xyz_from_reflectance(unseen(), power), power)
    assert error(fit.value, invented()).mean() < 0.9 * plain.mean(), (error(fit.value, invented()).mean(), plain.mean())


def test_lights_that_were_never_shot_are_read_too(fit):
    for light in ("A", "FL11", "LED-B3"):
        assert error(fit.value, invented(), light).mean() < 1.2


def test_a_light_may_be_a_spectrum(fit):
    rgb, fine = shot(invented(), "A"), np.arange(380.0, 781.0, 5.0)
    named, given = fit.value.to_xyz(rgb, "A"), fit.value.to_xyz(rgb, (NM, 7 * spectra.illuminant("A")))
    assert np.allclose(named, given)
    assert fit.value.to_xyz(rgb, (fine, np.interp(fine, NM, spectra.illuminant("A")))).shape == (24, 3)


def test_exposure_changes_nothing(fit):
    for stops in (-4, 2):
        assert np.abs(error(fit.value, invented(), gain=2.0**stops) - error(fit.value, invented())).max() < 1e-4


def test_the_fit_says_what_to_expect(fit):
    assert fit.samples == 24 and fit.unit == "Delta E 2000" and not fit.is_plain
    assert fit.residual > 0 and fit.held_out < fit.plain_left_out.mean
    actual = error(fit.value, invented()).mean()
    assert 0.4 * actual < fit.predicted.mean < 2.5 * actual
    assert fit.predicted.mean < fit.predicted.p95 < fit.predicted.largest
    assert {one.hue for one in fit.by_hue} >= {"red", "yellow", "blue"}
    assert not fit.notes


def test_white_has_y_of_one_and_pictures_keep_their_shape(fit):
    xyz = fit.value.to_xyz(np.ones((2, 5, 1)) * fit.value.white_rgb())
    assert xyz.shape == (2, 5, 3)
    assert xyz[..., 1] == pytest.approx(1, abs=0.02)


def test_a_known_white_sets_exposure_and_white_and_helps_under_lines(fit):
    rng = np.random.default_rng(6)
    noisy = fit_color(shot(invented()) * (1 + 0.01 * rng.standard_normal((24, 3))), "colorchecker", "D65").value
    power = spectra.illuminant("FL11")
    white, given = unit_luminance(power) @ invented(), shot(invented(), "FL11", unseen())
    truth = spectra.xyz_from_reflectance(unseen(), power)
    foretold = delta_e(noisy.to_xyz(given, "FL11"), truth, power).mean()
    told = delta_e(noisy.to_xyz(3 * given, "FL11", white=3 * white), truth, power).mean()
    assert told < foretold
    for light in (None, "A"):
        rgb = shot(invented(), light or "D65")
        assert np.allclose(fit.value.to_xyz(rgb, light, white=fit.value.white_rgb(light)), fit.value.to_xyz(rgb, light))
    with pytest.raises(ParameterError, match="white"):
        noisy.to_xyz(given, "FL11", white=[1, 0, 1])


def test_what_was_given_is_not_changed():
    rgb = shot(invented())
    before = rgb.copy()
    rgb.setflags(write=False)
    fit_color(rgb, "colorchecker", "D65")
    assert (rgb == before).all()


def test_glare_is_taken_off_and_told(fit):
    rgb = shot(invented()) + 0.05 * fit.value.white_rgb()
    veiled = fit_color(rgb, "colorchecker", "D65")
    assert any("glare" in note for note in veiled.notes)
    assert abs(error(veiled.value, invented()).mean() - error(fit.value, invented()).mean()) < 0.05


def test_glare_that_differs_over_the_chart_costs_little(fit):
    rgb = shot(invented()) + 0.03 * (np.arange(24) % 6 / 5)[:, None] * fit.value.white_rgb()
    found = fit_color(rgb, "colorchecker", "D65")
    assert error(found.value, invented()).mean() < error(fit.value, invented()).mean() + 0.15


def test_uneven_light_costs_little_and_is_told(fit):
    rgb = shot(invented()) * np.linspace(0.9, 1.1, 24).reshape(4, 6).T.reshape(24, 1)
    found = fit_color(rgb, "colorchecker", "D65")
    assert any("uneven" in note for note in found.notes)
    assert error(found.value, invented()).mean() < error(fit.value, invented()).mean() + 0.4


def test_a_wrong_patch_and_clipped_patches_are_left_out_and_told(fit):
    rgb = shot(invented())
    rgb[3] *= [1, 0.7, 1]
    found = fit_color(rgb, "colorchecker", "D65")
    assert not found.trusted[3] and found.trusted.sum() == 23 and "patches 4" in found.notes[0]
    assert error(found.value, invented()).mean() < 1.1 * error(fit.value, invented()).mean()
    clipped = np.minimum(shot(invented()), 0.5 * shot(invented()).max())
    found = fit_color(clipped, "colorchecker", "D65")
    assert "sensor's limit" in found.notes[0]
    assert error(found.value, invented()).mean() < 1.3 * error(fit.value, invented()).mean()


def test_a_wrong_light_is_told():
    found = fit_color(shot(invented(), "FL11"), "colorchecker", "D65")
    assert any("FL11 rather than D65" in note for note in found.notes)


def test_a_light_that_is_not_given_is_found():
    assert fit_color(shot(invented(), "FL11"), "colorchecker").value.light_name == "FL11"


def test_the_edition_of_the_chart_is_found_and_told_when_it_is_not_the_standards():
    average = chart_editions()["mean of 30 charts"]
    rng = np.random.default_rng(2)
    rgb = shot(invented(), surfaces=average) * (1 + 0.01 * rng.standard_normal((24, 1)))
    found = fit_color(rgb, "colorchecker", "D65")
    assert "mean of 30 charts" in found.notes[0]
    standard = fit_color(rgb, (NM, CHART), "D65")
    assert not any("mean of 30" in one for one in standard.notes)
    assert found.left_out.mean < standard.left_out.mean
    assert error(found.value, invented()).mean() < error(standard.value, invented()).mean()
    unknown = fit_color(rgb, "colorchecker")
    assert "mean of 30 charts" in unknown.notes[0]


def test_a_standard_chart_with_patches_that_are_off_stays_the_standards():
    rng = np.random.default_rng(3)
    for light in ("D65", "A", "FL11"):
        rgb = shot(invented(), light) * (1 + 0.01 * rng.standard_normal((24, 1)))
        assert not any("mean of 30" in one for one in fit_color(rgb, "colorchecker", light).notes)


def test_where_a_matrix_is_better_it_is_used_and_told():
    """RGB that is a matrix of XYZ by construction: no sensor of the prior's kind sees like that."""
    mixing = np.array([[1.4, -0.6, 0.2], [-0.9, 1.7, 0.1], [0.3, -0.8, 1.6]])
    xyz = spectra.xyz_from_reflectance(CHART, spectra.illuminant("D65"))
    found = fit_color(xyz @ mixing.T, xyz, "D65")
    assert found.is_plain and found.held_out == pytest.approx(found.plain_left_out.mean)
    assert any("3x3 matrix is used" in note for note in found.notes)
    assert np.allclose(found.value.to_xyz(xyz @ mixing.T), xyz, atol=1e-6)


def test_xyz_is_a_target_where_spectra_are_not_known():
    xyz = spectra.xyz_from_reflectance(CHART, spectra.illuminant("D65"))
    found = fit_color(shot(invented()), xyz, "D65")
    assert found.held_out <= found.plain_left_out.mean
    assert any("XYZ only" in note for note in found.notes)


def test_guessed_reflectances_have_the_xyz_they_were_guessed_from():
    light = spectra.illuminant("D50")
    xyz = spectra.xyz_from_reflectance(CHART, light)
    guess, doubt = reflectances_from_xyz(xyz, light)
    assert np.allclose(spectra.xyz_from_reflectance(guess, light), xyz, atol=1e-9)
    assert np.linalg.eigvalsh(doubt).min() > -1e-9


def test_several_shots_make_one_model():
    rgbs = [shot(invented()), 3 * shot(invented(), "A")]
    found = fit_color(rgbs, "colorchecker", ["D65", "A"])
    assert found.value.light_name == "D65"
    assert error(found.value, invented(), "A").mean() < 1.0


def test_measured_sensitivities_are_a_model():
    found = fit_color_from_sensitivities(NM, invented(), "D65")
    assert found.predicted.mean < 1.5 and found.value.white_rgb().max() == pytest.approx(1)
    percent = fit_color_from_sensitivities(NM, 100 * invented() / invented().max(), "D65")
    assert "taken for percent" in percent.notes[0] and not found.notes
    assert np.allclose(percent.value.sensitivities, found.value.sensitivities)
    with pytest.raises(ParameterError, match="looks like um"):
        fit_color_from_sensitivities(NM / 1000, invented())
    with pytest.raises(ParameterError, match="one column each"):
        fit_color_from_sensitivities(NM, invented().T)


def test_two_matrices_are_a_model_with_wider_limits(fit):
    stimuli = [CHART * unit_luminance(spectra.illuminant(light)) for light in ("A", "D65")]
    matrices = [np.linalg.lstsq(s @ spectra.observer(), s @ invented(), rcond=None)[0].T for s in stimuli]
    found = fit_color_from_matrices(matrices, ["A", "D65"])
    assert found.predicted.mean > fit.predicted.mean
    assert found.value.white_rgb("D65").max() == pytest.approx(1)


def test_one_matrix_of_a_usual_camera_tells_of_another_light():
    """The camera is the mean of the measured ones; its matrix for A, used under D65 with the neutral known."""
    sensor = bundled_prior().mean.reshape(3, 31).T
    stimuli = CHART * unit_luminance(spectra.illuminant("A"))
    matrix = np.linalg.lstsq(stimuli @ spectra.observer(), stimuli @ sensor, rcond=None)[0].T
    model = fit_color_from_matrices([matrix], ["A"], "D65").value
    power = spectra.illuminant("D65")
    balanced = shot(sensor, "D65", unseen()) / shot(sensor, "D65", np.ones((1, 31)))
    truth = spectra.xyz_from_reflectance(unseen(), power)
    plain = (balanced * (matrix @ spectra.white_xyz(power))) @ np.linalg.inv(matrix).T
    found = delta_e(model.to_xyz(balanced * model.white_rgb()), truth, power).mean()
    assert found < 1.2 and found < delta_e(plain, truth, power).mean()


def test_a_whole_picture_is_read_in_parts(fit):
    rgb = np.random.default_rng(0).uniform(0, 1, (700, 800, 3))
    assert np.allclose(fit.value.to_xyz(rgb)[-1, -3:], fit.value.to_xyz(rgb[-1, -3:]), rtol=1e-12)


def test_two_cameras_are_matched_down_to_metamerism(fit):
    other = fit_color(shot(invented(590.0)), "colorchecker", "D65").value
    found = match(fit.value, other, ["D65", "FL11"])
    assert [one.light for one in found.value.lights] == ["D65", "FL11"]
    for one in found.value.lights:
        assert one.floor.mean < one.expected.mean
        mapped = one(shot(invented(), one.light, unseen()))
        assert np.abs(mapped / shot(invented(590.0), one.light, unseen()) - 1).mean() < 0.05
    same = match(fit.value, fit.value, ["D65"])
    assert same.residual < 1e-3
    with pytest.raises(ParameterError, match="no light 'A'"):
        found.value.under("A")


@pytest.mark.parametrize(
    ("rgb", "target", "light", "says"),
    [
        (shot(invented())[:12], "colorchecker", "D65", "has 12 patches"),
        (shot(invented()).T, "colorchecker", "D65", r"expected \(N, 3\)"),
        (np.zeros((24, 3)), "colorchecker", "D65", "is black"),
        (np.where(np.arange(24)[:, None] == 3, np.nan, shot(invented())), "colorchecker", "D65", "patch 4 is not"),
        (np.minimum(shot(invented()), 0.1), "colorchecker", "D65", "expose the chart less"),
        ("chart", "colorchecker", "D65", "array"),
        (shot(invented()), "colorchecker sg", "D65", "not built in"),
        (shot(invented()), "kodak", "D65", "is not known"),
        (shot(invented()), (NM, 100 * CHART), "D65", "percent"),
        (shot(invented()), (NM, CHART[:20]), "D65", "20 patches"),
        (shot(invented()), (NM / 1000, CHART), "D65", "looks like um"),
        (
            shot(invented()),
            100 * spectra.xyz_from_reflectance(CHART, spectra.illuminant("D65")),
            "D65",
            "white at Y = 1",
        ),
        (shot(invented()), "colorchecker", "moonlight", "is not known"),
        (shot(invented()), "colorchecker", (NM, np.zeros(31)), "no power"),
        (shot(invented()), np.ones((24, 4)), "D65", "expected a chart's name"),
        ([shot(invented())] * 2, "colorchecker", ["D65"], "a list of 2"),
    ],
)
def test_what_cannot_be_a_chart_is_said_in_words(rgb, target, light, says):
    with pytest.raises(ParameterError, match=says):
        fit_color(rgb, target, light)
