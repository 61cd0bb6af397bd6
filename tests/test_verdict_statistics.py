"""Statistics of a verdict: exact p-values, unbiased fractions, intervals that hold, corrections."""

from itertools import product

import numpy as np
import pytest

from twinlens.compare import claims
from twinlens.compare.by_feature import holm
from twinlens.compare.flips import p_along, p_changed, p_closer, signs
from twinlens.compare.fraction import attained_level, fieller, fraction
from twinlens.compare.limits import limits
from twinlens.compare.paired import bounded, paired
from twinlens.compare.products import jackknife, products
from twinlens.compare.scale import block_weights
from verdict_data import fingerprints


def made(**settings):
    prints = fingerprints(**settings)
    return paired(prints, limits(prints.features, same_sensor=True))


def test_all_exchanges_are_there_once_and_the_observed_is_first():
    flips = signs(6)
    assert np.all(flips[0] == 1) and len({tuple(row) for row in flips}) == 64
    assert np.array_equal(signs(25, 3), signs(25, 3)) and np.all(signs(25, 3)[0] == 1)


def test_p_values_are_the_counted_share_of_exchanges():
    rng = np.random.default_rng(2)
    before, after, reference = rng.normal(size=(3, 5, 4))

    def statistics(one, other):
        a, r = other - one, reference - one
        different = ~np.eye(5, dtype=bool)
        changed, along = (a @ a.T)[different].sum(), a @ r.T
        closer = 2 * a @ (r - a / 2).T

        def over_error(gram):
            rows = np.where(different, gram + gram.T, 0).sum(1)
            return rows.sum() / np.std(rows)

        return changed, over_error(along), over_error(closer)

    observed = np.array(statistics(before, after))
    reached = np.zeros(3)
    for swap in product([False, True], repeat=5):
        chosen = np.array(swap)[:, None]
        reached += np.array(statistics(np.where(chosen, after, before), np.where(chosen, before, after))) >= (
            observed - 1e-9
        )
    a, middle = after - before, reference - (before + after) / 2
    found = [p_changed(a)[1], p_along(a, middle)[1], p_closer(a, middle)[1]]
    assert found == pytest.approx(reached / 32)


@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_a_logo_is_called_a_change_as_often_as_the_level_says(missing):
    found = []
    for seed in range(400):
        pair = made(scenes=6, moved=0.0, noise=1.0, seed=seed, missing=missing)
        a, middle = pair.a, pair.r - pair.a / 2
        found.append([p_changed(a)[1] <= 0.05, p_along(a, middle)[1] <= 0.05, p_closer(a, middle)[1] <= 0.05])
    assert np.all(np.mean(found, 0) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400))
    assert np.all(np.mean(found, 0) >= 0.01)


def test_exchanging_before_and_after_changes_no_p_value_of_changed():
    pair = made(scenes=7, moved=0.3, seed=4)
    assert p_changed(pair.a)[1] == p_changed(-pair.a)[1]


def test_p_below_five_percent_needs_five_scenes_one_sided_and_six_two_sided():
    for scenes, along, changed in ((4, False, False), (5, True, False), (6, True, True)):
        pair = made(scenes=scenes, moved=0.5, noise=0.01, response=0.0)
        found = claims.three(pair, products(pair), 0)
        assert found[2].holds is along and found[0].holds is changed
        assert (attained_level(scenes) > 0) is along
        assert ("needs" in found[2].reason) is not along and ("needs" in found[0].reason) is not changed


@pytest.mark.parametrize("moved", [0.0, 0.25, 0.5, 1.0])
@pytest.mark.parametrize("off", [0.0, 1.0])
def test_a_known_fraction_is_found_where_noise_is_strong(moved, off):
    pairs = [made(scenes=10, moved=moved, off=off, noise=0.8, length=1.5, seed=seed) for seed in range(60)]
    found = [fraction(products(pair)) for pair in pairs]
    known = [one.moved for one in found if one is not None]
    assert len(known) > 50
    assert np.mean(known) == pytest.approx(moved, abs=3 * np.std(known) / np.sqrt(len(known)) + 0.02)


def test_the_naive_fraction_is_biased_and_ours_is_not():
    pairs = [made(scenes=8, moved=0.0, noise=2.0, seed=seed) for seed in range(300)]
    naive = [np.mean(pair.a, 0) @ np.mean(pair.r, 0) / np.sum(np.mean(pair.r, 0) ** 2) for pair in pairs]
    ours = np.array([products(pair).values for pair in pairs]).mean(0)
    assert np.mean(naive) > 0.02 and abs(ours[0] / ours[1]) < 0.01


@pytest.mark.slow
@pytest.mark.parametrize(("moved", "off"), [(0.25, 0.0), (1.0, 0.0), (0.25, 1.0), (0.0, 2.0)])
def test_intervals_hold_the_fraction_as_often_as_they_say(moved, off):
    many = fingerprints(scenes=4000, moved=moved, off=off, noise=0.6, missing=0.3, seed=999)
    whole = paired(many, limits(many.features, same_sensor=True))
    a, r = whole.a.mean(0), whole.r.mean(0)
    held_it = []
    for seed in range(400):
        pair = made(scenes=8, moved=moved, off=off, noise=0.6, missing=0.3, seed=seed)
        found = fraction(products(pair))
        if found is not None:
            held_it.append(found.interval[0] <= a @ r / (r @ r) <= found.interval[1])
    assert len(held_it) > 350 and 0.91 <= np.mean(held_it) <= 0.985


def test_a_feature_counts_as_often_as_scenes_show_it():
    prints = fingerprints(scenes=8, moved=1.0, response=0.0, noise=0.0)
    whole = products(paired(prints, limits(prints.features, same_sensor=True))).values
    prints.values[:, 4:, 5] = np.nan
    pair = paired(prints, limits(prints.features, same_sensor=True))
    column = pair.index.tolist().index(5)
    lost = pair.r[0, column] ** 2 * (1 - 4 * 3 / (8 * 7))
    assert products(pair).values[1] == pytest.approx(whole[1] - lost)


def test_one_strange_scene_does_not_decide():
    prints = fingerprints(scenes=9, moved=0.4, seed=3)
    before = fraction(products(paired(prints, limits(prints.features, same_sensor=True))))
    prints.values[1:, 4, 3] += 1000
    after = fraction(products(paired(prints, limits(prints.features, same_sensor=True))))
    assert after.moved == pytest.approx(before.moved, abs=0.1) and after.interval[0] > 0


def test_what_a_scene_counts_is_the_same_for_every_role():
    rng = np.random.default_rng(0)
    before, after, reference = rng.normal(size=(3, 6, 4)) * 5
    scale = np.ones(4)
    asked = bounded(after - before, reference - before, scale)
    assert asked == pytest.approx(bounded(before - after, reference - after, scale))
    assert asked == pytest.approx(bounded(reference - before, after - before, scale))
    assert np.all((asked > 0) & (asked <= 1)) and np.all(bounded(0 * before, 0 * before, scale) == 1)


@pytest.mark.parametrize(("mean", "excess"), [(0.0, 2.25), (0.5, 1.23), (2.0, 1.02)])
def test_the_jackknife_gives_the_error_of_simulated_products_or_more(mean, excess):
    rng = np.random.default_rng(1)
    drawn = rng.normal(mean, 1, (3000, 10, 4))
    estimates, errors = zip(*(jackknife([one @ one.T]) for one in drawn), strict=True)
    assert np.mean(errors) == pytest.approx(excess * np.var(estimates), rel=0.1)
    assert np.mean(estimates) == pytest.approx(4 * mean**2, abs=0.05)


def test_fieller_has_no_interval_where_the_denominator_is_not_surely_above_zero():
    covariance = np.array([[1.0, 0.2], [0.2, 1.0]])
    assert fieller((3.0, 1.5), covariance, 2.0) is None
    low, high = fieller((3.0, 6.0), covariance, 2.0)
    for end in (low, high):
        assert (3 - end * 6) ** 2 == pytest.approx(4 * (1 - 2 * end * 0.2 + end**2))
    assert low < 0.5 < high


def test_holm_steps_down_and_keeps_the_order():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == [] and holm([0.9, 0.8]) == [1.0, 1.0]


def test_a_block_counts_the_same_however_many_features_it_has():
    prints = fingerprints()
    squares = block_weights(list(prints.features)) ** 2
    blocks = np.array([one.block for one in prints.features])
    for name in set(blocks):
        assert squares[blocks == name].sum() == pytest.approx(1)


def test_a_shift_of_the_whole_set_is_no_false_alarm_with_the_prior():
    alarms, held_it = [], []
    for seed in range(300):
        prints = fingerprints(scenes=8, moved=0.0, noise=0.2, seed=seed)
        within = limits(prints.features, same_sensor=True, differs={"after": "module"})
        rng = np.random.default_rng([seed, 5000])
        prints.values[1] += rng.normal(size=len(prints.features)) * np.sqrt(within.shifts["after"])
        pair = paired(prints, within)
        found = products(pair)
        alarms.append([one.p_value < 0.05 for one in claims.three(pair, found, 0)])
        way = fraction(found)
        held_it.append(way.interval[0] <= 0 <= way.interval[1])
    assert np.all(np.mean(alarms, 0) <= 0.09) and np.mean(held_it) >= 0.91


def shifted(seed, *, together, moved=()):
    """Fingerprints whose after set is shifted as the prior of a light says, feature by feature or whole blocks, and by
    twice the floor in the blocks of `moved`."""
    prints = fingerprints(scenes=8, moved=0.0, noise=0.3, seed=seed)
    within = limits(prints.features, same_sensor=True, differs={"after": "light"})
    blocks = np.array([one.block for one in prints.features])
    names = list(np.unique(blocks))
    drawn = np.random.default_rng([seed, 7000]).normal(size=(2, len(blocks)))
    size = drawn[0, [names.index(one) for one in blocks]] * np.sign(drawn[1]) if together else drawn[0]
    prints.values[1] += size * np.sqrt(within.shifts["after"]) + 2.0 * np.isin(blocks, moved)
    return paired(prints, within)


@pytest.mark.parametrize("together", [False, True])
def test_changed_holds_its_level_however_a_light_shifts_features(together):
    alarms = [claims.changed_by_more_than_shift(shifted(seed, together=together)) < 0.05 for seed in range(300)]
    assert np.mean(alarms) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 300)


def test_what_a_light_leaves_alone_is_found_beside_what_it_moves():
    moved = ("white balance", "sharpness")
    found = [claims.changed_by_more_than_shift(shifted(seed, together=True, moved=moved)) < 0.05 for seed in range(60)]
    assert np.mean(found) >= 0.9


def test_what_sensors_cannot_help_is_taken_from_the_squared_distance_left():
    prints = fingerprints(scenes=8, moved=0.8, noise=0.1, response=0.05)
    floors = [np.zeros(len(prints.features)), np.full(len(prints.features), 2.0)]
    found = [products(paired(prints, limits(prints.features, metamerism=one))) for one in floors]
    assert found[0].sensors == 0 < found[1].sensors and np.array_equal(found[0].values, found[1].values)
    ways = [fraction(one) for one in found]
    assert ways[0] == ways[1]
    pair = paired(prints, limits(prints.features, metamerism=floors[1]))
    claim = claims.three(pair, found[1], 0)[2]
    plain, less = (claims.arrived(one, way, claim) for one, way in zip(found, ways, strict=True))
    assert less.statistic == pytest.approx(plain.statistic - found[1].sensors)
    assert less.holds and not plain.holds
