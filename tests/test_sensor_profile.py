"""A calibrated profile: it is written and read again, develops as its model sees, keeps greys grey, and its DCP says
the same."""

import json
from dataclasses import replace

import numpy as np
import pytest

from twinlens.calibrate import fit_color_from_sensitivities
from twinlens.calibrate.color_profile import (
    PROPHOTO_FROM_XYZ_D50,
    camera_profile,
    dcp_color,
    fit_facts,
    icc_profiles,
    unit_calibration,
)
from twinlens.core.errors import DocumentError, ParameterError
from twinlens.core.image import BALANCED, Image, planar
from twinlens.core.profile import CameraProfile
from twinlens.core.shot import Shot
from twinlens.core.stage import Facts
from twinlens.files import dcp
from twinlens.kernels.root_polynomial import root_polynomial
from twinlens.numerics import root_polynomial as numerics
from twinlens.numerics import spectra
from twinlens.numerics.color import D50_XYZ, XYZ_D50_FROM_REC2020, adaptation, delta_e_2000, lab_from_xyz
from twinlens.numerics.color_model import ColorModel
from twinlens.numerics.dng_color import lights_from, rec2020_from_balanced
from twinlens.numerics.hue_sat import apply_hue_sat
from twinlens.numerics.sensor_prior import chart_reflectances, unit_luminance
from twinlens.numerics.sensor_white import interpolated, neutral_under, temperature_of, thermal_light
from twinlens.pipeline import profile as document
from twinlens.stages.camera_color import CameraColor
from twinlens.stages.white_balance import WhiteBalance

NM = spectra.WAVELENGTHS_NM


def invented() -> np.ndarray:
    """Sensitivities (31, 3) of a camera that nobody makes."""
    red = 0.5 * np.exp(-(((NM - 603) / 40) ** 2)) + 0.03 * np.exp(-(((NM - 440) / 28) ** 2))
    return np.stack([red, np.exp(-(((NM - 533) / 46) ** 2)), 0.7 * np.exp(-(((NM - 463) / 33) ** 2))], 1)


MODEL = fit_color_from_sensitivities(NM, invented(), "D65").value


@pytest.fixture(scope="module")
def profile() -> CameraProfile:
    return camera_profile(MODEL, "invented", make="nobody", model="one", provenance={"residual": 0.5})


def facts(profile: CameraProfile | None, neutral: np.ndarray, before=()) -> Facts:
    shot = Shot(as_shot_neutral=tuple(neutral))
    picture = Image(pixels=planar(np.ones((4, 4, 3), np.float32)), state=BALANCED, shot=shot)
    return Facts(shot=shot, source=picture, arriving=lambda: picture, before=before, profile=profile)


def balanced(light: str) -> tuple[np.ndarray, np.ndarray]:
    """White-balanced RGB (1, 24, 3) of a chart, and its true XYZ adapted to D50."""
    power = spectra.illuminant(light)
    stimuli = chart_reflectances() * unit_luminance(power)
    xyz = (stimuli @ spectra.observer()) @ adaptation(spectra.white_xyz(power), D50_XYZ).T
    return (stimuli @ invented() / (unit_luminance(power) @ invented()))[None], xyz


def developed(stage: CameraColor, rgb: np.ndarray) -> np.ndarray:
    image = Image(pixels=planar(rgb.astype(np.float32)), state=BALANCED, shot=Shot())
    return np.asarray(stage(image).pixels, float)[0] @ XYZ_D50_FROM_REC2020.T


def errors(found: np.ndarray, truth: np.ndarray) -> float:
    return float(delta_e_2000(lab_from_xyz(found), lab_from_xyz(truth)).mean())


def test_the_document_comes_back_as_it_was(profile):
    text = document.dumps(profile)
    again = document.loads(text)
    assert document.dumps(again) == text
    assert np.allclose(again.color.sensor.sensitivities, MODEL.sensitivities, rtol=1e-6)
    assert again.color.sensor.maps[0].light == "A"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("red_sd = [", "rod_sd = ["), "unknown key rod_sd"),
        (('light = "A"', 'light = "A"\nkind = 3'), "unknown key kind"),
        (("kelvin = ", "kelvin = -"), "expected a color temperature above 0"),
    ],
)
def test_what_is_wrong_in_the_sensor_is_named(profile, change, says):
    with pytest.raises(DocumentError, match=says):
        document.loads(document.dumps(profile).replace(*change))


def test_a_profile_without_sensor_is_read_as_before():
    text = 'format = "profile/1"\n[[color.light]]\ncolor_matrix = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]\n'
    assert document.loads(text).color.sensor is None


def test_a_chart_is_developed_closer_than_by_the_matrices(profile):
    for light in ("A", "D65"):
        neutral = neutral_under(invented(), spectra.illuminant(light))
        rgb, truth = balanced(light)
        calibrated = CameraColor().resolve(facts(profile, neutral))
        plain = CameraColor(tables=False).resolve(facts(profile, neutral))
        assert errors(developed(calibrated, rgb), truth) < 0.85 * errors(developed(plain, rgb), truth)


def test_a_named_light_is_developed_with_its_own_map(profile):
    neutral = neutral_under(invented(), spectra.illuminant("FL11"))
    rgb, truth = balanced("FL11")
    told = CameraColor(light="FL11").resolve(facts(profile, neutral))
    guessed = CameraColor().resolve(facts(profile, neutral))
    assert errors(developed(told, rgb), truth) < 0.7 * errors(developed(guessed, rgb), truth)
    with pytest.raises(ParameterError, match="needs a profile"):
        CameraColor(light="FL11").resolve(facts(None, neutral))


def test_greys_stay_grey_and_exposure_changes_nothing_else(profile):
    stage = CameraColor().resolve(facts(profile, neutral_under(invented(), spectra.illuminant("D50"))))
    grey = Image(pixels=planar(np.linspace(0, 4, 70, dtype=np.float32)[None, :, None] * np.ones(3, np.float32)),
                 state=BALANCED, shot=Shot())  # fmt: skip
    assert np.allclose(stage(grey).pixels, grey.pixels, rtol=1e-5, atol=1e-6)  # float32; a code of 16 bits is 1.5e-5
    rgb = balanced("D50")[0]
    one, eight = (developed(stage, gain * rgb) for gain in (1, 8))
    assert np.allclose(eight, 8 * one, rtol=1e-5, atol=1e-6)


def test_the_resolved_stage_needs_no_profile(profile):
    first = CameraColor().resolve(facts(profile, np.array([0.5, 1, 0.6])))
    assert first.resolve(facts(None, np.array([0.5, 1, 0.6]))) == first
    assert np.allclose(np.reshape(first.matrix, (3, 3)).sum(1), 1)


def test_a_map_with_too_few_numbers_is_refused():
    with pytest.raises(ParameterError, match="39 values are wanted, got 3"):
        CameraColor(polynomial=(1.0, 0.0, 0.0)).resolve(facts(None, np.ones(3)))


def test_the_matrix_beside_the_polynomial_is_its_slope_at_grey(profile):
    stage = CameraColor().resolve(facts(profile, np.array([0.5, 1, 0.6])))
    polynomial = np.reshape(stage.polynomial, (13, 3))
    step = 1e-6 * np.eye(3)
    slope = (numerics.apply(1 + step, polynomial) - numerics.apply(np.ones(3), polynomial)) / 1e-6
    assert np.allclose(slope.T, np.reshape(stage.matrix, (3, 3)), atol=1e-4)


@pytest.mark.parametrize("size", [(1, 1), (3, 63), (5, 64), (7, 130)])
def test_the_kernel_is_its_reference(size):
    rng = np.random.default_rng(0)
    source = planar(rng.uniform(-0.05, 3, (*size, 3)).astype(np.float32))
    source[0, 0] = 0
    coefficients = rng.uniform(-1, 1, (13, 3)).astype(np.float32)
    # float32 with roots by logarithm: a few parts in a million of terms that reach 3
    assert np.allclose(root_polynomial(source, coefficients), numerics.apply(source, coefficients), atol=5e-5)


def test_a_neutral_tells_the_temperature_of_its_light():
    for kelvin in (2000, 2856, 3900, 4100, 5003, 6504, 12000):
        found, away = temperature_of(invented(), 3 * neutral_under(invented(), thermal_light(kelvin)))
        assert found == pytest.approx(kelvin, rel=0.01) and away < 1e-3
    assert temperature_of(invented(), neutral_under(invented(), spectra.illuminant("FL2")))[1] > 0.01


def test_maps_between_two_lights_are_even_in_reciprocal_temperature():
    kelvins, values = np.array([6500.0, 2850.0]), np.array([1.0, 0.0])
    middle = 2 / (1 / 6500 + 1 / 2850)
    assert interpolated(kelvins, values, middle) == pytest.approx(0.5)
    assert interpolated(kelvins, values, 1000) == 0 and interpolated(kelvins, values, 20000) == 1


def test_presets_and_kelvin_balance_with_the_sensor(profile):
    gains = np.array(WhiteBalance(mode="fluorescent").resolve(facts(profile, np.ones(3))).gains)
    neutral = neutral_under(invented(), spectra.illuminant("FL2"))
    assert np.ptp(gains * neutral) < 1e-6
    gains = np.array(WhiteBalance(mode="kelvin", kelvin=3200).resolve(facts(profile, np.ones(3))).gains)
    assert np.ptp(gains * neutral_under(invented(), spectra.black_body(3200))) < 1e-3
    greener = np.array(WhiteBalance(mode="kelvin", kelvin=3200, tint=30).resolve(facts(profile, np.ones(3))).gains)
    assert greener[1] / greener[0] < gains[1] / gains[0]


def test_the_dcp_says_the_same(tmp_path):
    path = tmp_path / "invented.dcp"
    dcp.write(path, dcp_color(MODEL, "invented", "Nobody One"))
    color = dcp.read(path)
    assert color.camera_model == "Nobody One" and [one.light for one in color.calibrations] == [17, 21]
    for one, light in zip(color.calibrations, ("A", "D65"), strict=True):
        rgb, truth = balanced(light)
        prophoto = rgb[0] @ (PROPHOTO_FROM_XYZ_D50 @ one.forward_matrix).T
        looked = apply_hue_sat(prophoto, one.hue_sat.values, False, np.eye(3), np.eye(3))
        xyz = looked @ np.linalg.inv(PROPHOTO_FROM_XYZ_D50).T
        power = spectra.illuminant(light)
        stage = CameraColor().resolve(facts(camera_profile(MODEL, "x"), neutral_under(invented(), power)))
        assert errors(xyz, developed(stage, rgb)) < 0.1
        assert errors(xyz, truth) < errors(rgb[0] @ one.forward_matrix.T, truth)


def test_icc_profiles_through_another_library_are_the_model():
    imagecodecs = pytest.importorskip("imagecodecs")
    matrix, table = icc_profiles(MODEL, "D65", "invented under D65")
    rgb = balanced("D65")[0]
    coded = np.rint(np.clip(rgb, 0, 1) * 65535).astype(np.uint16)
    lab = imagecodecs.cms_profile("lab4")
    stage = CameraColor(light="D65").resolve(facts(camera_profile(MODEL, "x"), np.ones(3)))
    model = lab_from_xyz(developed(stage, coded / 65535))
    found = {}
    for name, profile in (("matrix", matrix), ("table", table)):
        seen = imagecodecs.cms_transform(coded, profile, lab, colorspace="rgb", outcolorspace="lab", outdtype="float64",
                                         intent=1)  # fmt: skip
        found[name] = delta_e_2000(np.asarray(seen)[0], model)
    assert found["table"].mean() < 0.1 and found["table"].max() < 0.5
    assert found["matrix"].mean() < 2.0 and found["matrix"].mean() > found["table"].mean()


def plain_model(light: str) -> ColorModel:
    """A model for which a plain matrix was better: the matrix is that of the chart, the sensor is a wrong one."""
    power = spectra.illuminant(light)
    rgb = chart_reflectances() * unit_luminance(power) @ invented()
    matrix = np.linalg.lstsq(rgb, spectra.xyz_from_reflectance(chart_reflectances(), power), rcond=None)[0].T
    return replace(
        MODEL, sensitivities=MODEL.sensitivities[:, ::-1], light=power, light_name=light, plain_matrix=matrix
    )


@pytest.mark.parametrize(("light", "code"), [("D65", 21), ("A", 17), ("FL11", 255)])
def test_where_a_matrix_was_better_every_file_holds_the_matrix_alone(light, code, tmp_path):
    model = plain_model(light)
    path = tmp_path / "plain.dcp"
    dcp.write(path, dcp_color(model, "plain", "Nobody One"))
    text = document.dumps(camera_profile(model, "plain"))
    rgb, _ = balanced(light)
    neutral = np.linalg.solve(model.plain_matrix, spectra.white_xyz(model.light))
    raw = rgb * neutral
    wanted = model.to_xyz(raw)[0] @ adaptation(spectra.white_xyz(model.light), D50_XYZ).T
    for found in (dcp.read(path), document.loads(text).color):
        assert found.sensor is None and [one.light for one in found.calibrations] == [code]
        assert found.calibrations[0].hue_sat is None
        stage = CameraColor().resolve(facts(CameraProfile(name="x", color=found), neutral))
        assert errors(developed(stage, raw / neutral), wanted) < 0.01
    assert len({len(one) for one in icc_profiles(model, "D50", "plain")}) == 2


def test_a_matrix_without_a_white_is_not_written():
    broken = replace(plain_model("D65"), plain_matrix=np.diag([1.0, 1.0, -1.0]))
    with pytest.raises(ParameterError, match="no white"):
        camera_profile(broken, "x")


def test_the_matrices_of_a_profile_are_a_dng_color(profile):
    neutral = neutral_under(invented(), spectra.illuminant("D65"))
    rgb, truth = balanced("D65")
    matrix = rec2020_from_balanced(lights_from(profile.color.calibrations), neutral)
    assert errors(rgb[0] @ (XYZ_D50_FROM_REC2020 @ matrix).T, truth) < 2


def test_what_a_fit_says_of_itself_goes_into_the_profile():
    fit = fit_color_from_sensitivities(NM, invented(), "D65")
    facts = fit_facts(fit)
    assert json.loads(json.dumps(facts)) == facts
    again = document.loads(document.dumps(camera_profile(MODEL, "x", provenance=facts)))
    assert again.provenance["errors"]["predicted"]["mean"] == pytest.approx(fit.predicted.mean, abs=1e-4)


def test_a_units_calibration_is_its_gain_beside_the_golden_sample():
    gains = np.array([1.03, 1.0, 0.96])
    unit = fit_color_from_sensitivities(NM, invented() * gains, "D65").value
    assert np.allclose(unit_calibration(MODEL, unit), np.diag(gains), atol=1e-6)
