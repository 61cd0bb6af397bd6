"""`twinlens export`: a look as a file of another program, and what that program makes of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from twinlens.cli.chosen_look import BLEND, ORIENTATION, chosen
from twinlens.core.errors import ParameterError

if TYPE_CHECKING:
    from twinlens.core.camera_color import CameraColor
    from twinlens.pipeline.export import Exported

LIGHTS_K = {"A": 2856.0, "D50": 5003.0, "D55": 5503.0, "D65": 6504.0, "D75": 7504.0}  # CIE 15:2018


@click.command("export")
@click.argument("look", metavar="LOOK")
@click.option("-o", "--output", required=True, metavar="FILE", type=click.Path(path_type=Path),
              help="NAME.cube, .png (HaldCLUT), .dcp, .clf; a folder or .zip with --kind.")  # fmt: skip
@click.option("--kind", default="", metavar="KIND", help="cube, hald, dcp, clf, ocio, rawtherapee or darktable.")
@click.option("--input", "source", default="", metavar="NAME",
              help="Encoding of the input: srgb, rec709, p3, linear-rec2020, acescg, slog3, ...")  # fmt: skip
@click.option("--output-space", "target", default="srgb", show_default=True, metavar="NAME",
              help="Encoding of the output: srgb, rec709, p3 or adobe.")  # fmt: skip
@click.option("--size", default=33, show_default=True, help="Nodes a side of .cube and CLF: 17, 33 or 65.")
@click.option("--level", default=8, show_default=True, help="Of a HaldCLUT: 8 has 64 nodes a side, 12 has 144.")
@click.option("--shaper/--no-shaper", default=None, help="A 1D shaper in the .cube.  [default: for linear inputs]")
@click.option("--strength", type=float, default=1.0, show_default=True, help="0 neutral, 1 the look, more while valid.")
@ORIENTATION
@BLEND
@click.option("--light", metavar="K|NAME", help="For a look that knows several lights: 2856, A, D65.  [default: D65]")
@click.option("--camera", metavar="FILE", type=click.Path(path_type=Path),
              help="For .dcp: a DNG of the camera, its .dcp, or its profile in TOML.")  # fmt: skip
@click.option("--verify/--no-verify", default=True, help="Read the file back by the program it is for.  [default: yes]")
@click.option("--overwrite", is_flag=True, help="Replace an existing result (never an input).")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def command(look: str, output: Path, as_json: bool, **options: Any) -> None:
    """Write a look for other programs, read it back by them, and say how far it is from twinlens.

    twinlens export authentic -o authentic.cube
    """
    from twinlens.pipeline.export import Request, export

    camera = None if options["camera"] is None else _camera(options["camera"])
    if options["camera"] is not None and output.exists() and output.samefile(options["camera"]):
        raise ParameterError(f"{output} is the camera file itself; inputs are never overwritten")
    asked = Request(
        kind=options["kind"],
        source=options["source"],
        target=options["target"],
        size=options["size"],
        level=options["level"],
        shaper=options["shaper"],
        light=_light(options["light"]),
        camera=camera,
        verify=options["verify"],
        overwrite=options["overwrite"],
    )
    found = chosen(look, options["orientation"], options["blend"])
    made = export(found, output, asked, strength=options["strength"])
    if as_json:
        click.echo(json.dumps(made.as_dict(), indent=1))
    else:
        _show(made)


def _light(text: str | None) -> float | None:
    if text is None or text in LIGHTS_K:
        return LIGHTS_K.get(text or "")
    try:
        return float(text)
    except ValueError:
        raise ParameterError(f"--light {text}: expected a temperature in K, or {', '.join(LIGHTS_K)}") from None


def _camera(path: Path) -> CameraColor:
    """The camera's color of a raw file or a profile; one that was calibrated has the tables of its sensor."""
    from dataclasses import replace

    from twinlens.cli.quiet import quiet_decoders

    if path.suffix.lower() not in (".toml", ".dcp"):
        from twinlens import files

        with quiet_decoders():
            shot = files.read(path).shot
        return replace(shot.color, camera_model=shot.unique_camera_model or f"{shot.make} {shot.model}".strip())
    from twinlens.pipeline import profile

    found = profile.load(path)
    if found.color.sensor is not None:
        from twinlens.calibrate.color_profile import dcp_color
        from twinlens.calibrate.sensor import model_of

        return dcp_color(model_of(found), found.name, found.unique_camera_model or found.name)
    return replace(found.color, camera_model=found.color.camera_model or found.unique_camera_model or found.name)


def _show(made: Exported) -> None:
    several = f" ({', '.join(made.files)})" if len(made.files) > 1 else ""
    click.echo(f"{made.path}: {made.kind}{several}")
    for one in made.losses:
        click.echo(f"  cannot carry: {one}")
    if not made.readings:
        click.echo("  not read back")
        return
    click.echo("  CIEDE2000 to our rendering" + " " * 24 + "mean    p95    max   at input")
    for one in made.readings:
        if one.failed:
            click.echo(f"{one.program}: {one.failed}", err=True)
        for name, found in one.figures.items():
            place = " ".join(f"{value:.3f}" for value in found.worst)
            click.echo(
                f"  {one.program + ', ' + name:<48}{found.mean:6.3f} {found.p95:6.3f} {found.largest:6.2f}   {place}"
            )
