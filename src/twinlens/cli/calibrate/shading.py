"""`twinlens calibrate shading`: flats under one light become the shading of a profile, or the gain maps of a DNG."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from twinlens.cli.calibrate import profiles, reports
from twinlens.cli.progress import Progress
from twinlens.cli.quiet import quiet_decoders
from twinlens.core.errors import FileError, ParameterError


@click.command("shading")
@click.argument("flats", nargs=-1, metavar="FLAT...", type=click.Path(path_type=Path))
@click.option("--light", default="", metavar="NAME", help="The light on the wall: D65, A, FL11, LED-B3, 4000K, ...")
@click.option("--into", metavar="RAW", type=click.Path(path_type=Path),
              help="Write a copy of this raw file (-o COPY.dng) with the shading as its gain map.")  # fmt: skip
@profiles.profile_options
@reports.REPORT
def command(
    flats: tuple[Path, ...], light: str, into: Path | None, report: Path | None, as_json: bool, **options: Any
) -> None:
    """Measure how light and color fall off towards the corners.

    FLAT are raw files of an evenly lit wall or a diffuser under one light; several are averaged. Run it again with
    --profile for another light: a profile holds one shading for each and `develop` goes between them. With --into the
    shading just measured, or that of --profile when no FLAT is named, becomes the gain map of a DNG, for other
    programs.
    """
    from twinlens.calibrate import measured, module_report

    _check(flats, into, options)
    if report is not None and not flats:
        raise ParameterError("--report shows a measurement: name the flats")
    reports.check(report, [*flats, into, options["base"]], options["overwrite"])
    told: dict[str, Any] = {}
    if flats:
        fit, shot = _fit(flats, light, as_json, options)
        told = _told(fit)
        profile = measured.with_shading(profiles.begun(options["base"], shot), fit)
        if not as_json:
            _show(fit)
        reports.write(report, lambda: module_report.shading_page(fit, shot, flats), options["overwrite"])
    else:
        profile = _known(options["base"])
    notes: tuple[str, ...] = ()
    if into is not None:
        from twinlens.calibrate.gain_map import write_gain_map

        with quiet_decoders():
            notes = write_gain_map(
                into, options["output"], profile, raw_layout=options["raw_layout"], overwrite=options["overwrite"]
            )
    elif options["output"] is not None:
        profiles.write(profile, options["output"], options["overwrite"])
    if as_json:
        click.echo(json.dumps({**told, "notes": notes} if into is not None else told, indent=1))
    else:
        for sentence in notes:
            click.echo(sentence)


def _check(flats: tuple[Path, ...], into: Path | None, options: dict[str, Any]) -> None:
    output = options["output"]
    if into is None:
        if not flats:
            raise ParameterError("name the flats, or --profile and --into for a shading that was measured before")
        profiles.check_output(output, options["base"], options["overwrite"])
        return
    if output is None or output.suffix.lower() != ".dng":
        raise ParameterError("--into writes a copy of the raw file: say where with -o COPY.dng")
    if not flats and options["base"] is None:
        raise ParameterError("--into needs a shading: name the flats, or a --profile that has one")
    inputs = [one for one in (*flats, into, options["base"]) if one is not None and one.exists()]
    if output.exists() and any(output.samefile(one) for one in inputs):
        raise FileError(f"{output} is an input; inputs are never overwritten: choose another name")
    if output.exists() and not options["overwrite"]:
        raise FileError(f"{output} exists already: choose another name, or say --overwrite")


def _fit(flats: tuple[Path, ...], light: str, as_json: bool, options: dict[str, Any]) -> Any:
    from twinlens.calibrate import module

    with Progress(1, hidden=as_json, doing="measuring shading") as bar, quiet_decoders():
        return module.shading_from(flats, light=light, raw_layout=options["raw_layout"], progress=bar.part)


def _known(path: Path) -> Any:
    from twinlens.pipeline import profile

    known = profile.load(path)
    if not known.shading:
        raise ParameterError(f"{path} has no shading: measure it from flats first")
    return known


def _told(fit: Any) -> dict[str, Any]:
    red, blue = fit.value.color_shift
    return {"light": fit.value.light, "kelvin": round(fit.value.kelvin), "falloff_stops": fit.value.falloff_stops,
            "red_green_range": red, "blue_green_range": blue, "residual": fit.residual, "held_out": fit.held_out,
            "unit": fit.unit, "samples": fit.samples}  # fmt: skip


def _show(fit: Any) -> None:
    red, blue = fit.value.color_shift
    click.echo(f"corners are {fit.value.falloff_stops:.2f} EV darker than the brightest place")
    click.echo(f"red/green changes by {red:.1%} over the frame, blue/green by {blue:.1%}")
    click.echo(f"places are {fit.residual:.2%} off the surface (rms), held out {fit.held_out or 0:.2%}")
