"""`twinlens calibrate color`: charts, sensitivities or a file's tags become the color of a camera profile."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from twinlens.cli.quiet import quiet_decoders
from twinlens.core.errors import FileError, ParameterError


@click.command("color")
@click.argument("charts", nargs=-1, metavar="CHART...", type=click.Path(path_type=Path))
@click.option("-o", "--output", "outputs", multiple=True, metavar="FILE", type=click.Path(path_type=Path),
              help="By suffix: .toml (profile), .dcp, .icc, .json, .html or .png (report); repeatable.")  # fmt: skip
@click.option("--light", "lights", multiple=True, metavar="NAME|FILE",
              help="The light on the chart: D65, A, FL11, LED-B3, D5500, 3200K, a spectrum as CSV; one for all "
              "pictures or one for each. Without it: the most probable.")  # fmt: skip
@click.option("--target", metavar="FILE.csv", type=click.Path(path_type=Path),
              help="Reflectances of the patches in reading order.")  # fmt: skip
@click.option("--sensitivities", metavar="FILE.csv", type=click.Path(path_type=Path),
              help="Measured spectral sensitivities instead of charts (wavelength, red, green, blue).")  # fmt: skip
@click.option("--from-tags", metavar="RAW", type=click.Path(path_type=Path),
              help="A raw file's own color matrices instead of charts: a guess, with its limits stated.")  # fmt: skip
@click.option("--kind", metavar="NAME", help="The kind of chart: classic, sg, ...")
@click.option(
    "--corners", metavar="X,Y,X,Y,X,Y,X,Y", help="Outer corners of the patches, where the chart is not found."
)
@click.option("--uneven", is_flag=True, help="Fit the smooth change of light over the chart too (one picture).")
@click.option("--profile", "base", metavar="FILE", type=click.Path(path_type=Path),
              help="A profile whose noise, shading and lens are kept.")  # fmt: skip
@click.option("--raw-layout", metavar="LAYOUT", help="Of headerless raws: 1920x1080:uint16le:BGGR:black=..:white=..")
@click.option("--overwrite", is_flag=True, help="Replace existing results (never an input).")
@click.option("--json", "as_json", is_flag=True, help="Print all figures for machines.")
def command(charts: tuple[Path, ...], outputs: tuple[Path, ...], as_json: bool, **options: Any) -> None:
    """Calibrate the color of a camera module.

    CHART are raw photographs of a ColorChecker, under one light or several. The result holds under other lights too,
    because the sensor itself is estimated; every error is printed with it.

    Start with:  twinlens calibrate color IMG_0001.dng --light D65 -o camera.profile.toml -o report.html
    """
    from twinlens.calibrate import color_output

    sources = _sources(charts, options)
    _check_outputs(outputs, [*sources, options["base"]], options["overwrite"])
    with quiet_decoders():
        made = _made(charts, options)
    profile = color_output.profile_of(made, sources, _base(options["base"], made))
    for target in outputs:
        color_output.write(made, target, profile, options["overwrite"])
    if as_json:
        click.echo(json.dumps(color_output.as_json(made), indent=1))
    else:
        _show(made)


def _sources(charts: tuple[Path, ...], options: dict[str, Any]) -> list[Path]:
    given = [list(charts), [options["sensitivities"]], [options["from_tags"]]]
    said = [one for one in given if one and one[0] is not None]
    if len(said) != 1:
        raise ParameterError(
            "name photographs of a chart, or --sensitivities FILE, or --from-tags RAW: one of the three"
        )
    return said[0]


def _check_outputs(outputs: tuple[Path, ...], inputs: list[Path | None], overwrite: bool) -> None:
    from twinlens.calibrate.color_output import KINDS

    for target in outputs:
        if target.suffix.lower() not in KINDS:
            raise ParameterError(f"-o {target}: expected a name that ends in {', '.join(KINDS)}")
        if any(one is not None and target.exists() and one.exists() and target.samefile(one) for one in inputs):
            raise FileError(f"{target} is an input; inputs are never overwritten: choose another name")
        if target.exists() and not overwrite:
            raise FileError(f"{target} exists already: choose another name, or say --overwrite")


def _made(charts: tuple[Path, ...], options: dict[str, Any]) -> Any:
    from twinlens.calibrate import color_files
    from twinlens.cli.calibrate.chart import points

    lights = options["lights"]
    if charts:
        return color_files.color_from_charts(
            charts, lights, target=options["target"], kind=options["kind"], corners=points(options["corners"]),
            raw_layout=options["raw_layout"], uneven=options["uneven"],
        )  # fmt: skip
    if len(lights) > 1:
        raise ParameterError("one --light is enough without charts")
    if options["sensitivities"] is not None:
        return color_files.color_from_sensitivities(options["sensitivities"], *lights)
    return color_files.color_from_tags(options["from_tags"], *lights, raw_layout=options["raw_layout"])


def _base(path: Path | None, made: Any) -> Any:
    if path is None:
        return None
    from twinlens.cli.calibrate.profiles import begun

    return begun(path, made.shot)


def _show(made: Any) -> None:
    from twinlens.calibrate.color_output import SUMMARIES, light_name, name_of, notes

    fit = made.fit
    click.secho(f"{name_of(made)}, {light_name(made)}", bold=True)
    click.echo(f"  {'CIEDE2000':<34}{'mean':>7}{'p95':>7}{'max':>7}")
    for key, name in SUMMARIES.items():
        one = getattr(fit, key)
        if one is not None:
            click.echo(f"  {name:<34}{one.mean:7.2f}{one.p95:7.2f}{one.largest:7.2f}")
    if fit.by_hue:
        worst = sorted(fit.by_hue, key=lambda one: -one.mean)[:3]
        click.echo("  trust it less for " + ", ".join(f"{one.hue} ({one.mean:.1f})" for one in worst))
    for sentence in notes(made):
        click.secho(f"  {sentence}", fg="yellow")
