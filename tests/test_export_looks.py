"""Exported looks: what other programs make of the files is what twinlens shows; wrong requests are one sentence."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import learned_looks
from test_cli import fails, run
from twinlens.core.camera_color import Calibration, CameraColor
from twinlens.core.errors import FileError, ParameterError
from twinlens.files import clf, cube, dcp, dng, hald_clut, shaped_cube
from twinlens.numerics import color
from twinlens.numerics.encoding import ENCODINGS
from twinlens.numerics.lut import tetrahedral
from twinlens.pipeline.export import Request, camera, camera_check, engines, export, rendering
from twinlens.pipeline.export.rendering import likely_colors
from twinlens.pipeline.look import Finish, Look, load, shipped
from twinlens.simulate import sample

D65_MATRIX = np.array([[0.66, -0.19, -0.06], [-0.43, 1.22, 0.24], [-0.08, 0.17, 0.63]])  # of an invented camera
A_MATRIX = np.array([[0.86, -0.36, -0.06], [-0.37, 1.21, 0.18], [-0.03, 0.13, 0.71]])
CAMERA = CameraColor((Calibration(17, A_MATRIX), Calibration(21, D65_MATRIX)), "Base", "Invented One", origin="dng")
UNVERIFIED = Request(verify=False)


def difference(look: Look, path: Path, source: str, read, target: str = "srgb") -> np.ndarray:
    """CIEDE2000 (N,) between what a file says by our reader and what the stages show, of colors in the display."""
    shown = rendering(look.map, source, target)
    scene = likely_colors(ENCODINGS[target], 4000, seed=5)[:2000]
    codes = shown.source.from_scene(scene)
    return color.delta_e_2000(shown.lab(shown.codes(codes)), shown.lab(read(path)(codes)))


def read_cube(path: Path):
    table = cube.read(path)
    return lambda codes: tetrahedral(np.clip(codes, 0, 1) * (table.size - 1), table.values)  # type: ignore[union-attr]


def read_hald(path: Path):
    table = hald_clut.read(path)
    return lambda codes: tetrahedral(np.clip(codes, 0, 1) * (table.size - 1), table.values)


@pytest.mark.parametrize("name", shipped())
def test_a_cube_of_each_shipped_look_is_its_rendering(tmp_path: Path, name: str) -> None:
    look = load(name)
    export(look, tmp_path / "look.cube", UNVERIFIED)
    found = difference(look, tmp_path / "look.cube", "srgb", read_cube)
    assert found.mean() < 0.1 and np.percentile(found, 95) < 0.4


@pytest.mark.parametrize("make", [learned_looks.wide, learned_looks.plain, learned_looks.steep])
def test_a_cube_of_a_look_built_like_a_learned_one_is_its_rendering(tmp_path: Path, make) -> None:
    export(make(), tmp_path / "look.cube", UNVERIFIED)
    found = difference(make(), tmp_path / "look.cube", "srgb", read_cube)
    assert found.mean() < 0.2 and np.percentile(found, 95) < 0.6


@pytest.mark.parametrize("source", ["acescg", pytest.param("linear-srgb", marks=pytest.mark.slow)])
def test_a_shaped_cube_and_a_clf_of_linear_light_are_the_rendering(tmp_path: Path, source: str) -> None:
    look, asked = load("vibrant"), replace(UNVERIFIED, source=source)
    for name, read in (("look.cube", shaped_cube.read), ("look.clf", clf.read)):
        export(look, tmp_path / name, asked)
        found = difference(look, tmp_path / name, source, read)
        assert found.mean() < 0.2 and np.percentile(found, 95) < 0.6, name


SLOW = [pytest.param(one, marks=pytest.mark.slow) for one in ("logc4", "apple-log", "llog")]


@pytest.mark.parametrize("source", ["slog3", *SLOW])
def test_a_shaper_makes_log_tables_exact_too(tmp_path: Path, source: str) -> None:
    look, asked = load("authentic"), replace(UNVERIFIED, source=source, shaper=True)
    export(look, tmp_path / "look.cube", asked)
    found = difference(look, tmp_path / "look.cube", source, shaped_cube.read)
    assert found.mean() < 0.2 and np.percentile(found, 95) < 0.6


def test_a_hald_clut_is_the_rendering(tmp_path: Path) -> None:
    look = load("authentic")
    export(look, tmp_path / "look.png", replace(UNVERIFIED, level=6))
    assert difference(look, tmp_path / "look.png", "srgb", read_hald).mean() < 0.1


def test_other_displays_are_taken_and_given(tmp_path: Path) -> None:
    look = load("authentic")
    export(look, tmp_path / "look.cube", replace(UNVERIFIED, source="p3", target="rec709", size=17))
    found = difference(look, tmp_path / "look.cube", "p3", read_cube, "rec709")
    assert found.mean() < 0.3


def test_neutral_over_a_finished_picture_changes_nothing(tmp_path: Path) -> None:
    """A table for a finished picture is the look after neutral was undone."""
    export(load("neutral"), tmp_path / "look.cube", replace(UNVERIFIED, size=17))
    table = cube.read(tmp_path / "look.cube")
    assert np.abs(table.values - cube.loads(cube.dumps(table)).values).max() == 0  # type: ignore[union-attr]
    codes = np.random.default_rng(0).random((500, 3))
    assert np.abs(read_cube(tmp_path / "look.cube")(codes) - codes).max() < 2e-3


def test_greys_stay_grey_and_black_and_white_stay(tmp_path: Path) -> None:
    export(load("vibrant"), tmp_path / "look.cube", replace(UNVERIFIED, size=17))
    values = cube.read(tmp_path / "look.cube").values  # type: ignore[union-attr]
    index = np.arange(17)
    assert np.ptp(values[index, index, index], axis=1).max() == 0
    assert values[0, 0, 0].tolist() == [0, 0, 0]
    assert np.all(np.diff(values[index, index, index, 0]) > 0)


def test_the_same_look_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.cube", "b.cube"):
        export(load("vibrant"), tmp_path / name, replace(UNVERIFIED, size=17))
    for name in ("a.zip", "b.zip"):
        export(load("vibrant"), tmp_path / name, replace(UNVERIFIED, kind="ocio", size=17))
    for one, other in (("a.cube", "b.cube"), ("a.zip", "b.zip")):
        assert (tmp_path / one).read_bytes() == (tmp_path / other).read_bytes()


def test_strength_goes_into_the_file(tmp_path: Path) -> None:
    export(load("vibrant"), tmp_path / "none.cube", replace(UNVERIFIED, size=17), strength=0)
    codes = np.random.default_rng(0).random((500, 3))
    assert np.abs(read_cube(tmp_path / "none.cube")(codes) - codes).max() < 2e-3


@pytest.mark.parametrize("name", shipped())
def test_a_camera_profile_renders_as_the_look_by_our_reader(tmp_path: Path, name: str) -> None:
    look = load(name)
    export(look, tmp_path / "look.dcp", replace(UNVERIFIED, camera=CAMERA))
    profile = dcp.read(tmp_path / "look.dcp")
    patches, shot = camera_check.chart(profile)
    wanted = camera_check.developed(patches, shot, replace(profile, look_table=None, tone_curve=None), look.map)
    shown = camera_check.developed(patches, shot, profile, None)
    labs = [color.lab_from_xyz(np.clip(one, 0, 1) @ color.XYZ_D50_FROM_REC2020.T) for one in (wanted, shown)]
    found = color.delta_e_2000(*labs)
    assert found.mean() < 0.3 and np.percentile(found, 95) < 1.0
    assert [one.light for one in profile.calibrations] == [17, 21]


def test_a_camera_profile_knows_the_lights_of_a_look() -> None:
    """After the map for each light the look's daylight shows what the look shows under that light."""
    from twinlens.numerics.hue_sat import apply_hue_sat
    from twinlens.pipeline.export.rendering import display_light

    look = learned_looks.by_light()
    made = camera.camera_profile(look.map, CAMERA, "x")
    scene = likely_colors(ENCODINGS["srgb"], 2000, seed=6)[:1000]
    prophoto = scene @ color.rgb_from_rgb("prophoto", "rec2020").T
    for one, kelvin in zip(made.calibrations, (2850.0, 6500.0), strict=True):
        assert one.hue_sat is not None
        moved = apply_hue_sat(prophoto, one.hue_sat.values, False, np.eye(3), color.rgb_from_rgb("rec2020", "prophoto"))
        shown = display_light(replace(look.map, cct=6504.0), moved)
        wanted = display_light(replace(look.map, cct=kelvin), scene)
        labs = [color.lab_from_xyz(each @ color.XYZ_D50_FROM_REC2020.T) for each in (shown, wanted)]
        assert color.delta_e_2000(*labs).mean() < 0.3


def test_a_tint_of_greys_is_said_to_be_lost(tmp_path: Path) -> None:
    rows = (tuple(learned_looks.STOPS.tolist()), *(learned_looks.codes(1.2, one) for one in (1.5, 1.4, 1.3)))
    toned = Look(name="toned", map=replace(load("authentic").map, curve="nodes", nodes=rows))
    made = export(toned, tmp_path / "toned.dcp", replace(UNVERIFIED, camera=CAMERA))
    assert any("greys cannot be tinted" in one for one in made.losses)
    neutral = export(load("authentic"), tmp_path / "plain.dcp", replace(UNVERIFIED, camera=CAMERA))
    assert not any("tinted" in one for one in neutral.losses)


def test_what_a_file_cannot_carry_is_said_in_it(tmp_path: Path) -> None:
    look = replace(load("authentic"), finish=Finish(vignette=-0.3, grain=0.2))
    made = export(look, tmp_path / "look.cube", replace(UNVERIFIED, size=17))
    text = (tmp_path / "look.cube").read_text()
    assert "a vignette of -0.30 EV" in text and "film grain of 0.20" in text and "highlights above white" in text
    assert made.losses[0] in text
    log = export(look, tmp_path / "log.cube", replace(UNVERIFIED, size=17, source="slog3"))
    assert not any("highlights" in one for one in log.losses)
    lights = export(learned_looks.by_light(), tmp_path / "l.cube", replace(UNVERIFIED, size=17, light=2856.0))
    assert any("this file is for 2856 K" in one for one in lights.losses)


def test_the_light_chooses_among_those_of_a_look(tmp_path: Path) -> None:
    look = learned_looks.by_light()
    for kelvin in (2856.0, 6504.0):
        export(look, tmp_path / f"{kelvin:.0f}.cube", replace(UNVERIFIED, size=17, light=kelvin))
        stage = replace(look, map=replace(look.map, cct=kelvin))
        assert difference(stage, tmp_path / f"{kelvin:.0f}.cube", "srgb", read_cube).mean() < 0.3
    assert (tmp_path / "2856.cube").read_text() != (tmp_path / "6504.cube").read_text()


@pytest.mark.parametrize("kind", ["ocio", "rawtherapee", "darktable"])
def test_sets_are_folders_or_zip_files_with_instructions(tmp_path: Path, kind: str) -> None:
    asked = replace(UNVERIFIED, kind=kind, size=17, level=4, camera=CAMERA)
    made = export(load("authentic"), tmp_path / "set", asked)
    assert (tmp_path / "set" / "README.txt").is_file()
    assert "cannot carry" in (tmp_path / "set" / "README.txt").read_text()
    assert made.files == tuple(sorted(one.relative_to(tmp_path / "set").as_posix()
                                      for one in (tmp_path / "set").rglob("*") if one.is_file()))  # fmt: skip
    export(load("authentic"), tmp_path / "set", replace(asked, overwrite=True))
    export(load("authentic"), tmp_path / "set.zip", asked)
    with zipfile.ZipFile(tmp_path / "set.zip") as archive:
        assert tuple(sorted(archive.namelist())) == made.files
    assert sorted(one.name for one in tmp_path.iterdir()) == ["set", "set.zip"]


def test_a_folder_of_somebody_else_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    with pytest.raises(FileError, match="not made by an export"):
        export(load("authentic"), tmp_path / "mine", replace(UNVERIFIED, kind="ocio", size=17, overwrite=True))
    assert (tmp_path / "mine" / "letter.txt").read_text() == "dear"
    assert [one.name for one in tmp_path.iterdir()] == ["mine"]


WRONG = [
    ("look.cube", Request(size=20), "17, 33, 65 nodes"),
    ("look.cube", Request(source="foo"), "'foo' is not known; inputs are srgb"),
    ("look.cube", Request(target="slog3"), "not one a display shows"),
    ("look.cube", Request(kind="foo"), "expected one of cube"),
    ("look.cube", Request(kind="dcp"), r"ends in \.dcp"),
    ("look.txt", Request(), "what is to be written"),
    ("look", Request(), "what is to be written"),
    ("look.cube", Request(kind="ocio"), "without an ending"),
    ("look.png", Request(level=1), "level of 2 to 16"),
    ("look.png", Request(source="slog3"), "over sRGB codes"),
    ("look.dcp", Request(), "name it with --camera"),
    ("look.dcp", Request(camera=CameraColor()), "name it with --camera"),
    ("look.dcp", Request(camera=CAMERA, source="slog3"), "takes scene light"),
    ("look.clf", Request(light=10.0), "1000 to 100000"),
    ("absent/look.cube", Request(), "does not exist; make it first"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "asked", "said"), WRONG)
def test_what_cannot_be_written_is_refused_and_nothing_is_left(
    tmp_path: Path, name: str, asked: Request, said: str
) -> None:
    with pytest.raises((ParameterError, FileError), match=said):
        export(load("authentic"), tmp_path / name, asked)
    assert not list(tmp_path.iterdir())


def test_existing_files_are_kept(tmp_path: Path) -> None:
    (tmp_path / "look.cube").write_text("mine")
    with pytest.raises(FileError, match="exists already"):
        export(load("authentic"), tmp_path / "look.cube")
    assert (tmp_path / "look.cube").read_text() == "mine"
    export(load("authentic"), tmp_path / "look.cube", replace(UNVERIFIED, size=17, overwrite=True))
    assert "LUT_3D_SIZE 17" in (tmp_path / "look.cube").read_text()


def test_our_own_reader_stands_in_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "has_ocio", lambda: False)
    monkeypatch.setattr(engines, "has_rawtherapee", lambda: False)
    monkeypatch.setattr(engines.shutil, "which", lambda name: None)
    for name, asked in (
        ("look.cube", Request(size=17)), ("shaped.cube", Request(size=17, source="acescg")),
        ("look.png", Request(level=4)), ("look.clf", Request(size=17)), ("look.dcp", Request(camera=CAMERA)),
        ("set", Request(kind="ocio", size=17)),
    ):  # fmt: skip
        made = export(load("authentic"), tmp_path / name, asked)
        assert [one.is_own for one in made.readings] == [True], name
        assert "our own" in made.readings[0].program
        assert made.readings[0].figures["in gamut"].mean < 0.3


def installed(program: str) -> bool:
    return engines.has_ocio() if program == "OpenColorIO" else engines.shutil.which(program) is not None


@pytest.mark.parametrize(
    ("program", "name", "asked", "limit"),
    [
        ("OpenColorIO", "look.cube", Request(), 0.2),
        ("OpenColorIO", "look.cube", Request(source="acescg"), 0.2),
        ("OpenColorIO", "look.clf", Request(), 0.2),
        ("OpenColorIO", "set", Request(kind="ocio"), 0.2),
        ("ffmpeg", "look.cube", Request(), 0.2),
        ("convert", "look.png", Request(), 0.2),
        ("rawtherapee-cli", "look.png", Request(), 0.2),
        ("rawtherapee-cli", "look.dcp", Request(camera=CAMERA), 1.0),
    ],
)
def test_the_program_shows_what_we_show(tmp_path: Path, program: str, name: str, asked: Request, limit: float) -> None:
    if not installed(program):
        pytest.skip(f"{program} is not installed")
    made = export(load("authentic"), tmp_path / name, asked)
    assert made.readings and not any(one.is_own for one in made.readings)
    for one in made.readings:
        assert one.figures["in gamut"].mean < limit, one
        assert one.figures["in gamut"].p95 < 3 * limit, one


@pytest.mark.parametrize("name", [name for name, one in ENCODINGS.items() if one.curve is not None])
def test_the_config_knows_the_makers_encodings(tmp_path: Path, name: str) -> None:
    library = pytest.importorskip("PyOpenColorIO")
    from twinlens.files import ocio_config

    (tmp_path / "luts").mkdir()
    text = ocio_config.dumps("x", "x.clf", ENCODINGS["srgb"].rec2020_from)
    (tmp_path / "config.ocio").write_text(text)
    config = library.Config.CreateFromFile(str(tmp_path / "config.ocio"))
    encoding = ENCODINGS[name]
    processor = config.getProcessor(ocio_config.title_of(encoding), ocio_config.REFERENCE)
    codes = np.random.default_rng(0).uniform(0.1, 0.8, (200, 3)).astype(np.float32)
    shown = codes.copy()
    processor.getDefaultCPUProcessor().applyRGB(shown)
    wanted = encoding.to_scene(codes.astype(float))
    assert np.abs(shown - wanted).max() < 2e-4 * np.abs(wanted).max()


def test_a_look_with_an_odd_name_makes_a_config_that_loads(tmp_path: Path) -> None:
    pytest.importorskip("PyOpenColorIO")
    look = replace(load("neutral"), name='a: "b" {c}, [d] & #é')
    made = export(look, tmp_path / "set", Request(kind="ocio", size=17))
    assert not any(one.is_own for one in made.readings)


def test_the_command_says_what_it_wrote(tmp_path: Path) -> None:
    told = run("export", "authentic", "-o", tmp_path / "a.cube", "--size", 17, "--blend", "vibrant:0.5", "--json")
    assert told.returncode == 0, told.stderr
    found = json.loads(told.stdout)
    assert found["kind"] == "cube" and found["files"] == ["a.cube"]
    assert found["read_back"][0]["sets"]["in gamut"]["mean"] < 0.3
    fails(run("export", "authentic", "-o", tmp_path / "a.cube"), "exists already")
    fails(run("export", "authentic", "-o", tmp_path / "b.dcp"), "--camera")
    fails(run("export", "authentic", "-o", tmp_path / "b.cube", "--blend", "vibrant"), "a look and its share")
    fails(run("export", "authentic", "-o", tmp_path / "b.cube", "--blend", "vibrant:2"), "outside 0 to 1")
    fails(run("export", "authentic", "-o", tmp_path / "b.cube", "--orientation", "3"), "outside -1")
    fails(run("export", "authentic", "-o", tmp_path / "b.cube", "--light", "noon"), "a temperature in K")
    fails(run("export", "authentic", "-o", tmp_path / "b.cube", "--strength", "3"), "outside 0 to 2")


def test_the_camera_may_be_a_raw_file(tmp_path: Path) -> None:
    shot = sample.shoot(60, 80, seed=1)
    dng.write(tmp_path / "shot.dng", shot.pixels, shot.shot)
    told = run("export", "authentic", "-o", tmp_path / "a.dcp", "--camera", tmp_path / "shot.dng", "--no-verify")
    assert told.returncode == 0, told.stderr
    made = dcp.read(tmp_path / "a.dcp")
    assert len(made.calibrations) == len(shot.shot.color.calibrations)
    assert made.look_table is not None and made.camera_model
    fails(run("export", "authentic", "-o", tmp_path / "b.dcp", "--camera", tmp_path / "none.dng"), "none.dng")


def test_a_program_that_fails_is_told_and_our_reader_stands_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise FileError("the program says no")

    for name in ("ocio", "ffmpeg", "rawtherapee"):
        monkeypatch.setattr(engines, name, broken)
    monkeypatch.setattr(engines, "has_rawtherapee", lambda: True)
    for name, asked in (("look.cube", Request(size=17)), ("look.dcp", Request(camera=CAMERA))):
        made = export(load("authentic"), tmp_path / name, asked)
        assert made.readings[0].failed == "the program says no" and made.readings[0].figures == {}
        assert made.readings[-1].is_own and made.readings[-1].figures["in gamut"].mean < 0.3
        assert made.as_dict()["read_back"][0]["failed"] == "the program says no"


def test_a_shaper_before_a_display_table_does_no_harm(tmp_path: Path) -> None:
    export(load("authentic"), tmp_path / "look.cube", replace(UNVERIFIED, size=17, shaper=True))
    assert difference(load("authentic"), tmp_path / "look.cube", "srgb", shaped_cube.read).mean() < 0.3
