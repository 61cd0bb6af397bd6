"""Temperature: correlated color temperature and tint of a light's chromaticity, and back.

Isotemperature lines by A. R. Robertson, "Computation of Correlated Color Temperature and Distribution Temperature",
JOSA 58 (1968), table of Wyszecki & Stiles, "Color Science", 2nd ed. (1982), table 1(3.11), with the printed 0.24702
at 325 mired corrected to 0.24792. Tint is the signed distance from the Planckian locus along the isotemperature
line in CIE 1960 (u, v), times 3000, positive for a light that is greener than the black body: the unit and sign
that DNG software uses.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

TINT_SCALE = 3000.0  # tint of a distance of 1 in CIE 1960 (u, v)
LOWEST_K, HIGHEST_K = 1667.0, 100000.0  # the table ends at 600 mired

_LINES = np.array(  # mired, u, v, slope of the line
    [
        (0, 0.18006, 0.26352, -0.24341), (10, 0.18066, 0.26589, -0.25479), (20, 0.18133, 0.26846, -0.26876),
        (30, 0.18208, 0.27119, -0.28539), (40, 0.18293, 0.27407, -0.30470), (50, 0.18388, 0.27709, -0.32675),
        (60, 0.18494, 0.28021, -0.35156), (70, 0.18611, 0.28342, -0.37915), (80, 0.18740, 0.28668, -0.40955),
        (90, 0.18880, 0.28997, -0.44278), (100, 0.19032, 0.29326, -0.47888), (125, 0.19462, 0.30141, -0.58204),
        (150, 0.19962, 0.30921, -0.70471), (175, 0.20525, 0.31647, -0.84901), (200, 0.21142, 0.32312, -1.0182),
        (225, 0.21807, 0.32909, -1.2168), (250, 0.22511, 0.33439, -1.4512), (275, 0.23247, 0.33904, -1.7298),
        (300, 0.24010, 0.34308, -2.0637), (325, 0.24792, 0.34655, -2.4681), (350, 0.25591, 0.34951, -2.9641),
        (375, 0.26400, 0.35200, -3.5814), (400, 0.27218, 0.35407, -4.3633), (425, 0.28039, 0.35577, -5.3762),
        (450, 0.28863, 0.35714, -6.7262), (475, 0.29685, 0.35823, -8.5955), (500, 0.30505, 0.35907, -11.324),
        (525, 0.31320, 0.35968, -15.628), (550, 0.32129, 0.36011, -23.325), (575, 0.32931, 0.36038, -40.770),
        (600, 0.33724, 0.36051, -116.45),
    ]
)  # fmt: skip
_MIRED, _LOCUS = _LINES[:, 0], _LINES[:, 1:3]
_ALONG = np.stack([np.ones(len(_LINES)), _LINES[:, 3]], 1) / np.hypot(1, _LINES[:, 3:4])  # unit vectors of the lines

LIGHT_TEMPERATURE_K = {  # EXIF 2.32 LightSource; fluorescent: the middle of its range
    1: 5500.0, 2: 4150.0, 3: 2850.0, 4: 5500.0, 9: 5500.0, 10: 6500.0, 11: 7500.0, 12: 6400.0, 13: 5050.0,
    14: 4150.0, 15: 3525.0, 16: 2925.0, 17: 2850.0, 18: 5500.0, 19: 6500.0, 20: 5500.0, 21: 6500.0, 22: 7500.0,
    23: 5000.0, 24: 3200.0,
}  # fmt: skip

_LIGHT_XY = {  # CIE 15:2018 for the standard lights; other codes lie on the Planckian locus at their temperature
    3: (0.44757, 0.40745), 17: (0.44757, 0.40745), 18: (0.34842, 0.35161), 19: (0.31006, 0.31616), 23: (0.3457, 0.3585),
    1: (0.33242, 0.34743), 4: (0.33242, 0.34743), 9: (0.33242, 0.34743), 20: (0.33242, 0.34743),
    10: (0.3127, 0.3290), 21: (0.3127, 0.3290), 11: (0.29902, 0.31485), 22: (0.29902, 0.31485),
}  # fmt: skip


def light_xy(code: int) -> tuple[float, float] | None:
    """The chromaticity of an EXIF LightSource code; None for unknown (0), other (255) and undefined codes."""
    if code in _LIGHT_XY:
        return _LIGHT_XY[code]
    return xy_from_temperature(LIGHT_TEMPERATURE_K[code]) if code in LIGHT_TEMPERATURE_K else None


def uv_from_xy(xy: tuple[float, float]) -> Array:
    """CIE 1960 (u, v) of a chromaticity (x, y)."""
    x, y = xy
    return np.array([2 * x, 3 * y]) / (1.5 - x + 6 * y)


def xy_from_uv(uv: Array) -> tuple[float, float]:
    """Chromaticity (x, y) of CIE 1960 (u, v)."""
    u, v = float(uv[0]), float(uv[1])
    return 1.5 * u / (u - 4 * v + 2), v / (u - 4 * v + 2)


def temperature_from_xy(xy: tuple[float, float]) -> tuple[float, float]:
    """Correlated color temperature (K) and tint of a chromaticity, at the ends of the table for lights beyond it."""
    return _temperature((float(xy[0]), float(xy[1])))


@lru_cache(256)  # a picture's white is asked for again and again
def _temperature(xy: tuple[float, float]) -> tuple[float, float]:
    offset = uv_from_xy(xy) - _LOCUS
    across = offset[:, 1] * _ALONG[:, 0] - offset[:, 0] * _ALONG[:, 1]  # > 0: the light is warmer than this line
    below = np.flatnonzero(across[1:] <= 0)
    after = int(below[0]) + 1 if below.size else len(_LINES) - 1
    past, before = max(-float(across[after]), 0.0), float(across[after - 1])
    share = 0.0 if after == 1 and before <= 0 else past / max(past + before, 1e-12)
    mired = share * _MIRED[after - 1] + (1 - share) * _MIRED[after]
    locus, along = _between(after, share)
    tint = -TINT_SCALE * float((uv_from_xy(xy) - locus) @ along)
    return float(np.clip(1e6 / max(mired, 1e-9), LOWEST_K, HIGHEST_K)), tint


def xy_from_temperature(kelvin: float, tint: float = 0.0) -> tuple[float, float]:
    """The chromaticity of a light of this correlated color temperature (1667 to 100000 K) and tint."""
    mired = 1e6 / min(max(kelvin, LOWEST_K), HIGHEST_K)
    after = int(np.clip(np.searchsorted(_MIRED, mired), 1, len(_LINES) - 1))
    share = float((_MIRED[after] - mired) / (_MIRED[after] - _MIRED[after - 1]))
    locus, along = _between(after, share)
    return xy_from_uv(locus - tint / TINT_SCALE * along)


def _between(after: int, share: float) -> tuple[Array, Array]:
    """The point of the locus and the line's direction between two lines; `share` belongs to the line before."""
    locus = share * _LOCUS[after - 1] + (1 - share) * _LOCUS[after]
    along = share * _ALONG[after - 1] + (1 - share) * _ALONG[after]
    return locus, along / np.hypot(*along)
