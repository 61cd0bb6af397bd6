"""Patches of a chart: their colors are the light's, and what is wrong with a shot is said."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from test_chart_find import shot
from twinlens.calibrate import find_charts
from twinlens.cli import group
from twinlens.files import photo
from twinlens.measure.chart.patches import robust_spread, trimmed_mean

EVEN = {"is_rendered": False, "exposure": 0.7, "noise": 0.002}


def warned(**changes: object) -> str:
    (found,) = find_charts(shot(**changes).pixels)
    return " ".join(found.warnings)


def test_the_colors_of_the_patches_are_the_lights() -> None:
    made = shot(**EVEN)
    (found,) = find_charts(made.pixels)
    assert np.abs(found.rgb - np.maximum(made.light, 0)).max() < 0.004
    assert {one.quality for one in found.patches} == {"good"}
    assert found.warnings == ()


def test_spread_is_the_noise() -> None:
    made = shot(**EVEN | {"noise": 0.03, "blur_px": 0.0})
    white = find_charts(made.pixels)[0].patches[18]
    assert white.spread[1] == pytest.approx(0.03 * np.sqrt(white.rgb[1]), rel=0.15)


def test_a_scratch_does_not_move_the_color() -> None:
    values = np.full((100, 3), 0.2) + np.random.default_rng(0).normal(0, 0.001, (100, 3))
    scratched = values.copy()
    scratched[:15] = 1.0
    assert np.allclose(trimmed_mean(scratched), trimmed_mean(values), atol=1e-3)
    assert np.allclose(robust_spread(scratched), 0.001, atol=6e-4)


def test_a_good_shot_has_no_warning() -> None:
    assert warned() == ""


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"exposure": 1.6}, "expose less"),
        ({"exposure": 0.06, "is_rendered": False}, "expose more"),
        ({"veil": 0.05, "is_rendered": False}, "glare"),
        ({"gradient": (0.9, 0.0), "is_rendered": False}, "light changes"),
        ({"shadow": 0.4, "shadow_line": (0.0, 0.0), "is_rendered": False}, "two lights"),
        ({"share": 0.12}, "go nearer"),
        ({"tilt_deg": (44, 0), "field_deg": 75.0, "share": 0.85}, "steep angle"),
    ],
)  # fmt: skip
def test_faults_are_said_with_what_to_do(changes: dict[str, object], word: str) -> None:
    assert word in warned(**changes)


def test_the_command_prints_draws_and_says_when_there_is_no_chart(tmp_path: Path) -> None:
    made = shot()
    photo.write(made.pixels, tmp_path / "chart.png")
    told = CliRunner().invoke(
        group, ["calibrate", "chart", str(tmp_path / "chart.png"), "--json", "--draw", str(tmp_path / "grid.png")]
    )
    assert told.exit_code == 0, told.output
    (chart,) = json.loads(told.stdout)["charts"]
    assert np.abs(np.array(chart["corners"]) - made.corners).max() < 0.5
    assert [one["name"] for one in chart["patches"]][:2] == ["dark skin", "light skin"]
    assert {"row", "column", "center", "rgb", "spread", "clipped", "quality"} <= set(chart["patches"][0])
    assert photo.read(tmp_path / "grid.png").pixels.shape == made.pixels.shape

    photo.write(np.full((60, 80, 3), 128, np.uint8), tmp_path / "none.png")
    none = CliRunner().invoke(group, ["calibrate", "chart", str(tmp_path / "none.png"), "--json"])
    assert none.exit_code == 1
    assert json.loads(none.stdout)["charts"] == []
    assert "no chart was found" in str(none.exception)

    plain = CliRunner().invoke(
        group,
        ["calibrate", "chart", str(tmp_path / "chart.png"), "--corners", ",".join(map(str, made.corners.ravel()))],
    )
    assert plain.exit_code == 0
    assert "dark skin" in plain.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--corners", "1,2,3"], "eight numbers"),
        (["--draw", "grid.jpg"], "ends in .png"),
        (["--kind", "it8"], "no chart is called"),
    ],
)  # fmt: skip
def test_wrong_options_are_one_sentence(tmp_path: Path, arguments: list[str], sentence: str) -> None:
    photo.write(np.full((60, 80, 3), 128, np.uint8), tmp_path / "none.png")
    told = CliRunner().invoke(group, ["calibrate", "chart", str(tmp_path / "none.png"), *arguments])
    assert sentence in str(told.exception)
