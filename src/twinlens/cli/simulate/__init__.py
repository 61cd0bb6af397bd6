"""`twinlens simulate`: invented scenes, cameras and makers; each sub-command is a module of its own."""

from __future__ import annotations

import click

from twinlens.cli.lazy import LazyGroup

COMMANDS = {
    "shot": "One shot of a scene, or a bracket of exposures.",
    "burst": "Frames in quick succession from a trembling hand.",
    "pair": "Phone and reference look at the same scene.",
    "chart": "A color chart, seen straight on.",
    "flat": "Flat fields at given levels.",
    "dark": "Pictures with the cap on.",
    "set": "A whole experiment: training and test pairs, charts, flats, darks.",
}


@click.group("simulate", cls=LazyGroup, lines=COMMANDS, package=__name__)
def command() -> None:
    """Photograph invented scenes with invented cameras.

    Every shot is a DNG, the maker's JPEG beside it, and a JSON file with the truth.

    Start with:  twinlens simulate pair -o pair
    """
