"""Camera color: what a DNG or DCP file says of a camera's colors, light by light.

Field meanings follow the Digital Negative Specification 1.7.1, chapter 6 (Mapping Camera Color Space to CIE XYZ Space).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.record import record
from twinlens.core.sensor_color import SensorColor

Array = npt.NDArray[Any]


@record(eq=False)
class HueSatTable:
    """A hue/saturation/value table: `values` (hues, saturations, values, 3) of (hue shift in degrees, saturation scale,
    value scale).
    """

    values: Array
    encoding: str = (
        "linear"  # of the value axis: "linear" or "srgb" (ProfileHueSatMapEncoding, ProfileLookTableEncoding)
    )


@record(eq=False)
class RgbTable:
    """One ProfileRGBTables entry (DNG 1.7, tag 52543) as in the file: samples in 0 to 1 and how they are to be used."""

    values: Array  # (divisions, 3) for a 1-D table, (divisions, divisions, divisions, 3) for a 3-D one
    primaries: int
    gamma: int
    gamut: int
    amount: tuple[float, float]
    semantic_name: str = ""
    pixel_type: int = 0


@record(eq=False)
class GainTableMap:
    """ProfileGainTableMap (1.6) or ProfileGainTableMap2 (1.7): local tone as a table over place and luminance."""

    gains: Array  # (points v, points h, table points) float32
    origin: tuple[float, float]  # (v, h) relative
    spacing: tuple[float, float]  # (v, h) relative
    input_weights: tuple[float, float, float, float, float]  # R, G, B, min, max
    gamma: float = 1.0


@record(eq=False)
class Calibration:
    """The numbers for one light. Matrices are 3x3 float64; `light` is the EXIF LightSource code (21 = D65, 17 = A, 255
    = other).
    """

    light: int
    color_matrix: Array  # camera_from_xyz
    forward_matrix: Array | None = None  # xyz_d50_from_camera, white-balanced
    camera_calibration: Array | None = None
    reduction_matrix: Array | None = None
    white_xy: tuple[float, float] | None = None  # from IlluminantData when light is 255
    hue_sat: HueSatTable | None = None


@record(eq=False)
class CameraColor:
    """The color part of a DNG or DCP file: one to three calibrations and the profile's tables."""

    calibrations: tuple[Calibration, ...] = ()
    name: str = ""
    camera_model: str = ""  # UniqueCameraModelRestriction of a DCP
    signature: str = ""  # CameraCalibrationSignature / ProfileCalibrationSignature
    profile_signature: str = ""
    copyright: str = ""
    embed_policy: int = 0
    analog_balance: Array | None = None  # (3,)
    look_table: HueSatTable | None = None
    tone_curve: Array | None = None  # (points, 2) of (input, output), both 0 to 1
    baseline_exposure_offset: float = 0.0  # EV
    default_black_render: int = 0  # 0 auto, 1 none
    gain_table_map: GainTableMap | None = None
    rgb_tables: tuple[RgbTable, ...] = ()
    sensor: SensorColor | None = None  # of a profile that was calibrated
    origin: str = ""  # "dng", "dcp", "libraw", "profile"

    @property
    def is_known(self) -> bool:
        """Whether there is at least one matrix."""
        return bool(self.calibrations)

    @property
    def has_look(self) -> bool:
        """Whether there is a rendering of its own: a look table, a tone curve or an RGB table."""
        return self.look_table is not None or self.tone_curve is not None or bool(self.rgb_tables)


def is_identity(matrix: Array) -> bool:
    """Whether a matrix is the unit matrix to three digits, as files without a real one write it."""
    return bool(np.allclose(matrix, np.eye(matrix.shape[0]), atol=1e-3))
