"""Record: writes a benchmark's figures with commit, machine and date, for the tables of the docs."""

from __future__ import annotations

import json
import os
import platform
import subprocess
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
