"""`twinlens looks`: the shipped looks, what each does to chroma and tone, and looks made from others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from twinlens.cli.chosen_look import told

if TYPE_CHECKING:
    from twinlens.pipeline.look import Look, Orientation

OUTPUT = click.option("-o", "--output", required=True, metavar="FILE.toml", type=click.Path(path_type=Path))
OVERWRITE = click.option("--overwrite", is_flag=True, help="Replace an existing look.")


class Looks(click.Group):
    """`looks` alone lists, `looks NAME` prints a document, `looks blend ...` and `looks orient ...` make one."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            args = ["show", *args]
        return super().parse_args(ctx, args)


@click.group("looks", cls=Looks, invoke_without_command=True, subcommand_metavar="[NAME | blend ... | orient ...]")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """List the looks with what they measure, print one as a document to edit, or make one from others.

    twinlens looks authentic > mine.look.toml
    """
    if ctx.invoked_subcommand is not None:
        return
    from twinlens.pipeline import look

    found = [(one, look.measure(one)) for one in map(look.load, look.shipped())]
    if as_json:
        rows = [{"name": one.name, "description": one.description, "measured": _rounded(by)} for one, by in found]
        click.echo(json.dumps(rows, indent=1))
        return
    for one, by in found:
        click.echo(f"{one.name:<11}{one.description}\n{'':<11}{told(by)}")


@command.command("show", hidden=True)
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="What it measures, for machines.")
def show(name: str, as_json: bool) -> None:
    """Print a look as a document."""
    from twinlens.pipeline import look

    found = look.load(name)
    if as_json:
        measured = _rounded(look.measure(found))
        click.echo(json.dumps({"name": found.name, "description": found.description, "measured": measured}, indent=1))
        return
    click.echo(look.dumps(found), nl=False)


@command.command("blend")
@click.argument("one", metavar="LOOK")
@click.argument("other", metavar="OTHER")
@click.argument("share", type=float)
@OUTPUT
@OVERWRITE
def blend(one: str, other: str, share: float, output: Path, overwrite: bool) -> None:
    """Write the look between two: SHARE 0 is LOOK, 1 is OTHER."""
    from twinlens.pipeline import look

    _write(look.blend(look.load(one), look.load(other), share), output, overwrite)


@command.command("orient", context_settings={"ignore_unknown_options": True})  # -0.5 is a position
@click.argument("name", metavar="LOOK")
@click.argument("position", type=float)
@OUTPUT
@OVERWRITE
def orient(name: str, position: float, output: Path, overwrite: bool) -> None:
    """Write a look turned towards authentic (POSITION -1) or vibrant (+1)."""
    from twinlens.pipeline import look

    _write(look.orient(look.load(name), position), output, overwrite)


def _rounded(measured: Orientation) -> dict[str, float]:
    return {key: round(value, 4) for key, value in vars(measured).items()}


def _write(made: Look, output: Path, overwrite: bool) -> None:
    """Write a look, and say what it measures and what is wrong with it."""
    from twinlens.core.errors import ParameterError
    from twinlens.pipeline import look

    if output.suffix != look.SUFFIX:
        raise ParameterError(f"-o {output}: a look is written as {look.SUFFIX}")
    if found := look.problems(made.map):
        raise ParameterError(f"{made.name} is not valid: {'; '.join(found)}; nothing was written")
    look.save(made, output, overwrite=overwrite)
    click.echo(f"{output}: {told(look.measure(made))}")
