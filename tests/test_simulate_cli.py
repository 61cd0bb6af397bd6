"""`twinlens simulate` as a user meets it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from twinlens.cli.simulate import COMMANDS


def run(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from twinlens.cli import main; main()", "simulate", *map(str, arguments)],
        capture_output=True, text=True, timeout=120, cwd=cwd, check=False,
    )  # fmt: skip


def test_every_sub_command_has_help_without_heavy_imports() -> None:
    code = (
        "import sys; from twinlens.cli import group\n"
        f"for name in {list(COMMANDS)}:\n"
        "    try: group(['simulate', name, '--help'])\n"
        "    except SystemExit: pass\n"
        "assert not {'cv2', 'scipy', 'rawpy', 'twinlens.simulate.shots'} & set(sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("Usage") == len(COMMANDS)


def test_a_chart_is_written_and_told(tmp_path: Path) -> None:
    result = run("chart", "--megapixels", "0.05", "--light", "A", "--maker", "cinematic", "-o", tmp_path, "--json")
    assert result.returncode == 0, result.stderr
    files = [Path(one) for one in json.loads(result.stdout)["files"]]
    assert [one.suffix for one in files] == [".dng", ".jpg", ".json"]
    told = json.loads(files[2].read_text())
    assert told["illuminant"]["name"] == "A"
    assert told["maker"]["name"] == "cinematic"


def test_a_set_is_made_and_says_how_far_it_is(tmp_path: Path) -> None:
    asked = ("set", "--scenes", 2, "--lights", "D65", "--megapixels", 0.03, "--no-calibration", "-o", tmp_path / "set")
    result = run(*asked)
    assert result.returncode == 0, result.stderr
    assert "2/2" in result.stderr
    assert len(list((tmp_path / "set").rglob("*-pair.json"))) == 2
    assert "(is there)" in run(*asked).stderr


def test_files_that_are_there_are_refused_before_anything_is_computed(tmp_path: Path) -> None:
    (tmp_path / "colorchecker-D65-phone.json").write_text("mine")
    start = time.perf_counter()
    result = run("chart", "--megapixels", "150", "-o", tmp_path)
    assert "colorchecker-D65-phone.json exists already" in result.stderr
    assert time.perf_counter() - start < 10  # so many pixels take far longer
    assert "is a file; name a folder" in run("pair", "-o", tmp_path / "colorchecker-D65-phone.json" / "x").stderr
    assert len(list(tmp_path.iterdir())) == 1


def test_a_spectrum_that_ends_too_soon_is_told(tmp_path: Path) -> None:
    rows = "".join(f"{nm},1\n" for nm in range(410, 691, 10))
    (tmp_path / "lamp.csv").write_text(f"nm,power\n{rows}")
    result = run("chart", "--megapixels", "0.02", "--light", "lamp.csv", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert result.stderr == (
        "note: the spectrum of the light lamp lacks 20 nm of 400 to 700 nm at its ends; its last value goes on there\n"
    )
    assert (tmp_path / "simulated" / "colorchecker-lamp-phone.json").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("shot", "--scene", "stil-life"), "'stil-life' is not known"),
        (("shot", "--scene", "none.jpg"), "cannot read none.jpg"),
        (("chart", "--light", "moon"), "the light 'moon' is not known"),
        (("chart", "--camera", "fone"), "did you mean 'phone'"),
        (("chart", "--maker", "natral"), "did you mean 'natural'"),
        (("shot", "--set", "steps"), "expected OPTION=VALUE"),
        (("shot", "--scene", "grey-ramp", "--set", "stairs=3"), "no option 'stairs'"),
        (("flat", "--levels", "a,b"), "expected numbers with commas"),
        (("flat", "--exposure", "1"), "say --levels"),
        (("movie",), "Commands are shot, burst"),
    ],
)
def test_errors_are_one_sentence_and_leave_nothing(arguments: tuple[str, ...], told: str, tmp_path: Path) -> None:
    result = run(*arguments, cwd=tmp_path)
    assert result.returncode != 0
    assert "Traceback" not in result.stderr
    assert re.match(r"twinlens: .*\n\Z", result.stderr), result.stderr
    assert told in result.stderr
    assert not list(tmp_path.iterdir())
