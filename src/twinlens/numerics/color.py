"""Color: spaces, adaptation, differences and correlated color temperature on plain arrays.

Arrays are (..., 3). Matrices name both ends, result first: `XYZ_FROM_REC2020 @ rgb`. XYZ is relative, white at Y = 1.
Sources: IEC 61966-2-1 (sRGB), ITU-R BT.2020, SMPTE EG 432-1 (Display P3), Adobe RGB (1998), ISO 22028-2 (ROMM),
CIE 15:2018 (Lab), ISO/CIE 11664-6:2022 (CIEDE2000), Ottosson 2020 (Oklab), Lam 1985 (Bradford adaptation).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

D65_XY = (0.3127, 0.3290)
D50_XY = (0.3457, 0.3585)
D50_XYZ = np.array([0.9642, 1.0, 0.8249])  # ICC.1:2022, 7.2.16 (profile connection space)
A_XY = (0.44757, 0.40745)

PRIMARIES: dict[str, tuple[tuple[float, float], tuple[float, float], tuple[float, float], tuple[float, float]]] = {
    "srgb": ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06), D65_XY),
    "p3": ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06), D65_XY),
    "adobe": ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06), D65_XY),
    "rec2020": ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), D65_XY),
    "prophoto": ((0.734699, 0.265301), (0.159597, 0.840403), (0.036598, 0.000105), (0.345704, 0.358540)),
}


def xyz_from_xy(xy: tuple[float, float]) -> Array:
    """XYZ with Y = 1 of a chromaticity (x, y)."""
    x, y = xy
    return np.array([x / y, 1.0, (1 - x - y) / y])


def xy_from_xyz(xyz: Array) -> tuple[float, float]:
    """Chromaticity (x, y) of one XYZ."""
    total = float(np.sum(xyz))
    return float(xyz[0]) / total, float(xyz[1]) / total


def xyz_from_rgb(space: str) -> Array:
    """The 3x3 matrix from linear RGB of a named space to XYZ under the space's own white."""
    red, green, blue, white = PRIMARIES[space]
    columns = np.stack([xyz_from_xy(one) for one in (red, green, blue)], axis=1)
    return columns * np.linalg.solve(columns, xyz_from_xy(white))


_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


def adaptation(source_xyz: Array, target_xyz: Array) -> Array:
    """The linear Bradford matrix that takes colors seen under white `source_xyz` to white `target_xyz`."""
    gains = (_BRADFORD @ target_xyz) / (_BRADFORD @ source_xyz)
    return np.linalg.inv(_BRADFORD) @ (gains[:, None] * _BRADFORD)


XYZ_FROM_REC2020 = xyz_from_rgb("rec2020")
REC2020_FROM_XYZ = np.linalg.inv(XYZ_FROM_REC2020)
XYZ_FROM_SRGB = xyz_from_rgb("srgb")
XYZ_D50_FROM_REC2020 = adaptation(xyz_from_xy(D65_XY), D50_XYZ) @ XYZ_FROM_REC2020
REC2020_FROM_XYZ_D50 = np.linalg.inv(XYZ_D50_FROM_REC2020)


def rgb_from_rgb(target: str, source: str) -> Array:
    """The 3x3 matrix from linear RGB of `source` to linear RGB of `target`, with Bradford between different whites."""
    source_white, target_white = xyz_from_xy(PRIMARIES[source][3]), xyz_from_xy(PRIMARIES[target][3])
    return np.linalg.inv(xyz_from_rgb(target)) @ adaptation(source_white, target_white) @ xyz_from_rgb(source)


def encode(linear: Array, space: str = "srgb") -> Array:
    """Code values 0 to 1 of linear display light, with the transfer curve of the space; odd around 0."""
    size, sign = np.abs(linear), np.sign(linear)
    if space in ("srgb", "p3"):
        return sign * np.where(size <= 0.0031308, 12.92 * size, 1.055 * size ** (1 / 2.4) - 0.055)
    if space == "adobe":
        return sign * size ** (256 / 563)
    if space == "rec2020":  # BT.2020 table 4, 12-bit constants
        return sign * np.where(size < 0.0181, 4.5 * size, 1.0993 * size**0.45 - 0.0993)
    if space == "prophoto":
        return sign * np.where(size < 1 / 512, 16 * size, size ** (1 / 1.8))
    raise ValueError(f"unknown space {space!r}")


def decode(code: Array, space: str = "srgb") -> Array:
    """Linear display light of code values; the inverse of `encode`."""
    size, sign = np.abs(code), np.sign(code)
    if space in ("srgb", "p3"):
        return sign * np.where(size <= 0.04045, size / 12.92, ((size + 0.055) / 1.055) ** 2.4)
    if space == "adobe":
        return sign * size ** (563 / 256)
    if space == "rec2020":
        return sign * np.where(size < 4.5 * 0.0181, size / 4.5, ((size + 0.0993) / 1.0993) ** (1 / 0.45))
    if space == "prophoto":
        return sign * np.where(size < 16 / 512, size / 16, size**1.8)
    raise ValueError(f"unknown space {space!r}")


def lab_from_xyz(xyz: Array, white: Array = D50_XYZ) -> Array:
    """CIE L*a*b* of XYZ relative to `white` (3,)."""
    ratio = np.asarray(xyz, float) / white
    f = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio * (29 / 6) ** 2 / 3 + 4 / 29)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], -1)


def xyz_from_lab(lab: Array, white: Array = D50_XYZ) -> Array:
    """XYZ of CIE L*a*b* relative to `white`."""
    lab = np.asarray(lab, float)
    y = (lab[..., 0] + 16) / 116
    f = np.stack([y + lab[..., 1] / 500, y, y - lab[..., 2] / 200], -1)
    return white * np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29))


def lab_from_rgb(code: Array, space: str = "srgb") -> Array:
    """D50 Lab of display code values 0 to 1 of a named space (Bradford from the space's white)."""
    white = xyz_from_xy(PRIMARIES[space][3])
    matrix = adaptation(white, D50_XYZ) @ xyz_from_rgb(space)
    return lab_from_xyz(decode(np.asarray(code, float), space) @ matrix.T)


def delta_e_2000(one: Array, other: Array) -> Array:
    """CIEDE2000 between two Lab arrays (..., 3); kL = kC = kH = 1. Source: ISO/CIE 11664-6:2022."""
    l1, a1, b1 = np.moveaxis(np.asarray(one, float), -1, 0)
    l2, a2, b2 = np.moveaxis(np.asarray(other, float), -1, 0)
    mean_c = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    g = 1.5 - 0.5 * np.sqrt(mean_c**7 / (mean_c**7 + 25.0**7))
    c1, c2 = np.hypot(g * a1, b1), np.hypot(g * a2, b2)
    h1, h2 = np.degrees(np.arctan2(b1, g * a1)) % 360, np.degrees(np.arctan2(b2, g * a2)) % 360
    colored = c1 * c2 > 0
    turn = np.where(colored, (h2 - h1 + 180) % 360 - 180, 0.0)
    turn = np.where(colored & (h2 - h1 == 180), 180.0, turn)
    d_h = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2))
    mean_l, mean_c = (l1 + l2) / 2, (c1 + c2) / 2
    far = np.abs(h1 - h2) > 180
    mean_h = np.where(colored, np.where(far, (h1 + h2 + 360) / 2 % 360, (h1 + h2) / 2), h1 + h2)
    angle = np.radians(mean_h)
    t = (
        1
        - 0.17 * np.cos(angle - np.radians(30))
        + 0.24 * np.cos(2 * angle)
        + 0.32 * np.cos(3 * angle + np.radians(6))
        - 0.20 * np.cos(4 * angle - np.radians(63))
    )
    s_l = 1 + 0.015 * (mean_l - 50) ** 2 / np.sqrt(20 + (mean_l - 50) ** 2)
    s_c, s_h = 1 + 0.045 * mean_c, 1 + 0.015 * mean_c * t
    r_c = 2 * np.sqrt(mean_c**7 / (mean_c**7 + 25.0**7))
    r_t = -np.sin(np.radians(60) * np.exp(-(((mean_h - 275) / 25) ** 2))) * r_c
    x, y, z = (l2 - l1) / s_l, (c2 - c1) / s_c, d_h / s_h
    return np.sqrt(np.maximum(x * x + y * y + z * z + r_t * y * z, 0))


_LMS_FROM_XYZ = np.array(  # Ottosson 2020, M1
    [
        [0.8189330101, 0.3618667424, -0.1288597137],
        [0.0329845436, 0.9293118715, 0.0361456387],
        [0.0482003018, 0.2643662691, 0.6338517070],
    ]
)
OKLAB_FROM_LMS = np.array(  # Ottosson 2020, M2, of cube roots
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
LMS_FROM_REC2020 = _LMS_FROM_XYZ @ XYZ_FROM_REC2020
LMS_FROM_REC2020 = LMS_FROM_REC2020 / LMS_FROM_REC2020.sum(axis=1, keepdims=True)  # greys exactly neutral


def oklab_from_rec2020(rgb: Array) -> Array:
    """Oklab of linear Rec. 2020."""
    return np.cbrt(np.asarray(rgb) @ LMS_FROM_REC2020.T) @ OKLAB_FROM_LMS.T


def rec2020_from_oklab(oklab: Array) -> Array:
    """Linear Rec. 2020 of Oklab."""
    return (np.asarray(oklab) @ np.linalg.inv(OKLAB_FROM_LMS).T) ** 3 @ np.linalg.inv(LMS_FROM_REC2020).T


def luminance(rec2020: Array) -> Array:
    """Relative luminance Y of linear Rec. 2020."""
    return np.asarray(rec2020) @ XYZ_FROM_REC2020[1].astype(np.asarray(rec2020).dtype)
