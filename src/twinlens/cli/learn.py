"""`twinlens learn`: photographs in, a look out."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import click

from twinlens.cli.progress import Progress
from twinlens.cli.quiet import quiet_decoders
from twinlens.core.errors import FileError, ParameterError

MOST_LISTED = 12  # files that are left out, and pairs, on the screen


@click.command("learn", epilog="What makes good pictures, and what the figures mean: docs/learn.md")
@click.option("-o", "--output", required=True, metavar="NAME.look.toml", type=click.Path(path_type=Path),
              help="The look; a large table is written beside it as .cube.")  # fmt: skip
@click.option("--from-raws", metavar="DIR", type=click.Path(path_type=Path),
              help="Raws with their maker's own picture, beside them (same name) or inside them.")  # fmt: skip
@click.option("--source", metavar="DIR", type=click.Path(path_type=Path),
              help="Photographs by the camera that the look is for (raws, or pictures) ...")  # fmt: skip
@click.option("--reference", metavar="DIR", type=click.Path(path_type=Path),
              help="... and the reference camera's pictures of the same scenes, handheld.")  # fmt: skip
@click.option("--chart-pair", "chart_pairs", nargs=2, multiple=True, metavar="PHONE REFERENCE",
              type=click.Path(path_type=Path),
              help="A color chart photographed by both; worth ten pictures.")  # fmt: skip
@click.option("--samples", metavar="FILE.csv", type=click.Path(path_type=Path),
              help="Corresponding colors, columns scene_r, scene_g, scene_b (linear Rec. 2020), display_r, display_g, "
              "display_b (sRGB codes 0 to 1).")  # fmt: skip
@click.option("--profile", "--source-profile", "profile", metavar="FILE|DIR", type=click.Path(path_type=Path),
              help="Camera profile of the source; without it the raws' own matrices are used.")  # fmt: skip
@click.option("--reference-profile", metavar="FILE|DIR", type=click.Path(path_type=Path),
              help="Camera profile of the reference: its own raws beside its pictures are used too.")  # fmt: skip
@click.option("--name", help="Of the look.  [default: the file's]")
@click.option("--keep-edited", is_flag=True, help="Learn from edited pictures too (else they are left out).")
@click.option("--keep-vignette", is_flag=True,
              help="Let the look darken the corners as the reference does, where its pictures agree.")  # fmt: skip
@click.option("--report", metavar="PAGE.html", type=click.Path(path_type=Path), help="A page that shows the look.")
@click.option("--overwrite", is_flag=True, help="Replace an existing look (never an input).")
@click.option("--json", "as_json", is_flag=True, help="Print all figures for machines.")
def command(
    output: Path, report: Path | None, overwrite: bool, as_json: bool, keep_vignette: bool, **options: Any
) -> None:
    """Learn the rendering of a camera from its photographs.

    Start with:  twinlens learn --from-raws my-raws/ -o camera.look.toml

    then:        twinlens develop IMG_0001.dng --look camera.look.toml -o IMG_0001.jpg
    """
    _check_output(output, report, overwrite)
    from twinlens.learn import learn
    from twinlens.pipeline.look import save

    name = options.pop("name") or _name(output)
    with Progress(1, hidden=as_json, doing="learning") as bar, quiet_decoders():
        found = learn(
            **options, name=name, keep_vignette=keep_vignette, progress=lambda share, told: bar.part(min(share, 0.99))
        )
    save(found.look, output, overwrite=overwrite)
    if report is not None:
        _write_page(found, report, overwrite)
    if as_json:
        click.echo(json.dumps(_as_json(found, output), indent=1))
    else:
        _show(found, output)
        if keep_vignette and not found.look.finish.vignette:
            seen = found.fit.corners
            why = "too few pictures tell of the corners" if seen is None else seen.said
            click.secho(f"  the look has no vignette: {why}", fg="yellow")


def _check_output(output: Path, report: Path | None, overwrite: bool) -> None:
    if output.suffix.lower() != ".toml":
        raise ParameterError(f"-o {output}: a look is a .toml file, like {output.stem or 'my'}.look.toml")
    for path in (output, report):
        if path is not None and path.exists() and not overwrite:
            raise FileError(f"{path} exists already: choose another name, or say --overwrite")
        if path is not None and not path.absolute().parent.is_dir():
            raise FileError(f"{path}: the folder {path.parent} is not there; make it first")
        if path is not None and not os.access(path.absolute().parent, os.W_OK | os.X_OK):
            raise FileError(f"cannot write {path}: no permission to write into the folder {path.absolute().parent}")


def _name(output: Path) -> str:
    return output.name.removesuffix(output.suffix).removesuffix(".look") or "learned"


def _write_page(found: Any, report: Path, overwrite: bool) -> None:
    from dataclasses import replace

    from twinlens.files.atomic import atomic
    from twinlens.learn.view import worst_places
    from twinlens.measure.look import look_facts
    from twinlens.report.look import look_page

    text = look_page(replace(look_facts(found.look), places=worst_places(found.evidence, found.fit)))
    with atomic(report, overwrite) as temporary:
        temporary.write_text(text, "utf-8")


def _as_json(found: Any, output: Path) -> dict[str, Any]:
    from twinlens.learn.telling import as_json

    told = {"look": str(output), "name": found.look.name, "seconds": round(found.seconds, 2)}
    return {**told, **as_json(found.evidence, found.fit, found.look.finish.vignette)}


def _show(found: Any, output: Path) -> None:
    from twinlens.learn.telling import told
    from twinlens.measure.look import counted

    fit, learned = found.fit, told(found.evidence, found.fit, found.look.finish.vignette)
    click.secho(f"{output}: {counted(found.evidence.sources)}, {fit.samples} colors, {found.seconds:.0f} s", bold=True)
    click.echo(f"  {'CIEDE2000, after one exposure and white gain a picture':<58}{'mean':>7}{'p95':>7}")
    click.echo(f"  {'on what it was learned from':<58}{fit.residual:7.2f}{fit.residual_p95:7.2f}")
    apart = (("left out of the fit, one after the other", fit.held_out, fit.held_out_p95),
             ("the same without any gain", fit.blind, fit.blind_p95))  # fmt: skip
    for words, mean, p95 in apart:
        if mean is not None:
            click.echo(f"  {words:<58}{mean:7.2f}{p95:7.2f}")
    click.echo(f"  brightness that no global look explains: {fit.local_stops:.2f} EV")
    if (ratio := found.evidence.facts.get("acutance_ratio")) is not None:
        click.echo(
            f"  fine contrast of the maker's pictures: {ratio:.2f} x the raws', in cells of some pixels (not copied)"
        )
    for one in fit.pictures[:MOST_LISTED]:
        apart = "" if one.held_out_mean is None else f", left out {one.held_out_mean:.2f}"
        click.echo(f"  {one.name}: {one.samples} colors, {one.mean:.2f}{apart}, {one.gain_stops:+.2f} EV")
    _more(len(fit.pictures))
    if found.evidence.left_out:
        click.echo(f"  left out: {len(found.evidence.left_out)}")
    for name, reason in found.evidence.left_out[:MOST_LISTED]:
        click.secho(f"    {name}: {reason}", fg="yellow")
    _more(len(found.evidence.left_out))
    for sentence in learned.notes:
        click.secho(f"  {sentence}", fg="yellow")


def _more(count: int) -> None:
    if count > MOST_LISTED:
        click.echo(f"    and {count - MOST_LISTED} more (all of them: --json)")
