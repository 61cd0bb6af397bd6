"""Shading: the lens's shading evened out on linear sensor values, by the file's opcodes or what a profile has measured.

Source: Digital Negative Specification 1.7.1, chapter 7 (OpcodeList2). Its warps and trims are done by the lens stage.
A profile's measured shading takes the place of the file's list, so that it is evened out once. Gains lift clipped
values above 1; the clip mask stays as it is.
"""

from __future__ import annotations

from dataclasses import field, replace
from typing import ClassVar, Literal

import numpy as np

from twinlens.core.errors import ParameterError
from twinlens.core.image import MOSAIC, Image
from twinlens.core.opcodes import GainMap
from twinlens.core.profile import color_in_use
from twinlens.core.record import record
from twinlens.core.shading import LensShading, between
from twinlens.core.shot import Shot
from twinlens.core.stage import Facts, Stage, param
from twinlens.kernels.gain_map import apply_opcodes
from twinlens.numerics.dng_color import lights_from, xy_from_neutral
from twinlens.numerics.opcode_lists import Segment, linear_area, reduced, segments
from twinlens.numerics.opcodes import REACH, BadPixels
from twinlens.numerics.temperature import temperature_from_xy


@record(kw_only=True)
class Shading(Stage):
    """A recipe keeps the fingerprint of a profile's shading; the maps themselves come again from the profile."""

    accepts: ClassVar = MOSAIC
    returns: ClassVar = MOSAIC

    source: Literal["auto", "file", "profile", "none"] = param(
        "auto", doc="where the correction comes from: auto takes the profile's measured shading, else the file's own"
    )
    mends: bool = param(False, doc="whether the file's list mends bad pixels, which looks at neighbours", expert=True)
    map_hash: str = param("", doc="fingerprint of the profile's gain maps for this light", expert=True)
    maps: tuple[GainMap, ...] = field(
        default=(), compare=False, repr=False, metadata={"doc": "the profile's gain maps", "transient": True}
    )

    @property
    def margin(self) -> int:
        return REACH if self.mends else 0

    @property
    def is_identity(self) -> bool:
        return self.source == "none"

    def resolve(self, facts: Facts) -> Shading:
        if self.source == "none":
            return self
        measured = facts.profile.shading if facts.profile is not None and facts.shot.cfa is not None else ()
        if measured and self.source != "file":
            return self._measured(facts, measured)
        if self.source == "profile":
            raise ParameterError("Shading.source = 'profile', but no profile with a measured shading was given")
        found = [one for part in _parts(facts.shot) for one in part.opcodes]
        if not found:
            return replace(self, source="none", mends=False)
        return replace(self, source="file", mends=any(isinstance(one, BadPixels) for one in found))

    def _measured(self, facts: Facts, measured: tuple[LensShading, ...]) -> Shading:
        shot = facts.shot
        top, left, bottom, right = linear_area(shot)
        if shot.cfa is None:
            raise ParameterError("a measured shading is for mosaics; this picture is none")
        found = between(measured, _kelvin(facts))
        maps = found.opcodes(shot.cfa.shifted(top, left).indices, (bottom - top, right - left))
        digits = _fingerprint(found)
        if self.map_hash not in ("", digits):
            raise ParameterError(
                f"the recipe was made with the measured shading {self.map_hash}, the profile given now has {digits}: "
                "give the same profile again, or set Shading.source = 'file'"
            )
        return replace(self, source="profile", mends=False, map_hash=digits, maps=maps)

    def __call__(self, image: Image) -> Image:
        if self.is_identity:
            return image
        pixels, window, shot = image.pixels, image.window, image.shot
        top, left, bottom, right = linear_area(shot)
        full = (bottom - top, right - left)
        for part in segments(self.maps, full) if self.source == "profile" else _parts(shot):
            seen, run = part.seen(window), part.opcodes
            if image.scale != 1:
                seen = window
                colors = shot.cfa.shifted(top, left) if shot.cfa is not None else None
                run = reduced(run, full, window.frame, colors)
            pixels = apply_opcodes(run, pixels, seen)
        return image.with_pixels(pixels)


def _parts(shot: Shot) -> list[Segment]:
    top, left, bottom, right = linear_area(shot)
    return segments(shot.opcodes[1], (bottom - top, right - left))


def _kelvin(facts: Facts) -> float:
    """The color temperature of the shot's light by its as-shot neutral; daylight where it cannot be told."""
    color = color_in_use(facts.shot, facts.profile)
    lights = lights_from(color.calibrations)
    if facts.shot.as_shot_white_xy is not None:
        return temperature_from_xy(facts.shot.as_shot_white_xy)[0]
    if not lights or facts.shot.as_shot_neutral is None:
        return 6504.0
    return temperature_from_xy(
        xy_from_neutral(lights, np.array(facts.shot.as_shot_neutral, float), color.analog_balance)
    )[0]


def _fingerprint(shading: LensShading) -> str:
    import hashlib

    return hashlib.sha256(shading.coefficients.astype("<f4").tobytes()).hexdigest()[:12]
