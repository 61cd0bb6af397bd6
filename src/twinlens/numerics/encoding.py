"""Encoding: the code values of pictures and films: transfer curve and primaries of display, linear and log encodings.

Scene light is relative: 0.18 is mid grey, 1 what the maker calls 100 % reflectance. A display encoding is taken as the
scene's own light (`neutral`): nothing lies above its white. The sources are the makers' papers, named at each curve.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.record import record
from twinlens.numerics import color

Array = npt.NDArray[Any]

D60_XY = (0.32168, 0.33767)  # white of ACES (SMPTE ST 2065-1)
PRIMARIES = {
    **color.PRIMARIES,
    "ap1": ((0.713, 0.293), (0.165, 0.830), (0.128, 0.044), D60_XY),  # AMPAS S-2014-004
    "ap0": ((0.7347, 0.2653), (0.0, 1.0), (0.0001, -0.0770), D60_XY),  # SMPTE ST 2065-1
    "sgamut3": ((0.730, 0.280), (0.140, 0.855), (0.100, -0.050), color.D65_XY),  # Sony, S-Log3 technical summary
    "sgamut3cine": ((0.766, 0.275), (0.225, 0.800), (0.089, -0.087), color.D65_XY),
    "awg3": ((0.6840, 0.3130), (0.2210, 0.8480), (0.0861, -0.1020), color.D65_XY),  # ARRI, LogC3 white paper 2017
    "awg4": ((0.7347, 0.2653), (0.1424, 0.8576), (0.0991, -0.0308), color.D65_XY),  # ARRI, LogC4 specification 2022
    "vgamut": ((0.730, 0.280), (0.165, 0.840), (0.100, -0.030), color.D65_XY),  # Panasonic, V-Log reference 2014
    "cinema": ((0.740, 0.270), (0.170, 1.140), (0.080, -0.100), color.D65_XY),  # Canon, Canon Log 3 white paper 2018
}


@record
class LogCurve:
    """code = `log_slope` * log10(`slope` * light + `offset`) + `log_offset` above `cut`, a straight line below it."""

    log_slope: float
    log_offset: float
    slope: float
    offset: float
    cut: float
    line_slope: float
    line_offset: float

    def encode(self, light: Array) -> Array:
        """Codes of light (...)."""
        light = np.asarray(light, float)
        above = np.log10(self.slope * np.maximum(light, self.cut) + self.offset)
        line = self.line_slope * light + self.line_offset
        return np.where(light > self.cut, self.log_slope * above + self.log_offset, line)

    def decode(self, code: Array) -> Array:
        """Light of codes (...)."""
        code = np.asarray(code, float)
        light = (10 ** ((code - self.log_offset) / self.log_slope) - self.offset) / self.slope
        line = (code - self.line_offset) / self.line_slope
        return np.where(code > self.line_slope * self.cut + self.line_offset, light, line)


_LOG2 = float(np.log10(2))
_A4, _B4, _C4 = (2**18 - 16) / 117.45, (1023 - 95) / 1023, 95 / 1023  # ARRI, LogC4 specification, section 3
_S4 = 7 * np.log(2) * 2 ** (7 - 14 * _C4 / _B4) / (_A4 * _B4)
_T4 = (2 ** (14 * (-_C4 / _B4) + 6) - 64) / _A4
_SLOG3_LINE = (171.2102946929 - 95) / 0.01125 / 1023

CURVES = {
    "acescct": LogCurve(1 / 17.52 / _LOG2, 9.72 / 17.52, 1, 0, 0.0078125, 10.5402377416545, 0.0729055341958355),
    "slog3": LogCurve(261.5 / 1023, 420 / 1023, 1 / 0.19, 0.01 / 0.19, 0.01125, _SLOG3_LINE, 95 / 1023),
    "logc3": LogCurve(0.247190, 0.385537, 5.555556, 0.052272, 0.010591, 5.367655, 0.092809),  # EI 800
    "logc4": LogCurve(_B4 / 14 / _LOG2, _C4 - 6 * _B4 / 14, _A4, 64, _T4, 1 / _S4, -_T4 / _S4),
    "vlog": LogCurve(0.241514, 0.598206, 1, 0.00873, 0.01, 5.6, 0.125),
    "flog2": LogCurve(0.245281, 0.384316, 5.555556, 0.064829, 0.000889, 8.799461, 0.092864),  # Fujifilm 2022
    "llog": LogCurve(0.27, 0.6, 1.3, 0.0115, 0.006, 8, 0.09),  # Leica, L-Log reference manual 1.6
}  # fmt: skip  # acescct: AMPAS S-2016-001; slog3, logc3, logc4, vlog: as their primaries

_CANON_LOW, _CANON_HIGH = 0.097465473, 0.15277891  # codes between which Canon Log 3 is straight (white paper 2018)


def decode_clog3(code: Array) -> Array:
    """Scene light of Canon Log 3 codes, full range."""
    code = np.asarray(code, float)
    low = -(10 ** ((0.12783901 - np.minimum(code, 0.2)) / 0.36726845) - 1) / 14.98325
    high = (10 ** ((code - 0.12240537) / 0.36726845) - 1) / 14.98325
    middle = (code - 0.12512219) / 1.9754798
    return 0.9 * np.where(code < _CANON_LOW, low, np.where(code <= _CANON_HIGH, middle, high))


def encode_clog3(light: Array) -> Array:
    """Canon Log 3 codes of scene light; the inverse of `decode_clog3`."""
    x = np.asarray(light, float) / 0.9
    low, high = ((one - 0.12512219) / 1.9754798 for one in (_CANON_LOW, _CANON_HIGH))
    below = -0.36726845 * np.log10(1 - 14.98325 * np.minimum(x, 0)) + 0.12783901
    above = 0.36726845 * np.log10(1 + 14.98325 * np.maximum(x, 0)) + 0.12240537
    return np.where(x < low, below, np.where(x <= high, 1.9754798 * x + 0.12512219, above))


def encode_apple(light: Array) -> Array:
    """Apple Log codes of scene light (Apple Log Profile white paper, 2023)."""
    light = np.asarray(light, float)
    log = 0.08550479 * np.log2(np.maximum(light, 0.01) + 0.00964052) + 0.69336945
    return np.where(light >= 0.01, log, 47.28711236 * np.square(np.maximum(light + 0.05641088, 0)))


def decode_apple(code: Array) -> Array:
    """Scene light of Apple Log codes; the inverse of `encode_apple`."""
    code = np.asarray(code, float)
    edge = 47.28711236 * (0.01 + 0.05641088) ** 2
    light = 2 ** ((code - 0.69336945) / 0.08550479) - 0.00964052
    return np.where(code >= edge, light, np.sqrt(np.maximum(code, 0) / 47.28711236) - 0.05641088)


def encode_bt1886(light: Array) -> Array:
    """Codes that a BT.1886 display (gamma 2.4, black 0) shows as this light."""
    return np.sign(light) * np.abs(light) ** (1 / 2.4)


def decode_bt1886(code: Array) -> Array:
    """Light of a BT.1886 display (gamma 2.4, black 0)."""
    return np.sign(code) * np.abs(code) ** 2.4


def _plain(values: Array) -> Array:
    return np.asarray(values, float)


@record(eq=False)
class Encoding:
    """One way of writing color as numbers: `kind` "display", "linear" or "log"; light is linear in `primaries`."""

    name: str
    title: str
    kind: str
    primaries: str
    encode: Callable[[Array], Array] = _plain
    decode: Callable[[Array], Array] = _plain
    curve: LogCurve | None = None

    @property
    def rec2020_from(self) -> Array:
        """The 3x3 from linear light in these primaries to linear Rec. 2020."""
        return matrix("rec2020", self.primaries)

    def to_scene(self, codes: Array) -> Array:
        """Linear Rec. 2020 (..., 3) of codes (..., 3)."""
        return self.decode(codes) @ self.rec2020_from.T

    def from_scene(self, rgb: Array) -> Array:
        """Codes (..., 3) of linear Rec. 2020 (..., 3)."""
        return self.encode(np.asarray(rgb, float) @ np.linalg.inv(self.rec2020_from).T)


def matrix(target: str, source: str) -> Array:
    """The 3x3 between linear primaries of `PRIMARIES`, with Bradford between different whites."""
    both = [_xyz_from(one) for one in (source, target)]
    whites = [color.xyz_from_xy(PRIMARIES[one][3]) for one in (source, target)]
    return np.linalg.inv(both[1]) @ color.adaptation(*whites) @ both[0]


def _xyz_from(name: str) -> Array:
    red, green, blue, white = PRIMARIES[name]
    columns = np.stack([color.xyz_from_xy(one) for one in (red, green, blue)], axis=1)
    return columns * np.linalg.solve(columns, color.xyz_from_xy(white))


def _display(name: str, title: str) -> Encoding:
    curves = partial(color.encode, space=name), partial(color.decode, space=name)
    return Encoding(name, title, "display", name, *curves)


def _log(name: str, title: str, curve: str, primaries: str) -> Encoding:
    shape = CURVES[curve]
    return Encoding(name, title, "log", primaries, shape.encode, shape.decode, shape)


ENCODINGS = {
    one.name: one
    for one in (
        _display("srgb", "sRGB (IEC 61966-2-1)"),
        Encoding(
            "rec709", "Rec. 709 on a BT.1886 display (gamma 2.4)", "display", "srgb", encode_bt1886, decode_bt1886
        ),
        _display("p3", "Display P3"),
        _display("adobe", "Adobe RGB (1998)"),
        Encoding("linear-rec2020", "linear Rec. 2020", "linear", "rec2020"),
        Encoding("linear-srgb", "linear sRGB / Rec. 709", "linear", "srgb"),
        Encoding("acescg", "ACEScg (linear AP1)", "linear", "ap1"),
        Encoding("aces2065-1", "ACES2065-1 (linear AP0)", "linear", "ap0"),
        _log("acescct", "ACEScct (AP1)", "acescct", "ap1"),
        _log("slog3", "S-Log3 / S-Gamut3", "slog3", "sgamut3"),
        _log("slog3-cine", "S-Log3 / S-Gamut3.Cine", "slog3", "sgamut3cine"),
        _log("logc3", "LogC3 EI 800 / ARRI Wide Gamut 3", "logc3", "awg3"),
        _log("logc4", "LogC4 / ARRI Wide Gamut 4", "logc4", "awg4"),
        _log("vlog", "V-Log / V-Gamut", "vlog", "vgamut"),
        Encoding("clog3", "Canon Log 3 / Cinema Gamut", "log", "cinema", encode_clog3, decode_clog3),
        _log("flog2", "F-Log2 / Rec. 2020", "flog2", "rec2020"),
        _log("llog", "L-Log / Rec. 2020", "llog", "rec2020"),
        Encoding("apple-log", "Apple Log / Rec. 2020", "log", "rec2020", encode_apple, decode_apple),
    )
}
