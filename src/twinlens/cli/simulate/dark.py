"""`twinlens simulate dark`: pictures with the cap on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from twinlens.cli.simulate import options


@click.command("dark")
@click.option("--count", type=int, default=2, show_default=True, help="How many.")
@options.shot_options
def command(output: Path, overwrite: bool, as_json: bool, exposure: float | None, **taking: Any) -> None:
    """Photograph nothing: read noise, dark current, hot pixels.

    twinlens simulate dark --time 1 --count 4 -o darks
    """
    from twinlens import simulate

    if exposure is not None:
        raise click.UsageError("--exposure is not for darks: say --time")
    options.write(simulate.dark(before=options.refusal(output, overwrite), **taking), output, overwrite, as_json)
