"""Shot: the facts of one exposure, as the file states them. Never edited, only replaced.

Field meanings follow the Digital Negative Specification 1.7.1 (chapter 3, tags of the same names).
"""

from __future__ import annotations

from dataclasses import field
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.camera_color import CameraColor
from twinlens.core.errors import ParameterError
from twinlens.core.noise import NoiseModel
from twinlens.core.opcodes import Opcode
from twinlens.core.record import record

Array = npt.NDArray[Any]


@record
class Cfa:
    """A color filter array: rows of the repeating tile, one letter (R, G, B) a site, e.g. ("RG", "GB").

    Site (y, x) of the *stored frame* has the color `rows[y % len(rows)][x % len(rows[0])]`.
    """

    rows: tuple[str, ...]

    @classmethod
    def bayer(cls, name: str) -> Cfa:
        """From a name of four letters, row by row: RGGB, BGGR, GRBG, GBRG."""
        if name not in ("RGGB", "BGGR", "GRBG", "GBRG"):
            raise ParameterError(f"a Bayer order is RGGB, BGGR, GRBG or GBRG, got {name!r}")
        return cls((name[:2], name[2:]))

    @property
    def name(self) -> str:
        return "".join(self.rows)

    @property
    def is_bayer(self) -> bool:
        return self.name in ("RGGB", "BGGR", "GRBG", "GBRG") and len(self.rows) == 2

    @property
    def doubled(self) -> Cfa:
        """The array in which each site became a block of 2 x 2: a quad Bayer one of a Bayer one."""
        return Cfa(tuple("".join(2 * letter for letter in row) for row in self.rows for _ in range(2)))

    @property
    def is_quad_bayer(self) -> bool:
        """A Bayer array of blocks: 2 x 2 neighbours have one color. The tile may begin inside a block."""
        if len(self.rows) != 4 or any(len(row) != 4 for row in self.rows):
            return False
        seen = (self.shifted(top, left) for top in (0, 1) for left in (0, 1))
        return any(one.halved.is_bayer and one.halved.doubled == one for one in seen)

    @property
    def halved(self) -> Cfa:
        """The array of every other row and column."""
        return Cfa(tuple(row[::2] for row in self.rows[::2]))

    @property
    def block_corner(self) -> tuple[int, int]:
        """Of a quad Bayer array the first (row, column), 0 or 1, at which a block begins."""
        rows = self.indices
        return int((rows[0] != rows[1]).any()), int((rows[:, 0] != rows[:, 1]).any())

    @property
    def indices(self) -> Array:
        """The tile as numbers: 0 red, 1 green, 2 blue; shape (rows, columns), uint8."""
        return np.array([["RGB".index(letter) for letter in row] for row in self.rows], np.uint8)

    def shifted(self, top: int, left: int) -> Cfa:
        """The tile as seen from site (top, left)."""
        rows = np.roll(self.indices, (-top, -left), (0, 1))
        return Cfa(tuple("".join("RGB"[i] for i in row) for row in rows))


@record(kw_only=True, eq=False)
class Shot:
    """What the camera recorded besides the pixels. Positions are (top, left, bottom, right) in the stored frame."""

    source: str = ""  # name of the file that was read
    kind: str = "raw"  # "raw" or "display" (JPEG, HEIC, PNG, TIFF)

    make: str = ""
    model: str = ""
    unique_camera_model: str = ""
    lens: str = ""
    serial: str = ""
    software: str = ""
    taken: str = ""  # ISO 8601, "" when unknown
    exposure_time_s: float | None = None
    f_number: float | None = None
    iso: float | None = None
    focal_length_mm: float | None = None
    focus_distance_m: float | None = None
    orientation: int = 1  # TIFF Orientation 1 to 8

    width: int = 0
    height: int = 0
    bits: int = 16
    compression: str = ""
    cfa: Cfa | None = None
    active_area: tuple[int, int, int, int] | None = None
    masked_areas: tuple[tuple[int, int, int, int], ...] = ()
    default_crop_origin: tuple[float, float] | None = None  # (left, top), relative to the active area
    default_crop_size: tuple[float, float] | None = None  # (width, height)
    default_scale: tuple[float, float] = (1.0, 1.0)  # horizontal, vertical

    black_level: Array | None = None  # (repeat rows, repeat columns, samples) DN; None when the file has no tag
    black_delta_h: Array | None = None  # (active width,) DN, one a column
    black_delta_v: Array | None = None  # (active height,) DN, one a row
    white_level: tuple[float, ...] | None = None  # DN, one a sample; None when the file has no tag
    linearization_table: Array | None = None  # uint16
    noise: NoiseModel | None = None
    opcodes: tuple[tuple[Opcode, ...], tuple[Opcode, ...], tuple[Opcode, ...]] = ((), (), ())  # lists 1, 2, 3

    color: CameraColor = field(default_factory=CameraColor)
    as_shot_neutral: tuple[float, ...] | None = None
    as_shot_white_xy: tuple[float, float] | None = None
    baseline_exposure: float = 0.0  # EV
    baseline_sharpness: float = 1.0
    baseline_noise: float = 1.0

    exif: bytes = b""  # the Exif block as a small TIFF file (IFD0 + Exif + GPS), ready to be put into a picture
    xmp: bytes = b""
    icc: bytes = b""  # of a display-referred source
    tags: dict[str, Any] = field(default_factory=dict)  # every other tag by name, as the reader decoded it
    notes: tuple[str, ...] = ()  # what the reader assumed or mended, a sentence each

    @property
    def area(self) -> tuple[int, int, int, int]:
        """The active area (top, left, bottom, right); the whole frame when the file names none."""
        return self.active_area or (0, 0, self.height, self.width)

    @property
    def crop(self) -> tuple[int, int, int, int]:
        """The default crop (top, left, bottom, right) in pixels *of the active area*, clipped to it."""
        top, left, bottom, right = self.area
        height, width = bottom - top, right - left
        x, y = self.default_crop_origin or (0.0, 0.0)
        across, down = self.default_crop_size or (width - x, height - y)
        top, left = min(max(round(y), 0), height - 1), min(max(round(x), 0), width - 1)
        return top, left, min(top + max(round(down), 1), height), min(left + max(round(across), 1), width)


USUAL_NEUTRAL = (0.5, 1.0, 0.65)  # of sensors under daylight, where the file names none


def neutral_of(shot: Shot) -> tuple[float, float, float]:
    """The camera's RGB of grey, the largest 1; a usual one where the shot names none that is possible."""
    neutral = shot.as_shot_neutral
    if neutral is None or len(neutral) != 3 or min(neutral) <= 0:
        return USUAL_NEUTRAL
    scale = max(neutral)
    return tuple(max(value / scale, 0.05) for value in neutral)  # type: ignore[return-value]
