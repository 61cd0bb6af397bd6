"""`twinlens calibrate unit`: a golden sample's profile and one chart shot of another unit give that unit's profile."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from twinlens.cli.calibrate import profiles
from twinlens.cli.quiet import quiet_decoders


@click.command("unit")
@click.argument("golden", metavar="GOLDEN.profile", type=click.Path(path_type=Path))
@click.argument("chart", metavar="CHART", type=click.Path(path_type=Path))
@click.option("--light", metavar="NAME|FILE", help="The light on the chart; without it the most probable.")
@click.option("-o", "--output", metavar="PROFILE.toml", type=click.Path(path_type=Path), help="The unit's profile.")
@click.option("--raw-layout", metavar="LAYOUT", help="Of a headerless raw: 1920x1080:uint16le:BGGR:black=..:white=..")
@click.option("--overwrite", is_flag=True, help="Replace an existing result (never an input).")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def command(golden: Path, chart: Path, light: str | None, as_json: bool, **options: Any) -> None:
    """Give one unit of a camera model its own CameraCalibration.

    What the model's golden sample is, is known well; how this unit's channels differ from it, one chart shot tells.
    """
    from twinlens.calibrate.color_files import color_from_charts
    from twinlens.calibrate.sensor import unit_profile

    profiles.check_output(options["output"], golden, options["overwrite"])
    with quiet_decoders():
        made = color_from_charts([chart], [] if light is None else [light], raw_layout=options["raw_layout"])
    known = profiles.begun(golden, made.shot)
    name = f"{known.name} {made.shot.serial or chart.stem}"
    told = {"golden": known.name, "chart": chart.name, "light": made.fit.value.light_name or "given spectrum"}
    found = unit_profile(known, made.fit.value, name, provenance={**known.provenance, "unit": told})
    gains = [float(one) for one in found.color.calibrations[0].camera_calibration.diagonal()]  # type: ignore[union-attr]
    if as_json:
        click.echo(json.dumps({**told, "camera_calibration": gains}))
    else:
        click.echo(f"red {gains[0]:.4f}, green {gains[1]:.4f}, blue {gains[2]:.4f} of the golden sample's")
    for sentence in (*made.fit.notes, *made.notes):
        click.echo(sentence, err=True)
    if options["output"] is not None:
        profiles.write(found, options["output"], options["overwrite"])
