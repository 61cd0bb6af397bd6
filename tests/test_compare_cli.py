"""`twinlens compare` as a user meets it: verdicts of drawn photographs, reports, JSON, bad inputs in one sentence."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import drawn_photos as drawn
from twinlens.compare import compare
from twinlens.compare.blind_test import blind_test
from twinlens.numerics import spectra
from twinlens.simulate import camera as cameras

REFERENCE: dict[str, Any] = {"exposure": 0.25, "contrast": 1.2, "chroma": 1.25}
HALF: dict[str, Any] = {"exposure": 0.12, "contrast": 1.1, "chroma": 1.12}


def run(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from twinlens.cli import main; main()", "compare", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=cwd,
        check=False,
    )


def told(*arguments: object) -> dict[str, Any]:
    result = run(*arguments, "--json")
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def fails(result: subprocess.CompletedProcess[str], *parts: str) -> None:
    assert result.returncode != 0
    assert "Traceback" not in result.stderr and result.stdout == ""
    assert result.stderr.startswith("twinlens: ") and result.stderr.count("\n") == 1
    for part in parts:
        assert part in result.stderr, result.stderr


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six scenes by three cameras; `same` is `old` once more."""
    folder = tmp_path_factory.mktemp("photos")
    drawn.photographed(folder / "old", range(6), hand=1)
    drawn.photographed(folder / "same", range(6), hand=4)
    drawn.photographed(folder / "new", range(6), hand=2, **HALF)
    drawn.photographed(folder / "camera", range(6), hand=3, **REFERENCE)
    return folder


@pytest.fixture(scope="module")
def half_way(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], str]:
    """The JSON and the page of a move of half the way."""
    page = tmp_path_factory.mktemp("report") / "report.html"
    found = told(
        "--before", photos / "old", "--after", photos / "new", "--reference", photos / "camera", "-o", page,
    )  # fmt: skip
    return found, page.read_text("utf-8")


def feature(found: dict[str, Any], key: str) -> dict[str, Any]:
    return next(one for one in found["features"] if one["key"] == key)


def test_a_move_of_half_the_way_is_found(half_way: tuple[dict[str, Any], str]) -> None:
    verdict = half_way[0]["verdict"]
    low, high = verdict["interval"]
    assert low < verdict["moved"] < high and low < 0.55 and high > 0.45
    assert verdict["p_value"] < 0.05 and verdict["scenes"] == 6
    assert all(verdict["claims"][name]["holds"] for name in ("changed", "closer", "along"))
    assert 0 < verdict["detectable"] < 1 and "%" in verdict["statement"]


def test_every_feature_has_value_unit_and_interval_for_every_set(half_way: tuple[dict[str, Any], str]) -> None:
    chroma = feature(half_way[0], "chroma")
    assert chroma["unit"] == "%" and chroma["is_relative"]
    assert set(chroma["sets"]) == {"before", "after", "reference"}
    for role in ("after", "reference"):
        low, high = chroma["sets"][role]["interval"]
        assert low < chroma["sets"][role]["value"] < high
    assert chroma["sets"]["before"]["value"] == 0
    assert chroma["sets"]["after"]["value"] == pytest.approx(chroma["change"])
    assert 5 < chroma["change"] < chroma["distance"]


def test_pictures_that_all_name_one_camera_are_taken_to_be_of_one_sensor(
    half_way: tuple[dict[str, Any], str],
) -> None:
    assert "one camera" in half_way[0]["made"]["same sensor"]
    assert not any("sensors" in note for note in half_way[0]["notes"])


def test_sensors_that_are_named_take_the_place_of_the_prior(photos: Path, tmp_path: Path) -> None:
    sets = [sorted((photos / name).iterdir())[:3] for name in ("old", "new", "camera")]
    tables = {role: tmp_path / f"{name}.csv" for role, name in (("after", "phone"), ("reference", "reference"))}
    for path in tables.values():
        rows = np.column_stack([spectra.WAVELENGTHS_NM, cameras.load(path.stem).sensitivities])
        np.savetxt(path, rows, delimiter=",", header="nm,red,green,blue", comments="")
    found = compare(*sets, profiles=dict(tables), threads=1).as_dict()
    assert any("calculated: from the sensitivities of phone.csv" in note for note in found["notes"])
    assert "reference.csv" in found["made"]["sensor of reference"] and "same sensor" not in found["made"]
    prior = compare(*sets, same_sensor=False, threads=1).as_dict()
    assert any("stated prior" in note for note in prior["notes"])
    assert not any("sensor of" in key for key in prior["made"])


def test_every_number_has_its_files(half_way: tuple[dict[str, Any], str], photos: Path) -> None:
    files = half_way[0]["files"]
    assert len(files) == 18 and len({one["sha256"] for one in files}) == 18
    assert all(Path(one["file"]).is_relative_to(photos) for one in files)
    assert {one["scene"] for one in files} == {one["name"] for one in half_way[0]["scenes"]}


def test_the_report_stands_alone_and_shows_three_scenes(half_way: tuple[dict[str, Any], str]) -> None:
    page = half_way[1]
    assert half_way[0]["verdict"]["statement"].split(";")[0] in page
    assert page.count('<figure class="scene">') == 3 and page.count("data:image/jpeg") == 9
    assert not re.search(r'(src|href)="(?!data:)|https?://', page)
    assert len(page) < 5_000_000
    assert "nan" not in re.sub(r'src="data:[^"]*"', "", page).lower().replace("finan", "")


def test_the_same_rendering_is_not_called_changed(photos: Path) -> None:
    verdict = told(photos / "old", photos / "same")["verdict"]
    assert not verdict["claims"]["changed"]["holds"] and verdict["claims"]["closer"] is None
    assert verdict["statement"].startswith("No measurable change")


def test_the_same_input_gives_the_same_numbers(photos: Path) -> None:
    sets = [sorted((photos / name).iterdir())[:3] for name in ("old", "new")]
    one, two = (compare(*sets, threads=threads).as_dict() for threads in (1, 2))
    assert {**one, "made": None} == {**two, "made": None}


def test_text_for_people_says_the_statement_first(photos: Path) -> None:
    pictures = [sorted((photos / name).iterdir())[0] for name in ("old", "new")]
    result = run(*pictures)
    assert result.returncode == 0
    assert result.stdout.startswith("Nothing can be said surely: one shared scene")


def test_inputs_and_existing_reports_are_not_overwritten(photos: Path, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text("mine")
    pictures = [sorted((photos / name).iterdir())[0] for name in ("old", "new")]
    fails(run(*pictures, "-o", page), "exists already", "--overwrite")
    assert page.read_text() == "mine"
    assert run(*pictures, "-o", page, "--overwrite").returncode == 0
    assert page.read_text("utf-8").startswith("<!doctype html>")
    assert [one.name for one in tmp_path.iterdir()] == ["report.html"]


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ((), ("--before and --after are missing",)),
        (("--before", "old"), ("--after is missing",)),
        (("old",), ("two files or folders",)),
        (("old", "new", "camera"), ("two files or folders", "found 3")),
        (("old", "new", "--before", "old"), ("not both",)),
        (("old", "nothing"), ("nothing", "is not there")),
        (("old", "empty"), ("no picture was found",)),
        (("old", "new", "-o", "report.pdf"), (".html",)),
        (("old", "new", "-o", "nowhere/report.html"), ("does not exist",)),
        (("old", "new", "--differs", "light"), ("SET=module",)),
        (("old", "new", "--differs", "after=weather"), ("module or light",)),
        (("old", "new", "--profile", "camera.toml"), ("SET=FILE",)),
        (("old", "new", "--profile", "reference=nothing.toml"), ("nothing.toml",)),
        (("old", "new", "--blind"), ("-o blind.html",)),
        (("old", "new", "--blind", "--reference", "camera", "-o", "b.html"), ("--reference",)),
        (("--blind-score",), ("name the files",)),
        (("--blind-score", "nothing.json"), ("cannot read nothing.json",)),
    ],
)
def test_a_request_that_cannot_be_met_is_refused_in_a_sentence(
    photos: Path, arguments: tuple[str, ...], parts: tuple[str, ...]
) -> None:
    (photos / "empty").mkdir(exist_ok=True)
    fails(run(*arguments, cwd=photos), *parts)


def test_sets_without_a_common_scene_are_told_apart_only_as_averages(tmp_path: Path) -> None:
    drawn.photographed(tmp_path / "one", [20, 21], hand=1)
    drawn.photographed(tmp_path / "two", [22, 23], hand=2, **REFERENCE)
    found = told(tmp_path / "one", tmp_path / "two", "-o", tmp_path / "report.html")
    assert not found["verdict"]["paired"] and found["verdict"]["moved"] is None
    assert "share no scene" in found["verdict"]["statement"]
    assert "share no scene" in (tmp_path / "report.html").read_text("utf-8")


def test_what_is_not_sound_is_left_out_with_its_reason_and_the_rest_compared(photos: Path, tmp_path: Path) -> None:
    for name in ("old", "new"):
        shutil.copytree(photos / name, tmp_path / name)
    broken = tmp_path / "new" / "broken.jpg"
    broken.write_bytes(sorted((photos / "new").iterdir())[0].read_bytes()[:900])
    (tmp_path / "new" / "text.jpg").write_text("no picture")
    (tmp_path / "new" / "empty.jpg").touch()
    drawn.write(tmp_path / "new", "tiny.png", np.full((20, 30, 3), 0.5))
    edited = drawn.rendered(drawn.scene(3)[: drawn.HEIGHT, : drawn.WIDTH], chroma=2)
    drawn.write(tmp_path / "new", "edited.jpg", edited, software="Adobe Photoshop 25.0")
    found = told(tmp_path / "old", tmp_path / "new", "-o", tmp_path / "report.html")
    left_out = {Path(one["file"]).name: one["why"] for one in found["left_out"]}
    assert {"broken.jpg", "text.jpg", "empty.jpg", "tiny.png", "edited.jpg"} <= set(left_out)
    assert all(left_out.values()) and found["verdict"]["scenes"] == 6
    page = (tmp_path / "report.html").read_text("utf-8")
    assert all(name in page.split("left out, and why")[1] for name in left_out)


def test_a_set_of_nothing_sound_is_refused_in_a_sentence(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "one.jpg").write_text("no picture")
    fails(run(photos / "old", tmp_path / "bad"), "no picture of after can be used", "one.jpg")


def test_copies_are_no_repeats_and_a_file_against_itself_is_told(photos: Path, tmp_path: Path) -> None:
    one = sorted((photos / "old").iterdir())[0]
    (tmp_path / "old").mkdir()
    for name in ("a.jpg", "b.jpg"):
        shutil.copy(one, tmp_path / "old" / name)
    found = told(tmp_path / "old", one)
    assert [Path(left["file"]).name for left in found["left_out"]] == ["b.jpg"]
    assert "same file as a.jpg" in found["left_out"][0]["why"]
    assert any("compared with itself" in note for note in found["notes"])


def test_pictures_turned_in_their_exif_are_compared_upright(photos: Path, tmp_path: Path) -> None:
    from PIL import Image

    (tmp_path / "turned").mkdir()
    for path in sorted((photos / "new").iterdir())[:3]:
        picture = Image.open(path)
        exif = picture.getexif()
        exif[274] = 6
        picture.transpose(Image.Transpose.ROTATE_90).save(
            tmp_path / "turned" / path.name, quality=95, exif=exif, subsampling="4:4:4"
        )
    found = told(photos / "old", tmp_path / "turned")
    assert found["verdict"]["scenes"] == 3


def test_monochrome_pictures_are_compared_without_their_colors(photos: Path, tmp_path: Path) -> None:
    from PIL import Image

    (tmp_path / "grey").mkdir()
    for path in sorted((photos / "new").iterdir())[:3]:
        Image.open(path).convert("L").save(tmp_path / "grey" / path.name, quality=92)
    found = told(photos / "old", tmp_path / "grey", "-o", tmp_path / "report.html")
    text = json.dumps([found["notes"], found["left_out"], found["not_measured"]])
    assert "monochrome" in text.lower() or "color" in text.lower()


def test_a_blind_test_is_made_and_its_answers_are_scored(photos: Path, tmp_path: Path) -> None:
    page = tmp_path / "blind.html"
    result = run("--blind", photos / "old", photos / "new", "-o", page, "--match-exposure", "--json")
    assert result.returncode == 0, result.stderr
    made = json.loads(result.stdout)
    assert made["method"] == "two" and made["examples"] + made["trials"] == 6
    text = page.read_text("utf-8")
    for word in ("old", "new", "IMG_"):
        assert not re.search(
            rf"\b{word}\b", re.sub(r"<script>.*?</script>|base64|<style>.*?</style>", "", text, flags=re.S)
        )
    content = json.loads(re.search(r'<script id="content"[^>]*>(.*?)</script>', text, re.S).group(1))  # type: ignore[union-attr]
    answers = {
        "format": "blind-answers/1", "method": content["method"], "salt": content["salt"], "observer": "Ann",
        "answers": [{"trial": one["trial"], "token": one["token"], "answer": "a"} for one in content["trials"]],
    }  # fmt: skip
    (tmp_path / "answers.json").write_text(json.dumps(answers))
    scored = told("--blind-score", tmp_path / "answers.json")
    assert scored["pooled"]["trials"] == made["trials"] and 0 <= scored["pooled"]["p_value"] <= 1
    assert "answers were right" in run("--blind-score", tmp_path / "answers.json").stdout


def test_the_blind_page_is_the_same_for_the_same_seed(photos: Path) -> None:
    sets = [sorted((photos / name).iterdir())[:2] for name in ("old", "new")]
    pages = [blind_test(*sets, method="two", seed=seed)[0] for seed in (1, 1, 2)]
    assert pages[0] == pages[1] != pages[2]


def test_help_is_there() -> None:
    result = run("--help")
    assert result.returncode == 0 and "--reference" in result.stdout and "--blind-score" in result.stdout
