"""Blind tests: exact p-values, d' against published tables and simulated observers, honest words."""

from math import comb

import numpy as np
import pytest

from twinlens.compare import blind
from twinlens.compare.blind import BlindAnswer, blind_score
from twinlens.core.errors import ParameterError


def answers(method, pairs):
    return [BlindAnswer(method=method, truth=truth, answer=answer) for truth, answer in pairs]


def choices(right, trials, method="abx"):
    return answers(method, [("a", "a")] * right + [("a", "b")] * (trials - right))


def test_binomial_p_is_the_counted_share_of_guesses():
    for trials in (1, 5, 16):
        for right in range(trials + 1):
            counted = sum(comb(trials, more) for more in range(right, trials + 1)) / 2**trials
            assert blind.binomial_p(right, trials) == pytest.approx(counted, abs=1e-12)


def test_same_different_p_is_the_counted_share_of_arrangements():
    hits, different, alarms, same = 5, 6, 1, 5
    said = hits + alarms
    ways = sum(comb(different, more) * comb(same, said - more) for more in range(hits, min(different, said) + 1))
    assert blind.different_p(hits, different, alarms, same) == pytest.approx(ways / comb(different + same, said))


def test_someone_who_always_says_different_is_not_found_to_tell():
    told = answers("same", [("different", "different")] * 30 + [("same", "different")] * 10)
    score = blind_score(told)
    assert score.p_value == pytest.approx(1.0) and not score.can_tell and score.interval[0] == 0


def test_guessers_are_found_in_at_most_one_of_twenty_tests():
    rng = np.random.default_rng(3)
    for method, (one, other) in blind.CHOICES.items():
        found = 0
        for _ in range(300):
            truth, answer = rng.choice([one, other], 24), rng.choice([one, other], 24)
            found += blind_score(answers(method, zip(truth, answer, strict=True))).can_tell
        assert found <= 300 * 0.05 + 12


@pytest.mark.parametrize(
    ("method", "d_prime", "share"),
    [("two", 1.0, 0.7602), ("two", 2.0, 0.9214), ("abx", 1.0, 0.5825), ("abx", 2.0, 0.7468), ("abx", 0.0, 0.5)],
)
def test_share_of_right_answers_follows_detection_theory(method, d_prime, share):
    assert blind.share_of(d_prime, method) == pytest.approx(share, abs=2e-3)


@pytest.mark.parametrize("method", ["two", "abx"])
def test_d_prime_of_a_simulated_observer_is_found(method):
    rng = np.random.default_rng(5)
    a, b, x = rng.normal(0, 1, 4000), rng.normal(1.5, 1, 4000), rng.normal(1.5, 1, 4000)
    right = b > a if method == "two" else np.abs(b - x) < np.abs(a - x)
    point, (low, high) = blind.d_prime_of_choice(int(right.sum()), 4000, method)
    assert low < 1.5 < high and point == pytest.approx(1.5, abs=0.15)


def test_d_prime_of_a_simulated_same_different_observer_is_found():
    rng = np.random.default_rng(7)
    first, same, other = rng.normal(0, 1, 3000), rng.normal(0, 1, 3000), rng.normal(2, 1, 3000)
    hits, alarms = np.sum(np.abs(first - other) > 1.2), np.sum(np.abs(first - same) > 1.2)
    point, (low, high) = blind.d_prime_of_same(int(hits), 3000, int(alarms), 3000)
    assert low < 2 < high and point == pytest.approx(2, abs=0.15)


def test_all_right_leaves_the_upper_end_open_and_nothing_infinite():
    for method in ("abx", "two"):
        score = blind_score(choices(12, 12, method))
        assert score.interval[1] is None and np.isfinite(score.d_prime) and score.can_tell
        assert score.share_interval[1] == 1.0 and score.share_interval[0] == pytest.approx(0.025 ** (1 / 12))


def test_no_better_than_guessing_says_so_and_claims_nothing():
    score = blind_score(choices(8, 16))
    assert "do not show" in score.statement and not score.can_tell and score.interval[0] == 0
    assert any("16 answers" in note for note in score.notes)


def test_answers_of_two_methods_or_none_are_refused():
    with pytest.raises(ParameterError, match="found none"):
        blind_score([])
    with pytest.raises(ParameterError, match="one method"):
        blind_score([*choices(1, 1, "abx"), *choices(1, 1, "two")])


@pytest.mark.parametrize("changed", [{"method": "guess"}, {"truth": "c"}, {"answer": "same"}])
def test_an_answer_that_was_no_choice_is_refused(changed):
    with pytest.raises(ParameterError, match="expected"):
        BlindAnswer(**{"method": "abx", "truth": "a", "answer": "b", **changed})


def test_the_statement_is_of_the_counts():
    score = blind_score(choices(18, 20))
    assert score.statement == "People can tell the two apart: 18 of 20 answers were right (p < 0.001)."
    assert score == blind_score(choices(18, 20))
