"""Maker's model: the parameters of an invented maker's rendering, each with its unit, range and meaning.

The parts follow the picture through the camera: raw, local tone, tone, color, detail, file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from twinlens.core import parameters
from twinlens.core.errors import ParameterError
from twinlens.core.parameters import param
from twinlens.core.record import record

HUES = ("red", "yellow", "green", "cyan", "blue", "magenta")  # the order of every list of six
_NONE = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


@record(kw_only=True)
class Raw(parameters.Parameters):
    """From the sensor's numbers to scene light."""

    demosaic: Literal["edge-aware", "bilinear"] = param("edge-aware", doc="OpenCV's method of filling in the colors")
    vignette: float = param(1.0, low=0, high=1, doc="share of the lens's shading that is corrected")
    distortion: Literal["corrected", "left"] = param("corrected", doc="what is done with the lens's distortion")


@record(kw_only=True)
class LocalTone(parameters.Parameters):
    """Tone by place, from the histograms of parts of the picture. A look with a strength above 0 is no longer one map
    of colors."""

    strength: float = param(0.0, low=0, high=1, doc="0 none; 1 the equalized histogram in full")
    tiles: int = param(8, low=1, high=32, doc="parts a side, each with its own histogram")
    limit: float = param(2.0, low=1, high=8, doc="largest slope of an equalized histogram")


@record(kw_only=True)
class Tone(parameters.Parameters):
    """One curve over a norm of the three channels."""

    norm: Literal["luminance", "max", "power"] = param("luminance", doc="what of a pixel goes through the curve")
    per_channel: float = param(0.0, low=0, high=0.6, doc="share of a curve applied to each channel by itself")
    grey: float = param(0.18, low=0.08, high=0.36, doc="display light of scene grey 0.18")
    contrast: float = param(1.25, low=0.8, high=2, doc="exponent of the curve: slope at black, in stops a stop")
    white_ev: float = param(2.5, unit="EV", low=1.5, high=5, doc="scene light that is shown as white, over 0.18")
    black: float = param(0.0, low=0, high=0.03, doc="display light of black")


@record(kw_only=True)
class Color(parameters.Parameters):
    """Hue, saturation and lightness in a space of the maker's choice. Lists of six are for red, yellow, green, cyan,
    blue, magenta; between them the values flow smoothly."""

    space: Literal["ipt", "ictcp", "hsv", "ycc"] = param("ipt", doc="where colors are changed")
    table: int = param(33, low=9, high=65, doc="nodes a side of the 3D table that the colors are read from")
    saturation: float = param(1.0, low=0, high=1.6, doc="factor of chroma")
    vibrance: float = param(0.0, low=-0.5, high=0.8, doc="further factor for colors of little chroma: 1 + vibrance")
    highlights: float = param(0.0, low=0, high=1, doc="how much of the chroma is lost towards white")
    hue_deg: tuple[float, float, float, float, float, float] = param(
        _NONE, unit="degrees", low=-25, high=25, doc="turn of the hue"
    )
    chroma: tuple[float, float, float, float, float, float] = param(
        _NONE, low=-0.6, high=0.6, doc="further factor of chroma: 1 + value"
    )
    lightness: tuple[float, float, float, float, float, float] = param(
        _NONE, low=-0.25, high=0.25, doc="further factor of lightness at full chroma: 1 + value"
    )
    shadow_tint: tuple[float, float, float] = param(
        (0.0, 0.0, 0.0), low=-0.2, high=0.2, doc="red, green, blue: factor 1 + value in shadows"
    )
    highlight_tint: tuple[float, float, float] = param(
        (0.0, 0.0, 0.0), low=-0.2, high=0.2, doc="the same in highlights"
    )


@record(kw_only=True)
class Detail(parameters.Parameters):
    """Noise of color away, edges sharpened. Lengths are pixels of a picture of 12 megapixels."""

    chroma_noise_px: float = param(0.0, unit="px", low=0, high=32, doc="reach of the smoothing of color; 0 none")
    sharpen: float = param(0.3, low=0, high=3, doc="strength of the fine unsharp mask")
    radius_px: float = param(1.0, unit="px", low=0.3, high=8, doc="its radius (sigma)")
    threshold: float = param(0.0, unit="codes", low=0, high=16, doc="smaller differences are left alone")
    halo: float = param(0.0, low=0, high=1, doc="strength of a wide unsharp mask, which makes halos")
    halo_radius_px: float = param(16.0, unit="px", low=4, high=128, doc="its radius (sigma)")


@record(kw_only=True)
class File(parameters.Parameters):
    """The JPEG."""

    quality: int = param(92, low=40, high=100, doc="of the JPEG")
    subsampling: Literal["420", "422", "444"] = param("420", doc="of the JPEG's color")


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """All that a maker's rendering is."""

    name: str
    description: str = ""
    raw: Raw = field(default_factory=Raw)
    local_tone: LocalTone = field(default_factory=LocalTone)
    tone: Tone = field(default_factory=Tone)
    color: Color = field(default_factory=Color)
    detail: Detail = field(default_factory=Detail)
    file: File = field(default_factory=File)

    def __post_init__(self) -> None:
        if self.tone.grey <= (2.0**-self.tone.white_ev) ** self.tone.contrast:
            raise ParameterError(
                f"tone.grey = {self.tone.grey:g} is too dark for a contrast of {self.tone.contrast:g} "
                f"and a white at {self.tone.white_ev:g} EV; raise grey, contrast or white_ev"
            )


PARTS: dict[str, type[parameters.Parameters]] = {
    "raw": Raw, "local_tone": LocalTone, "tone": Tone, "color": Color, "detail": Detail, "file": File,
}  # fmt: skip
