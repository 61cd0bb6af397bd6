"""Tables: the residual tables of looks as .cube files beside a look or a recipe."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from twinlens.core.errors import DocumentError
from twinlens.core.look import HIGHEST_NODE, Table, has_table, keep_table, table_of
from twinlens.core.stage import Stage
from twinlens.files import cube
from twinlens.stages.look_map import LookMap

HASH_DIGITS = 8  # of a table's hash, in the name of its file
UNSAFE = re.compile(r"[^\w .+-]|^\.+")  # what a look's name may hold and the name of its file may not


def read_table(path: Path, digest: Any, origin: str) -> Table:
    """The residual table in a .cube file; DocumentError where it cannot be that of a look, or has another hash."""
    table, name = cube.read(path), path.name
    if not isinstance(table, Table) or not table.is_unit:
        raise DocumentError(f"{origin}: {name} must be a 3D table over 0 to 1")
    largest = float(np.abs(table.values).max())
    if largest > HIGHEST_NODE:
        raise DocumentError(f"{origin}: {name} has a value of {largest:g}: display codes are wanted, 0 to 1")
    if digest is not None and table.hash != digest:
        raise DocumentError(
            f"{origin}: {name} is not the table that this look was made with (its hash is {table.hash})"
        )
    return table


def file_of(name: str, table: str) -> str:
    """The name of the file of a look's table; signs that a file name should not have become hyphens."""
    return f"{UNSAFE.sub('-', name)[:60]}-{table[:HASH_DIGITS]}.cube"


def write_tables(stages: Iterable[Stage], folder: Path) -> list[Path]:
    """Write the residual tables that these stages name as .cube into a folder; the same table is not written twice."""
    paths = []
    for stage in stages:
        if isinstance(stage, LookMap) and stage.table:
            path = folder / file_of(stage.look, stage.table)
            cube.write(table_of(stage.table), path, title=stage.look, overwrite=True)
            paths.append(path)
    return paths


def read_tables(stages: Iterable[Stage], folder: Path) -> None:
    """Load the residual tables that these stages name from the .cube files that `write_tables` put into a folder."""
    for stage in stages:
        if isinstance(stage, LookMap) and stage.table and not has_table(stage.table):
            for path in sorted(folder.glob(f"*-{stage.table[:HASH_DIGITS]}.cube")):
                table = cube.read(path)
                if isinstance(table, Table):
                    keep_table(table)
            table_of(stage.table)
