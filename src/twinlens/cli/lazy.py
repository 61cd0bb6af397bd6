"""Lazy groups: commands are imported when they are asked for, so that --help is quick."""

from __future__ import annotations

import importlib
from typing import Any

import click


class LazyGroup(click.Group):
    """A group of the commands named in `lines` (name to one line of help), each in a module of `package`."""

    def __init__(self, *args: Any, lines: dict[str, str], package: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.lines, self.package = lines, package

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.lines)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.lines:
            return None
        return importlib.import_module(f"{self.package}.{cmd_name.replace('-', '_')}").command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(self.lines.items()))

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            raise click.UsageError(f"{error.message} Commands are {', '.join(self.lines)}.", ctx) from None
