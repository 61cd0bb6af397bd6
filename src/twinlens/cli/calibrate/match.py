"""`twinlens calibrate match`: from one camera's raw colors to another's, light by light, and what no map can remove."""

from __future__ import annotations

import json
from pathlib import Path

import click

from twinlens.core.errors import FileError, ParameterError


@click.command("match")
@click.argument("first", metavar="PHONE.profile", type=click.Path(path_type=Path))
@click.argument("second", metavar="REFERENCE.profile", type=click.Path(path_type=Path))
@click.option("--light", "lights", multiple=True, metavar="NAME", help="D65, A, FL11, ...; without it the usual seven.")
@click.option("-o", "--output", metavar="FILE.json", type=click.Path(path_type=Path), help="Write maps and figures.")
@click.option("--overwrite", is_flag=True, help="Replace an existing result.")
@click.option("--json", "as_json", is_flag=True, help="Print maps and figures for machines.")
def command(
    first: Path, second: Path, lights: tuple[str, ...], output: Path | None, overwrite: bool, as_json: bool
) -> None:
    """Match two cameras of which profiles were made with `twinlens calibrate color`.

    The floor is what metamerism leaves when both sensors are known exactly: two cameras see different colors as equal,
    and no map can part them.
    """
    from twinlens.calibrate.camera_match import USUAL_LIGHTS, match
    from twinlens.calibrate.sensor import model_of
    from twinlens.files.atomic import atomic
    from twinlens.pipeline import profile

    if output is not None and output.exists() and not overwrite:
        raise FileError(f"{output} exists already: choose another name, or say --overwrite")
    if output is not None and output.suffix.lower() != ".json":
        raise ParameterError(f"-o {output}: maps are written as .json")
    known = [profile.load(path) for path in (first, second)]
    fit = match(model_of(known[0]), model_of(known[1]), lights or USUAL_LIGHTS)
    told = {
        "first": known[0].name,
        "second": known[1].name,
        "unit": fit.unit,
        "floor": fit.residual,
        "expected": fit.held_out,
        "lights": [
            {
                "light": one.light,
                "floor": {"mean": one.floor.mean, "p95": one.floor.p95, "max": one.floor.largest},
                "expected": {"mean": one.expected.mean, "p95": one.expected.p95, "max": one.expected.largest},
                "white_rgb": one.white_rgb.tolist(),
                "other_white_rgb": one.other_white_rgb.tolist(),
                "polynomial": one.polynomial.tolist(),
            }
            for one in fit.value.lights
        ],
    }
    if output is not None:
        with atomic(output, overwrite) as temporary:
            temporary.write_text(json.dumps(told, indent=1), "utf-8")
    if as_json:
        click.echo(json.dumps(told, indent=1))
        return
    click.secho(f"{known[0].name} to {known[1].name}, CIEDE2000 on known surfaces", bold=True)
    click.echo(f"  {'light':<10}{'floor mean':>12}{'p95':>7}{'expected':>12}{'p95':>7}")
    for one in fit.value.lights:
        floor, expected = one.floor, one.expected
        click.echo(f"  {one.light:<10}{floor.mean:12.2f}{floor.p95:7.2f}{expected.mean:12.2f}{expected.p95:7.2f}")
