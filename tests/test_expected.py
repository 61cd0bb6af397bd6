"""What bases usually leave: the stored fields, what they come from, and that with them few pictures tell more."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from twinlens.learn import equations, expected, field, rendering
from twinlens.learn.base import Rows
from twinlens.stages.look_map import LookMap

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))
from invented_makers import FAMILIES, invented
from make_expected import KEPT, based, every_color, left_over, principal, rows_of

sys.path.pop(0)

UNSEEN = range(100_001, 100_006)  # seeds of makers that the collection does not hold, one of each family


@dataclass(frozen=True)
class Case:
    rows: Rows
    plain: LookMap
    left: np.ndarray
    code: np.ndarray
    target: np.ndarray


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    found: list[Case] = []
    for seed in UNSEEN:
        _, maker = invented(seed)
        rows, gains = rows_of(seed, maker, 3)
        plain = based(rows, "p3")
        scene = every_color(seed)
        code, target = rendering.display_codes(plain, scene * gains), maker(scene)
        shown = (code.min(1) > 0) & (code.max(1) < 1) & (target.min(1) > 0.01) & (target.max(1) < 0.99)
        found.append(Case(rows, plain, left_over(plain, gains, maker, seed), code[shown], target[shown]))
    return found


def test_the_stored_fields_are_those_of_the_script_by_how_much_is_expected_of_them():
    shapes = expected.on_lattice()
    assert shapes.shape == (3, field.SIZE**3, KEPT) and np.isfinite(shapes).all()
    assert expected.DATA.stat().st_size < 500_000
    size = np.sqrt(np.square(shapes).mean((0, 1)))
    assert size[0] > 3 * size[20] > 3 * size[-1] > 0


def test_the_principal_fields_of_a_few_hold_all_that_these_share():
    rng = np.random.default_rng(0)
    two = rng.normal(0, 1, (2, field.SIZE**3, 3))
    mixed = np.einsum("fk,knc->fnc", rng.normal(0, 1, (9, 2)), two)
    found = principal(mixed, 4)
    flat, ways = two.reshape(2, -1), found.reshape(4, -1)
    left = flat.T - ways[:2].T @ np.linalg.lstsq(ways[:2].T, flat.T, rcond=None)[0]
    assert np.abs(left).max() < 1e-9 and np.abs(ways[2:]).max() < 1e-9


def test_invented_makers_are_one_map_of_colors_without_a_step_and_never_the_same():
    greys = np.repeat(0.18 * np.exp2(np.linspace(-6, 2, 400))[:, None], 3, 1)
    shown = [invented(seed)[1](greys) for seed in range(10)]
    assert {invented(seed)[0] for seed in range(5)} == set(FAMILIES)
    for codes in shown:
        assert codes.min() >= 0 and codes.max() <= 1 and np.abs(np.diff(codes, axis=0)).max() < 0.03
    assert min(np.abs(one - other).max() for k, one in enumerate(shown) for other in shown[:k]) > 0.01
    assert (invented(3)[1](greys) == shown[3]).all()


def test_what_the_bases_of_unseen_makers_leave_is_mostly_a_sum_of_the_stored_fields(cases: list[Case]):
    shapes = expected.on_lattice()
    for case in cases:
        at = field.interpolation(case.code)
        design = np.concatenate([at @ shapes[c] for c in range(3)])
        wanted = (at @ case.left).T.ravel()
        off = wanted - design @ np.linalg.lstsq(design, wanted, rcond=None)[0]
        assert np.sqrt(np.mean(off**2)) < 0.45 * np.sqrt(np.mean(wanted**2))


def missed(case: Case) -> float:
    """What is left of all colors, root mean square in code, by a field of the pictures' colors alone."""
    rows, smoothing = case.rows, 2e-6
    code = rendering.display_codes(case.plain, rows.source)
    found = equations.gather(code, rows.target, rows.weight, rows.noise, smoothing).solve(smoothing)
    off = case.code + field.interpolation(case.code) @ found - case.target
    return float(np.sqrt(np.mean(off**2)))


def test_three_pictures_of_unseen_makers_tell_more_with_what_is_expected_than_without(
    cases: list[Case], monkeypatch: pytest.MonkeyPatch
):
    aware = np.array([missed(case) for case in cases])
    by_hue = equations.known_shapes()[..., KEPT:]
    monkeypatch.setattr(equations, "known_shapes", lambda: by_hue)
    unaware = np.array([missed(case) for case in cases])
    assert np.exp(np.log(aware / unaware).mean()) < 0.9
