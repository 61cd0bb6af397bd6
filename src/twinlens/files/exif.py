"""EXIF: the facts of an exposure out of tag directories, and a clean Exif block made again from them.

The block is a small TIFF file (IFD0, Exif, GPS), without thumbnail, maker note or values that others stumble over (zero
denominators, empty dates). Source: Exif 3.0 (CIPA DC-008-2023), sections 4.5 and 4.6.
"""

from __future__ import annotations

import re
import struct
from typing import Any

import numpy as np

from twinlens.core.shot import Shot
from twinlens.files import tags, tiff, tiff_write
from twinlens.files.tags import NUMBERS
from twinlens.files.tiff import EXIF_IFD, GPS_IFD, RATIONALS, Directory

_IFD0 = (270, 271, 272, 274, 305, 306, 315, 33432)
_EXIF = (
    *(33434, 33437, 34850, 34855, 34864, 34865, 34866, 34867, 36864, 36867, 36868, 36880, 36881, 36882),
    *(37377, 37378, 37379, 37380, 37381, 37382, 37383, 37384, 37385, 37386, 37396, 37510, 37520, 37521, 37522),
    *(41495, 41728, 41729, 41985, 41986, 41987, 41988, 41989, 41990, 41991, 41992, 41993, 41994, 41996),
    *(42016, 42032, 42033, 42034, 42035, 42036, 42037),
)
_GPS = tuple(range(32))
_DATES = (306, 36867, 36868)
_ALWAYS_POSITIVE = (33434, 33437, 34855, 37386, 41989)  # exposure time, f-number, ISO, focal lengths: 0 means unknown
_LENS_SPECIFICATION = 42034  # may hold 0/0 for an unknown aperture
_MAY_BE_UNKNOWN = (_LENS_SPECIFICATION, NUMBERS["LensInfo"])
_DATE = r"(\d{4}):(\d\d):(\d\d) (\d\d):(\d\d):(\d\d)"
_MAX_VALUE = 4096  # bytes of one value


def directories(data: memoryview, first: Directory) -> tuple[Directory, Directory | None, Directory | None]:
    """IFD0, its Exif directory and its GPS directory."""
    exif, gps = (
        tiff.block(data, first.order, first.integer(tag), tiff.is_big(data)) if tag in first else None
        for tag in (EXIF_IFD, GPS_IFD)
    )
    return first, exif, gps


def facts(first: Directory, exif: Directory | None) -> dict[str, Any]:
    """The fields of Shot that EXIF tells; unknown ones are left out."""
    found: dict[str, Any] = {"make": first.text(271), "model": first.text(272), "software": first.text(305)}
    orientation = first.integer(274, 1)
    found["orientation"] = orientation if 1 <= orientation <= 8 else 1
    source = exif or first
    found["taken"] = _when(source, first)
    for field, tag in (
        ("exposure_time_s", 33434),
        ("f_number", 33437),
        ("focal_length_mm", 37386),
        ("focus_distance_m", 37382),
    ):
        number = _positive(source.number(tag)) or _positive(first.number(tag))
        found[field] = number if field != "focus_distance_m" or (number or 0) < 4e9 else None
    found["iso"] = next((n for tag in (34855, 34867, 34866) if (n := _positive(source.number(tag)))), None)
    if found["iso"] is None:
        found["iso"] = _positive(first.number(34855))
    found["lens"] = source.text(42036) or _lens(source, _LENS_SPECIFICATION) or _lens(first, NUMBERS["LensInfo"])
    found["serial"] = first.text(NUMBERS["CameraSerialNumber"]) or source.text(42033)
    return found


def faults(*directories: Directory | None) -> tuple[str, ...]:
    """A sentence for every number with a zero denominator and every date that is none; unknown lens data may be 0/0."""
    told = []
    for directory in (one for one in directories if one is not None):
        for tag, entry in directory.entries.items():
            values = directory.array(tag) if entry.type in RATIONALS and tag not in _MAY_BE_UNKNOWN else None
            if values is not None and np.isnan(values).any():
                told.append(f"Tag {tags.name(tag)} has a zero denominator.")
            elif tag in _DATES and not re.fullmatch(_DATE, directory.text(tag)):
                told.append(f"Tag {tags.name(tag)} is not a date: {directory.text(tag)!r}.")
    return tuple(dict.fromkeys(told))


def _positive(number: float | None) -> float | None:
    return number if number is not None and number > 0 else None


def _when(exif: Directory, first: Directory) -> str:
    """ISO 8601 of the exposure; "" when no date is valid."""
    for directory, tag in ((exif, 36867), (exif, 36868), (first, 36867), (first, 306)):
        match = re.fullmatch(_DATE, directory.text(tag))
        if match and match[1] != "0000":
            zone = exif.text(36881)
            return "{}-{}-{}T{}:{}:{}".format(*match.groups()) + (zone if re.fullmatch(r"[+-]\d\d:\d\d", zone) else "")
    return ""


def _lens(directory: Directory, tag: int) -> str:
    values = directory.array(tag)
    if values is None or values.size != 4 or not (np.isfinite(values[:2]).all() and values[0] > 0):
        return ""
    short, long, wide, tele = (f"{value:g}" for value in values)
    length = short if short == long else f"{short}-{long}"
    if not np.isfinite(values[2]) or values[2] <= 0:
        return f"{length}mm"
    return f"{length}mm f/{wide}" + ("" if wide == tele or not np.isfinite(values[3]) else f"-{tele}")


def rebuilt(first: Directory, exif: Directory | None, gps: Directory | None) -> bytes:
    """A clean Exif block from what was read."""
    base = tiff_write.Directory(_kept(first, _IFD0))
    if exif is not None:
        base.children[EXIF_IFD] = [tiff_write.Directory(_kept(exif, _EXIF))]
    elif stray := _kept(first, _EXIF):  # TIFF/EP files keep these in the first directory
        base.children[EXIF_IFD] = [tiff_write.Directory(stray)]
    if gps is not None and (values := _kept(gps, _GPS)):
        base.children[GPS_IFD] = [tiff_write.Directory(values)]
    return tiff_write.encode([base]) if base.values or base.children else b""


def parts(data: bytes) -> tuple[dict[int, tiff_write.Value], dict[int, tiff_write.Value], dict[int, tiff_write.Value]]:
    """The values of IFD0, Exif and GPS of an Exif block; empty where there is none."""
    view = memoryview(data)
    if not data or not tiff.is_tiff(view):
        return {}, {}, {}
    first, exif, gps = directories(view, tiff.read(view)[0])
    return _kept(first, _IFD0), _kept(exif, _EXIF) if exif else {}, _kept(gps, _GPS) if gps else {}


def _kept(directory: Directory, tags: tuple[int, ...]) -> dict[int, tiff_write.Value]:
    """The valid values of these tags, in little-endian bytes."""
    kept = {}
    for tag in tags:
        entry = directory.entries.get(tag)
        if entry is None or entry.count == 0 or not _is_valid(directory, tag):
            continue
        data = directory.bytes(tag)
        if len(data) <= _MAX_VALUE:
            kept[tag] = tiff_write.Value(entry.type, entry.count, _little(data, entry.type, directory.order))
    return kept


def _is_valid(directory: Directory, tag: int) -> bool:
    kind = directory.entries[tag].type
    if kind == tiff_write.ASCII:
        value = directory.text(tag)
        is_date = re.fullmatch(r"\d{4}:\d\d:\d\d \d\d:\d\d:\d\d", value) and value[:4] != "0000"
        return bool(is_date) if tag in _DATES else bool(value)
    values = directory.array(tag)
    if values is None or tag == _LENS_SPECIFICATION:
        return values is not None
    if not np.isfinite(values.astype(np.float64)).all():
        return False
    return tag not in _ALWAYS_POSITIVE or bool((values > 0).all())


def _little(data: bytes, kind: int, order: str) -> bytes:
    size = {3: 2, 8: 2, 4: 4, 5: 4, 9: 4, 10: 4, 11: 4, 13: 4, 12: 8}.get(kind, 1)
    if order == "<" or size == 1:
        return data
    code = {2: "H", 4: "I", 8: "Q"}[size]
    count = len(data) // size
    return struct.pack(f"<{count}{code}", *struct.unpack(f">{count}{code}", data))


def from_shot(
    shot: Shot,
) -> tuple[dict[int, tiff_write.Value], dict[int, tiff_write.Value], dict[int, tiff_write.Value]]:
    """The values of IFD0, Exif and GPS: the shot's Exif block, completed and corrected by the shot's own fields."""
    base, exif, gps = parts(shot.exif)
    for tag, value in ((271, shot.make), (272, shot.model), (305, shot.software)):
        if value:
            base[tag] = tiff_write.text(value)
    base[274] = tiff_write.numbers(tiff_write.SHORT, [shot.orientation])
    rationals = ((33434, shot.exposure_time_s), (33437, shot.f_number), (37386, shot.focal_length_mm))
    for tag, number in (*rationals, (37382, shot.focus_distance_m)):
        if number:
            exif[tag] = tiff_write.numbers(tiff_write.RATIONAL, [number])
    if shot.iso:
        exif[34855] = tiff_write.numbers(tiff_write.SHORT, [min(round(shot.iso), 65535)])
    if shot.lens and 42036 not in exif:
        exif[42036] = tiff_write.text(shot.lens)
    if match := re.match(r"(\d{4})-(\d\d)-(\d\d)T(\d\d:\d\d:\d\d)([+-]\d\d:\d\d)?", shot.taken):
        exif[36867] = tiff_write.text("{}:{}:{} {}".format(*match.groups()[:4]))
        if match[5]:
            exif[36881] = tiff_write.text(match[5])
    if exif:
        exif.setdefault(36864, tiff_write.undefined(b"0232"))
    return base, exif, gps


def made(shot: Shot) -> bytes:
    """An Exif block that holds what `from_shot` gives."""
    base, exif, gps = from_shot(shot)
    directory = tiff_write.Directory(base)
    for tag, values in ((EXIF_IFD, exif), (GPS_IFD, gps)):
        if values:
            directory.children[tag] = [tiff_write.Directory(values)]
    return tiff_write.encode([directory])
