"""`twinlens calibrate`: photographs of targets become what a camera module is, in numbers."""

from __future__ import annotations

import click

from twinlens.cli.lazy import LazyGroup

COMMANDS = {
    "chart": "Find color charts in photographs and print their patches.",
    "color": "Color from charts, measured sensitivities or a file's tags.",
    "match": "From one camera's raw colors to another's, with the metamerism floor.",
    "unit": "One unit's profile from the golden sample's and a chart.",
    "noise": "Gain, read noise, full well and defects from flats and darks, a still burst, or a chart.",
    "shading": "Light and color falloff from flats.",
    "tone": "Tone response and linearity from an exposure series, or a chart's grey row.",
    "lens": "Distortion and lateral chromatic aberration from a checkerboard, dots or charts.",
    "sharpness": "MTF50, overshoot and the whole response from a slanted edge.",
    "texture": "What is kept of fine structure, from a dead-leaves target.",
}


@click.group("calibrate", cls=LazyGroup, lines=COMMANDS, package=__name__)
def command() -> None:
    """Measure what a camera module is: its color, noise, shading, lens and sharpness.

    What is measured goes into a camera profile, which `twinlens develop --profile` uses.
    """
