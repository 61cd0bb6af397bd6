"""Export: a look as a file of another program, read back by that program.

`export` writes a table for a stated input (.cube, HaldCLUT, CLF), a camera profile (.dcp), or a folder with all that
OpenColorIO, RawTherapee or darktable want. What the file cannot carry is said in it and in the result, and so is the
difference between our rendering and what the program makes of the file.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import twinlens
from twinlens.core.errors import FileError, ParameterError
from twinlens.files import dcp
from twinlens.pipeline.export import camera, camera_check, sets, tables
from twinlens.pipeline.export.folders import folder
from twinlens.pipeline.export.losses import losses
from twinlens.pipeline.export.rendering import Rendering, rendering
from twinlens.pipeline.export.request import FOLDERS, KINDS, Exported, Request, check, default_source, kind_of
from twinlens.pipeline.export.verify import Reading
from twinlens.pipeline.look import Look, at_strength
from twinlens.stages.look_map import DAYLIGHT_CCT

__all__ = ["KINDS", "Exported", "Reading", "Request", "export", "rendering"]

INTERPOLATION = "interpolate tetrahedrally where you can choose; it was fitted for tetrahedral and trilinear alike"


def export(look: Look, path: str | Path, request: Request | None = None, *, strength: float = 1.0) -> Exported:
    """Write a look at a strength in the format that `request.kind` or the ending of `path` says, and read it back.

    Raises ParameterError for what a format cannot be asked for, FileError where the file exists or a program does not
    take it; nothing half-written is left.
    """
    path = Path(path)
    asked = request or Request()
    kind = kind_of(path, asked.kind)
    asked = replace(asked, source=asked.source or default_source(kind))
    check(asked, kind)
    _check_target(path, asked.overwrite)
    if not 0 <= strength <= 2:
        raise ParameterError(f"strength = {strength:g} is outside 0 to 2: 0 is neutral, 1 the look")
    stage, note = at_strength(look, strength)
    cct = asked.light or DAYLIGHT_CCT
    stage = replace(stage, cct=cct) if stage.lights and kind != "dcp" else stage
    render = rendering(stage, asked.source, asked.target)
    shown = replace(look, finish=look.finish.scaled(stage.strength))
    told = (*((note,) if note else ()), *losses(shown, kind, asked))
    name = look.name if stage.strength == 1 else f"{look.name} at {stage.strength:.2f}"
    if kind in FOLDERS:
        with folder(path, asked.overwrite) as made:
            found = sets.WRITERS[kind](made, render, asked, name, told)
            names = tuple(sorted(one.relative_to(made).as_posix() for one in made.rglob("*") if one.is_file()))
        return Exported(path, kind, names, told, found)
    comments = _comments(name, kind, render, told)
    found = _write_file(kind, render, path, asked, name, comments)
    return Exported(path, kind, (path.name,), told, found)


def _check_target(path: Path, overwrite: bool) -> None:
    """What writing would say in the end, before anything is computed."""
    if not path.parent.is_dir():
        raise FileError(f"cannot write {path}: the folder {path.parent} does not exist; make it first")
    if path.exists() and not overwrite:
        raise FileError(f"{path} exists already; choose another name or ask for it to be overwritten (--overwrite)")


def _comments(name: str, kind: str, render: Rendering, told: tuple[str, ...]) -> tuple[str, ...]:
    """What stands in the file: what it is, how to use it, what it cannot carry."""
    head = [f"{name}, by twinlens {twinlens.__version__}"]
    if kind != "dcp":
        head += [f"input: {render.source.title}; output: {render.target.title}", INTERPOLATION]
    return (*head, *(f"cannot carry: {one}" for one in told))


def _write_file(
    kind: str, render: Rendering, path: Path, asked: Request, name: str, comments: tuple[str, ...]
) -> tuple[Reading, ...]:
    if kind == "dcp":
        assert asked.camera is not None  # checked
        profile = camera.camera_profile(render.map, asked.camera, name, "; ".join(comments))
        dcp.write(path, profile, asked.overwrite)
        return camera_check.readings(path, render.map, asked.camera) if asked.verify else ()
    if kind == "hald":
        tables.write_hald(render, path, asked, comments)
        return tables.read_hald(render, path) if asked.verify else ()
    if kind == "clf":
        tables.write_clf(render, path, asked, name, comments)
        return tables.read_clf(render, path) if asked.verify else ()
    tables.write_cube(render, path, asked, name, comments)
    return tables.read_cube(render, path, asked) if asked.verify else ()
