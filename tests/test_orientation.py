"""Orientation and blends: measured positions between authentic and vibrant; every position is a valid look."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import learned_looks
from test_cli import fails, run
from twinlens.core.errors import ParameterError
from twinlens.numerics import color
from twinlens.pipeline.look import Look, blend, dumps, load, loads, measure, orient, problems, read, save, shipped
from twinlens.simulate import sample

MAKERS = (*(lambda name=name: load(name) for name in shipped()), learned_looks.wide, learned_looks.plain)
COLORED = ("neutral", "authentic", "vibrant")


def difference(one: Look, other: Look) -> np.ndarray:
    scene = color.decode(np.random.default_rng(0).random((1000, 3))) @ color.rgb_from_rgb("rec2020", "srgb").T
    labs = [color.lab_from_xyz(each.map.render(scene) @ color.XYZ_D50_FROM_REC2020.T) for each in (one, other)]
    return color.delta_e_2000(*labs)


def test_neutral_measures_as_the_scene() -> None:
    found = measure(load("neutral"))
    assert found.chroma_ratio == pytest.approx(1, abs=1e-6)
    assert found.mid_contrast == pytest.approx(1)
    assert found.shadow_depth == pytest.approx(5)
    assert found.brightness == pytest.approx(0, abs=1e-9)


def test_a_chroma_ratio_does_not_change_with_brightness() -> None:
    from dataclasses import replace

    from twinlens.stages.look_map import LookMap

    assert measure(replace(LookMap(), exposure=-0.7)).chroma_ratio == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("make", [lambda: load("authentic"), lambda: load("vibrant"), learned_looks.wide])
def test_every_step_changes_by_what_is_said(make) -> None:
    look, own = make(), measure(make())
    for position in (-1.0, -0.4, 0.3, 1.0):
        found = measure(orient(look, position))
        goal = max(1.10, own.chroma_ratio + 0.08) if position > 0 else min(1.0, own.chroma_ratio)
        assert found.chroma_ratio == pytest.approx(
            own.chroma_ratio + abs(position) * (goal - own.chroma_ratio), abs=2e-3
        )
        assert found.mid_contrast == pytest.approx(own.mid_contrast * 0.938**position, rel=0.02)
        assert found.shadow_depth == pytest.approx(own.shadow_depth - 0.59 * position, abs=0.03)
        assert found.brightness == pytest.approx(own.brightness + 0.123 * position, abs=0.01)


@pytest.mark.parametrize("name", COLORED)
def test_it_begins_at_the_look_itself_without_a_step(name: str) -> None:
    look = load(name)
    assert orient(look, 0) is look
    for position in (-0.01, 0.01):
        found = difference(look, orient(look, position))
        assert found.mean() < 0.15 and found.max() < 0.6


def test_the_two_ends_are_the_shipped_ones_distance_apart() -> None:
    """From -1 to +1 tone goes as far as from the shipped authentic to vibrant."""
    ends = [measure(orient(load("authentic"), position)) for position in (-1, 1)]
    shown = [measure(load(name)) for name in ("authentic", "vibrant")]
    for key, tolerance in (("brightness", 0.01), ("shadow_depth", 0.03), ("mid_contrast", 0.02)):
        goes, wanted = (getattr(pair[1], key) - getattr(pair[0], key) for pair in (ends, shown))
        assert goes == pytest.approx(wanted, abs=tolerance)


def test_skin_gains_less_than_the_rest_towards_vibrant() -> None:
    look, turned = load("authentic"), orient(load("authentic"), 1)
    skin, rest = sample.chart_rgb()[[0, 1]], sample.chart_rgb()[[13, 14, 16, 17]]

    def chroma(one: Look, scene: np.ndarray) -> np.ndarray:
        lab = color.lab_from_xyz(one.map.render(scene) @ color.XYZ_D50_FROM_REC2020.T)
        return np.hypot(lab[:, 1], lab[:, 2]) / lab[:, 0]

    gains = [float(np.mean(chroma(turned, scene) / chroma(look, scene))) for scene in (skin, rest)]
    assert gains[0] < gains[1]


@settings(max_examples=15, deadline=None)
@given(index=st.integers(0, len(MAKERS) - 1), position=st.floats(-1, 1))
def test_every_position_is_a_valid_look(index: int, position: float) -> None:
    made = orient(MAKERS[index](), position)
    assert problems(made.map) == ()
    assert loads(dumps(made)).map == made.map


def test_impossible_positions_are_refused() -> None:
    with pytest.raises(ParameterError, match="outside -1"):
        orient(load("authentic"), 1.5)


@pytest.mark.parametrize("share", [0.001, 0.00195, 0.999])
def test_a_blend_close_to_a_valid_look_is_valid(share: float) -> None:
    look = learned_looks.wide()
    for one, other in ((look, load("neutral")), (load("neutral"), look)):
        assert problems(blend(one, other, share).map) == ()


@settings(max_examples=25, deadline=None)
@given(one=st.integers(0, len(MAKERS) - 1), other=st.integers(0, len(MAKERS) - 1), share=st.floats(0.001, 0.999))
def test_every_blend_is_a_valid_look(one: int, other: int, share: float) -> None:
    made = blend(MAKERS[one](), MAKERS[other](), share)
    assert problems(made.map) == ()
    assert loads(dumps(made)).map == made.map


@pytest.mark.parametrize("other", [lambda: load("authentic"), learned_looks.plain])
def test_a_blend_over_different_primaries_is_what_lies_between(other) -> None:
    one, two = learned_looks.wide(), other()
    whole = difference(one, two).mean()
    for share in (0.25, 0.5, 0.75):
        made = blend(one, two, share)
        assert difference(one, made).mean() < 1.25 * share * whole + 0.1
        assert difference(two, made).mean() < 1.25 * (1 - share) * whole + 0.1


def test_a_blend_begins_and_ends_at_the_looks() -> None:
    one, two = learned_looks.wide(), load("authentic")
    for share, end in ((0.01, one), (0.99, two)):
        assert difference(end, blend(one, two, share)).mean() < 0.3
    for share in (0.3, 0.5, 0.7):
        assert difference(blend(one, two, share - 0.01), blend(one, two, share + 0.01)).mean() < 0.3


def test_film_curves_that_no_film_curve_lies_between_are_blended_as_nodes() -> None:
    from dataclasses import replace

    hard = Look(name="hard", map=replace(load("authentic").map, middle=0.05, contrast=0.74, white=6.0))
    soft = Look(name="soft", map=replace(load("authentic").map, middle=0.5, contrast=0.51, white=2.0))
    for share in (0.1, 0.5, 0.9):
        assert problems(blend(hard, soft, share).map) == ()


def test_the_commands_write_looks(tmp_path: Path) -> None:
    assert run("looks", "blend", "authentic", "vibrant", "0.4", "-o", tmp_path / "a.toml").returncode == 0
    assert run("looks", "orient", "vibrant", "-0.5", "-o", tmp_path / "b.toml").returncode == 0
    assert read(tmp_path / "a.toml").map == blend(load("authentic"), load("vibrant"), 0.4).map
    assert measure(read(tmp_path / "b.toml")).chroma_ratio == pytest.approx(1.0725, abs=0.005)
    fails(run("looks", "blend", "authentic", "vibrant", "0.4", "-o", tmp_path / "a.toml"), "exists already")
    fails(run("looks", "blend", "authentic", "vibrant", "4", "-o", tmp_path / "c.toml"), "outside 0 to 1")
    fails(run("looks", "orient", "authentic", "-0.5", "-o", tmp_path / "c.txt"), "written as .toml")
    told = json.loads(run("looks", "--json").stdout)
    assert [one["name"] for one in told] == shipped() and told[0]["measured"]["chroma_ratio"] == 1.0
    assert "authentic" in run("looks").stdout and 'name = "mono"' in run("looks", "mono").stdout
    assert "chroma ratio" in run("inspect", tmp_path / "b.toml").stdout


def test_a_blend_over_different_primaries_is_saved_with_its_table(tmp_path: Path) -> None:
    made = blend(learned_looks.wide(), load("authentic"), 0.5)
    save(made, tmp_path / "look.toml")
    assert read(tmp_path / "look.toml").map == made.map


def test_developing_with_an_orientation_keeps_its_numbers_in_the_recipe(tmp_path: Path) -> None:
    from twinlens.files import dng

    shot = sample.shoot(60, 80, seed=1)
    dng.write(tmp_path / "shot.dng", shot.pixels, shot.shot)
    first = run("develop", tmp_path / "shot.dng", "-o", tmp_path / "a.png", "--orientation", "0.5")
    assert first.returncode == 0, first.stderr
    again = run("develop", tmp_path / "shot.dng", "-o", tmp_path / "b.png", "--recipe", tmp_path / "a.png.recipe.toml")
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    fails(run("develop", tmp_path / "shot.dng", "-o", tmp_path / "c.png", "--orientation", "4"), "outside -1")
    told = run("develop", tmp_path / "shot.dng", "-o", tmp_path / "c.png", "--look", "profile", "--orientation", "1")
    fails(told, "--orientation turns a look")
