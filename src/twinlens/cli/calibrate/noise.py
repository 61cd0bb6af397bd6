"""`twinlens calibrate noise`: flats and darks, a still burst, or pictures of a chart become noise by ISO."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from twinlens.cli.calibrate import profiles, reports
from twinlens.cli.progress import Progress
from twinlens.cli.quiet import quiet_decoders
from twinlens.core.errors import ParameterError


@click.command("noise")
@click.argument("flats", nargs=-1, required=True, metavar="FLAT...", type=click.Path(path_type=Path))
@click.option(
    "--dark",
    "darks",
    multiple=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="A frame without light; may be repeated.",
)
@click.option("--chart", "of_charts", is_flag=True, help="FLAT are photographs of a color chart, one or more an ISO.")
@click.option("--kind", metavar="NAME", help="With --chart: the kind of chart, classic, sg, ...")
@click.option("--corners", metavar="X,Y,X,Y,X,Y,X,Y", help="With --chart: outer corners of the patches.")
@profiles.profile_options
@reports.REPORT
def command(
    flats: tuple[Path, ...], darks: tuple[Path, ...], report: Path | None, as_json: bool, **options: Any
) -> None:
    """Measure gain, read noise, full well, row noise, pixel response and defects.

    FLAT are raw files of an evenly lit wall, out of focus, two or more at each of several exposures; or a burst from a
    tripod. Darks (lens cap on) tell read noise and row noise by themselves. Files are sorted by ISO and exposure. With
    --chart one raw photograph of a ColorChecker an ISO is enough for the gain; it tells less of the rest.
    """
    from twinlens.calibrate import measured, module_report

    profiles.check_output(options["output"], options["base"], options["overwrite"])
    reports.check(report, [*flats, *darks, options["base"]], options["overwrite"])
    with Progress(1, hidden=as_json, doing="measuring noise") as bar, quiet_decoders():
        found = _report(flats, darks, options, bar.part)
    if as_json:
        click.echo(json.dumps({"noise": [_as_dict(iso, fit) for iso, fit in found.fits.items()], "notes": found.notes}))
    else:
        for iso, fit in found.fits.items():
            _show(iso, fit)
    for note in found.notes:
        click.echo(note, err=True)
    if options["output"] is not None:
        profile = measured.with_noise(profiles.begun(options["base"], found.shot), found)
        profiles.write(profile, options["output"], options["overwrite"])
    reports.write(report, lambda: module_report.noise_page(found, [*flats, *darks]), options["overwrite"])


def _report(flats: tuple[Path, ...], darks: tuple[Path, ...], options: dict[str, Any], progress: Any) -> Any:
    from twinlens.calibrate import chart_picture, module
    from twinlens.cli.calibrate.chart import points

    layout, of_charts = options["raw_layout"], options["of_charts"]
    if not of_charts:
        if options["kind"] or options["corners"]:
            raise ParameterError("--kind and --corners belong to a chart: say --chart too")
        return module.noise_from(flats, darks, raw_layout=layout, progress=progress)
    if darks:
        raise ParameterError("--dark belongs to flats: measure those without --chart, which tells less")
    corners = points(options["corners"])
    if corners and len(flats) > 1:
        raise ParameterError("--corners belongs to one picture: name one")
    return chart_picture.noise_from_charts(
        flats, kind=options["kind"], corners=corners, raw_layout=layout, progress=progress
    )


def _as_dict(iso: float, fit: Any) -> dict[str, Any]:
    value, model = fit.value, fit.value.model()
    return {
        "iso": iso,
        "electrons_per_dn": value.electrons_per_dn,
        "read_noise_e": value.read_noise_e,
        "full_well_e": [_number(one) for one in value.full_well_e],
        "brightest_dn": value.brightest_dn,
        "row_noise_dn": _number(value.row_noise_dn),
        "prnu": _number(value.prnu),
        "black_dn": value.black_dn,
        "white_dn": value.white_dn,
        "defects": value.defects.tolist(),
        "gain": model.gain,
        "offset": model.offset,
        "residual": fit.residual,
        "held_out": fit.held_out,
        "unit": fit.unit,
        "samples": fit.samples,
    }


def _number(value: float) -> float | None:
    return None if value != value else float(value)


def _show(iso: float, fit: Any) -> None:
    value = fit.value
    click.secho(f"ISO {iso:g}" if iso else "ISO not stated", bold=True)
    full = ["above " + f"{b * g:.0f}" if w != w else f"{w:.0f}"
            for w, b, g in zip(value.full_well_e, value.brightest_dn, value.electrons_per_dn, strict=True)]  # fmt: skip
    lines = (
        ("gain, e-/DN", "  ".join(f"{one:.4g}" for one in value.electrons_per_dn)),
        ("read noise, e-", "  ".join(f"{one:.3g}" for one in value.read_noise_e)),
        ("full well, e-", "  ".join(full)),
        (
            "row noise, DN",
            "not measured (no darks)" if value.row_noise_dn != value.row_noise_dn else f"{value.row_noise_dn:.3g}",
        ),
        ("pixel response", "not measured" if value.prnu != value.prnu else f"{value.prnu:.2%}"),
        ("defects", f"{len(value.defects)} sites"),
        (
            "variances off the line",
            f"{fit.residual:.2%}" + ("" if fit.held_out is None else f", held out {fit.held_out:.2%}"),
        ),
    )
    for name, text in lines:
        click.echo(f"  {name:<24}{text}")
