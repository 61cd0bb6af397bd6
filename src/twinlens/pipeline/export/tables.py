"""Tables: a look written as .cube, HaldCLUT or CLF, and read back by the programs that use them."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from twinlens.core.look import Table
from twinlens.files import clf, cube, hald_clut, shaped_cube
from twinlens.numerics.lut import tetrahedral
from twinlens.pipeline.export import engines, instructions
from twinlens.pipeline.export.rendering import Rendering
from twinlens.pipeline.export.request import Request
from twinlens.pipeline.export.shaper import nodes_of_scene, plain_table
from twinlens.pipeline.export.shaper import shaped_cube as fitted_shaped
from twinlens.pipeline.export.table import SIZES, sampled
from twinlens.pipeline.export.verify import Reading, readings

LARGEST_FIT = max(SIZES)  # nodes a side up to which a table is fitted; larger ones are sampled


def is_shaped(render: Rendering, request: Request) -> bool:
    """Whether the .cube has a 1D shaper before its table."""
    return render.source.kind == "linear" if request.shaper is None else request.shaper


def write_cube(render: Rendering, path: Path, request: Request, title: str, comments: tuple[str, ...]) -> None:
    """A .cube: a 3D table, or one behind a shaper."""
    if is_shaped(render, request):
        shaped = fitted_shaped(render, request.size)
        shaped_cube.write(shaped, path, comments=comments, overwrite=request.overwrite)
        return
    table = plain_table(render, request.size)
    cube.write(table, path, title=title, comments=comments, overwrite=request.overwrite)


def write_hald(render: Rendering, path: Path, request: Request, comments: tuple[str, ...]) -> None:
    """A HaldCLUT of the level asked for."""
    size = hald_clut.size_of(request.level)
    table = plain_table(render, size) if size <= LARGEST_FIT else Table(np.clip(sampled(render.codes, size), 0, 1))
    hald_clut.write(table, path, comments=comments, overwrite=request.overwrite)


def write_clf(render: Rendering, path: Path, request: Request, title: str, comments: tuple[str, ...]) -> None:
    """A CLF: through linear Rec. 2020 for linear inputs, else a table over the codes, behind a shaper for log ones."""
    source = render.source
    if source.kind == "linear":
        nodes = nodes_of_scene(render, request.size, source.rec2020_from)
    elif source.kind == "log":
        shaped = fitted_shaped(render, request.size)
        nodes = (clf.Clamp(0, 1), clf.Curves(shaped.shaper), clf.Cube(shaped.table))
    else:
        nodes = (clf.Clamp(0, 1), clf.Cube(plain_table(render, request.size)))
    process = clf.Process(title, nodes, source.title, render.target.title, comments)
    clf.write(process, path, overwrite=request.overwrite)


def read_cube(render: Rendering, path: Path, request: Request) -> tuple[Reading, ...]:
    """A .cube in OpenColorIO (both of its interpolations) and FFmpeg."""
    programs = [
        ("OpenColorIO, linear", partial(engines.ocio, path)),
        ("OpenColorIO, tetrahedral", partial(engines.ocio, path, interpolation="tetrahedral")),
    ]
    if is_shaped(render, request):
        return readings(render, programs, shaped_cube.read(path))
    programs.append(("FFmpeg lut3d, tetrahedral", partial(engines.ffmpeg, path)))
    table = cube.read(path)
    assert isinstance(table, Table)  # it was written so
    return readings(render, programs, partial(_own, table))


def _own(table: Table, codes: np.ndarray) -> np.ndarray:
    return tetrahedral(np.clip(codes, 0, 1) * (table.size - 1), table.values)


def read_hald(render: Rendering, path: Path) -> tuple[Reading, ...]:
    """A HaldCLUT in ImageMagick and RawTherapee."""
    recipe = instructions.FILM_CHECK.format(clut=path.absolute())
    programs = [("ImageMagick -hald-clut", partial(engines.imagemagick, path))]
    if render.target.name == "srgb":
        programs.append(("RawTherapee film simulation", partial(engines.rawtherapee_film, recipe)))
    return readings(render, programs, partial(_own, hald_clut.read(path)))


def read_clf(render: Rendering, path: Path) -> tuple[Reading, ...]:
    """A CLF in OpenColorIO."""
    return readings(render, [("OpenColorIO, CLF", partial(engines.ocio, path))], clf.read(path))
