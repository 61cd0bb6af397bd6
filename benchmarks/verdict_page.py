"""Verdict, page: the figures of `verdict.py` as the tables of docs/compare-verdict.md."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from record import RESULTS

FIGURES = RESULTS / "verdict.json"
DOCS = Path(__file__).parents[1] / "docs" / "compare-verdict.md"
MARKS = "<!-- figures of benchmarks/verdict.py -->", "<!-- end of figures -->"


def per_cent(value: float | None) -> str:
    """A share in per cent, without the sign."""
    return "-" if value is None else f"{100 * value:.1f}"


def row(cells: list[str]) -> str:
    """A line of a table."""
    return "| " + " | ".join(cells) + " |"


def head(*names: str) -> list[str]:
    """The first two lines of a table."""
    return [row(list(names)), "|" + "---|" * len(names)]


def table(figures: dict[str, Any]) -> str:
    """The docs' tables."""
    parts = (kinds, said, noise, end_to_end, looks, sensors, conditions, other_conditions, weights)
    return "\n".join(line for part in parts for line in part(figures))


def kinds(figures: dict[str, Any]) -> Iterator[str]:
    """Experiments of every kind, from the bank."""
    yield (
        f"{figures['experiments']} experiments a row, of {figures['scenes'][0]} to {figures['scenes'][1]} scenes drawn"
        f" from {figures['scenes_in_bank']} or more that could be measured (of {figures['scenes_made']});"
        " shares in %. *Way* and *beside*: how the after pictures were mixed; *truth*: the fraction of the fingerprints"
        " averaged over the bank, with its standard error over scenes; *off axis*: the share of its squared change that"
        " points elsewhere. *Found where said*: experiments in which the move was found, of those whose own"
        " smallest detectable fraction was below the truth (their number in brackets). *Arrived*: experiments that were"
        " said to be indistinguishable from the reference.\n"
    )
    yield from head("looks", "ΔE", "way", "beside", "off axis", "truth", "mean", "changed", "closer", "along",
                    "arrived", "interval holds the truth", "its width", "no fraction", "found where said")  # fmt: skip
    for name, one in figures["kinds"].items():
        found = f"{per_cent(one['power_where_said'])} ({one['said_detectable']})" if one["said_detectable"] else "-"
        is_logo = one["beside_share"] is None
        yield row([
            "AB"[int(name.split()[0]) // 2], f"{one['distance']:g}", f"{one['way']:g}", f"{one['beside']:g}",
            per_cent(one["beside_share"]), "0" if is_logo else f"{one['truth']:.2f} ± {one['truth_error']:.2f}",
            "-" if one["moved"] is None else f"{one['moved']:.2f}", per_cent(one["changed"]),
            per_cent(one["closer"]), per_cent(one["along"]), per_cent(one["arrived"]), per_cent(one["coverage"]),
            "-" if one["width"] is None else f"{one['width']:.2f}", per_cent(1 - one["with_fraction"]), found,
        ])  # fmt: skip


def said(figures: dict[str, Any]) -> Iterator[str]:
    """Whether the stated smallest detectable fraction holds."""
    yield (
        "\nThe smallest detectable fraction says what would be found nine times in ten. All experiments above that"
        " moved towards the reference, by the truth over the fraction that they stated:\n"
    )
    found = figures["found_where_said"]
    yield from head("truth / stated", *found)
    yield row(["found", *(f"{per_cent(one['found'])} ({one['experiments']})" for one in found.values())])


def noise(figures: dict[str, Any]) -> Iterator[str]:
    """The truth of the same scenes with and without noise."""
    found = figures["without_noise"]
    scenes = {one["scenes"] for one in found.values()}
    yield (
        f"\nThe fraction of the fingerprints of {max(scenes)} of the scenes, from pictures with and without noise, and"
        " how much it is larger without (± standard error over these scenes; the excess has its own, as what a scene"
        " adds to both cancels):\n"
    )
    yield from head("looks", "ΔE", "way", "beside", "with noise", "without", "larger by")
    for name, one in found.items():
        kind = figures["kinds"][name]
        told = [f"{one[key]:.2f} ± {one[f'{key}_error']:.2f}" for key in ("with", "without")]
        told.append(f"{one['excess']:+.3f} ± {one['excess_error']:.3f}")
        yield row(["AB"[int(name[0]) // 2], f"{kind['distance']:g}", f"{kind['way']:g}", f"{kind['beside']:g}", *told])


def end_to_end(figures: dict[str, Any]) -> Iterator[str]:
    """Experiments from files to verdict."""
    found = figures.get("end_to_end")
    if not found:
        return
    low, high = found["scenes"]
    yield (
        f"\n**From files to verdict**: {found['experiments']} experiments of {high} scenes ({low} or more could"
        " be measured), JPEG files through `twinlens compare`; looks and distances of the table above by turns; the"
        " truth is the bank's. Found of how many, with the 95 % interval of the share in %:\n"
    )

    def told(one: dict[str, Any]) -> str:
        if not one["of"]:
            return "-"
        ends = " to ".join(f"{100 * end:.0f}" for end in one["interval"])
        return f"{round(one['share'] * one['of'])} of {one['of']} ({ends})"

    yield from head(
        "after", "experiments", "changed", "closer", "along", "interval holds the truth", "found where said"
    )
    for kind, one in found["kinds"].items():
        names = ("changed", "closer", "along", "coverage", "found_where_said")
        yield row([kind, str(one["experiments"]), *(told(one[name]) for name in names)])
    shares = {kind: found[f"share of the sensors by {kind}"] for kind in ("prior", "known sensors")}
    if all(one is not None for one in shares.values()):
        yield (
            "\nOf the squared distance between before and reference the sensors alone were expected to make"
            f" {per_cent(shares['prior'])} % by the stated prior and {per_cent(shares['known sensors'])} % where a raw"
            " file beside a picture of each set told its color matrices (medians)."
        )


def looks(figures: dict[str, Any]) -> Iterator[str]:
    """Two looks of the same raw files."""
    found = figures.get("looks")
    if not found:
        return
    yield (
        f"\n**Two looks of the same raw files**: *authentic* (before) against *vibrant* (after) of {found['scenes']}"
        f' scenes. Verdict: "{found["statement"]}" The same changes by numbers of the same pixels that `compare` has'
        " no part in (medians over pixels in CIELAB, and slopes of log luminance):\n"
    )
    yield from head("change", "by `compare`", "independently")
    for name, one in found["changes"].items():
        ends = f"{one['interval'][0]:+.2f} to {one['interval'][1]:+.2f}"
        yield row([f"{name} ({one['unit']})", f"{one['compare']:+.2f} ({ends})", f"{one['independent']:+.2f}"])


def sensors(figures: dict[str, Any]) -> Iterator[str]:
    """What two sensors add to one rendering."""
    found = figures["sensors"]
    yield (
        "\nWhat two sensors add to one rendering (looks A, 5 ΔE, all of the way: *after* and *reference* differ in the"
        " sensor alone), in floors, root mean square over the features of a block (interval: bootstrap over scenes):\n"
    )
    blocks = list(found["measured"])
    yield from head("", *blocks)
    for name, one in found.items():
        ends = [one[block] if isinstance(one[block], list) else [one[block]] for block in blocks]
        yield row([name, *(" to ".join(f"{end:.2f}" for end in of) for of in ends)])


def conditions(figures: dict[str, Any]) -> Iterator[str]:
    """Whole sets by other units, or in other lights."""
    yield (
        "\nThe whole after set shifted as the stated prior of another unit of the phone, or of another light, says"
        " (looks A, 5 ΔE; another shift in every experiment):\n"
    )
    yield from head("after set", "way", "truth", "changed", "closer", "along", "interval holds the truth",
                    "its width")  # fmt: skip
    for name, one in figures["conditions"].items():
        kind, way = name.split()
        yield row([
            f"another {kind}", way, f"{one['truth']:.2f}", per_cent(one["changed"]),
            per_cent(one["closer"]), per_cent(one["along"]), per_cent(one["coverage"]),
            "-" if one["width"] is None else f"{one['width']:.2f}",
        ])  # fmt: skip


def other_conditions(figures: dict[str, Any]) -> Iterator[str]:
    """Whole sets by units and in lights that no prior was made of."""
    found = figures.get("other_conditions")
    if not found:
        return
    scenes = " to ".join(str(one) for one in sorted({one["scenes_in_bank"] for one in found.values()}))
    yield (
        "\nThe whole after set by a unit of the phone, or in a light, that no prior was made of (looks A, 5 ΔE;"
        f" {scenes} scenes; the shift of a row is one and the same in its experiments):\n"
    )
    yield from head("after set", "way", "truth", "changed", "closer", "along", "interval holds the truth",
                    "its width", "no fraction")  # fmt: skip
    for name, one in found.items():
        kind, number, way = name.split()
        yield row([
            f"{kind} {number}", way, f"{one['truth']:.2f}", per_cent(one["changed"]), per_cent(one["closer"]),
            per_cent(one["along"]), per_cent(one["coverage"]), "-" if one["width"] is None else f"{one['width']:.2f}",
            per_cent(1 - one["with_fraction"]),
        ])  # fmt: skip


def weights(figures: dict[str, Any]) -> Iterator[str]:
    """Why weights are fixed."""
    own = ", ".join(per_cent(one["coverage"]) for one in figures["own_weights"].values())
    fixed = ", ".join(per_cent(figures["kinds"][name]["coverage"]) for name in figures["own_weights"])
    yield (
        "\nWhere every experiment took the spread of its features from its own scenes instead of a fixed table, the"
        f" intervals of changes beside the axis held the truth in {own} %; with the table in {fixed} %.\n"
    )


def written(page: str, figures: dict[str, Any]) -> str:
    """The page with these figures."""
    start, rest = page.split(MARKS[0])
    return f"{start}{MARKS[0]}\n{table(figures)}{MARKS[1]}{rest.split(MARKS[1])[1]}"


def figures_of() -> dict[str, Any]:
    """The committed figures."""
    return json.loads(FIGURES.read_text())["figures"]


def write() -> None:
    """Put the committed figures into the page."""
    DOCS.write_text(written(DOCS.read_text(encoding="utf-8"), figures_of()), encoding="utf-8")


def check() -> int:
    """0 where the page shows the committed figures."""
    page = DOCS.read_text(encoding="utf-8")
    if written(page, figures_of()) == page:
        return 0
    print(f"{DOCS.name} does not show results/verdict.json: run python benchmarks/verdict.py --docs", file=sys.stderr)
    return 1
