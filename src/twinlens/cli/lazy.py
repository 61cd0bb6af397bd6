"""Lazy: a group of commands that are imported when they are asked for, so that --help is quick."""

from __future__ import annotations

import importlib
from typing import Any

import click


class LazyGroup(click.Group):
    """A group whose command NAME is `command` in the module `package.NAME`; `known` tells name and short help."""

    def __init__(self, *args: Any, package: str, known: dict[str, str], **others: Any) -> None:
        super().__init__(*args, **others)
        self.package, self.known = package, known

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.known)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.known:
            return None
        return importlib.import_module(f"{self.package}.{cmd_name}").command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(self.known.items()))

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            raise click.UsageError(f"{error.message} Commands are {', '.join(self.known)}.", ctx) from None
