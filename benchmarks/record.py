"""Record: writes a benchmark's figures with commit, machine and date, for the tables of the docs; compares a quick
share with them."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).with_name("results")


def machine() -> dict[str, Any]:
    """The processor, its cores, the system and the Python that ran."""
    model = next(
        (line.split(":", 1)[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.processor(),
    )
    return {"cpu": model, "cores": os.cpu_count(), "system": platform.system(), "python": platform.python_version()}


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines() if Path(path).exists() else []


def commit() -> str:
    """The commit of the checkout, with + behind it when the tree has changes."""
    told = subprocess.run(
        ["git", "describe", "--always", "--dirty=+"], cwd=RESULTS.parent, capture_output=True, text=True, check=False
    )
    return told.stdout.strip() or "unknown"


def save(name: str, figures: dict[str, Any], seed: int = 0) -> Path:
    """Write `results/NAME.json` and return its path."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    head = {"benchmark": name, "commit": commit(), "seed": seed, "made": f"{datetime.now(UTC):%Y-%m-%d}"}
    path.write_text(json.dumps({**head, "machine": machine(), "figures": figures}, indent=1) + "\n")
    return path


def check_quick(name: str, measured: Mapping[str, float], tolerance: float | Mapping[str, float]) -> int:
    """Compare the small fixed share of a benchmark with `figures["quick"]` of `results/NAME.json`.

    `tolerance` is the largest change allowed of every figure, or of those whose names begin with its key. Prints a
    sentence for each figure that differs, is missing or is new. Returns the exit code: 0, or 1 when there is one.
    """
    known: dict[str, float] = json.loads((RESULTS / f"{name}.json").read_text())["figures"].get("quick", {})
    told, changes = [], [0.0]
    for figure in {**known, **measured}:
        limit = _limit(figure, tolerance)
        if figure not in known or figure not in measured:
            told.append(f"{figure} is not {'committed' if figure in measured else 'measured'}")
        elif not abs(measured[figure] - known[figure]) <= limit:  # so that NaN differs
            told.append(f"{figure} is {measured[figure]:g}, committed is {known[figure]:g} (tolerance {limit:g})")
        else:
            changes.append(abs(measured[figure] - known[figure]) / limit)
    for sentence in told:
        print(f"{name}: {sentence}; if this is meant, run `python benchmarks/{name}.py` and commit it", file=sys.stderr)
    agree, share = len(changes) - 1, max(changes)
    print(f"{name}: {agree} of {agree + len(told)} figures agree, by at most {share:.0%} of their tolerance")
    return int(bool(told) or not agree)


def _limit(figure: str, tolerance: float | Mapping[str, float]) -> float:
    if not isinstance(tolerance, Mapping):
        return tolerance
    return next(limit for start, limit in tolerance.items() if figure.startswith(start))
