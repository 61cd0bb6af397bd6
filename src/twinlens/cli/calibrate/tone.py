"""`twinlens calibrate tone`: an exposure series, or a chart's grey row, tells how recorded values follow light."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from twinlens.cli.calibrate import reports
from twinlens.cli.progress import Progress
from twinlens.cli.quiet import quiet_decoders
from twinlens.core.errors import ParameterError


@click.command("tone")
@click.argument("pictures", nargs=-1, required=True, metavar="PICTURE...", type=click.Path(path_type=Path))
@click.option("--chart", "of_chart", is_flag=True, help="PICTURE is one photograph of a color chart: its grey row.")
@click.option("--target", metavar="FILE.csv", type=click.Path(path_type=Path),
              help="With --chart: measured reflectances of all patches in reading order.")  # fmt: skip
@click.option("--kind", metavar="NAME", help="With --chart: the kind of chart, classic, sg, ...")
@click.option("--corners", metavar="X,Y,X,Y,X,Y,X,Y", help="With --chart: outer corners of the patches.")
@click.option("--raw-layout", metavar="LAYOUT", help="Of headerless raws: 1920x1080:uint16le:BGGR:black=..:white=..")
@click.option("--json", "as_json", is_flag=True, help="For machines; with the whole curve.")
@reports.with_report
def command(pictures: tuple[Path, ...], of_chart: bool, as_json: bool, **options: Any) -> None:
    """Measure the tone response (OECF, ISO 14524) and check that raw data are linear.

    PICTURE show the same evenly lit wall, from a tripod, at five or more exposure times that the files state. The
    middle of the frame is measured, color by color; in rendered pictures the code values. With --chart one photograph
    of a ColorChecker is enough, and tells it as well as its patches are known and evenly lit.
    """
    reports.check(options["report"], [*pictures, options["target"]], options["overwrite"])
    if of_chart:
        _from_chart(pictures, as_json, options)
    elif named := [name for name in ("target", "kind", "corners") if options[name]]:
        raise ParameterError(f"--{named[0]} belongs to a chart: say --chart too")
    else:
        _from_series(pictures, as_json, options)


def _from_series(pictures: tuple[Path, ...], as_json: bool, options: dict[str, Any]) -> None:
    from twinlens.calibrate import module, module_report

    with Progress(1, hidden=as_json, doing="measuring tone") as bar, quiet_decoders():
        fits = module.tone_from(pictures, raw_layout=options["raw_layout"], progress=bar.part)
    reports.write(options["report"], lambda: module_report.tone_page(fits, pictures), options["overwrite"])
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


def _from_chart(pictures: tuple[Path, ...], as_json: bool, options: dict[str, Any]) -> None:
    from twinlens.calibrate import module_report
    from twinlens.calibrate.chart_picture import STEP_DOUBT, tone_from_chart
    from twinlens.cli.calibrate.chart import points

    if len(pictures) != 1:
        raise ParameterError(f"--chart measures one picture of a chart, got {len(pictures)}")
    with quiet_decoders():
        found = tone_from_chart(
            pictures[0], target=options["target"], kind=options["kind"], corners=points(options["corners"]),
            raw_layout=options["raw_layout"],
        )  # fmt: skip
    told = [*found.notes, f"steps are the neutral patches of a chart, known to some {STEP_DOUBT:.0%}"]
    page = lambda: module_report.tone_page(found.fits, pictures, told)  # noqa: E731
    reports.write(options["report"], page, options["overwrite"])
    if as_json:
        channels = {name: _as_dict(fit) for name, fit in found.fits.items()}
        facts = {"patches": found.patches, "glare": found.glare, "is_linear": found.is_linear, "known_to": STEP_DOUBT,
                "notes": found.notes}  # fmt: skip
        click.echo(json.dumps({**channels, "chart": facts}, indent=1))
        return
    for (name, fit), glare in zip(found.fits.items(), found.glare, strict=True):
        off = fit.value.linearity
        verdict = "linear as far as a chart tells" if off < STEP_DOUBT else "not on a line"
        click.echo(
            f"{name:<8} {verdict}: {fit.samples} steps, up to {off:.1%} off a line; it adds {glare:+.1%} of white"
        )
    if found.is_rendered:
        click.echo("a rendered picture: code values follow its tone curve (--json has it)")
    elif not found.is_linear:
        click.echo("uneven light on the grey row looks the same; an exposure series of a wall tells them apart")
    for sentence in found.notes:
        click.secho(f"  {sentence}", fg="yellow")


def _as_dict(fit: Any) -> dict[str, Any]:
    value = fit.value
    return {"light": value.light.tolist(), "value": value.value.tolist(), "slope": value.slope, "offset": value.offset,
            "linearity": value.linearity, "is_linear": value.is_linear, "residual": fit.residual,
            "held_out": fit.held_out, "unit": fit.unit, "samples": fit.samples}  # fmt: skip
