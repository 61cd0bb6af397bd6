"""Look: what the numbers of a look may be, and its large tables, kept by the hash of their content.

A stage holds plain numbers; a residual table has too many. The stage names its hash, this is where the numbers are: as
long as a stage has the name, and the newest a while longer.
"""

from __future__ import annotations

import math
import threading
import weakref
from dataclasses import field
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import DocumentError, ParameterError
from twinlens.core.record import record

Array = npt.NDArray[Any]
Rows = tuple[tuple[float, ...], ...]

IDENTITY: Rows = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
COLUMNS = (3, 6, 13)  # terms of a root-polynomial of degree 1, 2, 3
SECTORS = (
    "pink", "red", "orange", "amber", "lime", "green", "teal", "cyan", "sky", "blue", "violet", "magenta",
)  # fmt: skip  # centres every 30 degrees of Oklab hue, from 0
SECTOR_RANGES = (("shift", -45, 45), ("chroma", 0, 2), ("lightness", -0.5, 0.5), ("light_chroma", 0, 2))
PLAIN_SECTOR = (0.0, 1.0, 0.0, 1.0)
HIGHEST_NODE = 4.0  # display code; above 1 light is brought to white with its hue kept
LOWEST_CCT = 1000.0  # K
LARGEST_TERM = 1000.0  # of a transform; light times more is no rendering, and would leave the range of float32
FARTHEST_STOP = 40.0  # EV from mid grey of a curve's node


def check_numbers(transform: Rows, lights: Rows, sectors: Rows, nodes: Rows | None) -> None:
    """ParameterError where the rows of a look map are not what they must be; `nodes` is None for another curve."""
    for name, rows in (("transform", transform), ("lights", lights), ("nodes", nodes or ())):
        if not all(math.isfinite(one) for row in rows for one in row):
            raise ParameterError(f"LookMap.{name}: finite numbers are wanted")
    for name, terms in (("transform", transform), ("lights", [row[1:] for row in lights])):
        largest = max((abs(one) for row in terms for one in row), default=0.0)
        if largest > LARGEST_TERM:
            raise ParameterError(f"LookMap.{name}: a term of {largest:g} is above {LARGEST_TERM:g}")
    columns = {len(row) for row in transform}
    if len(transform) != 3 or len(columns) != 1 or not columns <= set(COLUMNS):
        raise ParameterError("LookMap.transform: 3 rows of 3, 6 or 13 numbers are wanted")
    sizes = {len(row) - 1 for row in lights}
    if len(sizes) > 1 or not sizes <= {3 * count for count in COLUMNS}:
        raise ParameterError("LookMap.lights: rows of a color temperature and 9, 18 or 39 numbers are wanted")
    if any(row[0] < LOWEST_CCT for row in lights) or len({row[0] for row in lights}) != len(lights):
        raise ParameterError("LookMap.lights: color temperatures of 1000 K or more, each given once, are wanted")
    _check_sectors(sectors)
    if nodes is not None:
        _check_nodes(nodes)


def _check_sectors(sectors: Rows) -> None:
    if len(sectors) != len(SECTORS) or any(len(row) != len(PLAIN_SECTOR) for row in sectors):
        raise ParameterError(f"LookMap.sectors: {len(SECTORS)} rows of {len(PLAIN_SECTOR)} numbers are wanted")
    for name, row in zip(SECTORS, sectors, strict=True):
        for value, (key, low, high) in zip(row, SECTOR_RANGES, strict=True):
            if not low <= value <= high:
                raise ParameterError(f"LookMap.sectors, {name}: {key} = {value:g} is outside {low:g} to {high:g}")


def _check_nodes(nodes: Rows) -> None:
    if len(nodes) not in (2, 4) or len({len(row) for row in nodes}) != 1 or len(nodes[0]) < 2:
        raise ParameterError(
            "LookMap.nodes: a row of stops and one or three rows of codes, of equal length, are wanted"
        )
    if max(map(abs, nodes[0])) > FARTHEST_STOP:
        raise ParameterError(f"LookMap.nodes: stops must lie within {FARTHEST_STOP:g} EV of mid grey")
    if np.any(np.diff(nodes[0]) <= 0):
        raise ParameterError("LookMap.nodes: stops must rise from node to node")
    if np.any(np.diff(nodes[1:], axis=1) < 0) or np.min(nodes[1:]) < 0 or np.max(nodes[1:]) > HIGHEST_NODE:
        raise ParameterError(f"LookMap.nodes: codes must not fall from node to node, and lie in 0 to {HIGHEST_NODE:g}")


@record(eq=False)
class Table:
    """A 3D table (N, N, N, 3) [blue, green, red] float32 over the `low` to `high` (red, green, blue) of its input."""

    values: Array
    low: tuple[float, float, float] = (0.0, 0.0, 0.0)
    high: tuple[float, float, float] = (1.0, 1.0, 1.0)
    title: str = ""
    hash: str = field(default="", init=False)

    def __post_init__(self) -> None:
        values = np.ascontiguousarray(self.values, np.float32)
        if values.ndim != 4 or values.shape[3] != 3 or len(set(values.shape[:3])) != 1 or values.shape[0] < 2:
            raise DocumentError(f"a table is (N, N, N, 3) with N of 2 or more, got {values.shape}")
        if not np.isfinite(values).all():
            raise DocumentError("a table holds numbers only, this one has values that are not finite")
        import hashlib

        digest = hashlib.sha256(np.asarray([self.low, self.high], "<f4").tobytes() + values.astype("<f4").tobytes())
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "hash", digest.hexdigest()[:32])

    @property
    def size(self) -> int:
        """Nodes along one side."""
        return self.values.shape[0]

    @property
    def is_unit(self) -> bool:
        """Whether the input runs from 0 to 1."""
        return self.low == (0.0, 0.0, 0.0) and self.high == (1.0, 1.0, 1.0)


class TableName(str):
    """The hash of a table, which it holds: the table is there as long as any stage has the name."""

    held: Table | None = None

    def __deepcopy__(self, memo: Any) -> TableName:
        return self


RECENT_BYTES = 1 << 25  # of tables that are kept though no stage holds them: for looks and recipes read from a text
_tables: weakref.WeakValueDictionary[str, Table] = weakref.WeakValueDictionary()
_recent: dict[str, Table] = {}  # the newest is the last
_lock = threading.Lock()


def keep_table(table: Table) -> TableName:
    """The name of a table, which keeps it for the stages that have it."""
    with _lock:
        table = _tables.setdefault(table.hash, table)
        _recent.pop(table.hash, None)
        _recent[table.hash] = table
        size = sum(one.values.nbytes for one in _recent.values())
        while size > RECENT_BYTES and len(_recent) > 1:
            size -= _recent.pop(next(iter(_recent))).values.nbytes
    return table_name(table.hash)


def table_name(name: str) -> TableName:
    """A name that holds its table, as soon as that is known."""
    found = name if isinstance(name, TableName) else TableName(name)
    if found.held is None:
        found.held = _tables.get(name)
    return found


def has_table(name: str) -> bool:
    """Whether the table with this hash is kept."""
    return table_name(name).held is not None


def table_of(name: str) -> Table:
    """The kept table with this hash; DocumentError where it was not read."""
    found = table_name(name).held
    if found is None:
        raise DocumentError(f"the table {name} of a look is not loaded: its .cube must lie beside the look or recipe")
    return found
