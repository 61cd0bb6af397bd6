"""`twinlens calibrate chart`: the color charts in photographs, and the colors of their patches."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from twinlens.cli.quiet import quiet_decoders
from twinlens.core.errors import FileError, ParameterError, TwinlensError

if TYPE_CHECKING:
    from twinlens.core.chart import ChartFound

NOTHING = (
    "no chart was found: shoot it with all its patches in the picture, in focus, evenly lit, each at least 10 px wide, "
    "or give --corners"
)


@click.command("chart")
@click.argument("sources", nargs=-1, required=True, metavar="IMAGE...", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.option("--kind", "kinds", multiple=True, metavar="NAME",
              help="Only this kind: classic (also mini), passport, passport_creative, sg; repeatable.")  # fmt: skip
@click.option("--corners", metavar="X,Y,X,Y,X,Y,X,Y",
              help="Outer corners of the patches, around the chart, in pixels of the upright picture.")  # fmt: skip
@click.option(
    "--draw", metavar="FILE.png", type=click.Path(path_type=Path), help="Write the picture with the grid on it."
)
@click.option("--overwrite", is_flag=True, help="Replace an existing drawing (never an input).")
@click.option("--raw-layout", metavar="LAYOUT", help="Of a headerless raw: 1920x1080:uint16le:BGGR:black=..:white=..")
def command(sources: tuple[Path, ...], as_json: bool, **options: Any) -> None:
    """Find color charts and print their corners and patches.

    Points are pixels of the upright full-size picture. Exit code 1 when there is a picture without a chart.
    """
    if len(sources) > 1 and (options["draw"] or options["corners"]):
        raise ParameterError("--draw and --corners belong to one picture: name one IMAGE")
    corners = points(options["corners"])
    told, missing = [], []
    for source in sources:
        found, note = _of_one(source, corners, options)
        told.append({"file": str(source), **note, "charts": [one.as_dict() for one in found]})
        if not found:
            missing.append(f"{source}: {_other_kind(source, options) or NOTHING}")
        if not as_json:
            _show(source, found)
    if as_json:
        click.echo(json.dumps(told[0] if len(told) == 1 else told, indent=1))
    if missing:
        for sentence in missing[:-1]:
            click.echo(f"twinlens: {sentence}", err=True)
        raise TwinlensError(missing[-1])


def points(text: str | None) -> list[list[float]] | None:
    """The four corners that --corners says."""
    if text is None:
        return None
    try:
        numbers = [float(one) for one in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != 8:
        raise ParameterError(f"--corners {text}: expected eight numbers, x,y of four corners around the chart")
    return [numbers[index : index + 2] for index in range(0, 8, 2)]


def _of_one(
    source: Path, corners: list[list[float]] | None, options: dict[str, Any]
) -> tuple[list[ChartFound], dict[str, Any]]:
    from twinlens import files
    from twinlens.calibrate import find_charts

    target: Path | None = options["draw"]
    if target is not None:
        _check_target(source, target, options["overwrite"])
    with quiet_decoders():
        image = files.read(source, raw_layout=options["raw_layout"])
    found = find_charts(image, kinds=options["kinds"] or None, corners=corners)
    if target is not None:
        from twinlens.files import photo
        from twinlens.measure.chart.draw import drawn

        photo.write(drawn(image, found), target, overwrite=options["overwrite"])
    frame = {"points_in": "pixels of the upright full-size picture, of a raw its active area"}
    return found, frame


def _other_kind(source: Path, options: dict[str, Any]) -> str:
    """A sentence where a chart of another kind than asked for is in the picture."""
    from twinlens import files
    from twinlens.calibrate import find_charts

    if not options["kinds"]:
        return ""
    with quiet_decoders():
        others = find_charts(files.read(source, raw_layout=options["raw_layout"]))
    seen = ", ".join(sorted({one.kind for one in others}))
    return f"no {' or '.join(options['kinds'])} was found, but {seen}: say --kind {others[0].kind}" if others else ""


def _check_target(source: Path, target: Path, overwrite: bool) -> None:
    if target.suffix.lower() != ".png":
        raise ParameterError(f"--draw {target}: expected a name that ends in .png")
    if target.exists() and source.exists() and target.samefile(source):
        raise FileError(f"{target} is the input itself; inputs are never overwritten")
    if target.exists() and not overwrite:
        raise FileError(f"{target} exists already: choose another name, or say --overwrite")


def _show(source: Path, found: list[ChartFound]) -> None:
    for chart in found:
        corners = "  ".join(f"({x:.1f}, {y:.1f})" for x, y in chart.corners)
        click.secho(f"{source}: {chart.kind}, agreement {chart.score:.3f}", bold=True)
        click.echo(f"  corners {corners}")
        click.echo(f"  {'patch':<16}{'red':>10}{'green':>10}{'blue':>10}   spread")
        for patch in chart.patches:
            numbers = "".join(f"{value:10.5f}" for value in patch.rgb)
            doubt = "" if patch.quality == "good" else f"   {patch.quality}"
            click.echo(f"  {patch.name:<16}{numbers}   {max(patch.spread):.5f}{doubt}")
        click.echo(f"  rgb: {chart.rgb_is}")
        for sentence in chart.warnings:
            click.secho(f"  {sentence}", fg="yellow")
