"""Library: the kinds of charts that are known, read from the documents in `twinlens/charts`."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

import twinlens
from twinlens.core import document
from twinlens.core.chart import Block, Chart
from twinlens.core.errors import DocumentError, ParameterError

FOLDER = Path(twinlens.__file__).parent / "charts"
FORMAT = "chart/1"
KEYS = ("name", "title", "aliases", "source", "recognition_only", "block")
BLOCK_KEYS = ("rows", "columns", "origin", "patch", "pitch", "patches")
PASSPORT = ("classic", "passport_creative")  # both targets of a Passport


def loads(text: str, origin: str = "") -> Chart:
    """The chart in a document; DocumentError says what is wrong with it."""
    data = document.loads(text, FORMAT, origin=origin)
    document.only(data, KEYS, origin)
    blocks: list[Block] = []
    names: list[str] = []
    lab: list[list[float]] = []
    try:
        for one in data["block"]:
            document.only(one, BLOCK_KEYS, f"{origin} block")
            blocks.append(_block(one, len(names)))
            names += [str(row[0]) for row in one["patches"]]
            lab += [[float(value) for value in row[1:4]] for row in one["patches"]]
        chart = Chart(
            name=data["name"],
            title=data["title"],
            blocks=tuple(blocks),
            names=tuple(names),
            lab=np.array(lab),
            aliases=tuple(data.get("aliases", ())),
            is_reference=not data.get("recognition_only", False),
        )
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise DocumentError(
            f"{origin}: a chart needs name, title and blocks of {', '.join(BLOCK_KEYS)}: {error}"
        ) from None
    if len(names) != sum(block.size for block in blocks) or chart.lab.shape != (len(names), 3):
        raise DocumentError(f"{origin}: every block needs rows x columns patches of a name, L*, a* and b*")
    return chart


def _block(one: dict[str, Any], first: int) -> Block:
    pairs = [(float(one[key][0]), float(one[key][1])) for key in ("origin", "patch", "pitch")]
    return Block(int(one["rows"]), int(one["columns"]), *pairs, first=first)


@lru_cache
def charts() -> dict[str, Chart]:
    """Every kind of chart by its name."""
    found = [loads(path.read_text("utf-8"), path.name) for path in sorted(FOLDER.glob("*.toml"))]
    return {chart.name: chart for chart in found}


def named(kinds: Iterable[str] | None) -> list[Chart]:
    """The charts of these names (aliases allowed; "passport" is both its targets), each once; all for None."""
    known = charts()
    if kinds is None:
        return list(known.values())
    aliases = {alias: chart.name for chart in known.values() for alias in chart.aliases}
    chosen: dict[str, Chart] = {}
    for kind in kinds:
        names = PASSPORT if kind == "passport" else (aliases.get(kind, kind),)
        for name in names:
            if name not in known:
                told = ", ".join(sorted({*known, *aliases, "passport"}))
                raise ParameterError(f"no chart is called {kind!r}; known are {told}")
            chosen[name] = known[name]
    return list(chosen.values())
