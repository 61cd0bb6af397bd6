"""The judge of looks: the gains that it says are the best are those that are wanted."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from twinlens.pipeline.look import Look, load
from twinlens.pipeline.scene import scene_light
from twinlens.simulate import pair

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
judge = pytest.importorskip("learn_judge")
sys.path.pop(0)

LOOK = Look(name="judged", map=load("authentic").map)


@pytest.fixture(scope="module")
def source():
    both = pair("still-life", light="D65", megapixels=0.3, seed=5, name="shot", modules=(1, 1))
    return both.reference.image


@pytest.mark.parametrize("log", [(0.0, 0.0, 0.0), (0.2, -0.04, 0.12), (-0.15, 0.05, -0.2)])
def test_gains_of_a_picture_are_found(source, log):
    wanted = judge.gains_of(np.array(log))
    plain = judge.Truth("", source, np.zeros(0), None, np.zeros(0), np.zeros(0))
    picture, shown = (judge.developed(LOOK, plain, gains) for gains in (wanted, np.ones(3)))
    place = judge.aligning.framed(picture.shape, scene_light(source).light.shape)
    assert place is not None
    light = judge._means(judge.warp(scene_light(source).light, place))
    truth = judge.Truth("", source, picture, None, light, np.ones(picture.shape[:2], bool))
    keep = judge.counted(shown, truth)
    blocks = [judge.cielab(judge._means(one)[keep]) for one in (picture, shown)]
    gains, then = judge.best_gains(LOOK, truth, keep, *blocks)
    assert np.abs(np.log(gains / wanted)).max() < 0.01
    assert judge.color.delta_e_2000(then, blocks[0]).mean() < 0.1


def test_another_white_is_another_mixture_of_the_same_light(source):
    gains = judge.gains_of(np.array([0.0, 0.1, -0.15]))
    other = judge.balanced(source, gains)
    mixing = judge.rec2020_from_camera(other) @ np.linalg.inv(judge.rec2020_from_camera(source))
    light, there = scene_light(source), scene_light(other)
    whole = ~(light.clipped | there.clipped) & (light.light.max(-1) < 0.6)  # above, what clips is made good
    np.testing.assert_allclose(there.light[whole], light.light[whole] @ mixing.T, atol=2e-4, rtol=2e-3)


def test_a_map_alone_is_judged_after_the_best_gains(source):
    seen = scene_light(source)
    place = judge.aligning.framed(seen.light.shape, seen.light.shape)
    light = judge._means(judge.warp(seen.light, place))
    gains = judge.gains_of(np.array([0.2, -0.04, 0.12]))
    mixing = judge._mixing(source)(np.log([gains[1], gains[0] / gains[1], gains[2] / gains[1]]))
    srgb = judge.color.rgb_from_rgb("srgb", "rec2020")
    wanted = np.clip(LOOK.map.render(np.asarray(seen.light, float) @ mixing.T) @ srgb.T, 0, 1)
    truth = judge.Truth("", source, wanted, place, light, np.ones(wanted.shape[:2], bool))
    same, other = (judge._of_map(load(name).map.render, truth)[0] for name in ("authentic", "vibrant"))
    assert same < 0.3 < other
    assert judge._of_map(judge.own_look("natural"), truth)[0] > same
