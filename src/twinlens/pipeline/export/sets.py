"""Sets: folders of a look for OpenColorIO, RawTherapee and darktable, with what is needed to use them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from twinlens.files import clf, cube, dcp, ocio_config
from twinlens.numerics.encoding import ENCODINGS
from twinlens.pipeline.export import camera, camera_check, engines, instructions, tables
from twinlens.pipeline.export.rendering import Rendering
from twinlens.pipeline.export.request import Request
from twinlens.pipeline.export.shaper import plain_table
from twinlens.pipeline.export.verify import Reading, readings

Writer = Callable[[Path, Rendering, Request, str, tuple[str, ...]], tuple[Reading, ...]]


def write_ocio(
    folder: Path, render: Rendering, request: Request, name: str, losses: tuple[str, ...]
) -> tuple[Reading, ...]:
    """`config.ocio`, the look's CLF in `luts`, README.txt; read back through the config's views."""
    stem = file_stem(name)
    (folder / "luts").mkdir()
    tables.write_clf(render, folder / "luts" / f"{stem}.clf", request, name, losses)
    text = ocio_config.dumps(name, f"{stem}.clf", ENCODINGS["srgb"].rec2020_from, losses)
    (folder / "config.ocio").write_text(text, "utf-8")
    shown = ocio_config.plain_name(name)
    readme = instructions.OCIO.format(name=shown, clf=f"{stem}.clf", losses=instructions.told(losses))
    (folder / "README.txt").write_text(readme, "utf-8")
    if not request.verify:
        return ()
    through = partial(engines.ocio_view, folder / "config.ocio", source=ocio_config.REFERENCE)
    programs = [
        ("OpenColorIO, config's view", partial(through, display=ocio_config.DISPLAY, view=shown)),
        ("OpenColorIO, config's look", partial(through, display=ocio_config.DISPLAY, view=f"{shown} as look")),
    ]
    return readings(render, programs, clf.read(folder / "luts" / f"{stem}.clf"))


def write_rawtherapee(
    folder: Path, render: Rendering, request: Request, name: str, losses: tuple[str, ...]
) -> tuple[Reading, ...]:
    """HaldCLUT, settings, README.txt; with a camera also its DCP."""
    stem, found = file_stem(name), []
    hald = folder / f"{stem}.png"
    tables.write_hald(render, hald, request, losses)
    (folder / f"{stem}.pp3").write_text(instructions.FILM.format(clut=hald.name), "utf-8")
    told = ""
    if request.verify:
        found += tables.read_hald(render, hald)
    if request.camera is not None:
        profile = folder / f"{stem}.dcp"
        dcp.write(profile, camera.camera_profile(render.map, request.camera, name))
        (folder / f"{stem}-dcp.pp3").write_text(instructions.DCP.format(profile=profile.name), "utf-8")
        told = instructions.RAWTHERAPEE_DCP.format(dcp=profile.name, stem=stem)
        found += camera_check.readings(profile, render.map, request.camera) if request.verify else []
    facts = {"name": name, "hald": hald.name, "stem": stem, "dcp": told, "losses": instructions.told(losses)}
    (folder / "README.txt").write_text(instructions.RAWTHERAPEE.format(**facts), "utf-8")
    return tuple(found)


def write_darktable(
    folder: Path, render: Rendering, request: Request, name: str, losses: tuple[str, ...]
) -> tuple[Reading, ...]:
    """The look as .cube and as HaldCLUT, README.txt."""
    stem = file_stem(name)
    path, hald = folder / f"{stem}.cube", folder / f"{stem}.png"
    cube.write(plain_table(render, request.size), path, title=name, comments=losses)
    tables.write_hald(render, hald, request, losses)
    facts = {"name": name, "cube": path.name, "hald": hald.name, "losses": instructions.told(losses)}
    (folder / "README.txt").write_text(instructions.DARKTABLE.format(**facts), "utf-8")
    if not request.verify:
        return ()
    return (*tables.read_cube(render, path, request), *tables.read_hald(render, hald))


def file_stem(name: str) -> str:
    """The look's name as that of a file."""
    plain = "".join(one if one.isalnum() or one in "-_." else "-" for one in name).strip("-.")
    return plain[:60] or "look"


WRITERS: dict[str, Writer] = {"ocio": write_ocio, "rawtherapee": write_rawtherapee, "darktable": write_darktable}
