"""The residual of a learned look: hue fields, repairs of the order of colors, weights of colors."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from learned_looks import MATRIX
from twinlens.core.look import Table, keep_table, table_of
from twinlens.learn import equations, field, hues, stiffness
from twinlens.learn.coverage import even_weights
from twinlens.learn.look_fit import in_order
from twinlens.learn.order import calmed, kept
from twinlens.learn.rendering import Rendering
from twinlens.numerics.lut import identity_table
from twinlens.pipeline.look import problems
from twinlens.stages.look_map import LookMap


def codes(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0, 1, (count, 3))


def turned(rgb: np.ndarray, degrees: float) -> np.ndarray:
    """Codes (N, 3) turned about the grey axis."""
    angle = np.radians(degrees)
    across = rgb @ hues.ACROSS.T @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return rgb.mean(1, keepdims=True) + across @ hues.ACROSS


def test_the_hue_fields_leave_grey_alone_and_lie_on_the_lattice():
    greys = np.repeat(np.linspace(0, 1, 20)[:, None], 3, 1)
    assert np.abs(hues.fields(greys)).max() < 1e-9
    at, shapes = field.interpolation(codes(2000)), hues.on_lattice(field.SPANS)
    wanted = hues.fields(codes(2000))
    off = np.stack([at @ shapes[c] for c in range(3)], 1) - wanted
    assert np.sqrt(np.mean(off**2)) < 0.05 * np.sqrt(np.mean(wanted**2))


def test_a_change_of_hue_seen_in_pale_colors_goes_on_in_strong_ones():
    every = codes(6000)
    pale = np.ptp(every, axis=1) < 0.4
    strong = (np.ptp(every, axis=1) > 0.6) & (np.ptp(every, axis=1) < 0.8)
    seen = every[pale]
    target = np.clip(turned(seen, 6), 0.01, 0.99)
    weight = np.full(len(seen), 1 / len(seen))
    found = equations.gather(seen, target, weight, np.full(len(seen), 0.004), 1e-6).solve(1e-6)
    shown = every[strong] + field.interpolation(every[strong]) @ found
    wanted = turned(every[strong], 6)
    left = np.sqrt(np.mean((shown - wanted) ** 2)) / np.sqrt(np.mean((every[strong] - wanted) ** 2))
    assert left < 0.25


def test_a_repair_makes_the_field_level_there_and_leaves_it_alone_elsewhere():
    every = codes(3000)
    target = np.clip(every + 0.03 * np.sin(9 * every[:, ::-1]), 0.01, 0.99)
    system = equations.gather(every, target, np.full(len(every), 1 / len(every)), np.zeros(len(every)), 1e-7)
    place = np.full((1, 3), 0.5)
    before, after = system.solve(1e-7), system.solve(1e-7, field.stiffer(place, 6.0**7))
    near, far = place + np.array([[0.0, 0, 0], [0.04, 0, 0], [0, -0.04, 0.04]]), np.array([[0.05, 0.9, 0.1]])
    one, other = (np.ptp(field.interpolation(near) @ change, axis=0).max() for change in (before, after))
    assert other < 0.2 * one
    assert np.abs(field.interpolation(far) @ (after - before)).max() < 0.002


@pytest.mark.parametrize("depth", [0.12, 0.16])
def test_a_table_that_folds_in_one_place_is_calmed_there_alone(depth):
    plain = identity_table(33)
    dent = depth * np.exp(-np.square(plain - 0.5).sum(-1, keepdims=True) / (2 * 0.07**2)) * (plain - 0.5) / 0.07
    stage = LookMap(gamut="srgb", table=keep_table(Table(plain - dent)))
    assert any("folds" in one for one in problems(stage))
    found = kept(stage)
    assert found.table and problems(found) == ()
    assert np.abs(calmed(plain - dent, np.full((1, 3), 0.5))[2, 3, 30] - plain[2, 3, 30]).max() < 1e-4


def dented(depth: float, width: float) -> np.ndarray:
    """A table whose colors are drawn together about one of them."""
    plain = identity_table(33)
    place = plain - np.array([0.3, 0.55, 0.62])
    return plain - depth * np.exp(-np.square(place).sum(-1, keepdims=True) / (2 * width**2)) * place / width


def nearly_folding() -> LookMap:
    """A look map that is in order, but not under the light of `lit(stage, 1.1, 0.9)`."""
    transform = tuple(map(tuple, MATRIX.tolist()))
    return LookMap(gamut="srgb", transform=transform, table=keep_table(Table(dented(0.0665, 0.025))))


def lit(stage: LookMap, red: float, blue: float) -> LookMap:
    """The same, with a white of its own under 2850 K."""
    lights = ((2850.0, *(MATRIX * [red, 1.0, blue]).ravel()), (6500.0, *MATRIX.ravel()))
    return replace(stage, lights=tuple(tuple(map(float, row)) for row in lights))


def test_a_table_that_folds_under_one_of_its_lights_alone_is_calmed():
    stage = lit(nearly_folding(), 1.1, 0.9)
    assert problems(stage) and not problems(replace(stage, lights=()))
    found = kept(stage)
    assert found.table and found.lights == stage.lights and problems(found) == ()
    changed = np.abs(table_of(found.table).values - table_of(stage.table).values).max(-1)
    assert changed.max() > 1e-3 and np.median(changed) < 1e-4, "there alone"


def test_whites_of_lights_that_no_table_can_mend_are_left_out():
    stage = LookMap(gamut="srgb", table=keep_table(Table(identity_table(33) * 0.98)))
    found = kept(lit(stage, 2.5, 0.4))
    assert found == stage and problems(lit(replace(stage, table=""), 2.5, 0.4))


def test_a_fitted_look_keeps_the_order_of_colors_under_each_light():
    stage = nearly_folding()
    base: Any = None
    fitted = Rendering(map=stage, plain=replace(stage, table=""), base=base, smoothing=1e-6)
    found, lights = in_order(fitted, lit(stage, 1.1, 0.9).lights)
    assert problems(replace(found.map, lights=lights)) == () and lights
    assert found.map.lights == () and any("under a light" in note for note in found.notes)
    same, none = in_order(fitted, ())
    assert same.map == fitted.map and none == () and same.notes == ()


def test_greys_that_fall_are_mended_where_they_do_and_the_rest_of_the_table_stays():
    plain = identity_table(33)
    values = plain + 0.03 * np.sin(5 * plain[..., ::-1]) * np.ptp(plain, axis=-1, keepdims=True)
    values[-2:, -2:, -2:] -= 0.05  # white is darker than what is nearly white
    stage = LookMap(gamut="srgb", table=keep_table(Table(values)))
    assert any("greys fall" in one for one in problems(stage))
    found = kept(stage)
    assert found.table and problems(found) == ()
    assert np.median(np.abs(table_of(found.table).values - values).max(-1)) < 1e-4


def test_a_valid_look_is_kept_as_it_is():
    stage = LookMap(gamut="srgb", table=keep_table(Table(identity_table(33) * 0.98)))
    assert kept(stage) is stage


def test_strong_colors_weigh_less_than_greys():
    grey, red = np.full(3, 0.5), np.array([0.75, 0.25, 0.25])
    weight = even_weights(np.stack([grey, red]))
    assert weight.sum() == pytest.approx(1) and weight[0] == pytest.approx(3 * weight[1])


def test_colors_that_are_cut_in_the_target_do_not_pull_the_field():
    rng = np.random.default_rng(0)
    code = rng.uniform(0.05, 0.95, (3000, 3))
    code[:300, 2] = rng.uniform(-0.4, -0.05, 300)  # far outside what the target can show
    target = np.clip(code, 0, 1)
    found = equations.gather(code, target, np.full(3000, 1 / 3000), np.zeros(3000), 1e-6).solve(1e-6)
    assert np.abs(field.interpolation(code) @ found).max() < 1e-3


def system_of(size: float) -> tuple[equations.System, dict[str, Any]]:
    """The equations of a base that is off by smooth changes of `size` codes, seen with noise, and what they are of."""
    rng = np.random.default_rng(0)
    code = rng.uniform(0.1, 0.9, (1500, 3))
    wanted = code + size * np.sin(7 * code[:, ::-1]) * np.sin(5 * code)
    target = np.clip(wanted + rng.normal(0, 0.006, code.shape), 0.01, 0.99)
    smoothing = stiffness.by_scatter(target, 0.006)
    system = equations.gather(
        code, target, np.full(len(code), 1 / len(code)), np.full(len(code), 0.006), smoothing, compared=True
    )
    return system, {"code": code, "wanted": wanted, "target": target, "smoothing": smoothing}


def test_a_base_that_leaves_noise_alone_gets_a_stiffer_field_than_one_that_is_off():
    chosen: list[float] = []
    for size in (0.0, 0.04):
        system, seen = system_of(size)
        found, best = stiffness.likeliest(system, seen["smoothing"], seen["target"])
        at = field.interpolation(seen["code"])
        off, before = (
            np.square(seen["code"] + at @ change - seen["wanted"]).mean()
            for change in (found.solve(best), system.solve(seen["smoothing"]))
        )
        assert off < 1.02 * before, "the likeliest field is not farther from the truth than the first"
        first = replace(system, rows=found.rows)
        assert stiffness.unlikelihood(found, best) <= stiffness.unlikelihood(first, seen["smoothing"])
        chosen.append(best)
    assert chosen[0] > 5 * chosen[1]


def test_how_likely_many_rows_are_is_what_the_field_leaves_of_them():
    system, seen = system_of(0.04)
    times = np.array([0.3, 3.0])
    many = replace(system, rows=1e9).unlikelihoods(seen["smoothing"], times) / 1.5e9
    for one, weight in zip(many, times, strict=True):
        change = replace(system, times=float(weight)).solve(seen["smoothing"])
        lost = weight_of(change, system, seen["smoothing"], float(weight))
        assert one == pytest.approx(lost / system.left + np.log(system.left), rel=1e-6)


def weight_of(change: np.ndarray, system: equations.System, smoothing: float, times: float) -> float:
    """What is minimised, at its least, of coefficients: there it is the square less what is explained."""
    return float(system.square - (system.right * change).sum())


def test_how_far_rows_narrow_the_field_down_grows_with_what_it_is_free_to_be():
    system, seen = system_of(0.04)
    stiff, loose = (system.unlikelihoods(by * seen["smoothing"], np.array([1.0, 3.0])) for by in (100, 1))
    assert (stiff > 0).all() and (loose > 1.5 * stiff).all()
    assert stiff[0] > stiff[1] and loose[0] > loose[1]


def test_the_field_is_the_least_of_what_it_minimises():
    system, seen = system_of(0.04)
    smoothing, times = seen["smoothing"], 3.0
    system = replace(system, times=times)
    found, rng = system.solve(smoothing), np.random.default_rng(1)
    shapes = equations.known_shapes()
    flat = np.concatenate(list(shapes))
    amount = np.linalg.lstsq(flat, found.T.ravel(), rcond=None)[0]

    def cost(free: np.ndarray, share: np.ndarray) -> float:
        whole = free + np.stack([shape @ share for shape in shapes], -1)
        data = (whole * (system.matrix @ whole)).sum() - 2 * (system.right * whole).sum()
        return data + smoothing * ((free * (field.bending() @ free)).sum() + times * share @ share)

    def best(share: np.ndarray) -> float:
        return cost(found - np.stack([shape @ share for shape in shapes], -1), share)

    # the amounts are not told: the best split of the found field is sought, and no other field is below it
    parts = [
        (shape.T @ field.bending() @ shape, shape.T @ field.bending() @ found[:, c]) for c, shape in enumerate(shapes)
    ]
    share = np.linalg.solve(sum(p for p, _ in parts) + times * np.eye(len(amount)), sum(q for _, q in parts))
    least = best(share)
    for _ in range(20):
        moved = rng.normal(0, 1e-3, found.shape)
        assert cost(found - np.stack([shape @ share for shape in shapes], -1) + moved, share) > least - 1e-12
        assert best(share + rng.normal(0, 1e-2, share.shape)) > least - 1e-12


def test_a_color_of_a_picture_counts_once_where_pictures_are_not_aligned():
    one, other = np.full((100, 3), 0.5), np.array([[0.1, 0.1, 0.1]])
    every, picture = np.concatenate([one, one[:1], other]), np.append(np.zeros(100, int), [1, 1])
    weight = even_weights(every, picture=picture)
    assert weight.sum() == pytest.approx(1)
    assert weight[:100].sum() == pytest.approx(weight[100]) == pytest.approx(weight[101])


def test_channels_count_by_the_inverse_of_the_variance_that_they_scatter_with():
    off = np.random.default_rng(0).normal(0, [0.01, 0.0025, 0.005], (20000, 3))
    red, green, blue = stiffness.trusted(off)
    assert green / red == pytest.approx(16, rel=0.1)
    assert blue / red == pytest.approx(4, rel=0.1)
    assert red * green * blue == pytest.approx(1)
    assert np.isfinite(stiffness.trusted(np.zeros((10, 3)))).all()


def test_a_channel_that_counts_as_if_smoothed_less_is_the_one_smoothed_less():
    every = codes(800)
    target = every + 0.02 * np.sin(5 * every[:, ::-1])
    system = equations.gather(every, target, np.full(800, 1 / 800), np.zeros(800), 1e-4)
    trust = (0.25, 4.0, 1.0)
    several = replace(system, trust=trust, right=system.right * np.array(trust), times=1e9)
    found = several.solve(1e-4)
    for c, counts in enumerate(trust):
        alone = replace(system, times=1e9).solve(1e-4 / counts)
        assert np.abs(field.interpolation(every) @ (found - alone)[:, c]).max() < 1e-5


def test_channels_that_count_alike_give_what_one_system_gives():
    every = codes(800)
    target = every + 0.02 * np.sin(5 * every[:, ::-1])
    data = every, target, np.full(800, 1 / 800), np.zeros(800), 1e-4
    nearly = equations.gather(*data, trust=(1.0, 1.0 + 1e-9, 1.0))
    assert np.allclose(equations.gather(*data).solve(1e-4), nearly.solve(1e-4), atol=1e-6)
    assert np.allclose(
        equations.gather(*data).unlikelihoods(1e-4, np.ones(1)), nearly.unlikelihoods(1e-4, np.ones(1)), atol=1e-3
    )


def test_bases_of_pictures_that_were_not_aligned_are_not_compared_by_evidence():
    system, seen = system_of(0.04)
    found, best = stiffness.likeliest(system, seen["smoothing"], seen["target"], unlike=True)
    assert found.rows == 0 and stiffness.unlikelihood(found, best) == 0
    assert stiffness.likeliest(system, seen["smoothing"], seen["target"])[0].rows > 0
