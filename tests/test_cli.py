"""The command line as a user meets it: every command runs, errors are one sentence, inputs are never lost."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from twinlens.files import dcp, dng
from twinlens.kernels import library
from twinlens.simulate import sample

COMMANDS = ("develop", "inspect", "looks", "demo", "completion")


def run(*arguments: object, cwd: Path | None = None, **options) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from twinlens.cli import main; main()", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=cwd,
        check=False,
        **options,
    )


def fails(result: subprocess.CompletedProcess[str], *told: str) -> None:
    """One sentence on stderr, nothing on stdout, a non-zero exit code."""
    assert result.returncode != 0
    assert "Traceback" not in result.stderr
    assert result.stdout == ""
    assert result.stderr.startswith("twinlens: ")
    assert result.stderr.count("\n") == 1
    for part in told:
        assert part in result.stderr, result.stderr


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("raw") / "shot.dng"
    shot = sample.shoot(120, 160, seed=1)
    dng.write(path, shot.pixels, shot.shot)
    return path


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str) -> None:
    result = run(command, "--help")
    assert result.returncode == 0
    assert "Usage" in result.stdout


def test_help_lists_every_command() -> None:
    result = run("--help")
    assert all(command in result.stdout for command in COMMANDS)


def test_develop_writes_picture_and_recipe_and_replays_it(raw: Path, tmp_path: Path) -> None:
    first, again = tmp_path / "a.jpg", tmp_path / "b.jpg"
    assert (
        run("develop", raw, "-o", first, "--look", "vibrant", "--exposure", "auto", "--denoise", "0.8").returncode == 0
    )
    recipe = tmp_path / "a.jpg.recipe.toml"
    assert recipe.read_text().startswith('format = "recipe/1"')
    result = run("develop", raw, "-o", again, "--recipe", recipe)
    assert result.returncode == 0, result.stderr
    assert first.read_bytes() == again.read_bytes()


def test_develop_many_into_a_folder_and_say_so_in_json(raw: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.dng"
    other.write_bytes(raw.read_bytes())
    result = run("develop", raw, other, "-o", tmp_path / "out", "--json", "--format", "png")
    assert result.returncode == 0, result.stderr
    made = json.loads(result.stdout)
    assert [Path(one["output"]).name for one in made["developed"]] == ["shot.png", "other.png"]
    assert all(Path(one["output"]).exists() for one in made["developed"])


def test_one_bad_file_does_not_stop_the_others(raw: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.dng"
    bad.write_text("this is a text")
    result = run("develop", bad, raw, "-o", tmp_path / "out")
    assert result.returncode == 1
    assert (tmp_path / "out" / "shot.jpg").exists()
    assert not list((tmp_path / "out").glob("bad*"))
    assert "bad.dng" in result.stderr
    assert "Traceback" not in result.stderr


def test_existing_results_are_kept_unless_told(raw: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.jpg"
    out.write_text("precious")
    fails(run("develop", raw, "-o", out), "exists already", "--overwrite")
    assert out.read_text() == "precious"
    assert run("develop", raw, "-o", out, "--overwrite").returncode == 0
    assert out.read_bytes()[:2] == b"\xff\xd8"


def test_an_input_is_never_overwritten(tmp_path: Path) -> None:
    source = tmp_path / "a.png"
    assert run("demo", "-o", tmp_path / "d", "--megapixels", "0.05").returncode == 0
    assert run("develop", tmp_path / "d" / "sample.dng", "-o", source).returncode == 0
    kept = source.read_bytes()
    fails(run("develop", source, "-o", source, "--overwrite"), "never overwritten")
    link = tmp_path / "link.png"
    link.symlink_to(source)
    fails(run("develop", source, "-o", link, "--overwrite"), "never overwritten")
    assert source.read_bytes() == kept


BAD = {
    "no such file": (["develop", "none.dng", "-o", "x.jpg"], ["none.dng"]),
    "unknown look": (["develop", "RAW", "-o", "x.jpg", "--look", "sparkle"], ["sparkle", "authentic"]),
    "strength": (["develop", "RAW", "-o", "x.jpg", "--strength", "-1"], ["strength"]),
    "denoise": (["develop", "RAW", "-o", "x.jpg", "--denoise", "3"], ["Denoise.amount", "outside 0 to 1"]),
    "not a number": (["develop", "RAW", "-o", "x.jpg", "--kelvin", "warm"], ["--kelvin", "number"]),
    "exposure": (["develop", "RAW", "-o", "x.jpg", "--exposure", "lots"], ["--exposure", "auto"]),
    "white balance": (["develop", "RAW", "-o", "x.jpg", "--white-balance", "moon"], ["daylight"]),
    "unknown setting": (["develop", "RAW", "-o", "x.jpg", "--set", "glow.amount=1"], ["glow"]),
    "unknown format": (["develop", "RAW", "-o", "x.bmp"], [".jpg"]),
    "quality": (["develop", "RAW", "-o", "x.jpg", "--quality", "400"], ["1 to 100"]),
    "pixels": (["develop", "RAW", "-o", "x.jpg", "--max-pixels", "1000"], ["--max-pixels"]),
    "layout": (["develop", "RAW", "-o", "x.jpg", "--raw-layout", "12"], ["1920x1080"]),
    "folder": (["develop", "RAW", "-o", "nowhere/x.jpg"], ["nowhere"]),
    "inspect nothing": (["inspect", "none.dng"], ["none.dng"]),
    "looks": (["looks", "sparkle"], ["sparkle"]),
    "no such command": (["develp"], ["develop, inspect"]),
    "threads": (["develop", "RAW", "-o", "x.jpg", "--threads", "0"], ["--threads", "--help"]),
    "no output": (["develop", "RAW"], ["--output"]),
    "spot": (["develop", "RAW", "-o", "x.jpg", "--wb-from=-5,3"], ["spot", "from 0"]),
    "two whites": (["develop", "RAW", "-o", "x.jpg", "--kelvin", "5000", "--white-balance", "auto"], ["--kelvin"]),
    "only": (["inspect", "RAW", "--only", "no-crop"], ["--repair"]),
    "profile's strength": (["develop", "RAW", "-o", "x.jpg", "--look", "profile", "--strength", "0.3"], ["strength"]),
    "repair": (["inspect", "RAW", "--repair", "-o", "x.jpg"], [".dng"]),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_requests_end_in_a_sentence_and_leave_nothing(case: str, raw: Path, tmp_path: Path) -> None:
    arguments, told = BAD[case]
    fails(run(*[str(raw) if one == "RAW" else one for one in arguments], cwd=tmp_path), *told)
    assert not list(tmp_path.iterdir())


def test_bad_recipe_names_the_key(raw: Path, tmp_path: Path) -> None:
    recipe = tmp_path / "r.toml"
    recipe.write_text('format = "recipe/1"\n[[stage]]\nname = "exposure"\nstop = 1\n')
    fails(run("develop", raw, "-o", tmp_path / "x.jpg", "--recipe", recipe), "stop", "r.toml")


def test_a_recipe_takes_the_place_of_look_and_format(raw: Path, tmp_path: Path) -> None:
    assert run("develop", raw, "-o", tmp_path / "a.jpg").returncode == 0
    recipe = tmp_path / "a.jpg.recipe.toml"
    for option in (("--look", "mono"), ("--strength", "0.5"), ("--bits", "8")):
        fails(run("develop", raw, "-o", tmp_path / "b.jpg", "--recipe", recipe, *option), option[0])
    assert not (tmp_path / "b.jpg").exists()


def test_a_recipe_of_another_size_of_file_is_refused(raw: Path, tmp_path: Path) -> None:
    small = sample.shoot(60, 80, seed=1)
    dng.write(tmp_path / "small.dng", small.pixels, small.shot)
    assert run("develop", raw, "-o", tmp_path / "a.jpg").returncode == 0
    recipe = tmp_path / "a.jpg.recipe.toml"
    fails(run("develop", tmp_path / "small.dng", "-o", tmp_path / "b.jpg", "--recipe", recipe), "does not fit")


def test_a_recipe_finds_its_profile_from_elsewhere(raw: Path, tmp_path: Path) -> None:
    shot = sample.shoot(8, 8).shot
    made, moved = tmp_path / "made", tmp_path / "moved"
    made.mkdir()
    dcp.write(made / "p.dcp", shot.color)
    assert run("develop", raw, "-o", "a.jpg", "--profile", "p.dcp", cwd=made).returncode == 0
    replay = ("develop", raw, "--recipe", made / "a.jpg.recipe.toml", "-o")
    assert run(*replay, tmp_path / "b.jpg", cwd=tmp_path).returncode == 0
    assert (tmp_path / "b.jpg").read_bytes() == (made / "a.jpg").read_bytes()
    made.rename(moved)
    replay = ("develop", raw, "--recipe", moved / "a.jpg.recipe.toml", "-o")
    assert run(*replay, tmp_path / "c.jpg").returncode == 0
    (moved / "p.dcp").unlink()
    fails(run(*replay, tmp_path / "d.jpg"), "p.dcp", "--profile")


def test_a_folder_that_is_not_there_is_made_when_the_name_says_so(raw: Path, tmp_path: Path) -> None:
    assert run("develop", raw, "-o", f"{tmp_path}/new/").returncode == 0
    assert (tmp_path / "new" / "shot.jpg").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="names that are not text")
def test_names_that_are_not_text_are_taken(raw: Path, tmp_path: Path) -> None:
    odd = os.fsencode(tmp_path) + b"/odd\xff.dng"
    Path(os.fsdecode(odd)).write_bytes(raw.read_bytes())
    assert run("develop", os.fsdecode(odd), "-o", tmp_path / "x.jpg").returncode == 0
    assert 'source = "odd?.dng"' in (tmp_path / "x.jpg.recipe.toml").read_text()


def test_no_permission_leaves_nothing(raw: Path, tmp_path: Path) -> None:
    folder = tmp_path / "locked"
    folder.mkdir()
    folder.chmod(0o500)
    if os.access(folder, os.W_OK):
        pytest.skip("this user may write everywhere")
    fails(run("develop", raw, "-o", folder / "x.jpg"), "ermission")


def test_a_full_disk_leaves_nothing(raw: Path, tmp_path: Path) -> None:
    """A limit on the size of files stands for the full disk: the system refuses the write half-way."""
    resource = pytest.importorskip("resource")

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))

    fails(run("develop", raw, "-o", tmp_path / "x.png", preexec_fn=limit), "x.png")
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not hasattr(signal, "SIGINT") or sys.platform == "win32", reason="POSIX signals")
def test_ctrl_c_leaves_no_picture(tmp_path: Path) -> None:
    source = tmp_path / "big.dng"
    shot = sample.shoot(light=np.full((1200, 1600, 3), 0.3, np.float32))
    dng.write(source, shot.pixels, shot.shot)
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "from twinlens.cli import main; main()",
            "develop",
            str(source),
            "-o",
            str(tmp_path / "x.avif"),
        ],
        stderr=subprocess.PIPE,
        text=True,
    )
    time.sleep(0.8)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    if process.returncode == 0:
        pytest.skip("it was finished before the signal came")
    assert process.returncode == 130
    assert "Traceback" not in stderr
    assert not [one for one in tmp_path.iterdir() if one != source]


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX shells")
@pytest.mark.parametrize("closed", ["1>&-", "2>&-", "0<&-"])
def test_closed_streams_do_no_harm(closed: str, raw: Path, tmp_path: Path) -> None:
    told = [sys.executable, "-c", "from twinlens.cli import main; main()", "develop", str(raw), "-o", "x.jpg"]
    assert subprocess.run(f"{shlex.join(told)} {closed}", shell=True, cwd=tmp_path, timeout=60).returncode == 0
    assert (tmp_path / "x.jpg").exists()


def test_a_processor_that_is_not_known_is_refused(raw: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "TWINLENS_CPU": "abacus"}
    result = run("develop", raw, "-o", tmp_path / "x.jpg", env=environment)
    if "TWINLENS_KERNELS" not in os.environ and library.LIBRARY.exists():
        fails(result, "TWINLENS_CPU", "avx2")


@pytest.mark.skipif(not library.LIBRARY.exists(), reason="no compiled kernels here")
def test_kernels_of_other_sources_are_told(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from twinlens.kernels import build

    monkeypatch.delenv("TWINLENS_KERNELS", raising=False)
    monkeypatch.setattr(library, "SOURCES", tmp_path)
    load = library._loaded.__wrapped__  # pyright: ignore[reportPrivateUsage]
    of_these = json.loads(library.MANIFEST.read_text())["sources"]
    for digest, told in ((of_these, ""), ("of others", "make kernels")):
        monkeypatch.setattr(build, "sources_digest", lambda digest=digest: digest)
        load()
        assert told in caplog.text and bool(told) == bool(caplog.records)


def test_looks_can_be_copied_and_edited(raw: Path, tmp_path: Path) -> None:
    text = run("looks", "authentic").stdout
    mine = tmp_path / "mine.look.toml"
    mine.write_text(text)
    assert run("develop", raw, "-o", tmp_path / "mine.png", "--look", mine).returncode == 0
    assert run("develop", raw, "-o", tmp_path / "theirs.png", "--look", "authentic").returncode == 0
    assert (tmp_path / "mine.png").read_bytes() == (tmp_path / "theirs.png").read_bytes()


def test_demo_makes_a_sheet_and_a_picture_for_each_look(tmp_path: Path) -> None:
    result = run("demo", "-o", tmp_path / "demo", "--megapixels", "0.1", "--json")
    assert result.returncode == 0, result.stderr
    names = {one.name for one in (tmp_path / "demo").iterdir()}
    assert {"sample.dng", "contact-sheet.jpg", "sample-authentic.jpg", "sample-neutral.jpg"} <= names
    fails(run("demo", "-o", tmp_path / "demo", "--megapixels", "0.1"), "--overwrite")


def test_inspect_system_says_which_kernels_answer() -> None:
    told = json.loads(run("inspect", "--system", "--json").stdout)
    assert "halide" in json.dumps(told) or "numpy" in json.dumps(told)


def test_completion_is_a_script() -> None:
    assert "_twinlens_completion" in run("completion", "bash").stdout
