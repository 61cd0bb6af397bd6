"""`twinlens simulate chart`: a color chart, seen straight on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from twinlens.cli.simulate import options


@click.command("chart")
@click.option("--target", default="colorchecker", show_default=True,
              help="colorchecker, colorchecker-sg, grey-ramp or dynamic-range.")  # fmt: skip
@options.shot_options
def command(output: Path, overwrite: bool, as_json: bool, **taking: Any) -> None:
    """Photograph a chart; the truth tells each patch's place and color.

    twinlens simulate chart --light A --camera reference -o charts
    """
    from twinlens import simulate

    options.write([simulate.chart(before=options.refusal(output, overwrite), **taking)], output, overwrite, as_json)
