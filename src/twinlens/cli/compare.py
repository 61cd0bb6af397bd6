"""`twinlens compare`: photographs of two or three sets become a verdict and a report; or a blind test of people."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from twinlens.cli.progress import Progress
from twinlens.cli.quiet import quiet_decoders
from twinlens.core.errors import FileError, ParameterError

FOLDER = click.Path(path_type=Path)
NAMED = 6  # changes that are printed


@click.command("compare")
@click.argument("paths", nargs=-1, metavar="[A B]", type=FOLDER)
@click.option("--before", multiple=True, metavar="DIR|FILE", type=FOLDER, help="The known habits; repeatable.")
@click.option("--after", multiple=True, metavar="DIR|FILE", type=FOLDER, help="The new device or mode; repeatable.")
@click.option("--reference", multiple=True, metavar="DIR|FILE", type=FOLDER,
              help="The camera whose rendering is claimed; repeatable.")  # fmt: skip
@click.option("-o", "--output", metavar="FILE.html", type=FOLDER, help="The report (or the page of the blind test).")
@click.option("--same-sensor/--other-sensors", default=None,
              help="Whether all sets come from one sensor.  [default: where all pictures name one camera]")  # fmt: skip
@click.option("--differs", multiple=True, metavar="SET=module|light",
              help="A whole set was shot with another module or light: after=light.")  # fmt: skip
@click.option(
    "--profile",
    "profiles",
    multiple=True,
    metavar="SET=FILE",
    help="What took a set: a profile, sensitivities (.csv), a raw file.  [default: raws beside]",
)
@click.option("--keep-edited", is_flag=True, help="Keep pictures that name an editing program.")
@click.option("--blind", is_flag=True, help="Make a page that asks people which is which (with -o).")
@click.option("--blind-method", type=click.Choice(["auto", "two", "abx"]), default="auto", show_default=True,
              help="two: which one is A, after examples; abx: which one is like the third.")  # fmt: skip
@click.option("--match-exposure", is_flag=True, help="Of --blind: bring both pictures of a pair to one brightness.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of chance.")
@click.option("--blind-score", is_flag=True, help="Score the answers (FILES) that such pages saved.")
@click.option("--threads", type=click.IntRange(1, 256), help="Threads to use.  [default: all processors]")
@click.option("--overwrite", is_flag=True, help="Replace an existing report (never a picture).")
@click.option("--json", "as_json", is_flag=True, help="Print everything for machines.")
def command(paths: tuple[Path, ...], **options: Any) -> None:
    """Say what changed from one rendering to another, surely or not, and whether it came nearer to a reference.

    A and B (files or folders) are the same as --before A --after B. Photograph the same scenes with all of them; they
    are matched by what they show.

    Start with:  twinlens compare --before old/ --after new/ --reference camera/ -o report.html
    """
    if options["blind_score"]:
        _score(paths, options)
        return
    sets = _sets(paths, options)
    _check_output(options["output"], sets, options["overwrite"])
    if options["blind"]:
        _blind(sets, options)
    else:
        _compare(sets, options)


def _sets(paths: tuple[Path, ...], options: dict[str, Any]) -> dict[str, list[Path]]:
    named = {role: list(options[role]) for role in ("before", "after", "reference") if options[role]}
    if paths and ("before" in named or "after" in named):
        raise ParameterError("name two sets as A B, or by --before and --after, not both")
    if paths:
        if len(paths) != 2:
            raise ParameterError(
                f"two files or folders can be named without an option, found {len(paths)}; for more say --before, "
                "--after, --reference"
            )
        named |= {"before": [paths[0]], "after": [paths[1]]}
    missing = [f"--{role}" for role in ("before", "after") if role not in named]
    if missing:
        raise ParameterError(
            f"say what to compare: {' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing"
        )
    return named


def _check_output(output: Path | None, sets: dict[str, list[Path]], overwrite: bool) -> None:
    """Before the work: nothing is measured for a report that cannot be written."""
    if output is None:
        return
    if output.suffix.lower() not in (".html", ".htm"):
        raise ParameterError(f"-o {output}: expected a name that ends in .html")
    if not output.parent.is_dir():
        raise FileError(f"cannot write {output}: the folder {output.parent} does not exist; make it first")
    if any(one.exists() and output.exists() and output.samefile(one) for given in sets.values() for one in given):
        raise FileError(f"{output} is an input; inputs are never overwritten: choose another name")
    if output.exists() and not overwrite:
        raise FileError(f"{output} exists already: choose another name, or say --overwrite")


def _compare(sets: dict[str, list[Path]], options: dict[str, Any]) -> None:
    from twinlens.compare.run import compare

    with quiet_decoders():
        _load()
    with Progress(1, False, "comparing") as progress:
        made = compare(
            *_sources(sets),
            same_sensor=options["same_sensor"],
            differs=_differs(options["differs"]),
            profiles=_profiles(options["profiles"]),
            keep_edited=options["keep_edited"],
            threads=options["threads"] or _processors(),
            seed=options["seed"],
            progress=_shares(progress),
        )
        if options["output"] is not None:
            _write(options["output"], made.page(), options["overwrite"])
    if options["as_json"]:
        click.echo(json.dumps(made.as_dict(), indent=1, allow_nan=False))
    else:
        _show(made, options["output"])


def _load() -> None:
    """Decoders are loaded while their words go nowhere."""
    import cv2

    cv2.setNumThreads(1)


def _sources(sets: dict[str, list[Path]]) -> list[Any]:
    given = [sets["before"], sets["after"], *([sets["reference"]] if "reference" in sets else [])]
    return [one[0] if len(one) == 1 else one for one in given]


def _processors() -> int:
    import os

    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _shares(progress: Progress) -> Callable[[int, int, str], None]:
    return lambda done, count, name: progress.part(done / max(count, 1))


def _differs(given: Sequence[str]) -> dict[Any, str]:
    found = {}
    for text in given:
        role, equals, what = text.partition("=")
        if not equals or role not in ("before", "after", "reference"):
            raise ParameterError(f"--differs {text}: expected SET=module or SET=light, like after=light")
        found[role] = what
    return found


def _profiles(given: Sequence[str]) -> dict[Any, Path]:
    found = {}
    for text in given:
        role, equals, path = text.partition("=")
        if not equals or not path or role not in ("before", "after", "reference"):
            raise ParameterError(f"--profile {text}: expected SET=FILE, like reference=camera.toml")
        found[role] = Path(path)
    return found


def _write(output: Path, text: str, overwrite: bool) -> None:
    from twinlens.files.atomic import atomic

    with atomic(output, overwrite) as temporary:
        temporary.write_text(text, "utf-8")


def _show(made: Any, output: Path | None) -> None:
    from twinlens.compare.summary import lines

    click.secho(made.verdict.statement, bold=True)
    for line in lines(made, NAMED):
        click.echo(f"  {line}")
    for sentence in (*made.fingerprints.notes, *made.verdict.notes):
        click.secho(f"  {sentence}", fg="yellow")
    if made.fingerprints.left_out:
        click.echo("  left out:")
        for name, why in made.fingerprints.left_out:
            click.echo(f"    {name}: {why}")
    if output is not None:
        click.echo(f"written to {output}")


def _blind(sets: dict[str, list[Path]], options: dict[str, Any]) -> None:
    from twinlens.compare.blind_test import blind_test

    if options["output"] is None:
        raise ParameterError("--blind makes a page: say where with -o blind.html")
    if "reference" in sets:
        raise ParameterError("a blind test shows two sets; leave --reference out")
    with quiet_decoders():
        _load()
    with Progress(1, False, "making the blind test") as progress:
        page, told = blind_test(
            *_sources(sets),
            method=options["blind_method"],
            match_exposure=options["match_exposure"],
            seed=options["seed"],
            threads=options["threads"] or _processors(),
            progress=_shares(progress),
        )
        _write(options["output"], page, options["overwrite"])
    if options["as_json"]:
        click.echo(json.dumps(told, indent=1))
        return
    click.echo(f"{told['trials']} questions, {told['examples']} examples, method {told['method']}: {options['output']}")
    for sentence in told["notes"]:
        click.secho(f"  {sentence}", fg="yellow")


def _score(paths: tuple[Path, ...], options: dict[str, Any]) -> None:
    from twinlens.compare.blind_answers import result_dict, score_files

    result = score_files(paths)
    if options["as_json"]:
        click.echo(json.dumps(result_dict(result), indent=1, allow_nan=False))
        return
    click.secho(result.pooled.statement, bold=True)
    for name, one in {**result.observers, "all together": result.pooled}.items():
        high = "no limit" if one.interval[1] is None else f"{one.interval[1]:.2f}"
        told = f"{one.right} of {one.trials} right, p = {one.p_value:.3g}"
        click.echo(f"  {name}: {told}, d' = {one.d_prime:.2f} (95 %: {one.interval[0]:.2f} to {high})")
    for sentence in dict.fromkeys((*result.notes, *result.pooled.notes)):
        click.secho(f"  {sentence}", fg="yellow")
