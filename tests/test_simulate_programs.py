"""Simulated DNGs in other programs: right colors, upright. Each program's test is skipped where it is not installed."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
evidence = pytest.importorskip("simulate")
sys.path.pop(0)


def installed(name: str) -> None:
    program = evidence.PROGRAMS[name][0]
    if program and not shutil.which(program):
        pytest.skip(f"{program} is not installed")


@pytest.mark.parametrize("name", ["libraw", "twinlens"])
def test_colors_are_right(name: str, tmp_path: Path) -> None:
    found = evidence.colors(tmp_path, [name], ("D65",))["D65"][name]
    assert found["mean"] < 3
    assert found["worst"] < 5


@pytest.mark.slow
@pytest.mark.parametrize("name", ["rawtherapee", "darktable"])
def test_colors_are_right_in_other_programs(name: str, tmp_path: Path) -> None:
    installed(name)
    found = evidence.colors(tmp_path, [name], ("D65",))["D65"][name]
    assert found["mean"] < 3
    assert found["worst"] < 5


@pytest.mark.parametrize("name", ["libraw", pytest.param("rawtherapee", marks=pytest.mark.slow),
                                  pytest.param("darktable", marks=pytest.mark.slow)])  # fmt: skip
def test_pictures_are_upright(name: str, tmp_path: Path) -> None:
    installed(name)
    for one in evidence.orientations(tmp_path, [name])[name].values():
        assert one["is_upright"]
        across, down = one["larger_than_crop_px"]
        assert abs(across - down) <= 2
        assert -2 <= across <= 16
