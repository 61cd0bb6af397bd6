"""Verdict, page: the figures of `verdict.py` as the tables of docs/compare-verdict.md."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from record import RESULTS

DOCS = Path(__file__).parents[1] / "docs" / "compare-verdict.md"
MARKS = "<!-- figures of benchmarks/verdict.py -->", "<!-- end of figures -->"


def table(figures: dict[str, Any]) -> str:
    """The docs' tables."""

    def per_cent(value: float | None) -> str:
        return "-" if value is None else f"{100 * value:.1f}"

    lines = [
        f"{figures['experiments']} experiments a row, of {figures['scenes'][0]} to {figures['scenes'][1]} scenes drawn"
        f" from {figures['scenes_in_bank']} that could be measured (of {figures['scenes_made']});"
        " shares in %. *Way* and *beside*: how the after pictures were mixed; *truth*: the fraction of the fingerprints"
        " averaged over the bank; *off axis*: the share of its squared change that points elsewhere. *Found where"
        " said*: experiments in which the move was found, of those whose own"
        " smallest detectable fraction was below the truth (their number in brackets).\n",
        "| looks | ΔE | way | beside | off axis | truth | mean | changed | closer | along | interval holds the truth"
        " | its width | no fraction | found where said |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, one in figures["kinds"].items():
        said = f"{per_cent(one['power_where_said'])} ({one['said_detectable']})" if one["said_detectable"] else "-"
        cells = [
            "AB"[int(name.split()[0]) // 2], f"{one['distance']:g}", f"{one['way']:g}", f"{one['beside']:g}",
            per_cent(one["beside_share"]), f"{one['truth']:.2f}",
            "-" if one["moved"] is None else f"{one['moved']:.2f}", per_cent(one["changed"]),
            per_cent(one["closer"]), per_cent(one["along"]), per_cent(one["coverage"]),
            "-" if one["width"] is None else f"{one['width']:.2f}", per_cent(1 - one["with_fraction"]), said,
        ]  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    lines += [
        "\nThe whole after set by another unit of the phone, or in another light (looks A, 5 ΔE), with the stated prior"
        " and as if nothing were different:\n",
        "| after set | way | truth | prior | changed | closer | along | interval holds the truth | its width |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, one in figures["conditions"].items():
        kind, way, label = name.split(maxsplit=2)
        cells = [
            f"another {kind} ({one['sets']})", way, f"{one['truth']:.2f}", label, per_cent(one["changed"]),
            per_cent(one["closer"]), per_cent(one["along"]), per_cent(one["coverage"]),
            "-" if one["width"] is None else f"{one['width']:.2f}",
        ]  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    own = ", ".join(per_cent(one["coverage"]) for one in figures["own_weights"].values())
    fixed = ", ".join(per_cent(figures["kinds"][name]["coverage"]) for name in figures["own_weights"])
    lines.append(
        "\nWhere every experiment took the spread of its features from its own scenes instead of a fixed table, the"
        f" intervals of changes beside the axis held the truth in {own} %; with the table in {fixed} %.\n"
    )
    return "\n".join(lines)


def written(page: str, figures: dict[str, Any]) -> str:
    """The page with these figures."""
    head, rest = page.split(MARKS[0])
    return f"{head}{MARKS[0]}\n{table(figures)}{MARKS[1]}{rest.split(MARKS[1])[1]}"


def figures_of() -> dict[str, Any]:
    """The committed figures."""
    return json.loads((RESULTS / "verdict.json").read_text())["figures"]


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
