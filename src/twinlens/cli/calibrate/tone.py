"""`twinlens calibrate tone`: an exposure series tells how recorded values follow light."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from twinlens.cli.progress import Progress
from twinlens.cli.quiet import quiet_decoders


@click.command("tone")
@click.argument("pictures", nargs=-1, required=True, metavar="PICTURE...", type=click.Path(path_type=Path))
@click.option("--raw-layout", metavar="LAYOUT", help="Of headerless raws: 1920x1080:uint16le:BGGR:black=..:white=..")
@click.option("--json", "as_json", is_flag=True, help="For machines; with the whole curve.")
def command(pictures: tuple[Path, ...], raw_layout: str | None, as_json: bool) -> None:
    """Measure the tone response (OECF, ISO 14524) and check that raw data are linear.

    PICTURE show the same evenly lit wall, from a tripod, at five or more exposure times that the files state. The
    middle of the frame is measured, color by color; in rendered pictures the code values.
    """
    from twinlens.calibrate import module

    with Progress(1, hidden=as_json, doing="measuring tone") as bar, quiet_decoders():
        fits = module.tone_from(pictures, raw_layout=raw_layout, progress=bar.part)
    if as_json:
        click.echo(json.dumps({name: _as_dict(fit) for name, fit in fits.items()}, indent=1))
        return
    for name, fit in fits.items():
        value = fit.value
        verdict = "linear" if value.is_linear else "not linear"
        click.echo(
            f"{name:<8} {verdict}: up to {value.linearity:.2%} off a line from 5 to 95 %; {fit.samples} steps, held "
            f"out {fit.held_out or 0:.4f}"
        )


def _as_dict(fit: Any) -> dict[str, Any]:
    value = fit.value
    return {"light": value.light.tolist(), "value": value.value.tolist(), "slope": value.slope, "offset": value.offset,
            "linearity": value.linearity, "is_linear": value.is_linear, "residual": fit.residual,
            "held_out": fit.held_out, "unit": fit.unit, "samples": fit.samples}  # fmt: skip
