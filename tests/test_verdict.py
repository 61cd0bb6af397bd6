"""Verdicts: the words follow the data and are never surer than they are."""

from dataclasses import replace

import numpy as np
import pytest

from twinlens.compare.limits import limits
from twinlens.compare.model import FeatureChange
from twinlens.compare.verdict import verdict
from twinlens.compare.words import feature_change
from twinlens.core.errors import ParameterError
from verdict_data import BLOCKS, fingerprints


def same_sensor(prints):
    return verdict(prints, limits=limits(prints.features, same_sensor=True))


def test_a_logo_is_no_measurable_change_and_says_what_would_have_been_found():
    found = same_sensor(fingerprints(moved=0.0))
    assert found.statement.startswith("No measurable change; a move of ")
    assert "nine times in ten" in found.statement
    assert not (found.changed.holds or found.closer.holds or found.along.holds)
    assert found.interval[0] < 0 < found.interval[1] and 0 < found.detectable < 0.3


def test_a_move_is_told_with_fraction_interval_and_place():
    found = same_sensor(fingerprints(scenes=10, moved=0.4, only=("tone", "chroma"), length=8))
    assert found.statement.startswith(f"Moved {found.moved * 100:.0f} % of the way (")
    assert ", in tone and saturation;" in found.statement and "unchanged" in found.statement
    assert found.moved == pytest.approx(0.4, abs=0.05) and found.along.holds and found.closer.holds
    assert found.p_value == found.along.p_value
    states = {one.block: one.state for one in found.blocks}
    assert states["tone"] == states["chroma"] == "towards" and states["sharpness"] == "unchanged"


def test_a_change_beside_the_axis_is_not_towards_the_reference():
    found = same_sensor(fingerprints(scenes=10, moved=-0.2, off=1.0))
    assert found.statement.startswith("Changed, but not towards the reference (")
    assert found.changed.holds and not found.closer.holds and not found.along.holds


def test_moved_along_the_axis_but_further_away_is_said():
    found = same_sensor(fingerprints(scenes=12, moved=0.5, off=1.5, noise=0.1, response=0.05))
    assert found.along.holds and not found.closer.holds
    assert "not surely closer to the reference" in found.statement


def test_all_the_way_is_indistinguishable_within_the_limits():
    found = same_sensor(fingerprints(moved=1.0))
    assert found.statement.startswith("Indistinguishable from the reference within the limits of this data: moved ")
    assert found.arrived.holds and found.interval[0] <= 1 <= found.interval[1]


def test_nearly_all_the_way_beside_a_surely_different_rest_has_not_arrived():
    found = same_sensor(fingerprints(moved=1.0, off=0.5))
    assert not found.arrived.holds and found.statement.startswith("Moved ")


def test_no_fraction_where_before_and_reference_are_not_apart():
    found = same_sensor(fingerprints(length=0.01, off=0.0, noise=1.0))
    assert found.moved is None and found.interval is None and found.detectable is None
    assert any("not surely above zero" in note for note in found.notes)


def test_without_a_reference_it_says_what_changed():
    prints = fingerprints(scenes=10, moved=1.0, only=("tone",), sets=("before", "after"), length=8)
    found = verdict(prints)
    assert found.statement.startswith("Changed: tone ") and found.closer is None and found.along is None
    assert found.moved is None and found.p_value == found.changed.p_value
    same = verdict(fingerprints(scenes=10, moved=0.0, sets=("before", "after")))
    assert same.statement.startswith("No measurable change")


@pytest.mark.parametrize("scenes", [3, 4, 5])
def test_too_few_scenes_for_a_claim_say_how_many_are_needed(scenes):
    found = same_sensor(fingerprints(scenes=scenes, moved=0.4))
    assert not found.changed.holds and any("needs 5" in note for note in found.notes)
    assert found.along.holds is (scenes == 5)
    if scenes < 5:
        assert f"{scenes} shared scenes cannot show a move" in found.statement and "5 are needed" in found.statement


@pytest.mark.parametrize("scenes", [3, 5])
def test_too_few_scenes_without_a_reference_claim_no_sameness(scenes):
    prints = fingerprints(scenes=scenes, moved=1.0, length=30, noise=0.1, response=0.0, sets=("before", "after"))
    found = verdict(prints)
    assert "6 are needed" in found.statement and "No measurable change" not in found.statement
    assert "surely changed" in found.statement


def test_a_sentence_names_one_feature_of_a_block():
    prints = fingerprints(scenes=10, moved=1.0, length=20, noise=0.1, sets=("before", "after"), only=("hue", "tone"))
    found = verdict(prints).statement.split(";")[0]
    assert found.count("hue ") == 1 and found.count("tone ") == 1 and "more features" in found


@pytest.mark.parametrize("scenes", [1, 2])
def test_one_or_two_scenes_show_what_was_seen_and_prove_nothing(scenes):
    found = same_sensor(fingerprints(scenes=scenes, moved=1.0))
    assert found.statement.startswith("Nothing can be said surely: ") and "is not known" in found.statement
    assert found.p_value is None and not found.changed.holds and found.features


def test_no_shared_scene_compares_averages_and_says_that_it_is_weaker():
    prints = fingerprints(scenes=12, moved=1.0, length=8)
    prints.values[0, :6] = np.nan
    prints.values[1:, 6:] = np.nan
    found = verdict(prints)
    assert not found.paired and found.scenes == 0 and found.moved is None and not found.along.holds
    assert found.statement.startswith("The sets share no scene") and "cannot be said" in found.statement
    alike = fingerprints(scenes=12, moved=0.0, length=8)
    alike.values[0, :6] = np.nan
    alike.values[1:, 6:] = np.nan
    assert "no difference of their averages is sure" in verdict(alike).statement


def test_one_photograph_each_of_different_scenes_says_nothing_surely():
    prints = fingerprints(scenes=2, moved=1.0, sets=("before", "after"))
    prints.values[0, 1] = prints.values[1, 0] = np.nan
    found = verdict(prints)
    assert not found.changed.holds and "nothing can be said of its processing" in found.statement


def test_a_reference_without_enough_shared_scenes_is_left_out_and_said():
    prints = fingerprints(scenes=8, moved=0.5)
    prints.values[2, 2:] = np.nan
    found = same_sensor(prints)
    assert found.scenes == 8 and found.along is None and found.changed.holds
    assert any("reference shares 2 scenes" in note for note in found.notes)


def test_missing_values_are_left_out_scene_by_scene():
    found = same_sensor(fingerprints(scenes=10, moved=0.4, missing=0.4, seed=2))
    assert found.moved == pytest.approx(0.4, abs=0.1)
    assert {one.scenes for one in found.features} != {10} and found.interval[0] < 0.4 < found.interval[1]
    never = fingerprints(scenes=8, moved=0.4)
    never.values[:, :, 3] = np.nan
    assert len(same_sensor(never).features) == len(never.features) - 1


def test_features_of_the_hardware_do_not_count_and_have_their_own_list():
    prints = fingerprints(moved=0.0)
    hardware = tuple(replace(one, cause="hardware") if one.block == "sharpness" else one for one in prints.features)
    prints.values[1, :, [at for at, one in enumerate(hardware) if one.cause == "hardware"]] += 50
    found = same_sensor(replace(prints, features=hardware))
    assert not found.changed.holds and {one.feature.block for one in found.hardware} == {"sharpness"}
    assert all(one.p_value < 0.05 for one in found.hardware)


def test_the_same_data_give_the_same_verdict_and_are_left_alone():
    prints = fingerprints(scenes=22, moved=0.1, noise=1.0)
    kept = prints.values.copy()
    one, other = same_sensor(prints), same_sensor(prints)
    assert one == other and np.array_equal(prints.values, kept)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("constant", [0.0, 5.0])
@pytest.mark.parametrize("sets", [("before", "after"), ("before", "after", "reference")])
def test_sets_without_any_spread_divide_by_nothing(constant, sets):
    prints = fingerprints(sets=sets)
    prints.values[:] = constant
    found = verdict(prints)
    assert found.statement.startswith("No measurable change") and found.moved is None
    prints.values[1] += 3
    verdict(prints)


def test_a_set_without_any_rendering_feature_measured_says_so():
    prints = fingerprints(scenes=6, blocks=BLOCKS[:1])
    hardware = tuple(replace(one, cause="hardware") for one in prints.features)
    found = verdict(replace(prints, features=hardware))
    assert "no feature of the rendering" in found.statement and found.p_value is None


def test_another_module_for_a_whole_set_widens_the_interval_and_is_said():
    prints = fingerprints(moved=0.5)
    plain = same_sensor(prints)
    wide = verdict(prints, limits=limits(prints.features, same_sensor=True, differs={"after": "module"}))
    assert np.diff(wide.interval) > np.diff(plain.interval)
    assert any("another module" in note for note in wide.notes) and "prior" in wide.along.reason


@pytest.mark.parametrize("sets", [("before", "reference"), ("after", "reference")])
def test_a_missing_set_is_an_error_that_says_what_is_needed(sets):
    with pytest.raises(ParameterError, match="one set before and one after"):
        verdict(fingerprints(sets=sets))


def test_a_condition_nobody_knows_is_refused():
    with pytest.raises(ParameterError, match="module or light"):
        limits(fingerprints().features, differs={"after": "weather"})
    with pytest.raises(ParameterError, match="one a feature"):
        limits(fingerprints().features, metamerism=np.ones(2))


def test_features_that_say_others_again_are_told_but_do_not_count():
    prints = fingerprints(moved=0.0)
    made = tuple(replace(one, is_derived=one.block == "hue") for one in prints.features)
    prints.values[1, :, [at for at, one in enumerate(made) if one.is_derived]] += 50
    found = same_sensor(replace(prints, features=made))
    assert not found.changed.holds and "hue" not in {one.block for one in found.blocks}
    assert all(one.p_value < 0.05 for one in found.features if one.feature.is_derived)


def test_ratios_are_told_as_per_cent():
    feature = replace(fingerprints().features[0], label="chroma", unit="%", is_ratio=True)
    change = FeatureChange(
        feature=feature, change=100 * np.log(1.2), interval=(100 * np.log(1.1), 100 * np.log(1.31)), p_value=None,
        distance=None, moved=None, moved_interval=None, scenes=8,
    )  # fmt: skip
    assert feature_change(change) == "chroma +20\u202f% (+10 to +31)"
