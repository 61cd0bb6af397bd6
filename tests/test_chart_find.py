"""Charts in pictures: found whichever way they lie, at the right place, and not where there is none."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from shared_data import shared
from twinlens import files
from twinlens.calibrate import find_charts
from twinlens.core.errors import DocumentError, ParameterError
from twinlens.measure.chart import charts, library, match, shadow
from twinlens.measure.chart.pose import Pose
from twinlens.numerics import colorchecker
from twinlens.simulate import sample
from twinlens.simulate.chart_shot import ChartShot, Conditions, draw_conditions, shoot_chart

MARKS = tomllib.loads((Path(__file__).parents[1] / "benchmarks" / "chart_marks.toml").read_text())["chart"]
BOOTH = "1920x1080:uint16le:BGGR:black=32:white=4095"
PLAIN = Conditions(roll_deg=8, share=0.7, tilt_deg=(15, -10), blur_px=0.6)


def shot(kind: str = "classic", seed: int = 0, height: int = 450, width: int = 600, **changes: object) -> ChartShot:
    return shoot_chart(charts()[kind], replace(PLAIN, **changes), seed=seed, height=height, width=width)


def side(outlines: np.ndarray) -> float:
    x, y = outlines[..., 0], outlines[..., 1]
    return float(np.sqrt(np.median(np.abs((x * np.roll(y, -1, 1) - np.roll(x, -1, 1) * y).sum(1)) / 2)))


def error(made: ChartShot, kind: str = "classic") -> float:
    """The largest corner error in patches; the chart must be the only one."""
    (found,) = find_charts(made.pixels)
    assert found.kind == kind
    assert found.mirrored == made.conditions.mirrored
    return float(np.hypot(*(found.corners - made.corners).T).max()) / side(found.outlines)


def test_the_classic_document_has_the_colors_of_the_color_checker() -> None:
    classic = charts()["classic"]
    assert classic.names == tuple(colorchecker.PATCHES)
    assert np.array_equal(classic.lab, colorchecker.LAB)


@pytest.mark.parametrize(("kind", "patches", "is_reference"), [("sg", 140, True), ("passport_creative", 26, False)])
def test_every_chart_document_loads(kind: str, patches: int, is_reference: bool) -> None:
    chart = charts()[kind]
    assert len(chart.names) == len(set(chart.names)) == len(chart.lab) == len(chart.boxes) == patches
    assert chart.is_reference is is_reference


def test_a_chart_document_with_a_missing_patch_is_refused() -> None:
    text = (library.FOLDER / "classic.toml").read_text()
    with pytest.raises(DocumentError, match="patches"):
        library.loads("\n".join(line for line in text.splitlines() if "moderate red" not in line), "x.toml")


@pytest.mark.parametrize("roll", [0, 45, 90, 180, 275])
def test_a_chart_is_found_whichever_way_up(roll: float) -> None:
    assert error(shot(roll_deg=roll, seed=int(roll))) < 0.02


def test_a_mirrored_chart_is_told() -> None:
    made = shot(mirrored=True)
    assert error(made) < 0.02
    assert any("mirrored" in one for one in find_charts(made.pixels)[0].warnings)


@pytest.mark.parametrize("kind", ["sg", "passport_creative"])
def test_other_charts_are_told_from_the_classic(kind: str) -> None:
    assert error(shot(kind, share=0.85, height=600, width=800), kind) < 0.02


@pytest.mark.parametrize(
    "changes",
    [
        {"distortion": -0.08, "share": 0.9},
        {"blur_px": 3.0},
        {"noise": 0.05},
        {"shadow": 0.45},
        {"shadow": 0.1, "roll_deg": 70},
        {"shadow": 0.05, "shadow_line": (120.0, 0.05)},
        {"gains": (0.35, 1.0, 0.6), "is_rendered": False},
        {"contrast": 0.8},
        {"fingers": 2},
        {"tilt_deg": (30, 30)},
        {"gap": 0.5},
    ],
)  # fmt: skip
def test_a_chart_is_found_in_hard_conditions(changes: dict[str, object]) -> None:
    assert error(shot(**changes)) < 0.03


def test_colors_in_another_order_are_no_chart_in_a_shadow_either() -> None:
    chart = charts()["classic"]
    pose = Pose.of(chart, np.eye(3), (400, 300))
    colors = match.reference("classic") * np.where(chart.centers[:, :1] > chart.centers[:, 0].mean(), 0.5, 1.0)
    weight = np.ones(len(colors))
    assert shadow.score(colors, weight, pose) > 0.99
    rng = np.random.default_rng(0)
    assert max(shadow.score(rng.permutation(colors), weight, pose) for _ in range(50)) < 0.6


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", list(charts()))
def test_a_line_between_two_lights_leaves_patches_on_either_side(kind: str) -> None:
    centers, pose = charts()[kind].centers, Pose.of(charts()[kind], np.eye(3), (400, 300))
    count = shadow.lines(centers).sum(1)
    assert count.size and count.min() >= shadow.FEWEST and count.max() <= len(centers) - shadow.FEWEST
    weight = np.ones(len(centers))
    for level in (0.0, 0.02, 1.0):  # black, nearly black, one color
        assert 0 <= shadow.score(np.full((len(centers), 3), level), weight, pose) < 0.01
    assert shadow.lines(centers[: 2 * shadow.FEWEST - 1]).size == 0


def test_two_charts_are_found_the_larger_first() -> None:
    large, small = shot(seed=1), shot(seed=2, share=0.45)
    found = find_charts(np.concatenate([small.pixels, large.pixels], 1))
    assert [one.kind for one in found] == ["classic", "classic"]
    assert np.abs(found[0].corners - large.corners - [600, 0]).max() < 1
    assert np.abs(found[1].corners - small.corners).max() < 1


@pytest.mark.parametrize("seed", range(3))
def test_no_chart_is_invented_in_clutter(seed: int) -> None:
    blank = np.zeros((8, 8, 3), np.float32)
    made = shoot_chart(
        charts()["classic"], draw_conditions(np.random.default_rng(seed)), seed=seed, height=450, width=600
    )
    left, top = np.clip(made.corners.min(0) - 60, 0, None).astype(int)
    right, bottom = (made.corners.max(0) + 60).astype(int)
    pixels = made.pixels.copy()
    pixels[top:bottom, left:right] = 128
    assert find_charts(pixels) == []
    assert find_charts(blank) == []


def test_a_mosaic_gives_camera_rgb_at_the_places_of_the_patches() -> None:
    scene = sample.scene(756, 1008)
    (found,) = find_charts(sample.shoot(light=scene, noisy=False))
    truth = np.maximum(scene.patch_rgb @ sample.camera_matrix().T, 0)
    middles = (scene.patches[:, [1, 0]] + scene.patches[:, [3, 2]] - 1) / 2
    assert np.abs([one.center for one in found.patches] - middles).max() < 1
    assert np.abs(found.rgb - truth).max() < 0.002
    assert "not white-balanced" in found.rgb_is


def test_corners_are_those_of_the_upright_picture() -> None:
    scene = sample.scene(756, 1008)
    lying = find_charts(sample.shoot(light=scene, noisy=False))[0]
    standing = find_charts(sample.shoot(light=scene, noisy=False, orientation=6))[0]
    assert standing.frame == (756, 1008)
    assert np.abs(standing.corners - np.stack([755 - lying.corners[:, 1], lying.corners[:, 0]], 1)).max() < 0.5
    assert np.allclose(standing.rgb, lying.rgb, atol=1e-3)


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [2, 3, 0, 1], [1, 0, 3, 2]])
def test_given_corners_are_taken_in_any_order_around_the_chart(order: list[int]) -> None:
    made = shot()
    (found,) = find_charts(made.pixels, corners=made.corners[order])
    assert np.abs(found.corners - made.corners).max() < 0.1
    assert found.score > 0.95


def test_given_corners_around_no_chart_are_doubted() -> None:
    made = shot()
    (found,) = find_charts(made.pixels, corners=[[0, 0], [100, 0], [100, 60], [0, 60]])
    assert any("agree" in one for one in found.warnings)


def test_corners_outside_the_picture_and_unknown_kinds_are_refused() -> None:
    made = shot()
    with pytest.raises(ParameterError, match="must lie in the picture"):
        find_charts(made.pixels, corners=made.corners + 1000)
    with pytest.raises(ParameterError, match="no chart is called"):
        find_charts(made.pixels, kinds=["it8"])
    with pytest.raises(ParameterError, match=r"height, width, 3"):
        find_charts(made.pixels[..., 0])


def test_a_chart_of_another_kind_is_not_found() -> None:
    assert find_charts(shot().pixels, kinds=["sg"]) == []


@pytest.mark.parametrize("mark", MARKS, ids=[f"{one['file']}-{one['kind']}" for one in MARKS])
@pytest.mark.slow
def test_real_charts_lie_where_they_were_marked(mark: dict[str, object]) -> None:
    path = shared(str(mark["file"]))
    image = files.read(path, raw_layout=BOOTH if path.suffix == ".raw" else None)
    (found,) = [one for one in find_charts(image) if one.kind == mark["kind"]]
    seen = [np.array(mark[key], float) for key in ("first", "second")]
    truth = np.where(np.isnan(seen[0]), seen[1], (seen[0] + seen[1]) / 2)
    known = np.isfinite(truth).all(1)
    assert np.hypot(*(found.corners - truth)[known].T).max() < 0.1 * side(found.outlines)
