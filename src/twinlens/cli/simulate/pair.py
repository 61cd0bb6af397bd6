"""`twinlens simulate pair`: phone and reference look at the same scene."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from twinlens.cli.simulate import options


def both(function: Any) -> Any:
    """The options of the two cameras and their makers."""
    for name, camera, maker in (("reference", "reference", "natural"), ("phone", "phone", "smartphone")):
        function = click.option(f"--{name}-maker", default=maker, show_default=True, metavar="NAME|TOML|random:SEED",
                                help=f"The rendering of the {name}.")(function)  # fmt: skip
        function = click.option(f"--{name}", default=camera, show_default=True, metavar="NAME|TOML",
                                help=f"Camera that is the {name}.")(function)  # fmt: skip
    return click.option("--difference", type=float, default=1.0, show_default=True, metavar="0..2",
                        help="How far apart in place, crop, exposure and white balance.")(function)  # fmt: skip


@click.command("pair")
@options.scene_options("still-life")
@both
@options.light_option
@options.size_option
@options.seed_option
@options.output_options
def command(
    scene: str, settings: tuple[str, ...], output: Path, overwrite: bool, as_json: bool, **taking: Any
) -> None:  # fmt: skip
    """Photograph a scene with two cameras, both held by hand; the truth tells the geometry between them.

    twinlens simulate pair --scene photo.jpg --megapixels 12 -o pair
    """
    from twinlens import simulate

    taking |= {"options": options.scene_settings(settings), "before": options.refusal(output, overwrite)}
    made = simulate.pair(scene, **taking)
    options.write([made], output, overwrite, as_json)
