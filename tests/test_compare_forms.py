"""A comparison as numbers and as a page says the same as the verdict, and leaves gaps where nothing is known."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from twinlens.compare.comparison import ComparedSet, Comparison
from twinlens.compare.levels import levels, not_measured, shown
from twinlens.compare.model import Feature, Fingerprints, Role
from twinlens.compare.page_curves import hues, tones
from twinlens.compare.page_form import content
from twinlens.compare.page_scenes import inner, strengths
from twinlens.compare.verdict import verdict

ROLES: tuple[Role, ...] = ("before", "after", "reference")


def feature(key: str, **facts: Any) -> Feature:
    values = {"label": key, "unit": "EV", "block": key, "cause": "rendering", "floor": 0.05}
    return Feature(key=key, **{**values, **facts})


FEATURES = (
    feature("exposure"),
    feature("chroma", unit="%", floor=2.0, is_ratio=True),
    feature("overshoot", unit="% of the step", floor=1.0, block="sharpness"),
    feature("noise", unit="%", floor=10.0, cause="mixed"),
    feature("skin", floor=1.0),
)


def prints(scenes: int = 7, sets: tuple[Role, ...] = ROLES, seed: int = 0) -> Fingerprints:
    """Exposure +0.2 EV of +0.4, chroma 10 of 20 (in 100 ln), overshoot 8, 4, 0 %; no skin."""
    rng = np.random.default_rng(seed)
    steps = {"before": (0.0, 0.0, 8.0, 0.0), "after": (0.2, 10.0, 4.0, 5.0), "reference": (0.4, 20.0, 0.0, 9.0)}
    scale = np.array([0.01, 0.5, 0.3, 1.0])
    values = np.full((len(sets), scenes, len(FEATURES)), np.nan)
    for at, role in enumerate(sets):
        values[at, :, :4] = np.array(steps[role]) + scale * rng.standard_normal((scenes, 4))
    return Fingerprints(
        features=FEATURES, sets=sets, scenes=tuple(f"scene {k}" for k in range(scenes)), values=values,
        repeat_variance=np.full(values.shape, np.nan), absolute=np.array([False, False, True, True, False]),
        groups=np.zeros(scenes, int), curves=curves(len(sets), scenes),
    )  # fmt: skip


def curves(sets: int, scenes: int) -> dict[str, Any]:
    x = np.linspace(-3, 2, 11)
    return {
        "tone_ev": x, "tone": np.stack([np.tile(x * (1 + 0.1 * k), (scenes, 1)) for k in range(sets)]),
        "hue_deg": np.array([0.0, 90.0]), "hue_names": ("pink", "yellow"), "hue_chroma": np.full((scenes, 2), 0.1),
        "chroma_ratio": np.stack([np.full((scenes, 2), 1 + 0.1 * k) for k in range(sets)]),
        "hue_turn": np.zeros((sets, scenes, 2)),
    }  # fmt: skip


def comparison(found: Fingerprints) -> Comparison:
    sets = tuple(ComparedSet(role=role, name=role.upper()) for role in found.sets)
    return Comparison(sets=sets, fingerprints=found, verdict=verdict(found))


def test_levels_are_those_of_the_verdict() -> None:
    found = comparison(prints())
    by_key = {one.feature.key: one for one in levels(found.fingerprints, found.verdict)}
    chroma, overshoot = by_key["chroma"].sets, by_key["overshoot"].sets
    assert chroma["before"].value == 0 and chroma["after"].value == pytest.approx(100 * np.expm1(0.1), abs=1)
    assert chroma["reference"].value == pytest.approx(100 * np.expm1(0.2), abs=1)
    assert [round(overshoot[role].value) for role in ROLES] == [8, 4, 0]
    for change in found.verdict.features:
        level = by_key[change.feature.key].sets
        assert level["after"].value - level["before"].value == pytest.approx(shown(change.feature, change.change))


def test_what_was_not_measured_is_named_with_a_reason() -> None:
    found = comparison(prints())
    missing = {one.key: why for one, why in not_measured(found.fingerprints, found.verdict)}
    assert set(missing) == {"skin"} and "no picture" in missing["skin"]


def test_json_holds_no_number_that_is_none() -> None:
    for scenes in (1, 2, 7):
        text = json.dumps(comparison(prints(scenes)).as_dict(), allow_nan=False)
        assert json.loads(text)["verdict"]["scenes"] == scenes


def test_the_page_keeps_hardware_out_of_the_rendering() -> None:
    rows = {one.label: one.cause for one in content(comparison(prints())).rows}
    assert rows["noise"] == "mixed" and rows["exposure"] == "rendering"


def test_curves_and_hues_are_drawn_for_every_set_that_shows_them() -> None:
    found = prints()
    assert [line.role for line in tones(found)[0].series] == list(ROLES)
    assert set(hues(found)[0].places) == set(ROLES)
    x, y = hues(found)[1].places["reference"]
    assert (x, y) == (pytest.approx(0, abs=1e-9), pytest.approx(0.12))


def test_a_reference_of_other_scenes_does_not_take_the_curves_away() -> None:
    found = prints()
    for key in ("tone", "chroma_ratio", "hue_turn"):
        found.curves[key][2] = np.nan
    assert [line.role for line in tones(found)[0].series] == ["before", "after"]
    assert set(hues(found)[0].places) == {"before", "after"}


def test_without_curves_nothing_is_drawn() -> None:
    found = replace(prints(), curves={})
    assert tones(found) == () and hues(found) == () and content(comparison(found)).pictures == ()


def test_the_scene_that_changed_most_comes_first() -> None:
    found = prints()
    found.values[1, 4, 0] += 1
    assert int(np.argmax(strengths(found)[0])) == 4
    assert int(np.argmax(strengths(found, {"chroma"})[0])) != 4 or found.values[1, 4, 1] > 10


def test_pictures_are_cut_to_what_all_show() -> None:
    mask = np.ones((60, 80), bool)
    mask[:7], mask[:, 70:] = False, False
    assert inner(mask) == (7, 60, 0, 70)
