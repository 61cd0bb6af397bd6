"""`twinlens looks`: the shipped looks."""

from __future__ import annotations

import json

import click


@click.command("looks")
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def command(name: str | None, as_json: bool) -> None:
    """List the looks, or print one as a document to copy and edit.

    twinlens looks authentic > mine.look.toml
    """
    from twinlens.pipeline import look

    if name:
        click.echo(look.dumps(look.load(name)), nl=False)
        return
    found = [look.load(one) for one in look.shipped()]
    if as_json:
        click.echo(json.dumps([{"name": one.name, "description": one.description} for one in found], indent=1))
        return
    for one in found:
        click.echo(f"{one.name:<11}{one.description}")
