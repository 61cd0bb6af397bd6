"""Camera profile: what one lens-and-sensor module is, in plain numbers."""

from __future__ import annotations

from dataclasses import field, replace
from typing import Any

from twinlens.core.camera_color import CameraColor
from twinlens.core.lens import LensWarp
from twinlens.core.noise import NoiseModel
from twinlens.core.record import record
from twinlens.core.shading import LensShading
from twinlens.core.shot import Shot


@record(kw_only=True, eq=False)
class CameraProfile:
    """Color, noise by ISO, shading light by light, lens, and where they came from (`provenance`)."""

    name: str
    make: str = ""
    model: str = ""
    unique_camera_model: str = ""
    lens: str = ""
    color: CameraColor = field(default_factory=CameraColor)
    noise: dict[float, NoiseModel] = field(default_factory=dict)
    shading: tuple[LensShading, ...] = ()
    warp: LensWarp | None = None
    provenance: dict[str, Any] = field(default_factory=dict)


def mismatch(profile: CameraProfile, shot: Shot) -> str:
    """What of a shot's module contradicts a profile's, in words; "" where nothing does.

    A module is a make, a model and a lens: the main, the wide and the tele camera of a phone are three. What one of the
    two does not state contradicts nothing.
    """
    pairs = (("camera", profile.unique_camera_model, shot.unique_camera_model), ("make", profile.make, shot.make),
             ("model", profile.model, shot.model), ("lens", profile.lens, shot.lens))  # fmt: skip
    differing = [(what, one, other) for what, one, other in pairs if one and other and _plain(one) != _plain(other)]
    return "; ".join(f"{what} {one!r} in the profile, {other!r} in the picture" for what, one, other in differing)


def _plain(name: str) -> str:
    return " ".join(name.lower().split())


def color_in_use(shot: Shot, profile: CameraProfile | None, source: str = "auto") -> CameraColor:
    """The color numbers that hold for a shot: `source` "file", "profile", or "auto" (the profile where there is one).

    A profile is joined with the shot's own AnalogBalance and, where its signature agrees, the shot's camera calibration
    (DNG 1.7.1, CameraCalibrationSignature); calibrations whose signature does not agree are left out.
    """
    own, given = shot.color, profile.color if profile is not None else CameraColor()
    if source == "file" or not given.is_known:
        if own.signature == own.profile_signature:
            return own
        return replace(own, calibrations=tuple(replace(one, camera_calibration=None) for one in own.calibrations))
    if given.origin == "profile":  # measured on what this camera records: nothing of the file's is to be added
        return given
    agrees = own.signature == given.profile_signature
    units = [one.camera_calibration if agrees else None for one in own.calibrations[: len(given.calibrations)]]
    units += [None] * (len(given.calibrations) - len(units))
    joined = (replace(one, camera_calibration=k) for one, k in zip(given.calibrations, units, strict=True))
    return replace(given, calibrations=tuple(joined), analog_balance=own.analog_balance, signature=own.signature)
