"""What the verdict's figures are made of: banks that share nothing with tuning, and photographs cut into parts."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
import verdict
import verdict_plans as plans

from twinlens.compare.features import FEATURES, KEYS
from twinlens.compare.limits import limits

TUNING = [plan for name, plan in plans.PLANS.items() if name.startswith("tuning")]
REPORT = [plan for name, plan in plans.PLANS.items() if name.startswith("report")]


def test_what_is_reported_shares_nothing_with_what_was_tuned_on():
    def told(chosen):
        return [
            {group for plan in chosen for groups in plan.photographs for group in groups.split()},
            {sensor for plan in chosen for sensor in plan.sensors},
            {look.removesuffix(plans.LOCAL) for plan in chosen for ask in plan.asks for look in ask.looks},
            {unit for plan in chosen for unit in plan.units},
            {light for plan in chosen for light in plan.lights},
        ]

    for tuned, reported in zip(told(TUNING), told(REPORT), strict=True):
        assert tuned and reported and not tuned & reported
    furthest = max(plan.still_life_seed for plan in TUNING)
    assert all(plan.still_life_seed >= furthest + 300 for plan in REPORT)  # a scene's seed is this plus its number


@pytest.mark.parametrize("shape", [(1200, 1600), (1501, 1000), (2448, 4352), (800, 1280)])
def test_no_two_parts_of_a_photograph_share_a_pixel(shape):
    whole = np.arange(shape[0] * shape[1]).reshape(shape)
    parts = plans.parts_of_photograph(whole, plans.PLANS["report"])
    pixels = np.concatenate([part.ravel() for part in parts])
    assert len(parts) == (4 if min(shape) >= 1000 else 1)
    assert len(np.unique(pixels)) == len(pixels)
    assert all(height * 4 <= width * 3 + 4 for height, width in (part.shape for part in parts))


@pytest.mark.parametrize("group", ["wallpapers", "backgrounds", "lomiri"])
def test_a_missing_package_of_photographs_is_named(group, tmp_path, monkeypatch):
    monkeypatch.setattr(plans, "BACKGROUNDS", tmp_path)
    monkeypatch.setattr(plans, "WALLPAPERS", tmp_path)
    with pytest.raises(SystemExit, match=plans.PACKAGES[group].split()[0]):
        plans.files_of(group)


def values(seed: int, scenes: int = 12) -> np.ndarray:
    """(scenes, 3, K): before, after half of the way to the reference, and the reference, with noise of each."""
    rng = np.random.default_rng(seed)
    floor = np.array([one.floor for one in FEATURES])
    way = 4 * floor * rng.choice([-1, 1], len(KEYS))
    made = np.stack([0 * way, way / 2, way]) + floor * rng.normal(size=(scenes, 3, len(KEYS)))
    return made


def test_the_excess_of_the_same_pictures_is_sure_and_of_others_is_not():
    one, other = values(1), values(1) + 0.1 * values(2) - 0.1 * values(3)
    plain = limits(FEATURES)
    assert verdict.error_of_excess((one, one), plain) == 0
    error = verdict.error_of_excess((one, other), plain)
    assert 0 < error < verdict.truth(one, plain).error


def test_priors_of_conditions_stay_where_their_bank_is_missing(tmp_path, capsys):
    path = tmp_path / "tuning-conditions.npz"
    assert verdict.tuned_conditions(path, is_asked=False) == 0
    assert "stay as they are" in capsys.readouterr().out
    assert verdict.tuned_conditions(path, is_asked=True) == 1
