"""Lights of a learned look: whites by light, and what is said of a light that it was not seen under."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from twinlens.core.learned import Learned, learned_from
from twinlens.learn import Evidence, Source
from twinlens.learn.base import TERMS, Base
from twinlens.learn.lights import light_groups, light_rows, light_whites, seen_under
from twinlens.pipeline.develop import develop
from twinlens.pipeline.look import Look, load, unseen_light
from twinlens.simulate import sample
from twinlens.stages.look_map import LookMap, transform_of

BIAS = np.array([[0.09, -0.12], [0.0, 0.0]])
SPREAD = 0.03


def whites(counts: tuple[int, int], bias: np.ndarray, seed: int) -> list[np.ndarray]:
    """Whites of pictures in two lights, about the mean of all, as a fit finds them."""
    rng = np.random.default_rng(seed)
    found = [one + rng.normal(0, SPREAD, (count, 2)) for one, count in zip(bias, counts, strict=True)]
    return [one - np.concatenate(found).mean(0) for one in found]


def off(counts: tuple[int, int], bias: np.ndarray, own_means: bool) -> float:
    """By how much the difference of two lights' whites is missed, over many sets of pictures."""
    missed = []
    for seed in range(200):
        pictures = whites(counts, bias, seed)
        found = np.array([one.mean(0) for one in pictures]) if own_means else light_whites(pictures, SPREAD)
        missed.append(found[0] - found[1] - (bias[0] - bias[1]))
    return float(np.sqrt(np.mean(np.square(missed))))


def test_one_picture_in_another_light_makes_no_cast() -> None:
    none = np.zeros((2, 2))
    assert off((1, 5), none, own_means=False) < 0.5 * off((1, 5), none, own_means=True)


def test_a_white_that_pictures_agree_on_stays() -> None:
    assert off((6, 6), BIAS, own_means=False) < 1.15 * off((6, 6), BIAS, own_means=True)
    exact = [np.full((3, 2), 0.02), np.full((3, 2), -0.02)]
    assert light_whites(exact, 0.002) == pytest.approx(np.array([[0.02] * 2, [-0.02] * 2]), rel=0.01)


def test_rows_of_lights_hold_the_whites_and_one_light_has_none() -> None:
    base = Base(
        matrix=np.eye(3, TERMS), curves=np.zeros((3, 1)), gains=np.zeros(4), vignette=np.zeros(2),
        whites=np.array([[0.1, 0, -0.1], [0.1, 0, -0.1], [-0.1, 0, 0.1], [-0.1, 0, 0.1]]),
        display_from_process=np.eye(3),
    )  # fmt: skip
    groups = {0: 2850.0, 1: 2850.0, 2: 6500.0, 3: 6500.0}
    rows = light_rows(np.eye(3, TERMS), base, groups, handheld=False)
    assert [row[0] for row in rows] == [2850.0, 6500.0]
    stage = LookMap(lights=rows, cct=2850.0)
    assert np.diag(transform_of(stage)) == pytest.approx(np.exp([0.1, 0, -0.1]), abs=1e-3)
    assert light_rows(np.eye(3, TERMS), base, dict.fromkeys(range(4), 6500.0), handheld=False) == ()


def test_lights_are_told_with_their_pictures() -> None:
    sources = tuple(Source(name=str(index), cct=cct) for index, cct in enumerate((6500, 6400, 2850, None)))
    rows = np.ones((4, 3))
    evidence = Evidence(
        source=rows, target=rows, picture=np.arange(4), radius=rows[:, 0], noise=rows[:, 0], sources=sources[:4]
    )
    assert seen_under(light_groups(evidence)) == (
        "seen under 2850 K (1 picture) and 6450 K (2 pictures); other lights are not measured"
    )


def seen(*lights: float) -> Look:
    return replace(load("authentic"), name="mine", provenance={"learned": Learned(lights=lights, residual=1).as_dict()})


def test_a_light_far_from_those_seen_is_told() -> None:
    assert (
        unseen_light(load("authentic"), 2856) == unseen_light(seen(6500), None) == unseen_light(seen(6500), 5500) == ""
    )
    assert unseen_light(seen(6500), 2856) == (
        "the light is 2856 K, the look 'mine' was seen under 6500 K: no picture has checked its colors there"
    )
    assert "2850 K and 6500 K: what lies between them is interpolated" in unseen_light(seen(6500, 2850), 4000)


def test_lights_stay_in_the_document() -> None:
    told = learned_from(seen(2850, 6500).provenance)
    assert told is not None and told.lights == (2850, 6500)
    broken = learned_from({"learned": {"lights": [0, "warm", 5000, float("nan")], "residual": 1.0}})
    assert broken is not None and broken.lights == (5000,)


def test_developing_says_that_the_light_was_not_seen() -> None:
    image = sample.shoot(60, 80, seed=2)
    edits = {"white_balance": {"mode": "tungsten"}}
    assert not develop(image, look=seen(6500)).notes
    assert "was seen under 6500 K" in " ".join(develop(image, look=seen(6500), edits=edits).notes)
