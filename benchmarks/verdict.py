"""Verdict: whether what a comparison claims holds: false alarms, power, coverage, on experiments whose truth is known.

Experiments are drawn from a bank of fingerprints of simulated shots (`verdict_bank.py`): 8 to 12 scenes, drawn anew for
each, of every set one shot of each scene. The truth of "how far" is the same fraction of the fingerprints averaged over
all scenes of the bank, with its standard error; beside it that of the same scenes without noise. Scales and priors were
fixed on tuning banks (`--tune`), which share no look, no sensor and no scene with what is reported.

    python benchmarks/verdict.py FOLDER          experiments on FOLDER/report*.npz -> results/verdict.json, docs
    python benchmarks/verdict.py --end-to-end N FOLDER  N experiments from files to verdict -> the same file, docs
    python benchmarks/verdict.py --tune FOLDER   scales and priors of FOLDER/tuning*.npz -> compare/scales.csv, printed
    python benchmarks/verdict.py --tune-conditions FOLDER   the priors of modules and lights alone, printed
    python benchmarks/verdict.py --check         whether docs/compare-verdict.md shows the committed figures
"""

from __future__ import annotations

import csv
import sys
import warnings
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import verdict_end_to_end as end_to_end
import verdict_page
from record import save
from verdict_bank import camera_of
from verdict_plans import PLANS

from twinlens.compare import claims, scale
from twinlens.compare.features import FEATURES, KEYS
from twinlens.compare.fraction import fraction
from twinlens.compare.limits import Limits, limits
from twinlens.compare.metamerism import variances
from twinlens.compare.model import Fingerprints
from twinlens.compare.paired import Paired, paired
from twinlens.compare.products import products
from twinlens.core.camera_color import CameraColor
from twinlens.measure.sensors import KnownSensor, of_color
from twinlens.numerics.dng_matrices import calibration
from twinlens.numerics.sensor_prior import STATE

EXPERIMENTS, SCENES = 2000, (8, 12)
LEVEL = 0.05
RATIOS = (0.25, 0.5, 0.75, 0.9, 1.1, 1.5, 2.0, 4.0)  # of the truth to the stated smallest detectable fraction
ROLES = ("before", "after", "reference")


class Bank(NamedTuple):
    """Values (scenes, shots, K) by name, and which scenes these are; those that could not be measured are left out."""

    arrays: dict[str, np.ndarray]
    names: dict[str, list[str]]
    scenes: int

    def of(self, experiment: str, scenes: list[str]) -> np.ndarray:
        """The values of some scenes."""
        return self.arrays[experiment][[name in scenes for name in self.names[experiment]]]


def load(path: Path) -> Bank:
    """The bank, its features in the order of the program's."""
    file = np.load(path)
    known = [str(key) for key in file["keys"]]
    order = [known.index(key) for key in KEYS]
    arrays, names = {}, {}
    for name in file.files:
        if name not in ("names", "keys"):
            values = file[name][:, :, order].astype(float)
            has = np.isfinite(values).any((1, 2))
            arrays[name], names[name] = values[has], [str(one) for one in file["names"][has]]
    return Bank(arrays, names, len(file["names"]))


def fingerprints(before: np.ndarray, after: np.ndarray, reference: np.ndarray) -> Fingerprints:
    """Fingerprints of three sets (N, K)."""
    values = np.stack([before, after, reference])
    return Fingerprints(
        features=FEATURES, sets=ROLES, scenes=tuple(map(str, range(len(before)))), values=values,
        repeat_variance=np.full(values.shape, np.nan), absolute=np.zeros(len(FEATURES), bool),
        groups=np.zeros(len(before), int),
    )  # fmt: skip


COLORS = ("white balance", "chroma", "hue")  # the blocks that metamerism moves
RENDERED = tuple(dict.fromkeys(one.block for one in FEATURES if one.cause == "rendering" and not one.is_derived))
FACTORS = scale.weights(fingerprints(*np.zeros((3, 2, len(FEATURES)))))[0]  # without repeats


def sets_of(values: np.ndarray) -> np.ndarray:
    """(3, scenes, repeats, K): the shots (scenes, 3 * repeats, K) of before, after and reference."""
    return np.stack(np.split(values, len(ROLES), axis=1))


def drawn(values: np.ndarray, rng: np.random.Generator, exchangeable: bool) -> Fingerprints:
    """One experiment: scenes with replacement, a shot of each set. Of a logo the shots of before and after are drawn
    from those of both, so that no difference between them is left in the bank."""
    rows = rng.integers(len(values), size=rng.integers(SCENES[0], SCENES[1] + 1))
    repeats = values.shape[1] // len(ROLES)
    picked = np.arange(3) * repeats + rng.integers(repeats, size=(len(rows), 3))
    if exchangeable:
        picked[:, :2] = np.argsort(rng.random((len(rows), 2 * repeats)), axis=1)[:, :2]
    return fingerprints(*(values[rows, picked[:, at]] for at in range(3)))


class Truth(NamedTuple):
    """The fraction of the way over all scenes, its standard error, and the share of the squared change beside it."""

    fraction: float
    error: float
    beside: float


def truth(values: np.ndarray, within: Limits) -> Truth:
    """Of the means over repeats and scenes, weighed as the verdict weighs, without the bias of noise."""
    found = products(paired(fingerprints(*np.nanmean(sets_of(values), axis=2)), within))
    along, way, change = found.values
    fraction_of = float(along / way)
    error = found.combination(np.array([1.0, -fraction_of, 0.0]))[1] / float(way)
    return Truth(fraction_of, error, float(1 - along**2 / (change * way)))


def plain_truth(values: np.ndarray, factors: np.ndarray) -> float:
    """The fraction of plain means, where no scene counts less; `factors` (K,)."""
    before, after, reference = np.nanmean(sets_of(values), axis=2)
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
    arrived: float  # 1 where "indistinguishable from the reference" was said


def outcome(pair: Paired) -> Outcome:
    """The verdict's numbers."""
    found = products(pair)
    way = fraction(found)
    told = claims.three(pair, found, 0)
    changed, closer, along = (np.nan if one is None or one.p_value is None else one.p_value for one in told)
    if way is None:
        return Outcome(changed, closer, along, np.nan, np.nan, np.nan, np.nan, 0.0)
    detectable = np.inf if way.detectable is None else way.detectable
    arrived = claims.arrived(found, way, told[2])
    is_arrived = float(arrived is not None and arrived.holds)
    return Outcome(changed, closer, along, way.moved, *way.interval, detectable, is_arrived)


def outcomes_of(
    values: Callable[[np.random.Generator], np.ndarray],
    within: Limits,
    seed: int,
    is_logo: bool = False,
    shift: np.ndarray | None = None,
) -> np.ndarray:
    """(EXPERIMENTS, 8): what experiments said; `values` gives the part of the bank that one is drawn from. `shift` (K,)
    is the variance of a shift of the whole after set that is drawn for each."""
    rng = np.random.default_rng([seed, 6])
    outcomes = []
    for _ in range(EXPERIMENTS):
        prints = drawn(values(rng), rng, is_logo)
        if shift is not None:
            prints.values[1] += rng.normal(size=len(shift)) * np.sqrt(shift)
        outcomes.append(outcome(paired(prints, within)))
    return np.array(outcomes)


def experiments(told: np.ndarray, true: float) -> dict[str, Any]:
    """Figures of experiments (N, 8) whose fraction is known."""
    has = np.isfinite(told[:, 3])
    covered = (told[has, 4] <= true) & (true <= told[has, 5])
    said = has & (told[:, 6] <= true)
    return {
        "experiments": len(told),
        "truth": round(true, 4),
        "changed": share(told[:, 0] <= LEVEL),
        "closer": share(told[:, 1] <= LEVEL),
        "along": share(told[:, 2] <= LEVEL),
        "arrived": share(told[:, 7] == 1),
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


def found_where_said(told: list[np.ndarray], truths: list[float]) -> dict[str, Any]:
    """Of all experiments with a move: how many were found, by how the truth compares with the stated smallest
    detectable fraction. Where they are equal nine of ten should be found."""
    ratio = np.concatenate([true / one[:, 6] for one, true in zip(told, truths, strict=True)])
    found = np.concatenate([one[:, 2] <= LEVEL for one in told])
    figures = {}
    for low, high in pairwise(RATIOS):
        own = (ratio >= low) & (ratio < high)
        figures[f"{low:g} to {high:g}"] = {"experiments": int(own.sum()), "found": share(found[own])}
    return figures


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

    true = plain_truth(values, factors(np.nanmean(sets_of(values), axis=2)))
    hit, counted_ones = 0, 0
    for _ in range(EXPERIMENTS):
        prints = drawn(values, rng, False)
        weights = factors(prints.values)
        a, r = (np.nan_to_num((prints.values[at] - prints.values[0]) * weights) for at in (1, 2))
        nothing = np.zeros(len(FEATURES))
        kept: dict[str, Any] = {"index": np.arange(len(a[0])), "sensors": nothing, "shifts": {}}
        pair = Paired(a=a, r=r, weights=weights, usual=nothing + 1, blocks=np.array(blocks), **kept)
        way = fraction(products(pair))
        if way is not None:
            counted_ones += 1
            hit += way.interval[0] <= true <= way.interval[1]
    return {"truth": round(true, 4), "coverage": round(hit / max(counted_ones, 1), 4)}


def measure(folder: Path, asks: Any) -> dict[str, Any]:
    """Every kind of experiment on the banks of a folder."""
    bank = load(folder / "report.npz")
    plain = limits(FEATURES)
    figures: dict[str, Any] = {
        "experiments": EXPERIMENTS,
        "scenes": SCENES,
        "scenes_made": bank.scenes,
        "scenes_in_bank": min(len(one) for one in bank.arrays.values()),
        "kinds": {},
        "conditions": {},
        "own_weights": {},
    }
    moves: list[tuple[np.ndarray, float]] = []
    for number, ask in enumerate(asks):
        for way, beside in ask.ways:
            name = f"{number} {way:g} {beside:g}"
            values = bank.arrays[name]
            is_logo = way == 0 and beside == 0
            true = Truth(0.0, 0.0, 0.0) if is_logo else truth(values, plain)
            told = outcomes_of(lambda _, one=values: one, plain, number, is_logo)
            if true.fraction > 0:
                moves.append((told, true.fraction))
            figures["kinds"][name] = {
                "distance": ask.distance, "way": way, "beside": beside,
                "truth_error": round(true.error, 4),
                "plain_truth": 0.0 if is_logo else round(plain_truth(values, FACTORS), 4),
                "beside_share": None if is_logo else round(true.beside, 4), **experiments(told, true.fraction),
            }  # fmt: skip
            print(name, figures["kinds"][name], flush=True)
            if beside:
                figures["own_weights"][name] = own_weights(values, number)
    figures["found_where_said"] = found_where_said(*map(list, zip(*moves, strict=True)))
    figures["without_noise"] = without_noise(bank, load(folder / "report-without-noise.npz"), plain)
    figures["sensors"] = sensors_seen(bank)
    figures["conditions"] = conditions(bank)
    figures["other_conditions"] = other_conditions(load(folder / "report-conditions.npz"), PLANS["report-conditions"])
    return figures


def without_noise(bank: Bank, clean: Bank, within: Limits) -> dict[str, Any]:
    """The truth of the scenes that could be measured with noise and without: with, without, and the latter's excess."""
    found = {}
    for name in clean.arrays:
        way, beside = map(float, name.split()[1:])
        if way or beside:
            both = [one for one in clean.names[name] if one in set(bank.names[name])]
            pair = bank.of(name, both), clean.of(name, both)
            noisy, clean_one = (truth(one, within) for one in pair)
            found[name] = {
                "with": round(noisy.fraction, 4), "with_error": round(noisy.error, 4),
                "without": round(clean_one.fraction, 4), "without_error": round(clean_one.error, 4),
                "excess": round(clean_one.fraction - noisy.fraction, 4),
                "excess_error": round(error_of_excess(pair, within), 4), "scenes": len(both),
            }  # fmt: skip
            print("without noise", name, found[name], flush=True)
    return found


def error_of_excess(pair: tuple[np.ndarray, np.ndarray], within: Limits) -> float:
    """The standard error over scenes of how much the second fraction is above the first, of the same scenes: much
    smaller than that of either. One scene is left out at a time (jackknife)."""
    scenes = len(pair[0])
    left = [np.delete(np.arange(scenes), at) for at in range(scenes)]
    excess = [truth(pair[1][rows], within).fraction - truth(pair[0][rows], within).fraction for rows in left]
    return float(np.sqrt((scenes - 1) * np.var(excess)))


def conditions(bank: Bank) -> dict[str, Any]:
    """Whole sets that another module or light shifts as the stated prior says."""
    figures: dict[str, Any] = {}
    for prior in ("module", "light"):
        wide = limits(FEATURES, differs={"after": prior})
        for way in (0.0, 0.5):
            values = bank.arrays[f"0 {way:g} 0"]
            true = 0.0 if way == 0 else truth(values, limits(FEATURES)).fraction
            told = outcomes_of(lambda _, one=values: one, wide, 0, way == 0, wide.shifts["after"])
            figures[f"{prior} {way:g}"] = experiments(told, true)
            print(prior, way, figures[f"{prior} {way:g}"], flush=True)
    return figures


def other_conditions(bank: Bank, plan: Any) -> dict[str, Any]:
    """Whole after sets of units of the phone and in lights that no prior was made of: a shift each, not one an
    experiment. The truth is that of the same scenes without another unit or light."""
    figures: dict[str, Any] = {}
    names = [("unit", unit, unit, "module") for unit in plan.units]
    names += [("light", at, light, "light") for at, light in enumerate(plan.lights)]
    for kind, number, told_name, prior in names:
        wide = limits(FEATURES, differs={"after": prior})
        for way in (0.0, 0.5):
            values = bank.arrays[f"0 {kind} {number} {way:g}"]
            true = 0.0 if way == 0 else truth(bank.arrays[f"0 {way:g} 0"], limits(FEATURES)).fraction
            told = outcomes_of(lambda _, one=values: one, wide, 0)
            figures[f"{kind} {told_name} {way:g}"] = {"scenes_in_bank": len(values), **experiments(told, true)}
            print(kind, told_name, way, figures[f"{kind} {told_name} {way:g}"], flush=True)
    return figures


def sensors_seen(bank: Bank) -> dict[str, Any]:
    """What two sensors add to one rendering, by block and in floors: measured on the bank, calculated from the sensors'
    sensitivities and from their color matrices, and stated where neither is known."""
    values = sets_of(bank.arrays["0 1 0"])[:, :, 0]
    apart, rng = values[2] - values[1], np.random.default_rng(8)
    drawn_again = [
        by_block(shift_variance(apart[rng.integers(len(apart), size=len(apart))]), COLORS) for _ in range(500)
    ]
    known = sensors(PLANS["report"].sensors)
    rows = {
        "measured": shift_variance(apart),
        "calculated from the sensitivities": variances(*known),
        "calculated from color matrices": variances(*map(by_matrices, known)),
        "the stated prior": limits(FEATURES).sensors,
    }
    told: dict[str, Any] = {name: by_block(one, COLORS) for name, one in rows.items()}
    ends = {block: np.percentile([one[block] for one in drawn_again], [5, 95]).tolist() for block in COLORS}
    return told | {"measured, 5 to 95 %": {block: [round(end, 2) for end in one] for block, one in ends.items()}}


def by_block(square: np.ndarray, blocks: tuple[str, ...]) -> dict[str, float]:
    """The root of the mean square in floors of the features of each block, of squares (K,) in the features' units."""
    floor = np.array([one.floor for one in FEATURES])
    told = {}
    for block in blocks:
        own = [square[at] / floor[at] ** 2 for at, one in enumerate(FEATURES) if one.block == block]
        told[block] = round(float(np.sqrt(max(np.nanmean(own), 0))), 2) if np.isfinite(own).any() else 0.0
    return told


def sensors(names: tuple[str, str]) -> list[KnownSensor]:
    """The measured sensors of a phone and a reference camera."""
    cameras = [camera_of(role, name) for role, name in zip(("phone", "reference"), names, strict=True)]
    nothing = np.zeros((STATE, STATE))
    return [KnownSensor(sensitivities=one.sensitivities, covariance=nothing, origin=one.name) for one in cameras]


def by_matrices(sensor: KnownSensor) -> KnownSensor:
    """What the color matrices that a maker would state tell of a sensor."""
    return of_color(CameraColor(tuple(calibration(sensor.sensitivities, one) for one in (17, 21))), sensor.origin)


def tune(banks: list[tuple[Bank, Any]]) -> None:
    """Scales of features -> scales.csv; priors of shifts, in floors by block, printed for `limits.py`."""
    floor = np.array([one.floor for one in FEATURES])
    spreads, shown = [], []
    for bank, asks in banks:
        for number, ask in enumerate(asks):
            for way, beside in ask.ways:
                values = bank.arrays[f"{number} {way:g} {beside:g}"]
                before, after, reference = np.nanmean(sets_of(values), axis=2)
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
    found = []
    for number in range(len(asks)):
        _, after, reference = np.nanmean(sets_of(bank.arrays[f"{number} 1 0"]), axis=2)
        found.append(shift_variance(reference - after))
    print("METAMERISM =", by_block(np.nanmean(found, 0), RENDERED))


def tune_conditions(bank: Bank) -> None:
    """The priors of other units and lights, in floors by block, printed for `limits.py`."""
    for kind, name in (("unit", "MODULE"), ("light", "LIGHT")):
        keys = [key for key in bank.arrays if key.startswith(f"0 {kind} ") and key.endswith(" 0")]
        found = [shift_variance(bank.arrays[key][:, 1] - bank.arrays[key][:, 0]) for key in keys]
        print(name, "=", by_block(np.nanmean(found, 0), RENDERED), f"of {len(keys)}")


def tuned_conditions(path: Path, is_asked: bool) -> int:
    """The priors of modules and lights, printed; without their bank they stay as they are: an error only where they
    alone were asked for."""
    if path.exists():
        tune_conditions(load(path))
        return 0
    print(f"no {path}: the priors of modules and lights stay as they are; verdict_bank.py {path.stem} makes that bank")
    return int(is_asked)


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
    warnings.filterwarnings("ignore", "Mean of empty slice|Degrees of freedom", RuntimeWarning)  # what no scene shows
    if arguments[:1] == ["--check"]:
        return verdict_page.check()
    if arguments[:1] == ["--docs"]:
        verdict_page.write()
        return 0
    if arguments[:1] == ["--tune"]:
        names = ("tuning", "tuning-local")
        tune([(load(Path(arguments[1]) / f"{name}.npz"), PLANS[name].asks) for name in names])
    if arguments[:1] in (["--tune"], ["--tune-conditions"]):
        return tuned_conditions(Path(arguments[1]) / "tuning-conditions.npz", is_asked=arguments[0] != "--tune")
    figures = verdict_page.figures_of() if verdict_page.FIGURES.exists() else {}
    if arguments[:1] == ["--end-to-end"]:
        folder = Path(arguments[2])
        bank, plain = load(folder / "report.npz"), limits(FEATURES)
        truths = {name: truth(one, plain) for name, one in bank.arrays.items() if not name.endswith(" 0 0")}
        figures["looks"] = end_to_end.two_looks(folder)
        figures["end_to_end"] = end_to_end.figures(end_to_end.run(int(arguments[1]), folder), truths)
    else:
        figures |= measure(Path(arguments[0]), PLANS["report"].asks)
    print(save("verdict", figures))
    verdict_page.write()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
