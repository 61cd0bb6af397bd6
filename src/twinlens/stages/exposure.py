"""Exposure: scales scene light by a number of stops.

`baseline` is what the file and its color profile say the camera's counts are worth (DNG 1.7.1, tags BaselineExposure
and BaselineExposureOffset: they add). `auto` measures the arriving picture once, before any look: the log-average of
its mid tones goes part of the way to mid grey (Reinhard et al., "Photographic Tone Reproduction for Digital Images",
2002, section 2), but never so far that light which the sensor still holds is pushed over white.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt

from twinlens.core.image import SCENE, Image, empty_rgb
from twinlens.core.profile import color_in_use
from twinlens.core.record import record
from twinlens.core.stage import Facts, Stage, param
from twinlens.numerics.color import luminance

Array = npt.NDArray[Any]

MID_GREY = 0.18
ADAPTATION = 0.6  # how much of the way to mid grey is gone: a night stays darker than a day
HELD_PERCENTILE = 99.0  # of the brightest channel; what lies above may be lamps and glints
AUTO_RANGE = (-1.5, 3.0)  # EV


@record(kw_only=True)
class Exposure(Stage):
    accepts: ClassVar = SCENE
    returns: ClassVar = SCENE

    stops: float = param(0.0, unit="EV", low=-8, high=8, doc="+1 doubles the light")
    baseline: float | None = param(
        None, unit="EV", low=-16, high=16, doc="what the file says its counts are worth", expert=True
    )
    auto: Literal["off", "on"] = param(
        "off", doc="on: measure the picture, add what brings its mid tones near mid grey"
    )

    @property
    def gain(self) -> float:
        """The factor on scene light."""
        return 2.0 ** (self.stops + (self.baseline or 0.0))

    @property
    def is_identity(self) -> bool:
        return self.gain == 1.0

    def resolve(self, facts: Facts) -> Self:
        baseline = self.baseline
        if baseline is None:
            given = next((one for one in facts.before if one.name() == "camera_color"), None)
            source = "file" if getattr(given, "source", "") == "file" else "auto"
            color = color_in_use(facts.shot, facts.profile, source)
            baseline = facts.shot.baseline_exposure + color.baseline_exposure_offset
        stops = self.stops
        if self.auto == "on":
            stops = min(max(stops + measured_stops(facts.arriving().pixels, 2.0**baseline), -8.0), 8.0)
        return replace(self, stops=stops, baseline=baseline, auto="off")

    @property
    def mixing(self) -> Array:
        return np.eye(3) * self.gain

    def relabelled(self, image: Image) -> Image:
        noise = image.noise and image.noise.scaled((self.gain, self.gain, self.gain))
        return image.with_pixels(image.pixels, noise=noise)

    def __call__(self, image: Image) -> Image:
        scaled = empty_rgb(image.height, image.width)
        np.multiply(image.pixels, np.float32(self.gain), out=scaled)
        return self.relabelled(image.with_pixels(scaled))


def measured_stops(rgb: Array, gain: float = 1.0) -> float:
    """The exposure (EV, to two digits) for a scene-linear picture (H, W, 3) that is shown with `gain` already."""
    light = luminance(rgb).ravel() * gain
    low, high = np.percentile(light, (5, 95))
    middle = light[(light >= low) & (light <= high)]
    key = float(np.exp(np.mean(np.log(np.maximum(middle, 1e-4)))))
    wanted = ADAPTATION * np.log2(MID_GREY / key)
    held = float(np.percentile(np.max(rgb, axis=-1), HELD_PERCENTILE)) * gain
    room = np.log2(1.0 / max(held, 1e-4))
    return round(float(np.clip(min(wanted, max(room, 0.0)), *AUTO_RANGE)), 2)
