"""`twinlens simulate set`: a whole experiment, in one folder, from one seed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from twinlens.cli.simulate import options
from twinlens.cli.simulate.pair import both


@click.command("set")
@both
@click.option("--scenes", type=int, default=24, show_default=True, help="How many pairs; a third is for testing.")
@click.option("--lights", default="D65,A,LED", show_default=True, metavar="NAME,NAME,...", help="Taken in turn.")
@click.option("--photographs", metavar="DIR", help="Pictures to take as scenes; still lifes fill up.")
@click.option("--megapixels", type=float, default=3.0, show_default=True, metavar="MP", help="Size of each picture.")
@click.option("--no-calibration", is_flag=True, help="Without charts, flat fields and darks.")
@options.seed_option
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Folder for the set; an unfinished set in it is continued.",
)
@click.option("--overwrite", is_flag=True, help="Make everything again.")
@click.option("--json", "as_json", is_flag=True, help="Print the plan as JSON.")
def command(
    output: Path, overwrite: bool, as_json: bool, lights: str, no_calibration: bool, **asked: Any
) -> None:  # fmt: skip
    """Make training and test pairs of disjoint scenes, with charts, flat fields and darks of both cameras.

    twinlens simulate set --scenes 24 --lights D65,A,LED -o data
    """
    from twinlens import simulate

    def told(number: int, of: int, name: str, is_there: bool) -> None:
        click.echo(f"{number}/{of} {name}{' (is there)' if is_there else ''}", err=True)

    wanted = tuple(one.strip() for one in lights.split(",") if one.strip())
    made = simulate.set(
        output, overwrite=overwrite, progress=told, lights=wanted, calibration=not no_calibration, **asked
    )  # fmt: skip
    if as_json:
        click.echo(json.dumps({"folder": str(output), **made}, indent=1))
    else:
        click.echo(f"{output}: {len(made['items'])} items, listed in set.json")
