"""DNG reading: the raw picture of a DNG file and everything that its tags say, as an Image in state SENSOR."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from twinlens.core.errors import FileError
from twinlens.core.image import SENSOR, Image, planar
from twinlens.core.opcodes import Opcode
from twinlens.core.shot import Shot
from twinlens.files import exif, frame, limits, tiff
from twinlens.files.dng import color, levels
from twinlens.files.frame import UnsupportedError
from twinlens.files.segment import COMPRESSIONS
from twinlens.files.tags import NUMBERS, name
from twinlens.files.tiff import Directory

_OPCODE_LISTS = tuple(NUMBERS[f"OpcodeList{number}"] for number in (1, 2, 3))
_LARGEST = np.float32(1e9)  # of a floating-point pixel; 1 is usually white
_PRIVATE = 64  # tags with more values than this are not listed among the other tags
_IN_COLOR = ("ColorMatrix", "ForwardMatrix", "CameraCalibration", "ProfileHueSat", "ProfileLook")  # kept in Shot.color


def read(path: str | os.PathLike[str], *, max_pixels: int = limits.MAX_PIXELS) -> Image:
    """The raw picture of a DNG file. Raises FileError; UnsupportedError when it is stored in a way not known here."""
    data = tiff.open_bytes(path)
    return from_bytes(data, Path(path).name, max_pixels=max_pixels)


def from_bytes(
    data: memoryview, source: str, *, max_pixels: int = limits.MAX_PIXELS, chain: list[Directory] | None = None
) -> Image:
    """As `read`, from the bytes of a file called `source`; `chain` are its directories where they were read before."""
    chain = tiff.read(data) if chain is None else chain
    first, raw = chain[0], raw_directory(chain)
    storage = frame.describe(raw, max_pixels)
    shot = _shot(data, first, raw, storage)
    pixels = frame.pixels(data, storage)
    if pixels.ndim == 3 and levels.planes(raw) != [0, 1, 2]:
        pixels = planar(pixels[..., levels.planes(raw)])
    if pixels.dtype == np.float32 and not _are_sane(pixels):
        pixels = np.nan_to_num(pixels, nan=0.0).clip(-_LARGEST, _LARGEST)
        note = f"Pixels that are no numbers were set to 0, those beyond {_LARGEST:g} to that."
        shot = replace(shot, notes=(*shot.notes, note))
    shot = replace(shot, source=source, notes=(*shot.notes, *_faults(first, raw)))
    return Image(pixels=pixels, state=SENSOR, shot=shot, cfa=shot.cfa, noise=shot.noise)


def _are_sane(pixels: Any) -> bool:
    with np.errstate(invalid="ignore"):
        return bool(pixels.min() >= -_LARGEST and pixels.max() <= _LARGEST)  # false for NaN too


def is_dng(chain: list[Directory]) -> bool:
    """Whether the directories are those of a DNG file."""
    return NUMBERS["DNGVersion"] in chain[0]


def raw_directory(chain: list[Directory]) -> Directory:
    """The directory of the main raw picture. Raises FileError when there is none."""
    kinds = (levels.COLOR_FILTER_ARRAY, levels.LINEAR_RAW)
    raws = [item for item in tiff.walk(chain) if item.integer(262, -1) in kinds]
    if not raws:
        raise UnsupportedError("no directory of the file holds a raw picture (color filter array or linear raw)")
    main = [item for item in raws if item.integer(254) == 0] or raws
    return max(main, key=lambda item: item.integer(256) * item.integer(257))


def _shot(data: memoryview, first: Directory, raw: Directory, storage: frame.Frame) -> Shot:
    order = levels.planes(raw)
    areas = levels.areas(raw, storage)
    area = areas["active_area"] or (0, 0, storage.height, storage.width)
    is_mosaic = raw.integer(262) == levels.COLOR_FILTER_ARRAY
    if is_mosaic and storage.samples != 1:
        raise UnsupportedError(f"a color filter array with {storage.samples} samples a site is not known")
    cfa = levels.color_filters(raw, areas["active_area"]) if is_mosaic else None
    ifd0, exif_part, gps = exif.directories(data, first)
    codec = storage.codec
    return Shot(
        **exif.facts(ifd0, exif_part),
        **areas,
        **levels.levels(raw, storage, area, order),
        **_rendering(first, raw, order),
        width=storage.width,
        height=storage.height,
        bits=codec.bits,
        compression=COMPRESSIONS[codec.compression],
        cfa=cfa,
        noise=levels.noise(first, raw, order),
        opcodes=_opcodes(raw),
        exif=exif.rebuilt(ifd0, exif_part, gps),
        xmp=first.bytes(700).rstrip(b"\0"),
        tags=_other_tags(first, raw),
        notes=(*_notes(first, raw, storage), *exif.faults(ifd0, exif_part, gps)),
    )


def _rendering(first: Directory, raw: Directory, order: list[int]) -> dict[str, Any]:
    """The fields of Shot that say how camera values become colors."""
    neutral = first.numbers(NUMBERS["AsShotNeutral"], 3)
    return {
        "unique_camera_model": first.text(NUMBERS["UniqueCameraModel"]),
        "color": color.read(first, raw, order),
        "as_shot_neutral": tuple(neutral[order].tolist()) if neutral is not None and np.all(neutral > 0) else None,
        "as_shot_white_xy": _white(first.numbers(NUMBERS["AsShotWhiteXY"], 2)),
        "baseline_exposure": first.number(NUMBERS["BaselineExposure"]) or 0.0,
        "baseline_sharpness": _or_one(first.number(NUMBERS["BaselineSharpness"])),
        "baseline_noise": _or_one(first.number(NUMBERS["BaselineNoise"])),
    }


def rendering(data: memoryview) -> dict[str, Any]:
    """The fields of Shot that a DNG states of color, noise and corrections, whoever decodes it. Raises FileError."""
    chain = tiff.read(data)
    raw = raw_directory(chain)
    order = levels.planes(raw)
    return _rendering(chain[0], raw, order) | {"noise": levels.noise(chain[0], raw, order), "opcodes": _opcodes(raw)}


def _white(xy: Any) -> tuple[float, float] | None:
    return (float(xy[0]), float(xy[1])) if xy is not None and np.all((xy > 0) & (xy < 1)) else None


def _or_one(number: float | None) -> float:
    return 1.0 if number is None else number


def _opcodes(raw: Directory) -> tuple[tuple[Opcode, ...], tuple[Opcode, ...], tuple[Opcode, ...]]:
    lists: list[tuple[Opcode, ...]] = []
    for tag in _OPCODE_LISTS:
        data = raw.bytes(tag)
        found: tuple[Opcode, ...] = ()
        if data:
            from twinlens.files.opcodes import decode

            try:
                found = decode(data)
            except FileError as error:
                raw.faults.append(f"{name(tag)} is not valid ({error}); it was ignored")
        lists.append(found)
    return lists[0], lists[1], lists[2]


def _notes(first: Directory, raw: Directory, storage: frame.Frame) -> tuple[str, ...]:
    notes = []
    if NUMBERS["WhiteLevel"] not in raw:
        full = "1.0" if storage.codec.is_float else str(2**storage.codec.bits - 1)
        notes.append(f"The file names no white level; {full}, the largest value of its samples, is taken.")
    if NUMBERS["BlackLevel"] not in raw:
        notes.append("The file names no black level.")
    if storage.codec.bits > 16 and not storage.codec.is_float:
        notes.append(
            f"Samples of {storage.codec.bits} bits are kept as 32-bit floating-point numbers (24 significant bits)."
        )
    if not any(NUMBERS[f"ColorMatrix{number}"] in first for number in (1, 2, 3)):
        notes.append("The file holds no color matrix.")
    if NUMBERS["AsShotNeutral"] not in first and NUMBERS["AsShotWhiteXY"] not in first:
        notes.append("The file names no white balance of the exposure.")
    return tuple(notes)


def _faults(*directories: Directory) -> tuple[str, ...]:
    unique = {id(item): item for item in directories}.values()
    return tuple(f"{fault[0].upper()}{fault[1:]}." for item in unique for fault in dict.fromkeys(item.faults))


def _other_tags(first: Directory, raw: Directory) -> dict[str, Any]:
    """Small tags of both directories by name, as numbers or text."""
    found: dict[str, Any] = {}
    for directory in (first, raw):
        for tag, entry in directory.entries.items():
            if name(tag).startswith(_IN_COLOR) or not 0 < entry.count <= (_PRIVATE if entry.type != 2 else 1024):
                continue
            values = directory.array(tag)
            value: Any = directory.text(tag) if entry.type == 2 else values.tolist() if values is not None else None
            found[name(tag)] = value[0] if isinstance(value, list) and len(value) == 1 else value
    return found
