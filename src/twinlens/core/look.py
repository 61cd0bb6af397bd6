"""Look: the large tables of looks, kept by the hash of their content while a program runs.

A stage holds plain numbers; a residual table has too many. The stage names its hash, this is where the numbers are.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import DocumentError

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
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


_tables: dict[str, Table] = {}


def keep_table(table: Table) -> str:
    """Keep a table for the stages that name it; returns its hash."""
    _tables[table.hash] = table
    return table.hash


def table_of(name: str) -> Table:
    """The kept table with this hash; DocumentError where it was not read."""
    if name not in _tables:
        raise DocumentError(f"the table {name} of a look is not loaded: its .cube must lie beside the look or recipe")
    return _tables[name]
