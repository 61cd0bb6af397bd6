"""Verdict: whether what a comparison claims holds: false alarms, power, coverage, on experiments whose truth is known.

Experiments are drawn from a bank of fingerprints of simulated shots (`verdict_bank.py`): 8 to 12 scenes, drawn anew for
each, of every set one shot of each scene. The truth of "how far" is the same fraction of the fingerprints averaged over
all scenes and repeats of the bank. Scales and priors were fixed on the tuning bank (`--tune`), which shares no look, no
sensor and no scene with the bank that is reported.

    python benchmarks/verdict.py FOLDER          experiments on FOLDER/report.npz -> results/verdict.json, docs
    python benchmarks/verdict.py --tune FOLDER   scales and priors of FOLDER/tuning*.npz -> compare/scales.csv, printed
    python benchmarks/verdict.py --check         whether docs/compare-verdict.md shows the committed figures
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import verdict_page
from record import save

from twinlens.compare import claims, scale
from twinlens.compare.features import FEATURES, KEYS
from twinlens.compare.fraction import fraction
from twinlens.compare.limits import Limits, limits
from twinlens.compare.model import Fingerprints
from twinlens.compare.paired import Paired, paired
from twinlens.compare.products import products

EXPERIMENTS, SCENES = 1000, (8, 12)
LEVEL = 0.05
ROLES = ("before", "after", "reference")
BEFORE, AFTER, REFERENCE = (0, 1), (2, 3), (4, 5)  # shots of a scene in the bank


class Bank(NamedTuple):
    """Values (scenes, shots, K) by name; scenes that could not be measured are left out of each."""

    arrays: dict[str, np.ndarray]
    scenes: int


def load(path: Path) -> Bank:
    """The bank, its features in the order of the program's."""
    file = np.load(path)
    known = [str(key) for key in file["keys"]]
    order = [known.index(key) for key in KEYS]
    arrays = {}
    for name in file.files:
        if name not in ("names", "keys"):
            values = file[name][:, :, order].astype(float)
            arrays[name] = values[np.isfinite(values).any((1, 2))]
    return Bank(arrays, len(file["names"]))


def fingerprints(before: np.ndarray, after: np.ndarray, reference: np.ndarray) -> Fingerprints:
    """Fingerprints of three sets (N, K)."""
    values = np.stack([before, after, reference])
    return Fingerprints(
        features=FEATURES, sets=ROLES, scenes=tuple(map(str, range(len(before)))), values=values,
        repeat_variance=np.full(values.shape, np.nan), absolute=np.zeros(len(FEATURES), bool),
        groups=np.zeros(len(before), int),
    )  # fmt: skip


FACTORS = scale.weights(fingerprints(*np.zeros((3, 2, len(FEATURES)))))[0]  # without repeats


def drawn(values: np.ndarray, rng: np.random.Generator, exchangeable: bool) -> Fingerprints:
    """One experiment: scenes with replacement, a shot of each set. Of a logo the shots of before and after are drawn
    from all four, so that no difference between them is left in the bank."""
    rows = rng.integers(len(values), size=rng.integers(SCENES[0], SCENES[1] + 1))
    shots = values.shape[1]
    if shots == len(ROLES):
        picked = np.tile(np.arange(3), (len(rows), 1))
    elif exchangeable:
        two = np.argsort(rng.random((len(rows), 4)), axis=1)[:, :2]
        picked = np.column_stack([two, rng.choice(REFERENCE, len(rows))])
    else:
        picked = np.column_stack([rng.choice(one, len(rows)) for one in (BEFORE, AFTER, REFERENCE)])
    return fingerprints(*(values[rows, picked[:, at]] for at in range(3)))


def means(values: np.ndarray, within: Limits) -> tuple[np.ndarray, np.ndarray]:
    """after - before and reference - before (K,), the means over all scenes and choices of repeats, weighed as the
    verdict weighs."""
    choices = list(product(BEFORE, AFTER, REFERENCE))
    whole = fingerprints(*(np.concatenate([values[:, one[at]] for one in choices]) for at in range(3)))
    pair = paired(whole, within)
    assert pair.r is not None
    return pair.a.mean(0), pair.r.mean(0)


def truth(values: np.ndarray, within: Limits) -> float:
    """The fraction of the way of these means."""
    a, r = means(values, within)
    return float(a @ r / (r @ r))


def beside_share(values: np.ndarray, within: Limits) -> float:
    """The share of the squared change that points beside the axis."""
    a, r = means(values, within)
    return float(1 - (a @ r) ** 2 / (a @ a * (r @ r)))


def plain_truth(values: np.ndarray, factors: np.ndarray) -> float:
    """The same of plain means, where no scene counts less; `factors` (K,)."""
    before, after, reference = (np.nanmean(values[:, list(one)], axis=1) for one in (BEFORE, AFTER, REFERENCE))
    known = np.isfinite(after - before) & np.isfinite(reference - before)
    a, r = (np.where(known, (one - before) * factors, 0).mean(0) for one in (after, reference))
    return float(a @ r / (r @ r))


class Outcome(NamedTuple):
    """What one experiment said."""

    changed: float
    closer: float
    along: float
    moved: float
    low: float
    high: float
    detectable: float


def outcome(pair: Paired) -> Outcome:
    """The verdict's numbers."""
    found = products(pair)
    way = fraction(found)
    told = claims.three(pair, found, 0)
    changed, closer, along = (np.nan if one is None or one.p_value is None else one.p_value for one in told)
    if way is None:
        return Outcome(changed, closer, along, np.nan, np.nan, np.nan, np.nan)
    detectable = np.inf if way.detectable is None else way.detectable
    return Outcome(changed, closer, along, way.moved, *way.interval, detectable)


def experiments(
    values: Callable[[np.random.Generator], np.ndarray],
    within: Limits,
    true: float,
    seed: int,
    is_logo: bool = False,
    shift: np.ndarray | None = None,
) -> dict[str, Any]:
    """Figures of EXPERIMENTS experiments; `values` gives the part of the bank that one is drawn from. `shift` (K,) is
    the variance of a shift of the whole after set that is drawn for each."""
    rng = np.random.default_rng([seed, 6])
    outcomes = []
    for _ in range(EXPERIMENTS):
        prints = drawn(values(rng), rng, is_logo)
        if shift is not None:
            prints.values[1] += rng.normal(size=len(shift)) * np.sqrt(shift)
        outcomes.append(outcome(paired(prints, within)))
    told = np.array(outcomes)
    has = np.isfinite(told[:, 3])
    covered = (told[has, 4] <= true) & (true <= told[has, 5])
    said = has & (told[:, 6] <= true)
    return {
        "experiments": EXPERIMENTS,
        "truth": round(true, 4),
        "changed": share(told[:, 0] <= LEVEL),
        "closer": share(told[:, 1] <= LEVEL),
        "along": share(told[:, 2] <= LEVEL),
        "with_fraction": share(has),
        "moved": round(float(np.mean(told[has, 3])), 4) if has.any() else None,
        "moved_sd": round(float(np.std(told[has, 3])), 4) if has.any() else None,
        "coverage": share(covered),
        "width": round(float(np.median(told[has, 5] - told[has, 4])), 4) if has.any() else None,
        "detectable": round(float(np.median(told[has, 6])), 4) if has.any() else None,
        "said_detectable": int(said.sum()),
        "power_where_said": share(told[said, 2] <= LEVEL),
    }


def share(of: np.ndarray) -> float | None:
    """A share, None of nothing."""
    return round(float(np.mean(of)), 4) if len(of) else None


def own_weights(values: np.ndarray, seed: int) -> dict[str, Any]:
    """The coverage where every experiment takes the spread of its features from its own scenes: why that was given up.
    The truth takes it from all scenes of the bank."""
    rng = np.random.default_rng([seed, 7])
    floor = np.array([one.floor for one in FEATURES])
    counted = FACTORS > 0
    blocks = [one.block for one in FEATURES]
    share_of_block = np.array([1 / np.sqrt(blocks.count(one)) for one in blocks]) * counted

    def factors(prints: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            spread = np.nan_to_num(np.nanvar(prints[1] - prints[0], 0) + np.nanvar(prints[2] - prints[0], 0)) / 2
        return share_of_block / np.sqrt(floor**2 + spread)

    whole = np.stack([np.nanmean(values[:, list(one)], axis=1) for one in (BEFORE, AFTER, REFERENCE)])
    true = plain_truth(values, factors(whole))
    hit, counted_ones = 0, 0
    for _ in range(EXPERIMENTS):
        prints = drawn(values, rng, False)
        weights = factors(prints.values)
        a, r = (np.nan_to_num((prints.values[at] - prints.values[0]) * weights) for at in (1, 2))
        nothing = np.zeros(len(FEATURES))
        pair = Paired(a=a, r=r, weights=weights, index=np.arange(len(a[0])), sensors=nothing, shifts={})
        way = fraction(products(pair))
        if way is not None:
            counted_ones += 1
            hit += way.interval[0] <= true <= way.interval[1]
    return {"truth": round(true, 4), "coverage": round(hit / max(counted_ones, 1), 4)}


def measure(bank: Bank, asks: Any) -> dict[str, Any]:
    """Every kind of experiment on the bank."""
    plain = limits(FEATURES)
    figures: dict[str, Any] = {
        "experiments": EXPERIMENTS,
        "scenes": SCENES,
        "scenes_made": bank.scenes,
        "scenes_in_bank": min(len(one) for name, one in bank.arrays.items() if len(name.split()) == 3),
        "kinds": {},
        "conditions": {},
        "own_weights": {},
    }
    for number, ask in enumerate(asks):
        for way, beside in ask.ways:
            values = bank.arrays[f"{number} {way:g} {beside:g}"]
            is_logo = way == 0 and beside == 0
            true = 0.0 if is_logo else truth(values, plain)
            name = f"{number} {way:g} {beside:g}"
            told = experiments(lambda _, one=values: one, plain, true, number, is_logo)
            figures["kinds"][name] = {
                "distance": ask.distance, "way": way, "beside": beside,
                "plain_truth": 0.0 if is_logo else round(plain_truth(values, FACTORS), 4),
                "beside_share": None if is_logo else round(beside_share(values, plain), 4), **told,
            }  # fmt: skip
            print(name, told, flush=True)
            if beside:
                figures["own_weights"][name] = own_weights(values, number)
                print("  own weights", figures["own_weights"][name], flush=True)
        for kind, prior in (("unit", "module"), ("light", "light")):
            if kind not in ask.conditions:
                continue
            for way in (0.0, 0.5):
                values = bank.arrays[f"{number} {way:g} 0"]
                true = 0.0 if way == 0 else truth(values, plain)
                wide = limits(FEATURES, differs={"after": prior})
                told = experiments(lambda _, one=values: one, wide, true, number, way == 0, wide.shifts["after"])
                figures["conditions"][f"{prior} {way:g} as the prior says"] = {"sets": EXPERIMENTS, **told}
                print(prior, way, "as the prior says", told, flush=True)
                names = [
                    key for key in bank.arrays if key.startswith(f"{number} {kind} ") and key.endswith(f" {way:g}")
                ]
                for label, within in (("with prior", wide), ("without", plain)):
                    told = experiments(
                        lambda rng, names=names: bank.arrays[names[rng.integers(len(names))]], within, true, number
                    )
                    figures["conditions"][f"{prior} {way:g} {label}"] = {"sets": len(names), **told}
                    print(prior, way, label, told, flush=True)
    return figures


def tune(banks: list[tuple[Bank, Any]]) -> None:
    """Scales of features -> scales.csv; priors of shifts, in floors by block, printed for `limits.py`."""
    floor = np.array([one.floor for one in FEATURES])
    spreads, shown = [], []
    for bank, asks in banks:
        for number, ask in enumerate(asks):
            for way, beside in ask.ways:
                values = bank.arrays[f"{number} {way:g} {beside:g}"]
                sets = (np.nanmean(values[:, list(one)], axis=1) for one in (BEFORE, AFTER, REFERENCE))
                before, after, reference = sets
                shown.append(np.isfinite(reference - before).mean(0))
                spreads.append(spread_of(reference - before))
                if way or beside:
                    spreads.append(spread_of(after - before))
    bank, asks = banks[0]
    spread = np.sqrt(np.nanmean(spreads, 0)) / floor
    with scale.SCALES.open("w", newline="") as file:
        file.write("# spread of a change from scene to scene, in floors of the feature; share of scenes that show it\n")
        file.write("# made by `python benchmarks/verdict.py --tune`\n")
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("key", "spread", "shown"))
        for at, one in enumerate(FEATURES):
            if one.cause == "rendering" and not one.is_derived and np.isfinite(spread[at]):
                rows.writerow((one.key, f"{spread[at]:.2f}", f"{max(np.mean(shown, 0)[at], 0.05):.2f}"))
    priors: dict[str, list[np.ndarray]] = {"METAMERISM": [], "MODULE": [], "LIGHT": []}
    for number, ask in enumerate(asks):
        values = bank.arrays[f"{number} 1 0"]
        after, reference = (np.nanmean(values[:, list(one)], axis=1) for one in (AFTER, REFERENCE))
        priors["METAMERISM"].append(shift_variance(reference - after))
        for kind, name in (("unit", "MODULE"), ("light", "LIGHT")):
            for key in bank.arrays if kind in ask.conditions else ():
                if key.startswith(f"{number} {kind} ") and key.endswith(" 0"):
                    priors[name].append(shift_variance(bank.arrays[key][:, 1] - bank.arrays[key][:, 0]))
    for name, found in priors.items():
        mean = np.nanmean(found, 0) / floor**2
        told = {}
        for block in dict.fromkeys(one.block for one in FEATURES if one.cause == "rendering" and not one.is_derived):
            own = [mean[at] for at, one in enumerate(FEATURES) if one.block == block and np.isfinite(mean[at])]
            told[block] = round(float(np.sqrt(max(np.mean(own), 0))), 2) if own else 0.0
        print(name, "=", told)


def spread_of(difference: np.ndarray) -> np.ndarray:
    """(K,): variance over scenes (N, K), nan where too few show the feature."""
    count = np.isfinite(difference).sum(0)
    return np.where(count >= 4, np.nanvar(difference, 0, ddof=1), np.nan)


def shift_variance(difference: np.ndarray) -> np.ndarray:
    """(K,): squared mean over scenes (N, K), less what its noise adds."""
    count = np.isfinite(difference).sum(0)
    with np.errstate(all="ignore"):
        found = np.nanmean(difference, 0) ** 2 - np.nanvar(difference, 0, ddof=1) / count
    return np.where(count >= 4, found, np.nan)


def main(arguments: list[str]) -> int:
    from verdict_bank import PLANS

    if arguments[:1] == ["--check"]:
        return verdict_page.check()
    if arguments[:1] == ["--docs"]:
        verdict_page.write()
        return 0
    if arguments[:1] == ["--tune"]:
        names = ("tuning", "tuning-local")
        tune([(load(Path(arguments[1]) / f"{name}.npz"), PLANS[name].asks) for name in names])
        return 0
    figures = measure(load(Path(arguments[0]) / "report.npz"), PLANS["report"].asks)
    print(save("verdict", figures))
    verdict_page.write()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
