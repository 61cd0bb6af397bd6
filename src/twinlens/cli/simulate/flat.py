"""`twinlens simulate flat`: flat fields at given levels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from twinlens.cli.simulate import options


@click.command("flat")
@click.option("--levels", type=options.Numbers(), default="0.05,0.2,0.5,0.8", show_default=True, metavar="X,X,...",
              help="Shares of saturation.")  # fmt: skip
@click.option("--count", type=int, default=2, show_default=True, help="Frames at each level.")
@options.shot_options
def command(output: Path, overwrite: bool, as_json: bool, exposure: float | None, **taking: Any) -> None:
    """Photograph an even white field.

    twinlens simulate flat --levels 0.1,0.4,0.8 --count 2 -o flats
    """
    from twinlens import simulate

    if exposure is not None:
        raise click.UsageError("--exposure is not for flat fields: say --levels")
    options.write(simulate.flat(before=options.refusal(output, overwrite), **taking), output, overwrite, as_json)
