"""Profiles on the command line: the one that is measured further, and the one that is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from twinlens.core.errors import FileError, ParameterError
from twinlens.core.profile import CameraProfile
from twinlens.core.shot import Shot

OPTIONS = (
    click.option(
        "-o",
        "--output",
        metavar="PROFILE.toml",
        type=click.Path(path_type=Path),
        help="Where the camera profile is written.",
    ),
    click.option(
        "--profile",
        "base",
        metavar="FILE",
        type=click.Path(path_type=Path),
        help="A profile that knows other things of this module already; what is measured is added to a copy.",
    ),
    click.option(
        "--raw-layout", metavar="LAYOUT", help="Of headerless raws: 1920x1080:uint16le:BGGR:black=..:white=.."
    ),
    click.option("--overwrite", is_flag=True, help="Replace an existing result (never an input)."),
    click.option("--json", "as_json", is_flag=True, help="For machines."),
)


def profile_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options that all commands have which write a profile."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def check_output(output: Path | None, base: Path | None, overwrite: bool) -> None:
    """Before any work: an error where the profile could not be written."""
    if output is None:
        return
    if output.suffix.lower() != ".toml":
        raise ParameterError(f"{output}: a camera profile is a .toml file")
    if base is not None and output.exists() and output.samefile(base):
        raise FileError(f"{output} is an input; inputs are never overwritten: choose another name")
    if output.exists() and not overwrite:
        raise FileError(f"{output} exists already: choose another name, or say --overwrite")


def begun(base: Path | None, shot: Shot) -> CameraProfile:
    """The profile to add to: the given one, which has to be of this camera, or a new one of the shot's camera."""
    from twinlens.calibrate.measured import blank_profile
    from twinlens.pipeline import profile

    if base is None:
        return blank_profile(shot)
    known = profile.load(base)
    if known.model and shot.model and known.model != shot.model:
        raise ParameterError(f"{base} is of a {known.model}, the files are of a {shot.model}")
    return known


def write(profile: CameraProfile, output: Path, overwrite: bool) -> None:
    """The document, whole or not at all."""
    from twinlens.files.atomic import atomic
    from twinlens.pipeline import profile as document

    if not profile.color.is_known:
        raise ParameterError(
            f"{output}: the files state no color matrix, and a profile needs one: add to a profile with --profile, or "
            "make one with `twinlens calibrate color`"
        )
    text = document.dumps(profile)
    with atomic(output, overwrite) as temporary:
        temporary.write_text(text, "utf-8")
