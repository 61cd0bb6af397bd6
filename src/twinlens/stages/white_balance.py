"""White balance: scales the camera's channels so that a neutral surface has three equal ones.

The smallest gain is 1, so a neutral reaches 1 exactly where its strongest channel clips. Kelvin and tint become
camera RGB through the color matrices (Digital Negative Specification 1.7.1, chapter 6, "Camera to XYZ (D50)
Transform").
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import ParameterError
from twinlens.core.image import BALANCED, CAMERA_RGB, Image
from twinlens.core.profile import color_in_use
from twinlens.core.record import record
from twinlens.core.sensor_color import SensorColor
from twinlens.core.stage import Facts, Stage, param
from twinlens.kernels.matrix import matrix
from twinlens.numerics.auto_white import estimate_neutral
from twinlens.numerics.color import xy_from_xyz
from twinlens.numerics.dng_color import Light, lights_from, neutral_from_xy, xy_from_neutral
from twinlens.numerics.sensor_white import neutral_under, thermal_light
from twinlens.numerics.spectra import illuminant, white_xyz
from twinlens.numerics.temperature import xy_from_temperature

Array = npt.NDArray[Any]
_log = logging.getLogger("twinlens")

PRESET_XY = {  # chromaticities of CIE 15:2018; flash: a black body of 5500 K
    "daylight": (0.33242, 0.34743),  # D55
    "cloudy": (0.3127, 0.3290),  # D65
    "shade": (0.29902, 0.31485),  # D75
    "flash": xy_from_temperature(5500.0),
    "tungsten": (0.44757, 0.40745),  # A
    "fluorescent": (0.3721, 0.3751),  # FL2
    "led": (0.3756, 0.3723),  # LED-B3
}
PRESET_LIGHT = {  # the same lights by their spectra, for a calibrated profile
    "daylight": "D55",
    "cloudy": "D65",
    "shade": "D75",
    "flash": "5500K",
    "tungsten": "A",
    "fluorescent": "FL2",
    "led": "LED-B3",
}
SPOT_RADIUS = 1  # pixels of the reduced picture around the spot: 3 x 3 are averaged
MOST_GAIN = 64.0  # a channel that is weaker than this holds nothing


@record(kw_only=True)
class WhiteBalance(Stage):
    """`gains` win over everything else; without them `mode` says how they are found when the recipe is resolved."""

    accepts: ClassVar = CAMERA_RGB
    returns: ClassVar = BALANCED

    mode: Literal[
        "as_shot",
        "auto",
        "daylight",
        "cloudy",
        "shade",
        "flash",
        "tungsten",
        "fluorescent",
        "led",
        "kelvin",
        "spot",
        "neutral",
    ] = param("as_shot", doc="where the white comes from; `kelvin`, `spot` and `neutral` need the value of that name")
    kelvin: float | None = param(None, unit="K", low=1667, high=100000, doc="correlated color temperature of the light")
    tint: float | None = param(
        None, low=-300, high=300, doc="3000 x distance from the black body in CIE 1960 uv; above 0 for a greenish light"
    )
    spot: tuple[float, float] | None = param(
        None,
        unit="px",
        low=0,
        doc="a grey place (x, y) in pixels of the finished full-size picture, cropped and upright",
    )
    neutral: tuple[float, float, float] | None = param(None, low=1e-4, doc="camera RGB of a neutral, up to a factor")
    gains: tuple[float, float, float] | None = param(
        None, low=1e-3, high=1e4, doc="factors of red, green, blue; the smallest is 1", expert=True
    )
    white_xy: tuple[float, float] | None = param(
        None, doc="chromaticity of the light that the gains stand for, for information", expert=True
    )

    def resolve(self, facts: Facts) -> Self:
        if self.gains is not None:
            return self
        color = color_in_use(facts.shot, facts.profile)
        lights, balance = lights_from(color.calibrations), color.analog_balance
        mode, neutral = self._neutral(facts, lights, balance, color.sensor)
        neutral = np.maximum(neutral, float(np.max(neutral)) / MOST_GAIN)
        gains = tuple(float(one) for one in neutral.max() / neutral)
        white = xy_from_neutral(lights, neutral, balance) if lights else None
        return replace(self, mode=mode, gains=gains, white_xy=white)

    def _neutral(
        self, facts: Facts, lights: tuple[Light, ...], balance: Array | None, sensor: SensorColor | None
    ) -> tuple[str, Array]:
        """The mode that was used in the end, and the camera RGB (3,) of a neutral."""
        mode, shot = self.mode, facts.shot
        if mode == "as_shot":
            if _is_neutral(shot.as_shot_neutral):
                return mode, np.array(shot.as_shot_neutral, float)
            if shot.as_shot_white_xy is not None and lights:
                return mode, neutral_from_xy(lights, shot.as_shot_white_xy, balance)
            _log.info("%s names no white: it is estimated from the picture", shot.source or "the file")
            mode = "auto"
        if mode == "auto":
            return mode, estimate_neutral(facts.arriving().pixels, lights, balance)
        if mode == "neutral":
            return mode, np.array(self._wanted("neutral", self.neutral))
        if mode == "spot":
            return mode, self._at_spot(facts)
        if not lights:
            raise ParameterError(
                f"white balance {mode!r} needs the camera's color matrix, and this file has none: "
                "use as_shot, auto, spot or neutral"
            )
        kelvin = self._wanted("kelvin", self.kelvin) if mode == "kelvin" else 0.0
        xy = xy_from_temperature(kelvin, self.tint or 0.0) if mode == "kelvin" else PRESET_XY[mode]
        by_matrix = neutral_from_xy(lights, xy, balance)
        if sensor is None:
            return mode, by_matrix
        if mode != "kelvin":
            return mode, neutral_under(sensor.sensitivities, illuminant(PRESET_LIGHT[mode]))
        found = neutral_under(sensor.sensitivities, thermal_light(kelvin))
        if self.tint is None:
            return mode, found
        return mode, found * by_matrix / neutral_from_xy(lights, _xy_of(kelvin), balance)

    def _wanted(self, name: str, value: Any) -> Any:
        if value is None:
            raise ParameterError(f"WhiteBalance.mode = {self.mode!r} needs WhiteBalance.{name}, which is not given")
        return value

    def _at_spot(self, facts: Facts) -> Array:
        image, (x, y) = facts.arriving(), self._wanted("spot", self.spot)
        top, left, bottom, right = facts.shot.crop
        height, width = max(bottom - top, 1), max(right - left, 1)
        across, down = (height, width) if facts.shot.orientation >= 5 else (width, height)
        if x >= across or y >= down:
            raise ParameterError(
                f"WhiteBalance.spot = ({x:g}, {y:g}) px lies outside the picture of {across} x {down} px"
            )
        u, v = stored_place((x + 0.5) / across, (y + 0.5) / down, facts.shot.orientation)
        if not any(stage.name() == "crop" for stage in facts.before):
            full_top, full_left, full_bottom, full_right = facts.shot.area
            u = (left + u * width) / max(full_right - full_left, 1)
            v = (top + v * height) / max(full_bottom - full_top, 1)
        column, row = int(u * image.width), int(v * image.height)
        part = image.pixels[
            max(row - SPOT_RADIUS, 0) : row + SPOT_RADIUS + 1, max(column - SPOT_RADIUS, 0) : column + SPOT_RADIUS + 1
        ]
        mean = part.reshape(-1, 3).mean(0, dtype=float)
        if (mean <= 1e-5).any():
            raise ParameterError(f"WhiteBalance.spot = ({x:g}, {y:g}) px is black there: choose a brighter grey place")
        return mean

    @property
    def mixing(self) -> Array:
        return np.diag(self.gains or (1.0, 1.0, 1.0))

    def relabelled(self, image: Image) -> Image:
        noise = image.noise and image.noise.scaled(self.gains or (1.0, 1.0, 1.0))
        return image.with_pixels(image.pixels, state=BALANCED, noise=noise)

    def __call__(self, image: Image) -> Image:
        return self.relabelled(image.with_pixels(matrix(image.pixels, self.mixing)))


def _xy_of(kelvin: float) -> tuple[float, float]:
    """The chromaticity of the light that a temperature without tint stands for with a calibrated profile."""
    return xy_from_xyz(white_xyz(thermal_light(kelvin)))


def _is_neutral(neutral: tuple[float, ...] | None) -> bool:
    return neutral is not None and len(neutral) == 3 and all(np.isfinite(one) and one > 0 for one in neutral)


def stored_place(u: float, v: float, orientation: int) -> tuple[float, float]:
    """Where a place (x, y) of the upright picture, as parts of its size, lies in the stored one (TIFF Orientation 1
    to 8)."""
    return {
        2: (1 - u, v), 3: (1 - u, 1 - v), 4: (u, 1 - v), 5: (v, u), 6: (v, 1 - u), 7: (1 - v, 1 - u), 8: (1 - v, u)
    }.get(orientation, (u, v))  # fmt: skip
