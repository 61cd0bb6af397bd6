"""`twinlens calibrate lens`: pictures of a checkerboard, dots or color charts become the warp of a lens."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from twinlens.cli.calibrate import profiles, reports
from twinlens.cli.progress import Progress
from twinlens.cli.quiet import quiet_decoders
from twinlens.core.errors import ParameterError


@click.command("lens")
@click.argument("pictures", nargs=-1, required=True, metavar="PICTURE...", type=click.Path(path_type=Path))
@click.option("--size", metavar="COLUMNSxROWS", help="Inner corners of the board (or dots), like 9x6.")
@click.option("--pattern", type=click.Choice(["checkerboard", "dots"]), default="checkerboard", show_default=True)
@click.option("--chart", "of_charts", is_flag=True, help="PICTURE show color charts: the straight sides of their rows.")
@click.option("--kind", metavar="NAME", help="With --chart: the kind of chart, classic, sg, ...")
@profiles.profile_options
@reports.REPORT
def command(pictures: tuple[Path, ...], report: Path | None, as_json: bool, **options: Any) -> None:
    """Measure distortion and lateral chromatic aberration.

    PICTURE show the whole target, a little tilted, some 3 to 10 times in different parts of the frame, out to the
    corners. Raw files tell red, green and blue apart. With --chart photographs of a ColorChecker that fills the frame
    give the distortion, all colors alike.
    """
    from twinlens.calibrate import measured, module_report
    from twinlens.calibrate.lens import lateral_px, most_px

    profiles.check_output(options["output"], options["base"], options["overwrite"])
    reports.check(report, [*pictures, options["base"]], options["overwrite"])
    with Progress(1, hidden=as_json, doing="finding targets") as bar, quiet_decoders():
        fit, shot, notes = _measured(pictures, options, bar.part)
    red, blue = lateral_px(fit.value)
    told = {"center": fit.value.center, "coefficients": fit.value.coefficients.tolist(), "frame": fit.value.frame,
            "covered": fit.value.covered, "distortion_px": most_px(fit.value), "lateral_red_px": red,
            "lateral_blue_px": blue, "residual": fit.residual, "held_out": fit.held_out, "unit": fit.unit,
            "samples": fit.samples, "notes": notes}  # fmt: skip
    if as_json:
        click.echo(json.dumps(told, indent=1))
    else:
        click.echo(
            f"distortion up to {told['distortion_px']:.1f} px, measured out to {fit.value.covered:.0%} of the way"
        )
        if len(fit.value.coefficients) == 3:
            click.echo(f"red is up to {red:.2f} px from green, blue {blue:.2f} px")
        held_out = "" if fit.held_out is None else f", held out {fit.held_out:.3f} px"
        click.echo(f"points are {fit.residual:.3f} px off (rms){held_out}, {fit.samples} points")
        for note in notes:
            click.echo(note, err=True)
    if options["output"] is not None:
        profile = measured.with_lens(profiles.begun(options["base"], shot), fit)
        profiles.write(profile, options["output"], options["overwrite"])
    reports.write(report, lambda: module_report.lens_page(fit, shot, pictures, notes), options["overwrite"])


def _measured(pictures: tuple[Path, ...], options: dict[str, Any], progress: Any) -> Any:
    from twinlens.calibrate import chart_picture, module

    layout, size = options["raw_layout"], options["size"]
    if options["of_charts"]:
        if size is not None:
            raise ParameterError("--size belongs to a board or dots: say either --size or --chart")
        return chart_picture.lens_from_charts(pictures, kind=options["kind"], raw_layout=layout, progress=progress)
    if size is None:
        raise ParameterError("say --size COLUMNSxROWS of the board's inner corners, or --chart for color charts")
    if options["kind"] is not None:
        raise ParameterError("--kind belongs to a chart: say --chart too")
    return module.lens_from(pictures, _size(size), pattern=options["pattern"], raw_layout=layout, progress=progress)


def _size(text: str) -> tuple[int, int]:
    try:
        columns, rows = (int(one) for one in text.lower().split("x"))
    except ValueError:
        raise ParameterError(f"--size {text}: expected columns x rows of inner corners, like 9x6") from None
    if min(columns, rows) < 3:
        raise ParameterError(f"--size {text}: 3 x 3 points are the least")
    return columns, rows
