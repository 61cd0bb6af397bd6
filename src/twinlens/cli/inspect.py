"""`twinlens inspect`: what a file says, what is wrong in it, a mended copy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from twinlens.cli.quiet import quiet_decoders
from twinlens.core.errors import FileError, ParameterError, TwinlensError

COLORS = {"error": "red", "warning": "yellow", "note": "cyan"}


@click.command("inspect")
@click.argument("path", required=False, metavar="FILE", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.option("--repair", is_flag=True, help="Write a corrected copy (with -o) and say what was changed.")
@click.option(
    "-o", "--output", metavar="OUT.dng", type=click.Path(path_type=Path), help="Where the corrected copy goes."
)
@click.option(
    "--only", multiple=True, metavar="FAULT", help="Mend this fault only (its name as printed); may be repeated."
)
@click.option("--overwrite", is_flag=True, help="Replace an existing copy or page (never the input).")
@click.option("--strict", is_flag=True, help="Exit with 1 when there is an error in the file.")
@click.option("--raw-layout", metavar="LAYOUT", help="Of a headerless raw: 1920x1080:uint16le:BGGR:black=..:white=..")
@click.option("--against", metavar="FILE", type=click.Path(path_type=Path),
              help="Of a camera profile: how far a second one is from it.")  # fmt: skip
@click.option("--page", metavar="FILE.html", type=click.Path(path_type=Path),
              help="Of a look: write what it does as a page with curves, hue wheels and memory colors.")  # fmt: skip
@click.option("--system", is_flag=True, help="Which kernels answer, versions, processors.")
def command(path: Path | None, as_json: bool, system: bool, **options: Any) -> None:
    """Say what a file holds: raw, picture, camera profile, look (a file or a shipped name) or recipe.

    A raw file is checked for the faults that phones really have; each is a sentence with a remedy.
    """
    if system:
        from twinlens.measure.doctor.system import system_report

        _show_system(system_report(), as_json)
        return
    if path is None:
        raise click.UsageError("name a FILE, or say --system.")
    if options["repair"]:
        _repair(path, as_json, options)
        return
    if options["output"] or options["only"] or (options["overwrite"] and not options["page"]):
        raise ParameterError("-o, --only and --overwrite belong to --repair: say that too")
    if options["page"]:
        _page(path, options["page"], options["overwrite"])
    from twinlens.measure.inspect import inspect

    with quiet_decoders():
        report = inspect(path, raw_layout=options["raw_layout"], against=options["against"])
    if as_json:
        click.echo(json.dumps(report.as_dict(), indent=1))
    else:
        _show(report)
    errors = [one for one in report.findings if one.severity == "error"]
    if options["strict"] and errors:
        raise TwinlensError(f"{path}: {len(errors)} error{'s' if len(errors) > 1 else ''} found")


def _repair(path: Path, as_json: bool, options: dict[str, Any]) -> None:
    from twinlens.measure.inspect import repair

    if options["output"] is None:
        raise ParameterError("--repair writes a copy: say where with -o fixed.dng")
    changes = repair(
        path, options["output"], only=options["only"], raw_layout=options["raw_layout"], overwrite=options["overwrite"]
    )
    if as_json:
        click.echo(json.dumps({"output": str(options["output"]), "changes": changes}, indent=1))
        return
    for change in changes:
        click.echo(change)
    click.echo(f"written to {options['output']}; the counts of the sensor are as they were")


def _page(path: Path, page: Path, overwrite: bool) -> None:
    """Write the page of a look."""
    from twinlens.files.atomic import atomic
    from twinlens.measure.inspect import look_facts
    from twinlens.report.look import look_page

    if page.exists() and path.exists() and page.samefile(path):
        raise FileError(f"{page} is the input itself; inputs are never overwritten")
    text = look_page(look_facts(path))
    with atomic(page, overwrite) as temporary:
        temporary.write_text(text, "utf-8")
    click.echo(f"written to {page}", err=True)


def _show(report: Any) -> None:
    click.echo(f"{report.path}: {report.kind}")
    for section in report.sections:
        click.secho(f"\n{section.title}", bold=True)
        width = min(max((len(name) for name, _ in section.facts), default=0), 28)
        for name, text in section.facts:
            click.echo(f"  {name:<{width}}  {text}")
    if report.kind != "raw":
        return
    click.secho("\nFindings", bold=True)
    if not report.findings:
        click.echo("  nothing is wrong that is checked here")
    for one in report.findings:
        click.echo("  " + click.style(one.severity, fg=COLORS[one.severity]) + f"  {one.code}: {one.sentence}")
        click.echo(f"  {' ' * len(one.severity)}  -> {one.remedy}")


def _show_system(told: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(told, indent=1))
        return
    for name, value in told.items():
        if isinstance(value, dict):
            click.secho(name, bold=True)
            for key, one in value.items():
                click.echo(f"  {key:<24}{', '.join(one) if isinstance(one, list) else one or 'not installed'}")
        else:
            click.echo(f"{name:<26}{value}")
