"""`twinlens simulate burst`: frames in quick succession from a trembling hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from twinlens.cli.simulate import options


@click.command("burst")
@options.scene_options("still-life")
@click.option("--frames", type=int, default=8, show_default=True, help="How many.")
@click.option(
    "--tremor",
    "tremor_px",
    type=float,
    default=2.0,
    show_default=True,
    metavar="PX",
    help="Standard deviation of a step of the hand.",
)
@click.option(
    "--rotation",
    "rotation_deg",
    type=float,
    default=0.02,
    show_default=True,
    metavar="DEG",
    help="The same in rotation.",
)
@click.option("--moving", is_flag=True, help="A thing of the scene moves meanwhile.")
@click.option(
    "--flicker",
    type=float,
    default=0.0,
    show_default=True,
    metavar="SHARE",
    help="Swing of the light at 100 Hz: 0.2 is 20 % up and down.",
)
@click.option(
    "--interval", "interval_s", type=float, default=1 / 30, metavar="S", help="Between frames.  [default: 1/30]"
)
@options.shot_options
def command(
    scene: str, settings: tuple[str, ...], output: Path, overwrite: bool, as_json: bool, **taking: Any
) -> None:  # fmt: skip
    """Photograph a scene several times by hand; the truth tells where each frame looked.

    twinlens simulate burst --frames 8 --tremor 3 --moving -o burst
    """
    from twinlens import simulate

    taking |= {"options": options.scene_settings(settings), "before": options.refusal(output, overwrite)}
    frames = simulate.burst(scene, **taking)
    options.write(frames, output, overwrite, as_json)
