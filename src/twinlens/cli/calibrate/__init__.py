"""`twinlens calibrate`: photographs of targets in, what a camera is out; one module a subcommand."""

from __future__ import annotations

import click

from twinlens.cli.lazy import LazyGroup

COMMANDS = {
    "chart": "Find color charts in photographs and print their patches.",
}


@click.group("calibrate", cls=LazyGroup, package="twinlens.cli.calibrate", known=COMMANDS)
def command() -> None:
    """Calibrate a camera from photographs of targets."""
