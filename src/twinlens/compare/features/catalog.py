"""Catalog: every feature of a fingerprint, in the order of the columns of `Fingerprints.values`.

The floor is the smallest difference that matters to an eye, so that a feature that is measured better than it is seen
does not outweigh the others. Cause: *rendering* is what software decides; *hardware* what lens and sensor do; *mixed*
what both do and pictures cannot tell apart.
"""

from __future__ import annotations

from typing import Any

from twinlens.compare.model import Feature

HUE_CENTERS_DEG = tuple(range(0, 360, 30))  # of hue in Oklab; sectors overlap, each reaches its neighbors' centers
HUE_NAMES = (
    *("pink", "red", "orange", "yellow", "lime", "green"),
    *("turquoise", "cyan", "azure", "blue", "violet", "magenta"),
)
MEMORY_COLORS = ("skin", "sky", "foliage")

_EDGE = "ISO 12233:2023, e-SFR; profile of the same edge in every picture"
_NOISE = "ISO 15739:2023, 6.2; ISO 19567-2:2019 (texture), at equal picture height"
_SHADING = "ISO 17957:2015"
_MEMORY = "C. J. Bartleson, Memory colors of familiar objects, JOSA 50 (1960)"
_OKLAB = "Ottosson 2020 (Oklab); IEEE 1858 (chroma and hue of patches)"
_TONE = "ISO 14524:2009 (curve by grey patches), here by flat parts of the scene"


def _tone() -> list[Feature]:
    return [
        Feature(key="exposure", label="exposure", unit="EV", block="exposure", cause="rendering", floor=0.05,
                source=_TONE, doc="brightness of what is mid grey on average; metering and rendering together"),
        Feature(key="tone_contrast", label="contrast at mid grey", unit="%", block="tone", cause="rendering", floor=2.0,
                source=_TONE, is_ratio=True, doc="slope of the grey curve, in stops a stop, about mid grey"),
        Feature(key="tone_shadow", label="shadow depth", unit="EV", block="tone", cause="rendering", floor=0.1,
                source=_TONE, doc="brightness of shadows 3 EV under mid grey, against mid grey; darker is below 0"),
        Feature(key="tone_highlight", label="highlight roll-off", unit="EV", block="tone", cause="rendering",
                floor=0.05, source=_TONE, doc="brightness of highlights 1.5 EV over mid grey, against mid grey"),
        Feature(key="tone_black", label="black", unit="L*", block="tone", cause="rendering", floor=1.0,
                source="CIE 15:2018", doc="lightness of the darkest hundredth of the picture", is_derived=True),
        Feature(key="local_contrast", label="local contrast (HDR strength)", unit="%", block="local contrast",
                cause="rendering", floor=5.0, is_ratio=True,
                source="the part of the tone that no curve explains; R. Mantiuk et al., Modeling a generic "
                       "tone-mapping operator, Eurographics 2008",
                doc="contrast between neighboring parts, against that of the tone curve; compression of what is "
                    "bright and dark at large, with its detail kept, is above 0"),
    ]  # fmt: skip


def _white() -> list[Feature]:
    told: dict[str, Any] = {"block": "white balance", "cause": "rendering", "source": "CIE 15:2018; CIE 1960 (u, v)"}
    return [
        Feature(key="white_mired", label="warmth of greys", unit="mired", floor=5.0,
                doc="color of what is grey on average, along the Planckian locus; warmer is above 0", **told),
        Feature(key="white_duv", label="tint of greys", unit="duv", floor=0.002,
                doc="the same across the locus; greener is above 0", **told),
    ]  # fmt: skip


def _chroma() -> list[Feature]:
    ratio: dict[str, Any] = {"unit": "%", "cause": "rendering", "floor": 2.0, "is_ratio": True, "source": _OKLAB}
    sectors = [
        Feature(key=f"chroma_{name}", label=f"chroma of {name}", block="chroma", doc="chroma over lightness", **ratio)
        for name in HUE_NAMES
    ]
    return [Feature(key="chroma", label="chroma", block="chroma", doc="chroma over lightness", **ratio), *sectors]


def _hue() -> list[Feature]:
    return [
        Feature(key=f"hue_{name}", label=f"hue of {name}", unit="degrees", block="hue", cause="rendering", floor=1.0,
                source=_OKLAB, doc="turn of the hue, counterclockwise in (a, b): red towards yellow is above 0")
        for name in HUE_NAMES
    ]  # fmt: skip


def _memory() -> list[Feature]:
    made = []
    for name in MEMORY_COLORS:
        told: dict[str, Any] = {"block": "memory colors", "cause": "rendering", "source": _MEMORY, "is_derived": True}
        made += [
            Feature(key=f"{name}_lightness", label=f"lightness of {name}", unit="EV", floor=0.05, **told),
            Feature(key=f"{name}_chroma", label=f"chroma of {name}", unit="%", floor=2.0, is_ratio=True, **told),
            Feature(key=f"{name}_hue", label=f"hue of {name}", unit="degrees", floor=1.0, **told),
        ]
    return made


def _gamut() -> list[Feature]:
    told: dict[str, Any] = {"unit": "%", "block": "gamut", "cause": "rendering", "source": "IEC 61966-2-1"}
    return [
        Feature(key="gamut_use", label="use of the gamut", floor=2.0, is_derived=True,
                doc="chroma of the most colorful hundredth, as share of what sRGB can show at that lightness and hue",
                **told),
        Feature(key="gamut_clipped", label="clipped colors", floor=0.5, is_derived=True,
                doc="area where a channel, not all, is at an end: follows from chroma and exposure", **told),
        Feature(key="white_clipped", label="clipped highlights", floor=0.5,
                doc="area with two channels or all at white, which has lost its detail and color", **told),
        Feature(key="black_clipped", label="clipped shadows", floor=0.5, doc="area with all channels at black", **told),
    ]  # fmt: skip


def _detail() -> list[Feature]:
    edge: dict[str, Any] = {"block": "sharpness", "source": _EDGE}
    noise: dict[str, Any] = {"block": "noise", "source": _NOISE}
    return [
        Feature(key="edge_overshoot", label="edge overshoot", unit="% of the step", cause="rendering", floor=1.0,
                doc="how far the bright side of an edge passes its level", **edge),
        Feature(key="edge_undershoot", label="edge undershoot", unit="% of the step", cause="rendering", floor=1.0,
                doc="how far the dark side passes its level", **edge),
        Feature(key="halo_width", label="halo width", unit="% of picture height", cause="rendering", floor=0.05,
                doc="width of the bright side's overshoot at half its height; none without an overshoot", **edge),
        Feature(key="mtf50", label="sharpness (MTF50)", unit="%", cause="mixed", floor=5.0, is_ratio=True,
                doc="frequency at which half of the contrast is left, in cycles a picture height", **edge),
        Feature(key="mtf_high", label="finest detail (MTF above Nyquist/2)", unit="%", cause="mixed", floor=5.0,
                doc="mean of the MTF from half of the Nyquist frequency up, of the set with the fewest pixels", **edge),
        Feature(key="texture", label="texture kept", unit="%", cause="mixed", floor=5.0, is_ratio=True,
                block="texture", source="ISO 19567-2:2019",
                doc="fine structure of low contrast, noise taken away, against the picture's own contrast"),
        Feature(key="noise", label="noise", unit="%", cause="mixed", floor=10.0, is_ratio=True,
                doc="standard deviation of luma in flat parts, in codes", **noise),
        Feature(key="noise_chroma", label="color noise against luma noise", unit="%", cause="mixed", floor=10.0,
                is_ratio=True, doc="ratio of the standard deviations", **noise),
        Feature(key="noise_grain", label="coarseness of the noise", unit="%", cause="mixed", floor=10.0, is_ratio=True,
                doc="mean wavelength of the noise spectrum in flat parts", **noise),
    ]  # fmt: skip


def _lens() -> list[Feature]:
    shading: dict[str, Any] = {"block": "shading", "source": _SHADING}
    return [
        Feature(key="vignette", label="light in the corners", unit="EV", cause="mixed", floor=0.05,
                doc="against the middle; darker corners are below 0", **shading),
        Feature(key="shading_red", label="red in the corners", unit="%", cause="hardware", floor=1.0, is_ratio=True,
                doc="red over green against the middle", **shading),
        Feature(key="shading_blue", label="blue in the corners", unit="%", cause="hardware", floor=1.0, is_ratio=True,
                doc="blue over green against the middle", **shading),
        Feature(key="distortion", label="distortion left", unit="%", block="geometry", cause="mixed", floor=0.2,
                source="ISO 17850:2015", doc="radial displacement at the corner; pincushion is above 0"),
        Feature(key="jpeg_quality", label="JPEG quality", unit="of 100", block="file", cause="rendering", floor=3.0,
                source="ITU-T T.81, annex K (tables)", doc="from the luma quantization table", is_derived=True),
        Feature(key="pixel_height", label="picture height", unit="px", block="file", cause="hardware", floor=100.0,
                source="ISO 12233:2023 (picture height)", doc="pixels of the shorter side", is_derived=True),
    ]  # fmt: skip


FEATURES: tuple[Feature, ...] = (
    *(*_tone(), *_white(), *_chroma(), *_hue(), *_memory()),
    *(*_gamut(), *_detail(), *_lens()),
)
KEYS = tuple(one.key for one in FEATURES)
INDEX = {key: index for index, key in enumerate(KEYS)}
ABSOLUTE = frozenset(
    ("tone_black", "gamut_use", "gamut_clipped", "white_clipped", "black_clipped", "jpeg_quality", "pixel_height",
     "edge_overshoot", "edge_undershoot", "halo_width", "mtf50", "mtf_high", "noise", "noise_chroma", "noise_grain")
)  # fmt: skip


def by_key(key: str) -> Feature:
    """The feature of this key."""
    return FEATURES[INDEX[key]]


def is_absolute(key: str) -> bool:
    """Whether the value of one picture has a meaning of its own."""
    return key in ABSOLUTE
