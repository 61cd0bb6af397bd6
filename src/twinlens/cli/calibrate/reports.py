"""Reports on the command line: a page for each measurement, written where --report says."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

from twinlens.core.errors import FileError, ParameterError

REPORT = click.option("--report", metavar="FILE.html", type=click.Path(path_type=Path),
                      help="Write a page with figures and curves, to sign.")  # fmt: skip
OVERWRITE = click.option("--overwrite", is_flag=True, help="Replace an existing report (never an input).")


def with_report(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds --report and --overwrite to a command that writes nothing else."""
    return REPORT(OVERWRITE(command))


def check(target: Path | None, inputs: Iterable[Path | None], overwrite: bool) -> None:
    """Before any work: an error where the page could not be written."""
    if target is None:
        return
    if target.suffix.lower() not in (".html", ".htm"):
        raise ParameterError(f"--report {target}: expected a name that ends in .html")
    if target.exists() and any(one is not None and one.exists() and target.samefile(one) for one in inputs):
        raise FileError(f"{target} is an input; inputs are never overwritten: choose another name")
    if target.exists() and not overwrite:
        raise FileError(f"{target} exists already: choose another name, or say --overwrite")


def write(target: Path | None, page: Callable[[], str], overwrite: bool) -> None:
    """The page, whole or not at all; nothing without a target."""
    if target is None:
        return
    from twinlens.files.atomic import atomic

    text = page()
    with atomic(target, overwrite) as temporary:
        temporary.write_text(text, "utf-8")
