"""`twinlens simulate shot`: one shot of a scene, or a bracket of exposures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from twinlens.cli.simulate import options


@click.command("shot")
@options.scene_options("still-life")
@click.option("--bracket", type=options.Numbers(), metavar="EV,EV,...", help="Several exposures, like -2,0,2.")
@options.shot_options
def command(
    scene: str, settings: tuple[str, ...], bracket: tuple[float, ...] | None, output: Path, overwrite: bool,
    as_json: bool, **taking: Any,
) -> None:  # fmt: skip
    """Photograph a scene: its name, or any picture, lifted to spectra.

    twinlens simulate shot --scene photo.jpg --light A --maker cinematic -o out
    """
    from twinlens import simulate

    taking |= {"options": options.scene_settings(settings), "before": options.refusal(output, overwrite)}
    frames = simulate.bracket(scene, stops=bracket, **taking) if bracket else [simulate.shot(scene, **taking)]
    options.write(frames, output, overwrite, as_json)
