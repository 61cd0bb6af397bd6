"""`twinlens learn` as a user meets it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from twinlens.files import photo
from twinlens.numerics import color
from twinlens.pipeline.look import load, problems
from twinlens.simulate import maker as makers
from twinlens.simulate import pair


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from twinlens.cli import main; main()", *map(str, arguments)],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


def samples(path: Path, count: int = 300) -> Path:
    """A table of what the maker `natural` makes of scene light."""
    rng = np.random.default_rng(3)
    scene = rng.uniform(0, 0.7, (count, 1)) * rng.uniform(0.3, 1, (count, 3))
    codes = makers.load("natural").color(scene)
    rows = (",".join(f"{one:.6f}" for one in (*x, *y)) for x, y in zip(scene, codes, strict=True))
    path.write_text("\n".join(["scene_r,scene_g,scene_b,display_r,display_g,display_b", *rows]))
    return path


def test_help_is_there_without_heavy_imports() -> None:
    code = (
        "import sys; from twinlens.cli import group\n"
        "try: group(['learn', '--help'])\n"
        "except SystemExit: pass\n"
        "assert not {'cv2', 'scipy', 'rawpy', 'numpy'} & set(sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0, result.stderr
    assert "--from-raws" in result.stdout and "--chart-pair" in result.stdout


@pytest.mark.slow
def test_samples_become_a_look_that_develops(tmp_path: Path) -> None:
    look = tmp_path / "my.look.toml"
    result = run(
        "learn", "--samples", samples(tmp_path / "s.csv"), "-o", look, "--json", "--report", tmp_path / "p.html"
    )
    assert result.returncode == 0, result.stderr
    told = json.loads(result.stdout)
    assert told["name"] == "my"
    assert told["residual"]["mean"] < 1.5
    assert told["pairs"][0]["kind"] == "samples"
    assert problems(load(look).map) == ()
    assert "<html" in (tmp_path / "p.html").read_text("utf-8")
    photo.write(np.full((40, 60, 3), 118, np.uint8), tmp_path / "in.png")
    done = run("develop", tmp_path / "in.png", "--look", look, "-o", tmp_path / "out.jpg")
    assert done.returncode == 0, done.stderr
    again = run("learn", "--samples", tmp_path / "s.csv", "-o", look)
    assert again.returncode != 0 and "exists already" in again.stderr


@pytest.mark.slow
def test_photographs_become_a_look_of_the_makers_rendering(tmp_path: Path) -> None:
    for index in range(3):
        pair("still-life", megapixels=0.5, seed=index, name=f"{index}").reference.write(tmp_path / "raws")
    look = tmp_path / "natural.look.toml"
    result = run("learn", "--from-raws", tmp_path / "raws", "-o", look)
    assert result.returncode == 0, result.stderr
    assert "3 pairs of pictures" in result.stdout and "not to be trusted" in result.stdout
    grey = np.repeat(np.array([0.05, 0.1, 0.18, 0.35])[:, None], 3, axis=1)
    wanted, shown = (
        color.lab_from_xyz(one @ color.XYZ_D50_FROM_REC2020.T)
        for one in (
            color.decode(makers.load("natural").color(grey)) @ color.rgb_from_rgb("rec2020", "srgb").T,
            load(look).map.render(grey),
        )
    )
    assert color.delta_e_2000(wanted, shown).max() < 3


def test_what_cannot_be_done_is_said_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for arguments, told in (
        (["-o", tmp_path / "a.look.toml"], "name what to learn from"),
        (["--from-raws", tmp_path / "empty", "-o", tmp_path / "a.look.toml"], "holds neither raw files nor pictures"),
        (["--from-raws", tmp_path / "none", "-o", tmp_path / "a.look.toml"], "is not there"),
        (["--source", tmp_path, "-o", tmp_path / "a.look.toml"], "belong together"),
        (["--samples", tmp_path / "no.csv", "-o", tmp_path / "a.look.toml"], "no.csv"),
        (["--from-raws", tmp_path, "-o", tmp_path / "a.cube"], "a look is a .toml file"),
        (["--from-raws", tmp_path, "-o", tmp_path / "no" / "a.look.toml"], "the folder"),
    ):
        result = run("learn", *arguments)
        assert result.returncode != 0
        assert told in result.stderr
        assert "Traceback" not in result.stderr and len(result.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "a.look.toml").exists()


def test_a_folder_without_permission_is_told_before_anything_is_learned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from click.testing import CliRunner

    from twinlens.cli import learn
    from twinlens.core.errors import FileError

    monkeypatch.setattr(learn.os, "access", lambda path, mode: False)
    arguments = ["--from-raws", str(tmp_path / "none"), "-o", str(tmp_path / "a.look.toml")]
    result = CliRunner().invoke(learn.command, arguments)
    assert isinstance(result.exception, FileError)
    assert f"no permission to write into the folder {tmp_path}" in str(result.exception)


def test_pictures_that_were_made_grey_are_refused_in_one_sentence(tmp_path: Path) -> None:
    for index in range(2):
        frame = pair("still-life", megapixels=0.4, seed=index, name="x").reference
        frame.write(tmp_path)
        for path in tmp_path.glob("x-reference*"):
            path.rename(tmp_path / f"I{index}{path.suffix}")
        codes = makers.load("natural").render(frame.image).mean(-1, keepdims=True).astype(np.uint8)
        photo.write(np.repeat(codes, 3, 2), tmp_path / f"I{index}.jpg", overwrite=True)
    result = run("learn", "--from-raws", tmp_path, "-o", tmp_path / "a.look.toml")
    assert result.returncode == 1
    assert "nothing to learn from: 2 files, as I0.dng: the picture is monochrome" in result.stderr
    assert not (tmp_path / "a.look.toml").exists()


@pytest.mark.slow
def test_ctrl_c_stops_at_once_and_leaves_nothing(tmp_path: Path) -> None:
    import shutil
    import signal
    import time

    raws, look = tmp_path / "raws", tmp_path / "a.look.toml"
    pair("still-life", megapixels=0.5, seed=1, name="x").reference.write(raws)
    (first,), (shown,) = raws.glob("*.dng"), raws.glob("*.jpg")
    for index in range(60):  # more than can be looked at before it is stopped
        shutil.copy(first, raws / f"{index}.dng")
        shutil.copy(shown, raws / f"{index}.jpg")
    working = subprocess.Popen(
        [sys.executable, "-c", "from twinlens.cli import main; main()", "learn", "--from-raws", raws, "-o", look],
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    time.sleep(4)
    working.send_signal(signal.SIGINT)
    _, told = working.communicate(timeout=60)
    assert working.returncode == 130
    assert told.split("\n")[-2] == "twinlens: stopped; nothing half-written was left"
    assert [one.name for one in tmp_path.iterdir()] == ["raws"]
