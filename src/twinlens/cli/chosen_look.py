"""Chosen look: the look that the options of a command line name: a look, its orientation, a second one blended in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from twinlens.core.errors import ParameterError

if TYPE_CHECKING:
    from twinlens.pipeline.look import Look

ORIENTATION = click.option(
    "--orientation", type=float, metavar="-1..1", help="-1 towards authentic, +1 towards vibrant, in measured steps."
)
BLEND = click.option("--blend", metavar="LOOK:SHARE", help="Mix in another look: vibrant:0.4 is four tenths of it.")


def chosen(look: str, orientation: float | None = None, blended: str | None = None) -> Look:
    """The look: first turned, then blended with the other one."""
    from twinlens.pipeline.look import blend, load, orient

    found = load(look)
    if orientation:
        found = orient(found, orientation)
    if blended is not None:
        name, share = parsed(blended)
        found = blend(found, load(name), share)
    return found


def parsed(text: str) -> tuple[str, float]:
    """A look and its share, of "LOOK:SHARE"."""
    name, colon, share = text.rpartition(":")
    try:
        number = float(share)
    except ValueError:
        colon, number = "", 0.0
    if not colon or not name:
        raise ParameterError(f"--blend {text}: expected a look and its share, like vibrant:0.4")
    return name, number


def told(measured: Any) -> str:
    """An orientation in words."""
    return (
        f"chroma {measured.chroma_ratio:.2f} x the scene's, contrast {measured.mid_contrast:.2f}, "
        f"shadows {measured.shadow_depth:.1f} stops deep, brightness {measured.brightness:+.2f} EV"
    )
