"""Maker picture: a maker's finished picture as display light in small cells, and whether it is the maker's own.

A cell is the mean of a few pixels in linear light: fine enough for registration, coarse enough that sharpening, noise
and JPEG's color blocks matter little.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens import files
from twinlens.core.errors import FileError
from twinlens.core.image import ENCODED, Image
from twinlens.core.record import record
from twinlens.core.shot import Shot
from twinlens.learn.folder import Photograph
from twinlens.numerics.color import encode
from twinlens.pipeline.scene import display_light

Array = npt.NDArray[Any]

CELLS_LONG_EDGE = 1000  # about as many cells along the picture's longer side
LEAST_CELL_PX = 2  # so that color stored at half size fills them
LEAST_LONG_EDGE = 400  # px: a smaller picture shows too few flat places
EDITORS = (
    "adobe", "photoshop", "lightroom", "capture one", "darktable", "rawtherapee", "gimp", "affinity", "snapseed",
    "vsco", "dxo", "luminar", "on1", "acdsee", "picasa", "polarr", "pixelmator", "paintshop", "facetune", "picsart",
    "meitu", "exposure x", "silkypix", "photos 1", "photos 2", "photos 3", "photos 4", "photos 5", "photos 6",
    "windows photo",
)  # fmt: skip
_AGENT = re.compile(rb"(?:softwareAgent|CreatorTool)(?:=\"|>)([^\"<]{1,80})")


@record(kw_only=True, eq=False)
class MakerPicture:
    """`light` (rows, columns, 3) display light, linear Rec. 2020, upright, a cell of `cell_px` px each; `clipped`
    (rows, columns) bool; `space` the primaries of its codes; `edited_by` a program for editing, "" for a camera."""

    name: str
    light: Array
    clipped: Array
    cell_px: int
    shape: tuple[int, int]
    space: str
    taken: str = ""
    edited_by: str = ""
    notes: tuple[str, ...] = ()

    @property
    def codes(self) -> Array:
        """The cells as a picture (rows, columns, 3), 0 to 1."""
        return np.clip(encode(self.light, "srgb"), 0, 1)


def of_photograph(one: Photograph, shot: Shot | None = None) -> MakerPicture:
    """The finished picture of a photograph: the file, else the preview in its raw (`shot` are the raw's facts).
    Raises FileError.
    """
    if one.picture is not None:
        return of_file(one.picture)
    assert one.raw is not None
    from twinlens.files.preview import read_preview

    preview = read_preview(one.raw, shot or files.read(one.raw).shot)
    return of_image(preview.image, f"{one.raw.name} (preview)", edited_by=editor(preview.made_by))


def of_file(path: Path) -> MakerPicture:
    """The picture in a file. Raises FileError."""
    image = files.read(path)
    if image.state is not ENCODED:
        raise FileError(f"{path} is a raw file; a finished picture is wanted as the reference")
    return of_image(image, path.name)


def of_image(image: Image, name: str, *, edited_by: str = "") -> MakerPicture:
    """The cells of a picture in state ENCODED. Raises FileError for one that is too small."""
    long_edge = max(image.height, image.width)
    if long_edge < LEAST_LONG_EDGE:
        raise FileError(
            f"{name} is {image.width} x {image.height} px, too small to learn from: {LEAST_LONG_EDGE} px are needed"
        )
    cell = max(round(long_edge / CELLS_LONG_EDGE), LEAST_CELL_PX)
    light, clipped = display_light(image, cell)
    shot = image.shot
    told = tuple(note for note in shot.notes if "left out" in note or "assumed" in note)
    return MakerPicture(
        name=name, light=light, clipped=clipped, cell_px=cell, shape=(light.shape[0] * cell, light.shape[1] * cell),
        space=image.primaries, taken=shot.taken, edited_by=edited_by or editor_of(shot), notes=told,
    )  # fmt: skip


def editor_of(shot: Shot) -> str:
    """The editing program that a picture's EXIF or XMP names; "" where it names none."""
    agents = [found.decode("utf-8", "replace") for found in _AGENT.findall(shot.xmp)]
    return next((one for one in map(editor, (shot.software, *agents)) if one), "")


def editor(program: str) -> str:
    """The program's name where it is one for editing, else ""."""
    plain = program.strip().lower()
    return program.strip() if any(one in plain for one in EDITORS) else ""
