"""`twinlens calibrate color`, `match`, `unit`: a simulated chart in, a profile out that every reader takes."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from twinlens import simulate
from twinlens.cli import group
from twinlens.core.errors import TwinlensError
from twinlens.core.profile import CameraProfile, mismatch
from twinlens.core.shot import Shot
from twinlens.files import dcp
from twinlens.measure.inspect import inspect
from twinlens.numerics.color_model import ColorModel
from twinlens.pipeline import profile


def run(*arguments):
    return CliRunner().invoke(group, [str(one) for one in arguments], catch_exceptions=True)


@pytest.fixture(scope="module")
def charts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("charts")
    out = {}
    for camera in ("phone", "reference"):
        frame = simulate.chart(camera, light="D65", megapixels=0.4)
        frame.write(folder)
        out[camera] = next(folder.glob(f"*{camera}.dng"))
    return out


@pytest.fixture(scope="module")
def made(charts, tmp_path_factory):
    folder = tmp_path_factory.mktemp("profiles")
    for camera, path in charts.items():
        outputs = [
            one for suffix in ("toml", "dcp", "icc", "json", "html") for one in ("-o", folder / f"{camera}.{suffix}")
        ]
        result = run("calibrate", "color", path, "--light", "D65", *outputs, "--json")
        assert result.exit_code == 0, result.output
        (folder / f"{camera}.told").write_text(result.stdout)
    return folder


def test_left_out_patches_are_nearer_than_by_a_matrix(made):
    told = json.loads((made / "phone.told").read_text())
    errors = told["errors"]
    assert errors["left_out"]["mean"] < errors["plain_left_out"]["mean"] and errors["left_out"]["mean"] < 1.6
    assert not told["uses_plain_matrix"]
    assert told["camera"] == "Twinlens Phone" and len(told["patches_rgb"]) == 24
    assert json.loads((made / "phone.json").read_text()) == told


def test_the_profile_names_its_module_inputs_and_errors(made):
    known = profile.load(made / "phone.toml")
    assert known.model == "Phone" and known.color.sensor is not None
    color = known.provenance["color"]
    assert color["light"] == "D65" and "sha256:" in color["inputs"][0] and color["errors"]["left_out"]["count"] == 24


def test_the_dcp_says_what_the_profile_says(made):
    assert dcp.read(made / "phone.dcp").camera_model == "Twinlens Phone"
    sections = {one.title: dict(one.facts) for one in inspect(made / "phone.toml", against=made / "phone.dcp").sections}
    told = sections["Difference to phone.dcp, CIEDE2000"]
    assert all(float(text.split()[1].rstrip(",")) < 0.3 for text in told.values())


def test_the_icc_is_an_input_profile_that_lcms_opens(made):
    from PIL import ImageCms

    opened = ImageCms.getOpenProfile(str(made / "phone.icc"))
    assert opened.profile.device_class == "scnr"
    assert dict(inspect(made / "phone.icc").sections[0].facts)["class"] == "input"


def test_the_report_shows_every_patch_and_the_chart(made):
    text = (made / "phone.html").read_text()
    assert "dark skin" in text and "data:image/png;base64," in text and "each patch by a model without it" in text


def test_the_report_as_a_picture_is_the_same_every_time_and_shows_every_patch(charts, made, tmp_path):
    pytest.importorskip("matplotlib")
    from twinlens.calibrate import color_files, color_output
    from twinlens.files import read
    from twinlens.report.color_png import color_sheet

    found = color_files.color_from_charts([charts["phone"]], ["D65"])
    known = profile.load(made / "phone.toml")
    color_output.write(found, tmp_path / "report.png", known)
    assert (tmp_path / "report.png").read_bytes() == color_sheet(color_output.report_of(found, known))
    pixels = np.rint(np.asarray(read(tmp_path / "report.png").pixels)[..., :3] * 255).astype(int).reshape(-1, 3)
    seen = {tuple(one) for one in np.unique(pixels, axis=0)}
    from twinlens.report.color import display_codes

    shown = color_output.report_of(found, known)
    for one in display_codes(shown.reference_xyz, shown.white_xyz):
        assert tuple(one) in seen


def test_a_picture_of_a_report_without_matplotlib_says_what_to_install(charts, made, tmp_path, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    result = run("calibrate", "color", charts["phone"], "--light", "D65", "-o", tmp_path / "report.png")
    assert isinstance(result.exception, TwinlensError) and "twinlens[report]" in str(result.exception)
    assert not (tmp_path / "report.png").exists()


def test_develop_takes_the_profile_of_the_right_module_from_a_folder(charts, made, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    for camera in charts:
        (folder / f"{camera}.toml").write_bytes((made / f"{camera}.toml").read_bytes())
    result = run(
        "develop", charts["phone"], "-o", tmp_path / "a.png", "--profile", folder, "--look", "neutral", "--json"
    )
    assert result.exit_code == 0, result.output
    assert not json.loads(result.stdout)["developed"][0]["notes"]
    wrong = run("develop", charts["phone"], "-o", tmp_path / "b.png", "--profile", folder / "reference.toml", "--json")
    assert "another module" in json.loads(wrong.stdout)["developed"][0]["notes"][-1]
    (folder / "phone.toml").unlink()
    (folder / "IMG.recipe.toml").write_text('format = "recipe/1"\n')
    none = run("develop", charts["phone"], "-o", tmp_path / "c.png", "--profile", folder)
    assert "none of 1 profiles" in str(none.exception)


def test_modules_differ_by_lens_and_silence_contradicts_nothing():
    known = CameraProfile(name="p", make="Maker", model="Nine", lens="main")
    assert not mismatch(known, Shot(make="maker", model="Nine", lens="main"))
    assert not mismatch(known, Shot(model="Nine"))
    assert "lens" in mismatch(known, Shot(model="Nine", lens="wide"))


def test_match_tells_the_floor_by_light(made, tmp_path):
    out = tmp_path / "map.json"
    result = run(
        "calibrate", "match", made / "phone.toml", made / "reference.toml", "--light", "D65", "--light", "A", "-o", out
    )
    assert result.exit_code == 0 and "floor" in result.stdout
    told = json.loads(out.read_text())
    assert [one["light"] for one in told["lights"]] == ["D65", "A"] and np.shape(told["lights"][0]["polynomial"]) == (
        13,
        3,
    )
    assert 0 < told["floor"] < told["expected"]


def test_a_unit_gets_its_own_calibration(made, charts, tmp_path, monkeypatch):
    from twinlens.calibrate import sensor

    golden = profile.load(made / "phone.toml")
    model = sensor.model_of(golden)
    redder = ColorModel(model.sensitivities * [1.04, 1.0, 0.97], model.covariance, model.light, "D65")
    found = sensor.unit_profile(golden, redder, "unit")
    assert np.allclose(np.diag(found.color.calibrations[0].camera_calibration), [1.04, 1.0, 0.97], atol=1e-6)
    assert np.allclose(found.color.sensor.sensitivities, golden.color.sensor.sensitivities * [1.04, 1, 0.97], atol=1e-5)
    result = run(
        "calibrate", "unit", made / "phone.toml", charts["phone"], "--light", "D65", "-o", tmp_path / "unit.toml"
    )
    assert result.exit_code == 0, result.output
    assert np.allclose(
        np.diag(profile.load(tmp_path / "unit.toml").color.calibrations[0].camera_calibration), 1, atol=0.01
    )


def test_where_a_matrix_is_better_the_files_hold_it_and_say_so(charts, tmp_path):
    from dataclasses import replace

    from twinlens.calibrate import color_files, color_output

    found = color_files.color_from_charts([charts["phone"]], ["D65"])
    assert not any("plain 3x3 matrix" in one for one in color_output.notes(found))
    matrix = found.fit.value.map_for().matrix / found.fit.value.map_for().white_rgb
    worse = replace(found, fit=replace(found.fit, value=replace(found.fit.value, plain_matrix=matrix)))
    assert "profiles hold the plain 3x3 matrix, for D65 alone" in color_output.notes(worse)[-1]
    written = color_output.profile_of(worse, [charts["phone"]])
    for suffix in ("toml", "dcp", "icc"):
        color_output.write(worse, tmp_path / f"plain.{suffix}", written)
    assert profile.load(tmp_path / "plain.toml").color.sensor is None
    assert [one.hue_sat for one in dcp.read(tmp_path / "plain.dcp").calibrations] == [None]
    result = run("develop", charts["phone"], "-o", tmp_path / "a.png", "--profile", tmp_path / "plain.toml")
    assert result.exit_code == 0, result.output


def test_tags_alone_make_a_guess_that_says_so(charts, tmp_path):
    result = run("calibrate", "color", "--from-tags", charts["phone"], "-o", tmp_path / "tags.toml")
    assert result.exit_code == 0 and "color matrices alone" in result.stdout
    assert profile.load(tmp_path / "tags.toml").color.sensor is not None


@pytest.mark.parametrize(("kept", "missing"), [(17, "D65"), (21, "A")])
def test_the_doctor_sends_a_file_with_one_matrix_to_a_profile_of_two_lights(kept, missing, charts, tmp_path):
    from dataclasses import replace

    from twinlens import files
    from twinlens.files import dng

    image = files.read(charts["phone"])
    (one,) = (each for each in image.shot.color.calibrations if each.light == kept)
    alone = tmp_path / "alone.dng"
    dng.write(alone, image.pixels, replace(image.shot, color=replace(image.shot.color, calibrations=(one,))))
    (found,) = (each for each in inspect(alone).findings if each.code in ("no-daylight-matrix", "one-matrix"))
    assert "calibrate color --from-tags FILE" in found.remedy and "states its error" in found.remedy
    outputs = [each for suffix in ("toml", "dcp") for each in ("-o", tmp_path / f"made.{suffix}")]
    result = run("calibrate", "color", "--from-tags", alone, *outputs)
    assert result.exit_code == 0, result.output
    assert f"no matrix for {missing}: the profile's follows" in result.stdout
    for color in (profile.load(tmp_path / "made.toml").color, dcp.read(tmp_path / "made.dcp")):
        assert [each.light for each in color.calibrations] == [17, 21]
    assert any(missing in each for each in profile.load(tmp_path / "made.toml").provenance["color"]["notes"])


def test_under_daylight_the_profile_of_a_tungsten_matrix_is_nearer_than_the_matrix(charts, tmp_path):
    from twinlens import files
    from twinlens.calibrate import find_charts, fit_color_from_matrices
    from twinlens.calibrate.color_errors import delta_e
    from twinlens.numerics import spectra
    from twinlens.numerics.sensor_prior import chart_reflectances

    image = files.read(charts["phone"])
    (matrix,) = (each.color_matrix for each in image.shot.color.calibrations if each.light == 17)
    rgb, light = find_charts(image)[0].rgb, spectra.illuminant("D65")
    truth, white = spectra.xyz_from_reflectance(chart_reflectances(), light), spectra.white_xyz(light)
    balanced = rgb / rgb[18] * truth[18, 1]  # both are told the white
    model = fit_color_from_matrices([matrix], ["A"], "D65").value
    ours = delta_e(model.to_xyz(balanced * model.white_rgb("D65"), "D65"), truth, light)
    plain = delta_e((balanced * (matrix @ white)) @ np.linalg.inv(matrix).T, truth, light)
    assert ours.mean() < 0.8 * plain.mean(), (ours.mean(), plain.mean())


def test_measured_sensitivities_make_a_profile(made, tmp_path):
    sensor = profile.load(made / "phone.toml").color.sensor
    lines = ["wavelength,red,green,blue"]
    lines += [
        f"{nm},{r:.5f},{g:.5f},{b:.5f}"
        for nm, (r, g, b) in zip(range(400, 701, 10), sensor.sensitivities.clip(0), strict=True)
    ]
    (tmp_path / "s.csv").write_text("\n".join(lines))
    result = run(
        "calibrate", "color", "--sensitivities", tmp_path / "s.csv", "--light", "D65", "-o", tmp_path / "s.dcp"
    )
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "one of the three"),
        (["{chart}", "--from-tags", "{chart}"], "one of the three"),
        (["{chart}", "--light", "moonlight"], "moonlight"),
        (["{chart}", "--light", "A", "--light", "D65"], "2 lights for 1 picture"),
        (["{chart}", "-o", "x.txt"], "ends in"),
        (["{chart}", "-o", "{chart}"], "ends in"),
        (["{flat}", "--light", "D65"], "no chart was found"),
        (["--from-tags", "{flat}.missing"], "missing"),
    ],
)
def test_what_cannot_be_calibrated_is_one_sentence(arguments, says, charts, tmp_path):
    from twinlens.files import dng
    from twinlens.simulate import sample

    flat = tmp_path / "flat.dng"
    image = sample.shoot(light=np.full((96, 128, 3), 0.4, np.float32))
    dng.write(flat, image.pixels, image.shot)
    given = [one.replace("{chart}", str(charts["phone"])).replace("{flat}", str(flat)) for one in arguments]
    result = run("calibrate", "color", *given)
    assert isinstance(result.exception, TwinlensError) and says in str(result.exception), result.exception
