"""DNG color tags: matrices, lights and profile tables of a DNG directory, as a CameraColor.

Source: Digital Negative Specification 1.7.1, chapters 4 (tags) and 6 (color model).
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.camera_color import Calibration, CameraColor, GainTableMap, HueSatTable, RgbTable
from twinlens.files.tags import NUMBERS
from twinlens.files.tiff import Directory

Array = npt.NDArray[Any]

OTHER_LIGHT = 255  # EXIF LightSource: the white is in IlluminantData
_MAX_TABLE = 2_000_000  # entries of a profile table
_GAIN_TYPES = {0: "u1", 1: "u2", 2: "f2", 3: "f4"}  # ProfileGainTableMap2 DataType
_RGB_TYPES = {0: ("u1", 255.0), 1: ("u2", 65535.0), 2: ("f4", 1.0)}  # RGBTables PixelType
_ENCODINGS = {0: "linear", 1: "srgb"}


def read(directory: Directory, raw: Directory, planes: list[int]) -> CameraColor:
    """The color part of a file whose first directory is `directory` and whose raw picture is `raw`.

    `planes` are the numbers of the red, green and blue plane: rows and columns of camera space are put into that order.
    What is not valid is left out and named in the directory's `faults`.
    """
    found = [_calibration(directory, number, planes) for number in (1, 2, 3)]
    curve = directory.numbers(NUMBERS["ProfileToneCurve"])
    if curve is not None and (curve.size < 4 or curve.size % 2 or np.any(np.diff(curve[0::2]) <= 0)):
        directory.faults.append("ProfileToneCurve is not a curve of rising inputs; it was ignored")
        curve = None
    balance = directory.numbers(NUMBERS["AnalogBalance"], 3)
    return CameraColor(
        calibrations=tuple(item for item in found if item),
        name=directory.text(NUMBERS["ProfileName"]),
        signature=directory.text(NUMBERS["CameraCalibrationSignature"]),
        profile_signature=directory.text(NUMBERS["ProfileCalibrationSignature"]),
        copyright=directory.text(NUMBERS["ProfileCopyright"]),
        embed_policy=directory.integer(NUMBERS["ProfileEmbedPolicy"]),
        analog_balance=None if balance is None or np.any(balance <= 0) else balance[planes],
        look_table=_hue_sat(directory, "ProfileLookTableDims", "ProfileLookTableData", "ProfileLookTableEncoding"),
        tone_curve=None if curve is None else curve.reshape(-1, 2),
        baseline_exposure_offset=directory.number(NUMBERS["BaselineExposureOffset"]) or 0.0,
        default_black_render=directory.integer(NUMBERS["DefaultBlackRender"]),
        gain_table_map=gain_table_map(directory) or (gain_table_map(raw) if raw is not directory else None),
        rgb_tables=rgb_tables(directory),
        origin="dng",
    )


def _calibration(directory: Directory, number: int, planes: list[int]) -> Calibration | None:
    color_matrix = _matrix(directory, f"ColorMatrix{number}")
    if color_matrix is None:
        return None
    forward = _matrix(directory, f"ForwardMatrix{number}")
    camera = _matrix(directory, f"CameraCalibration{number}")
    reduction = _matrix(directory, f"ReductionMatrix{number}")
    light = directory.integer(NUMBERS[f"CalibrationIlluminant{number}"])
    data = directory.bytes(NUMBERS[f"IlluminantData{number}"]) if light == OTHER_LIGHT else b""
    dims, table = "ProfileHueSatMapDims", f"ProfileHueSatMapData{number}"
    return Calibration(
        light=light,
        color_matrix=color_matrix[planes],
        forward_matrix=None if forward is None else forward[:, planes],
        camera_calibration=None if camera is None else camera[np.ix_(planes, planes)],
        reduction_matrix=None if reduction is None else reduction[:, planes],
        white_xy=illuminant_xy(data, directory.order),
        hue_sat=_hue_sat(directory, dims, table, "ProfileHueSatMapEncoding"),
    )


def _matrix(directory: Directory, name: str) -> Array | None:
    values = directory.numbers(NUMBERS[name], 9)
    if values is None:
        return None
    matrix = values.reshape(3, 3)
    if abs(np.linalg.det(matrix)) < 1e-12 or np.abs(matrix).max() > 1e4:
        directory.faults.append(f"{name} has no inverse; it was ignored")
        return None
    return matrix


def _hue_sat(directory: Directory, dims: str, data: str, encoding: str) -> HueSatTable | None:
    """In the file the value axis is outermost, then hue, then saturation; here (hues, saturations, values, 3)."""
    size = directory.integers(NUMBERS[dims], 3, 2)
    if size is None or NUMBERS[data] not in directory:
        return None
    hues, saturations, values = (*size, 1)[:3]
    if min(hues, values) < 1 or saturations < 2 or hues * saturations * values > _MAX_TABLE:
        directory.faults.append(f"{dims} says {size}, which is not a table; it was ignored")
        return None
    numbers = directory.numbers(NUMBERS[data], hues * saturations * values * 3)
    if numbers is None:
        return None
    table = numbers.reshape(values, hues, saturations, 3).transpose(1, 2, 0, 3)
    return HueSatTable(np.ascontiguousarray(table), _ENCODINGS.get(directory.integer(NUMBERS[encoding]), "linear"))


def illuminant_xy(data: bytes, order: str) -> tuple[float, float] | None:
    """The white (x, y) of an IlluminantData tag: as given, or computed from its spectrum. None when not valid."""
    if len(data) < 18:
        return None
    kind = struct.unpack_from(order + "H", data)[0]
    if kind == 0:
        a, b, c, d = struct.unpack_from(order + "4I", data, 2)
        x, y = (a / b if b else 0.0), (c / d if d else 0.0)
        return (x, y) if 0 < x < 1 and 0 < y < 1 else None
    count = struct.unpack_from(order + "I", data, 2)[0]
    pairs = np.frombuffer(data, order + "u4", min(2 * (count + 2), (len(data) - 6) // 8 * 2), 6).astype(np.float64)
    if kind != 1 or count < 2 or pairs.size != 2 * (count + 2) or np.any(pairs[1::2] == 0):
        return None
    first, step, *power = (pairs[0::2] / pairs[1::2]).tolist()
    return _spectrum_xy(first, step, np.array(power)) if step > 0 else None


def _spectrum_xy(first: float, step: float, power: Array) -> tuple[float, float] | None:
    wavelength = np.arange(360.0, 831.0)
    light = np.interp(wavelength, first + step * np.arange(power.size), power)
    x, y, z = (float((light * curve).sum()) for curve in _observer(wavelength))
    total = x + y + z
    return (x / total, y / total) if total > 0 else None


def _observer(wavelength: Array) -> tuple[Array, Array, Array]:
    """The CIE 1931 observer as a sum of lobes.

    Source: Wyman, Sloan and Shirley, "Simple Analytic Approximations to the CIE XYZ Color Matching Functions", JCGT
    2(2), 2013, equation 4.
    """

    def lobe(height: float, center: float, below: float, above: float) -> Array:
        width = np.where(wavelength < center, below, above)
        return height * np.exp(-0.5 * ((wavelength - center) * width) ** 2)

    x = lobe(0.362, 442.0, 0.0624, 0.0374) + lobe(1.056, 599.8, 0.0264, 0.0323) - lobe(0.065, 501.1, 0.0490, 0.0382)
    y = lobe(0.821, 568.8, 0.0213, 0.0247) + lobe(0.286, 530.9, 0.0613, 0.0322)
    z = lobe(1.217, 437.0, 0.0845, 0.0278) + lobe(0.681, 459.0, 0.0385, 0.0725)
    return x, y, z


def gain_table_map(directory: Directory) -> GainTableMap | None:
    """ProfileGainTableMap2, else ProfileGainTableMap of a directory; None when there is no valid one."""
    for name, head in (("ProfileGainTableMap2", 80), ("ProfileGainTableMap", 64)):
        data, order = directory.bytes(NUMBERS[name]), directory.order
        if len(data) <= head:
            continue
        rows, columns, dv, dh, ov, oh, points = struct.unpack_from(order + "2I4dI", data)
        weights = struct.unpack_from(order + "5f", data, 44)
        kind, gamma, low, high = struct.unpack_from(order + "I3f", data, 64) if head == 80 else (3, 1.0, 0.0, 1.0)
        dtype = np.dtype(order + _GAIN_TYPES.get(kind, "f4"))
        count = rows * columns * points
        numbers = np.array([dv, dh, ov, oh, gamma, low, high, *weights])
        if kind not in _GAIN_TYPES or not 0 < count <= 4 * _MAX_TABLE or not np.isfinite(numbers).all():
            directory.faults.append(f"{name} of {rows} x {columns} x {points} points is not valid; it was ignored")
        elif len(data) != head + count * dtype.itemsize:
            directory.faults.append(
                f"{name} has {len(data)} bytes for {rows} x {columns} x {points} points; it was ignored"
            )
        else:
            gains = np.frombuffer(data, dtype, count, head).astype(np.float32).reshape(rows, columns, points)
            if kind < 2:
                gains = low + gains / np.float32(255.0 if kind == 0 else 65535.0) * np.float32(high - low)
            gains = np.nan_to_num(gains, nan=1.0, posinf=1.0).clip(0, None).astype(np.float32)
            return GainTableMap(gains, (ov, oh), (dv, dh), weights, gamma)
    return None


def rgb_tables(directory: Directory) -> tuple[RgbTable, ...]:
    """The tables of RGBTables; () when there are none or they are not valid."""
    tag = NUMBERS["RGBTables"]
    data, order = directory.bytes(tag), directory.order
    if len(data) < 8:
        return ()
    count, place = struct.unpack_from(order + "I", data)[0], 8
    found: list[RgbTable] = []
    try:
        if not 1 <= count <= 20:
            raise ValueError(f"{count} tables")
        for _ in range(count):
            length = struct.unpack_from(order + "H", data, place)[0]
            name = data[place + 2 : place + 2 + length].decode("ascii", "replace")
            place += 2 + length
            divisions, kind, gamma, primaries, gamut = struct.unpack_from("5B", data, place)
            dtype, full = _RGB_TYPES[kind]
            size = divisions**3 * 3
            values = np.frombuffer(data, np.dtype(order + dtype), size, place + 5).astype(np.float32) / np.float32(full)
            place += 5 + size * np.dtype(dtype).itemsize
            shape = (divisions, divisions, divisions, 3)
            if divisions < 2 or not np.isfinite(values).all():
                raise ValueError(f"{divisions} divisions")
            found.append(RgbTable(values.reshape(shape), primaries, gamma, gamut, (1.0, 1.0), name, kind))
    except (struct.error, ValueError, KeyError) as error:
        directory.faults.append(f"RGBTables is not valid ({error}); it was ignored")
        return ()
    return tuple(found)
