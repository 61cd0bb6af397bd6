"""Simulated cameras: their documents, sensors, lenses and geometry."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twinlens.core.errors import DocumentError, FileError, ParameterError
from twinlens.core.image import upright
from twinlens.numerics import color, dng_matrices, spectra
from twinlens.simulate import camera as cameras
from twinlens.simulate.camera import Lens, Sensor, blur
from twinlens.simulate.camera.lens import ideal_radius, recorded_radius
from twinlens.simulate.camera.view import Pose, project, upright_from_stored, view

PLAIN = """
format = "camera/1"
name = "plain"
[sensor]
height = 64
width = 96
pixel_um = 2
full_well_e = 10000
[lens]
focal_length_mm = 10
f_number = 4
[sensitivities]
wavelengths_nm = [400, 410, 420, 430, 440, 450, 460, 470, 480, 490, 500, 510, 520, 530, 540, 550, 560, 570, 580, 590,
600, 610, 620, 630, 640, 650, 660, 670, 680, 690, 700]
"""
FLAT = f"[{', '.join(['1.0'] * 31)}]"
COLORS = f"red = {FLAT}\ngreen = {FLAT}\nblue = {FLAT}\n"


def plain(extra: str = "") -> str:
    return PLAIN + COLORS + extra


@pytest.mark.parametrize("name", cameras.shipped())
def test_a_shipped_camera_loads_and_says_that_it_is_invented(name: str) -> None:
    camera = cameras.load(name)
    assert camera.name == name and "invented" in camera.description
    assert camera.sensitivities.shape == (31, 3) and camera.sensitivities.max() == 1


@pytest.mark.parametrize("name", cameras.shipped())
@pytest.mark.parametrize("light", ["D65", "A"])
def test_a_shipped_camera_is_as_far_from_the_eye_as_real_sensors(name: str, light: str) -> None:
    power, surfaces = spectra.illuminant(light), dng_matrices.chart_reflectances()
    rgb = dng_matrices.balanced_rgb(cameras.load(name).sensitivities, power, surfaces)
    xyz, white = spectra.xyz_from_reflectance(surfaces, power), spectra.white_xyz(power)
    fitted = rgb @ dng_matrices.xyz_from_balanced(rgb, xyz, white).T
    error = color.delta_e_2000(color.lab_from_xyz(fitted, white), color.lab_from_xyz(xyz, white)).mean()
    assert 1 < error < 2


def test_an_unknown_camera_names_the_nearest() -> None:
    with pytest.raises(DocumentError, match="did you mean 'phone'"):
        cameras.load("phon")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (plain("[lense]\n"), "unknown key lense"),
        (plain().replace("height = 64", ""), r"\[sensor\] needs height .*px"),
        (plain().replace("full_well_e = 10000", "full_well_e = -5"), "sensor.full_well_e = -5 electrons is outside"),
        (plain().replace("full_well_e = 10000", "full_well_e = 10000\nbits = 24"), "sensor.bits = 24 bits is outside"),
        (plain().replace("width = 96", "width = 96\nblack = 4090"), "leaves no range below white = 4095 DN"),
        (plain().replace("width = 96", "width = 96\nwhite = 5000"), "12 bits hold at most 4095"),
        (plain().replace("width = 96", 'width = 96\ncfa = "RGBG"'), "Bayer order"),
        (
            plain().replace("f_number = 4", "f_number = 4\ndistortion = [-0.9, 0, 0]"),
            "lens.distortion: the picture fold",
        ),
        (
            plain().replace("f_number = 4", "f_number = 4\nvignetting = [-1.2, 0, 0]"),
            "lens.vignetting: the light falls",
        ),
        (plain().replace("f_number = 4", 'f_number = "wide"'), "lens.f_number = 'wide': expected a number"),
        (plain().replace("red = [1.0,", "red = [-0.2,"), "red falls to -0.2; no negative value"),
        (plain().replace("400, 410, 420, 430, 440", "400, 410, 420, 421, 445"), "gap of 24 nm"),
        (plain().replace("[400,", "[0.4,"), "begin at 0.4: expected nm"),
        (plain().replace("400, 410,", "410, 400,"), "do not rise"),
        (plain().replace(f"blue = {FLAT}", "blue = [1, 2]"), "blue has 2 values for 31 wavelengths"),
        (plain().replace(f"blue = {FLAT}", f"blue = {FLAT.replace('1.0', '0.0')}"), "blue sees next to nothing"),
        (PLAIN[: PLAIN.index("wavelengths")], "expected one of file, wavelengths_nm, color_matrices"),
        (plain().replace("camera/1", "camera/7"), "update twinlens"),
    ],
)
def test_a_wrong_document_is_refused_with_file_and_key(text: str, told: str) -> None:
    with pytest.raises(DocumentError, match=told) as caught:
        cameras.loads(text, origin="mine.toml")
    assert str(caught.value).startswith("mine.toml")


def test_small_negative_measurement_noise_becomes_zero_and_is_said() -> None:
    camera = cameras.loads(plain().replace("red = [1.0,", "red = [-0.005,"))
    assert camera.sensitivities.min() == 0 and "-0.005 were read as 0" in camera.notes[0]


def test_sensitivities_in_percent_are_taken_relative_and_that_is_said() -> None:
    percent = plain().replace("1.0", "100.0")
    assert "taken for percent" in cameras.loads(percent).notes[0]
    assert np.allclose(cameras.loads(percent).sensitivities, cameras.loads(plain()).sensitivities)
    counts = plain().replace("1.0", "4000.0")
    assert "another unit" in cameras.loads(counts).notes[0]


def test_missing_wavelengths_at_the_ends_are_said() -> None:
    camera = cameras.loads(plain().replace("400, 410,", "405, 410,"))
    assert "5 nm of 400 to 700 nm are beyond the data" in camera.notes[0]


def test_sensitivities_come_from_a_file_with_line_errors(tmp_path) -> None:
    text = plain()[: plain().index("wavelengths")] + 'file = "seen.csv"\n'
    rows = [f"{nm:.0f},{1 - nm / 1000},0.5,{nm / 2000}" for nm in spectra.WAVELENGTHS_NM]
    (tmp_path / "seen.csv").write_text("\n".join(["nm,R,G,B", *rows]))
    assert cameras.loads(text, folder=tmp_path).sensitivities[0] == pytest.approx([1, 0.5 / 0.6, 0.2 / 0.6])
    rows[3] = "430,0.5,oops,0.1"
    (tmp_path / "seen.csv").write_text("\n".join(["nm,R,G,B", *rows]))
    with pytest.raises(FileError, match=r"seen.csv, line 5: the value of G is 'oops'"):
        cameras.loads(text, folder=tmp_path)
    (tmp_path / "seen.csv").write_text("\n".join(["nm,a,b,c", *rows[:3], *rows[4:]]))
    with pytest.raises(DocumentError, match="the names of 3 columns"):
        cameras.loads(text, folder=tmp_path)


MATRICES = "color_matrices = {matrices}\nlights = {lights}\n"


def stated(matrices: str, lights: str = '["A", "D65"]') -> str:
    return PLAIN[: PLAIN.index("wavelengths")] + MATRICES.format(matrices=matrices, lights=lights)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (stated("[[1, 2, 3]]"), "nine numbers"),
        (stated("[[1, 0, 0, 0, 1, 0, 0, 0, 1]]"), "1 color_matrices for lights"),
        (stated("[[1, 0, 0, 0, 1, 0, 0, 0, 0]]", '["A"]'), "has no inverse"),
        (stated("[[1, 0, 0, 0, 1, 0, 0, 0, 1]]", '["moon"]'), "the light 'moon' is not known"),
    ],
)
def test_wrong_color_matrices_are_refused(text: str, told: str) -> None:
    with pytest.raises(DocumentError, match=told):
        cameras.loads(text)


def test_sensitivities_are_estimated_from_the_two_matrices_of_a_dng() -> None:
    pytest.importorskip("twinlens.numerics.sensitivity", exc_type=ImportError)
    camera = cameras.load("phone")
    matrices = [dng_matrices.calibration(camera.sensitivities, light).color_matrix for light in (17, 21)]
    found = cameras.loads(stated(str([one.ravel().tolist() for one in matrices])))
    assert "estimated from color matrices" in found.notes[0]
    shape, true = (one.sensitivities / one.sensitivities.max(0) for one in (found, camera))
    assert np.sqrt(np.mean(np.square(shape - true), axis=0)).max() < 0.1


def test_a_quad_sensor_has_tiles_of_four() -> None:
    sensor = Sensor(height=64, width=64, pixel_um=1, full_well_e=5000, cfa="quad-GRBG")
    assert sensor.pattern is not None and sensor.pattern.rows == ("GGRR", "GGRR", "BBGG", "BBGG")


def test_units_differ_by_their_spread_and_stay_the_same() -> None:
    camera = cameras.load("phone")
    assert np.array_equal(camera.module(0).sensitivities, camera.sensitivities)
    first, again, other = camera.module(3), camera.module(3), camera.module(4)
    assert np.array_equal(first.sensitivities, again.sensitivities) and first.center == again.center
    assert not np.allclose(first.sensitivities, other.sensitivities)
    whites = np.array([np.log(camera.module(n).sensitivities.sum(0)) for n in range(1, 200)])
    spread = np.std(whites[:, 0] - whites[:, 1])  # of red against green: white point, shift and tilt together
    assert 0.8 * camera.spread.white < spread < 2 * camera.spread.white


@settings(max_examples=40, deadline=None)
@given(st.floats(-0.1, 0.3), st.floats(0, 0.1), st.floats(0, 1))
def test_the_ideal_radius_is_the_inverse_of_the_recorded(k1: float, k2: float, radius: float) -> None:
    radial = Lens(focal_length_mm=5, f_number=2, distortion=(k1, k2, 0.0)).radial(1)
    assert recorded_radius(np.array(ideal_radius(np.array(radius), radial)), radial) == pytest.approx(radius, abs=1e-9)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_points_and_pixels_turn_the_same_way(orientation: int) -> None:
    stored = np.arange(12).reshape(3, 4)
    seen = upright(stored, orientation)
    for y in range(3):
        for x in range(4):
            to_x, to_y = project(upright_from_stored((3, 4), orientation), np.array([x, y])).round().astype(int)
            assert seen[to_y, to_x] == stored[y, x]


@pytest.mark.parametrize("orientation", [1, 6])
def test_points_of_scene_and_picture_are_inverses(orientation: int) -> None:
    lens = replace(cameras.load("phone").lens, lateral_red=(0.001, 0.002))
    pose = Pose(shift_px=(3.2, -1.4), rotation_deg=4, scale=1.1)
    seen_from = view(lens, pose, (90, 120), (300, 200), (0.51, 0.49), orientation)
    points = np.random.default_rng(0).uniform(0, 89, (20, 2))
    for channel in range(3):
        back = seen_from.picture_from_scene_points(seen_from.scene_from_picture(points, channel), channel)
        assert np.abs(back - points).max() < 1e-6


def test_the_scene_fills_the_picture_of_a_distorting_lens() -> None:
    lens = Lens(focal_length_mm=5, f_number=2, distortion=(-0.1, 0.0, 0.0))
    seen_from = view(lens, Pose(), (90, 120), (450, 600), (0.5, 0.5), 1)
    corners = seen_from.scene_from_picture(np.array([(-0.5, -0.5), (119.5, -0.5), (119.5, 89.5), (-0.5, 89.5)]))
    assert corners.min() > -0.5 - 1e-6 and corners[:, 0].max() < 599.5 + 1e-6 and corners[:, 1].max() < 449.5 + 1e-6
    assert np.isclose(corners[0], -0.5, atol=0.01).any()


def test_a_pose_that_cannot_be_is_refused() -> None:
    with pytest.raises(ParameterError, match="scale"):
        Pose(scale=0)
    with pytest.raises(ParameterError, match="inverse"):
        Pose(homography=((1, 0, 0), (1, 0, 0), (0, 0, 1)))


@pytest.mark.parametrize("samples", [1, 2])
def test_the_kernel_has_the_mtf_of_the_lens(samples: int) -> None:
    camera = cameras.load("phone")
    frequency = np.linspace(0, 0.5, 11)
    made = blur.kernel_mtf(blur.kernel(camera, 1, samples), frequency, samples)
    assert np.abs(made - blur.lens_mtf(camera, frequency)).max() < 0.04  # the far wings of diffraction are cut off


def test_a_measured_spread_is_used_and_checked(tmp_path) -> None:
    text = plain().replace("f_number = 4", 'f_number = 4\npsf_file = "psf.csv"\npsf_step_um = 2')
    (tmp_path / "psf.csv").write_text("0,1,0\n1,4,1\n0,1,0\n")
    taps = blur.kernel(cameras.loads(text, folder=tmp_path))
    assert taps == pytest.approx(np.array([[0, 1, 0], [1, 4, 1], [0, 1, 0]]) / 8)
    finer = blur.kernel(cameras.loads(text, folder=tmp_path), samples=2)
    assert finer is not None and finer.sum() == pytest.approx(1) and finer.shape == (7, 7)
    (tmp_path / "psf.csv").write_text("0,1\n1,4\n")
    with pytest.raises(FileError, match="odd side"):
        cameras.loads(text, folder=tmp_path)


@pytest.mark.parametrize("light", [17, 21])
def test_matrices_of_a_sensor_that_sees_like_the_eye_are_exact(light: int) -> None:
    camera_from_xyz = np.array([[0.9, -0.2, -0.1], [-0.4, 1.3, 0.1], [0.0, 0.2, 0.6]])
    made = dng_matrices.calibration(spectra.observer() @ camera_from_xyz.T, light)
    scale = (camera_from_xyz @ color.D50_XYZ).max()
    assert np.abs(made.color_matrix - camera_from_xyz / scale).max() < 1e-4
    assert made.forward_matrix is not None and np.abs(made.forward_matrix.sum(1) - color.D50_XYZ).max() < 2e-4
