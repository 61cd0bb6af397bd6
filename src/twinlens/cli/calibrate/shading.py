"""`twinlens calibrate shading`: flats under one light become the shading of a profile, or the gain maps of a DNG."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from twinlens.cli.calibrate import profiles
from twinlens.cli.progress import Progress
from twinlens.cli.quiet import quiet_decoders


@click.command("shading")
@click.argument("flats", nargs=-1, required=True, metavar="FLAT...", type=click.Path(path_type=Path))
@click.option("--light", default="", metavar="NAME", help="The light on the wall: D65, A, FL11, LED-B3, 4000K, ...")
@profiles.profile_options
def command(flats: tuple[Path, ...], light: str, as_json: bool, **options: Any) -> None:
    """Measure how light and color fall off towards the corners.

    FLAT are raw files of an evenly lit wall or a diffuser under one light; several are averaged. Run it again with
    --profile for another light: a profile holds one shading for each and `develop` goes between them.
    """
    from twinlens.calibrate import measured, module

    profiles.check_output(options["output"], options["base"], options["overwrite"])
    with Progress(1, hidden=as_json, doing="measuring shading") as bar, quiet_decoders():
        fit, shot = module.shading_from(flats, light=light, raw_layout=options["raw_layout"], progress=bar.part)
    red, blue = fit.value.color_shift
    told = {"light": fit.value.light, "kelvin": round(fit.value.kelvin), "falloff_stops": fit.value.falloff_stops,
            "red_green_range": red, "blue_green_range": blue, "residual": fit.residual, "held_out": fit.held_out,
            "unit": fit.unit, "samples": fit.samples}  # fmt: skip
    if as_json:
        click.echo(json.dumps(told, indent=1))
    else:
        click.echo(f"corners are {fit.value.falloff_stops:.2f} EV darker than the brightest place")
        click.echo(f"red/green changes by {red:.1%} over the frame, blue/green by {blue:.1%}")
        click.echo(f"places are {fit.residual:.2%} off the surface (rms), held out {fit.held_out or 0:.2%}")
    if options["output"] is not None:
        profile = measured.with_shading(profiles.begun(options["base"], shot), fit)
        profiles.write(profile, options["output"], options["overwrite"])
