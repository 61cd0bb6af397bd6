"""What the sub-commands of `simulate` share: their options, and how results are written and told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Protocol

import click

from twinlens.core.errors import ParameterError

Decorator = Callable[[Any], Any]


class Written(Protocol):
    """A frame or a pair."""

    @property
    def notes(self) -> list[str]: ...

    def write(self, folder: Path, *, overwrite: bool = False) -> list[Path]: ...


def _all(*options: Decorator) -> Decorator:
    def add(function: Any) -> Any:
        for option in reversed(options):
            function = option(function)
        return function

    return add


class Numbers(click.ParamType):
    """Numbers with commas between them."""

    name = "numbers"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[float, ...]:
        if isinstance(value, tuple):
            return value
        try:
            return tuple(float(one) for one in str(value).split(","))
        except ValueError:
            self.fail(f"{value!r}: expected numbers with commas between them, like 0.1,0.5", param, ctx)


def scene_options(default: str) -> Decorator:
    """The scene and its own options."""
    return _all(
        click.option("--scene", default=default, show_default=True, metavar="NAME|PICTURE",
                     help="Name of a scene, or a photograph to take as one."),
        click.option("--set", "settings", multiple=True, metavar="OPTION=VALUE",
                     help="An option of the scene, like steps=36. May be repeated."),
    )  # fmt: skip


camera_option = click.option("--camera", default="phone", show_default=True, metavar="NAME|TOML",
                             help="Camera: phone, reference, or a document.")  # fmt: skip
maker_option = click.option("--maker", default="natural", show_default=True, metavar="NAME|TOML|random:SEED",
                            help="The maker's rendering: natural, smartphone, cinematic.")  # fmt: skip
light_option = click.option("--light", default="D65", show_default=True, metavar="NAME|CSV",
                            help="Light: D65, A, LED, FL11, 3200K, or a spectrum.")  # fmt: skip
size_option = click.option("--megapixels", type=float, metavar="MP", help="Size of the picture; the sensor's own else.")
seed_option = click.option("--seed", type=click.IntRange(0), default=0, show_default=True,
                           help="The same seed makes the same files.")  # fmt: skip
module_option = click.option("--module", type=click.IntRange(0), default=0, show_default=True,
                             help="Which unit of the camera; 0 is as designed.")  # fmt: skip
exposure_options = _all(
    click.option("--iso", type=float, help="Sensitivity; the sensor's base else."),
    click.option("--exposure", type=float, metavar="X", help="Light: at 1 white saturates; metered else."),
    click.option("--time", "exposure_time_s", type=float, default=0.01, show_default=True, metavar="S",
                 help="Exposure time, as stated and for the dark current."),
    click.option("--orientation", type=click.IntRange(1, 8), default=1, show_default=True,
                 help="How the camera was held (the EXIF number)."),
)  # fmt: skip
output_options = _all(
    click.option("-o", "--output", default="simulated", show_default=True, metavar="DIR",
                 type=click.Path(path_type=Path), help="Folder for the files; it is made."),
    click.option("--overwrite", is_flag=True, help="Replace files of the same names."),
    click.option("--json", "as_json", is_flag=True, help="Print the files' names as JSON."),
)  # fmt: skip


def shot_options(function: Any) -> Any:
    """What every shot of one camera has."""
    common = (camera_option, maker_option, light_option, size_option, exposure_options, module_option, seed_option)
    return _all(*common, output_options)(function)


def scene_settings(settings: tuple[str, ...]) -> dict[str, Any]:
    """The options of a scene from OPTION=VALUE."""
    import tomllib

    made: dict[str, Any] = {}
    for text in settings:
        name, equals, value = text.partition("=")
        if not equals:
            raise ParameterError(f"--set {text}: expected OPTION=VALUE, like steps=36")
        try:
            made[name] = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:
            made[name] = value
    return made


def refusal(output: Path, overwrite: bool) -> Callable[[str], None]:
    """Refuses a shot that could not be written, before it is taken."""
    from twinlens.simulate.shots.frame import no_files_of

    return no_files_of(output, overwrite)


def write(frames: Iterable[Written], output: Path, overwrite: bool, as_json: bool) -> None:
    """Write each as it is made; tell the files, and once what was assumed."""
    written, told = [], set[str]()
    for frame in frames:
        paths = frame.write(output, overwrite=overwrite)
        written += paths
        for note in frame.notes:
            if note not in told:
                click.echo(f"note: {note}", err=True)
                told.add(note)
        if not as_json:
            for path in paths:
                click.echo(path)
    if as_json:
        click.echo(json.dumps({"files": [str(path) for path in written]}, indent=1))
