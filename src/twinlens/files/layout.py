"""Layout: headerless raw files, whose size, number format and color filters are stated by the user.

A layout is a text like `1920x1080:uint16le:BGGR:black=64:white=4095` or a TOML document beside the file (`FILE.toml`):

    format = "raw-layout/1"
    size = [1920, 1080]        # width, height
    samples = "uint16le"       # uint8, uint16le, uint16be, packed10, packed12 (MIPI CSI-2)
    cfa = "BGGR"               # RGGB, BGGR, GRBG, GBRG or mono
    black = 64
    white = 4095
    # optional: offset (bytes), make, model, wb = [red, green, blue] gains, bits

Source of packed10 and packed12: MIPI Alliance Specification for CSI-2, RAW10 and RAW12 data formats.
"""

from __future__ import annotations

import math
import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import DocumentError, FileError, ParameterError
from twinlens.core.image import SENSOR, Image
from twinlens.core.record import record
from twinlens.core.shot import Cfa, Shot
from twinlens.files import limits, tiff

Array = npt.NDArray[Any]

FORMAT = "raw-layout/1"
_SAMPLES = {"uint8": 8, "uint16le": 16, "uint16be": 16, "packed10": 10, "packed12": 12}
_FILTERS = ("RGGB", "BGGR", "GRBG", "GBRG", "mono")
_EXAMPLE = "1920x1080:uint16le:BGGR:black=64:white=4095"
_PACKED = {10: (4, 5), 12: (2, 3)}  # bits -> samples and bytes of one group; the last byte holds the low bits


@record
class Layout:
    """What a headerless file holds. `white_gains` of red, green and blue make its light neutral."""

    width: int
    height: int
    samples: str
    cfa: str
    black: float = 0.0
    white: float | None = None
    bits: int | None = None
    offset: int = 0
    make: str = ""
    model: str = ""
    white_gains: tuple[float, float, float] | None = None

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise ParameterError(f"the size of a raw layout is at least 1x1, got {self.width}x{self.height}")
        if self.samples not in _SAMPLES:
            raise ParameterError(
                f"raw layout: {self.samples!r} is not a number format; use one of {', '.join(_SAMPLES)}"
            )
        if self.cfa not in _FILTERS:
            raise ParameterError(
                f"raw layout: {self.cfa!r} is not a color filter order; use one of {', '.join(_FILTERS)}"
            )
        full = 2 ** (self.bits or _SAMPLES[self.samples])
        if self.bits is not None and not 1 <= self.bits <= _SAMPLES[self.samples]:
            raise ParameterError(f"raw layout: bits={self.bits} does not fit {self.samples}")
        if not (math.isfinite(self.black) and 0 <= self.black < self.white_level <= max(full, 2) - 1):
            raise ParameterError(
                f"raw layout: black={self.black:g} and white={self.white_level:g} must rise between 0 and {full - 1}"
            )
        if self.offset < 0:
            raise ParameterError(f"raw layout: offset={self.offset} is not a number of bytes")
        if self.white_gains is not None and not all(math.isfinite(g) and g > 0 for g in self.white_gains):
            raise ParameterError(f"raw layout: wb={self.white_gains} must be three numbers above zero")

    @property
    def white_level(self) -> float:
        """The stated white, else the largest value of the stated bits."""
        return float(2 ** (self.bits or _SAMPLES[self.samples]) - 1) if self.white is None else self.white

    @property
    def row_bytes(self) -> int:
        """Bytes of one row."""
        bits = _SAMPLES[self.samples]
        if bits not in _PACKED:
            return self.width * bits // 8
        group, size = _PACKED[bits]
        return -(-self.width // group) * size


def parse(text: str) -> Layout:
    """A layout from `WIDTHxHEIGHT:SAMPLES:CFA[:key=value]...`. Raises ParameterError that names the part."""
    parts = [part.strip() for part in text.split(":")]
    size = re.fullmatch(r"(\d{1,7})[xX](\d{1,7})", parts[0])
    if not size:
        raise ParameterError(f"raw layout: {parts[0]!r} is not a size like 1920x1080 (the whole is like {_EXAMPLE})")
    if len(parts) < 3:
        raise ParameterError(f"raw layout: {text!r} needs size, number format and color filters, like {_EXAMPLE}")
    options: dict[str, Any] = {}
    for part in parts[3:]:
        key, equals, value = part.partition("=")
        if not equals or key not in _OPTIONS:
            raise ParameterError(f"raw layout: {part!r} is not one of {', '.join(f'{key}=' for key in _OPTIONS)}")
        name, convert = _OPTIONS[key]
        if name in options:
            raise ParameterError(f"raw layout: {key}= is given twice")
        try:
            options[name] = convert(value)
        except ValueError as error:
            raise ParameterError(f"raw layout: {part!r} has a value that is not valid") from error
    cfa = parts[2] if parts[2].lower() == "mono" else parts[2].upper()
    return Layout(
        int(size[1]), int(size[2]), parts[1].lower(), cfa.lower() if cfa.lower() == "mono" else cfa, **options
    )


def _three(value: str) -> tuple[float, float, float]:
    red, green, blue = (float(item) for item in value.split(","))
    return red, green, blue


_OPTIONS: dict[str, tuple[str, Any]] = {
    "black": ("black", float),
    "white": ("white", float),
    "bits": ("bits", int),
    "offset": ("offset", int),
    "make": ("make", str),
    "model": ("model", str),
    "wb": ("white_gains", _three),
}
_TYPES: dict[str, type | tuple[type, ...]] = {
    "black": (int, float),
    "white": (int, float),
    "bits": int,
    "offset": int,
    "make": str,
    "model": str,
    "wb": list,
}


def beside(path: str | os.PathLike[str]) -> Path:
    """Where the layout document of a file lies: the whole name with `.toml` after it."""
    return Path(f"{os.fspath(path)}.toml")


def load(path: Path) -> Layout:
    """A layout document. Raises DocumentError that names the key."""
    import tomllib

    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DocumentError(f"{path} is not a layout document: {error}") from error
    if document.pop("format", None) != FORMAT:
        raise DocumentError(f'{path}: the first line of a layout document is format = "{FORMAT}"')
    size, samples, cfa = (document.pop(key, None) for key in ("size", "samples", "cfa"))
    is_size = isinstance(size, list) and len(size) == 2 and all(type(side) is int for side in size)
    if not is_size or not isinstance(samples, str) or not isinstance(cfa, str):
        raise DocumentError(f"{path}: size = [width, height], samples and cfa are needed")
    options: dict[str, Any] = {}
    for key, value in document.items():
        if key not in _TYPES:
            raise DocumentError(f"{path}: unknown key {key!r}; known are size, samples, cfa, {', '.join(_TYPES)}")
        if not isinstance(value, _TYPES[key]) or isinstance(value, bool):
            raise DocumentError(f"{path}: {key} = {value!r} is of the wrong kind")
        options[_OPTIONS[key][0]] = value
    if (gains := options.get("white_gains")) is not None:
        if len(gains) != 3 or not all(type(gain) in (int, float) for gain in gains):
            raise DocumentError(f"{path}: wb = {gains} must be three numbers: red, green, blue")
        options["white_gains"] = tuple(map(float, gains))
    try:
        return Layout(size[0], size[1], samples, cfa, **options)
    except ParameterError as error:
        raise DocumentError(f"{path}: {error}") from error


def read(path: str | os.PathLike[str], layout: Layout, *, max_pixels: int = limits.MAX_PIXELS) -> Image:
    """The mosaic of a headerless file. Raises FileError when the file is too short for the layout."""
    limits.check_size(layout.width, layout.height, max_pixels)
    data = tiff.open_bytes(path)
    needed = layout.offset + layout.row_bytes * layout.height
    if len(data) < needed:
        raise FileError(
            f"{path} has {len(data)} bytes; {layout.width}x{layout.height}:{layout.samples} from byte {layout.offset}"
            f" needs {needed}; check the size and number format of the layout"
        )
    cfa = None if layout.cfa == "mono" else Cfa.bayer(layout.cfa)
    notes = ["Size, levels and color filters are those of the stated layout; the file itself says nothing of them."]
    if layout.white is None:
        notes.append(f"No white level was stated; {layout.white_level:g}, the largest value of its samples, is taken.")
    if len(data) > needed:
        notes.append(f"{len(data) - needed} bytes after the picture were not read.")
    gains = layout.white_gains
    shot = Shot(
        source=Path(path).name,
        make=layout.make,
        model=layout.model,
        unique_camera_model=f"{layout.make} {layout.model}".strip(),
        width=layout.width,
        height=layout.height,
        bits=layout.bits or _SAMPLES[layout.samples],
        compression="none",
        cfa=cfa,
        black_level=np.full((1, 1, 1), float(layout.black)),
        white_level=(float(layout.white_level),),
        as_shot_neutral=None if gains is None else tuple(gains[1] / gain for gain in gains),
        notes=tuple(notes),
    )
    return Image(pixels=_pixels(data[layout.offset : needed], layout), state=SENSOR, shot=shot, cfa=cfa)


def _pixels(data: memoryview, layout: Layout) -> Array:
    shape = (layout.height, layout.width)
    bits = _SAMPLES[layout.samples]
    if bits in _PACKED:
        return _unpacked(np.frombuffer(data, np.uint8).reshape(layout.height, -1), bits)[:, : layout.width]
    if bits == 8:
        return np.frombuffer(data, np.uint8).reshape(shape).astype(np.uint16)
    stored = np.frombuffer(data, "<u2" if layout.samples == "uint16le" else ">u2").reshape(shape)
    is_ready = stored.dtype.isnative and stored.flags.aligned
    return stored if is_ready else stored.astype(np.uint16)


def _unpacked(rows: Array, bits: int) -> Array:
    """(H, samples) from MIPI groups: the high 8 bits of each sample, then a byte of all low bits, first lowest."""
    group, size = _PACKED[bits]
    groups = rows.reshape(rows.shape[0], -1, size)
    low = bits - 8
    out = np.empty((*groups.shape[:2], group), np.uint16)
    for index in range(group):
        out[..., index] = groups[..., index].astype(np.uint16) << low | groups[..., group] >> (low * index) & (
            2**low - 1
        )
    return out.reshape(rows.shape[0], -1)
