"""DCP: camera color profiles of the DNG specification as files (`.dcp`).

A DCP is a TIFF-like file whose magic number is 0x4352 ("CR") instead of 42, with one directory of profile tags.
Source: Digital Negative Specification 1.7.1, chapter 6, section "Camera Profile Files".
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.camera_color import CameraColor, GainTableMap, HueSatTable, RgbTable
from twinlens.core.errors import FileError, ParameterError
from twinlens.files.atomic import atomic
from twinlens.files.dng import color as dng_color
from twinlens.files.tags import NUMBERS
from twinlens.files.tiff import block, open_bytes
from twinlens.numerics.fractions import nearest_fraction

Array = npt.NDArray[Any]

_BEGINNINGS = {b"IIRC": "<", b"MMCR": ">"}
_MOST_BYTES = 256 << 20
_ASCII, _SHORT, _LONG, _UNDEFINED, _SRATIONAL, _FLOAT = 2, 3, 4, 7, 10, 11
_MOST = 2**31 - 1  # numerator and denominator of a signed rational


def read(path: str | os.PathLike[str]) -> CameraColor:
    """The color of a DCP file, `origin` "dcp". Raises FileError for what is not a DCP or has no usable matrix."""
    return parse(open_bytes(path), str(path))


def parse(data: bytes | memoryview, source: str = "the data") -> CameraColor:
    """The color of the bytes of a DCP file; `source` names them in errors."""
    data = memoryview(data)
    order = _BEGINNINGS.get(bytes(data[:4]))
    if order is None:
        raise FileError(
            f"{source} is not a camera profile: a .dcp file begins with IIRC or MMCR, this one with {bytes(data[:4])!r}"
        )
    if not 16 <= len(data) <= _MOST_BYTES:
        raise FileError(f"{source} has {len(data)} bytes, which is not the size of a camera profile")
    directory = block(data, order, struct.unpack_from(order + "I", data, 4)[0])
    if directory is None:
        raise FileError(f"the tag directory of {source} lies outside the file, which is cut off or damaged")
    color = dng_color.read(directory, directory, [0, 1, 2])
    if fault := next((one for one in directory.faults if not one.startswith("tag ")), ""):
        raise FileError(f"{source} is cut off or damaged: {fault.removesuffix('; it was ignored')}; copy it again")
    if not color.is_known:
        raise FileError(f"{source} has no usable ColorMatrix1, which every camera profile needs")
    model = directory.text(NUMBERS["UniqueCameraModel"])
    return replace(color, origin="dcp", camera_model=model, signature="", analog_balance=None)


def write(path: str | os.PathLike[str], color: CameraColor, overwrite: bool = False) -> None:
    """Write a profile as a DCP file. AnalogBalance and CameraCalibration belong to a raw file and are left out."""
    data = dump(color)
    with atomic(path, overwrite) as temporary:
        temporary.write_bytes(data)


def dump(color: CameraColor) -> bytes:
    """The bytes of the DCP file of a profile."""
    if not 1 <= len(color.calibrations) <= 3:
        raise ParameterError(f"a DCP holds one to three calibrations, got {len(color.calibrations)}")
    entries = sorted((NUMBERS[name], kind, count, data) for name, kind, count, data in _entries(color))
    offset = 8 + 2 + 12 * len(entries) + 4
    head, body = struct.pack("<4sIH", b"IIRC", 8, len(entries)), b""
    for tag, kind, count, data in entries:
        if len(data) <= 4:
            head += struct.pack("<HHI4s", tag, kind, count, data)
        else:
            head += struct.pack("<HHII", tag, kind, count, offset + len(body))
            body += data + b"\0" * (len(data) % 2)
    return head + struct.pack("<I", 0) + body


Entry = tuple[str, int, int, bytes]


def _entries(color: CameraColor) -> Iterator[Entry]:
    for name, text in (
        ("UniqueCameraModel", color.camera_model),
        ("ProfileName", color.name),
        ("ProfileCalibrationSignature", color.profile_signature),
        ("ProfileCopyright", color.copyright),
    ):
        if text:
            data = text.encode() + b"\0"
            yield name, _ASCII, len(data), data
    yield "ProfileEmbedPolicy", _LONG, 1, struct.pack("<I", color.embed_policy)
    for number, one in enumerate(color.calibrations, 1):
        yield f"CalibrationIlluminant{number}", _SHORT, 1, struct.pack("<H", one.light)
        yield _rationals(f"ColorMatrix{number}", one.color_matrix)
        if one.forward_matrix is not None:
            yield _rationals(f"ForwardMatrix{number}", one.forward_matrix)
        if one.reduction_matrix is not None:
            yield _rationals(f"ReductionMatrix{number}", one.reduction_matrix)
        if one.light == dng_color.OTHER_LIGHT and one.white_xy is not None:
            pairs = (_fraction(value) for value in one.white_xy)
            data = struct.pack("<H4I", 0, *(part for pair in pairs for part in pair))
            yield f"IlluminantData{number}", _UNDEFINED, len(data), data
        if one.hue_sat is not None:
            yield _floats(f"ProfileHueSatMapData{number}", _file_order(one.hue_sat))
    yield from _table_heads("ProfileHueSatMap", next((one.hue_sat for one in color.calibrations if one.hue_sat), None))
    yield from _table_heads("ProfileLookTable", color.look_table)
    if color.look_table is not None:
        yield _floats("ProfileLookTableData", _file_order(color.look_table))
    if color.tone_curve is not None:
        yield _floats("ProfileToneCurve", color.tone_curve)
    if color.baseline_exposure_offset:
        yield _rationals("BaselineExposureOffset", np.array([color.baseline_exposure_offset]))
    if color.default_black_render:
        yield "DefaultBlackRender", _LONG, 1, struct.pack("<I", color.default_black_render)
    if color.gain_table_map is not None:
        yield _gain_table_map(color.gain_table_map)
    if color.rgb_tables:
        data = _rgb_tables(color.rgb_tables)
        yield "RGBTables", _UNDEFINED, len(data), data


def _file_order(table: HueSatTable) -> Array:
    return np.asarray(table.values).transpose(2, 0, 1, 3)


def _table_heads(name: str, table: HueSatTable | None) -> Iterator[Entry]:
    if table is not None:
        yield f"{name}Dims", _LONG, 3, struct.pack("<3I", *table.values.shape[:3])
        if table.encoding == "srgb":
            yield f"{name}Encoding", _LONG, 1, struct.pack("<I", 1)


def _floats(name: str, values: Array) -> Entry:
    data = np.ascontiguousarray(values, "<f4").tobytes()
    return name, _FLOAT, len(data) // 4, data


def _rationals(name: str, values: Array) -> Entry:
    pairs = [_fraction(float(value)) for value in np.ravel(values)]
    return name, _SRATIONAL, len(pairs), b"".join(struct.pack("<2i", *pair) for pair in pairs)


def _fraction(value: float) -> tuple[int, int]:
    """The nearest ratio whose parts fit into 32 bits with sign."""
    if not abs(value) < _MOST:
        raise ParameterError(f"{value:g} does not fit into a DCP, whose numbers lie below {_MOST}")
    return nearest_fraction(value, int(_MOST / max(1.0, abs(value) + 1)))


def _gain_table_map(one: GainTableMap) -> Entry:
    rows, columns, points = one.gains.shape
    head = struct.pack("<2I4dI5f", rows, columns, *one.spacing, *one.origin, points, *one.input_weights)
    name = "ProfileGainTableMap"
    if one.gamma != 1.0:
        name, head = "ProfileGainTableMap2", head + struct.pack("<I3f", 3, one.gamma, 0.0, 1.0)
    data = head + np.ascontiguousarray(one.gains, "<f4").tobytes()
    return name, _UNDEFINED, len(data), data


def _rgb_tables(tables: tuple[RgbTable, ...]) -> bytes:
    data = struct.pack("<2I", len(tables), 0)
    for one in tables:
        name = one.semantic_name.encode()
        dtype, full = {0: ("u1", 255), 1: ("<u2", 65535), 2: ("<f4", 1)}[one.pixel_type]
        values = np.asarray(one.values) * full
        if one.pixel_type < 2:
            values = np.rint(values)
        fields = (one.values.shape[0], one.pixel_type, one.gamma, one.primaries, one.gamut)
        data += struct.pack("<H", len(name)) + name + bytes(fields) + values.astype(dtype).tobytes()
    return data
