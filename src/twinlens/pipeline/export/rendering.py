"""Rendering: what `develop` makes of colors with a look, as a function from one encoding's codes to another's.

It is the stages themselves (the look's map, then the output's gamut), so a table that is exported is made from, and
compared with, what a developed picture shows. A display-referred input is taken as the scene's own light, which makes
the table look ∘ neutral⁻¹.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import ParameterError
from twinlens.core.image import ENCODED, SCENE, Image, planar
from twinlens.core.record import record
from twinlens.core.shot import Shot
from twinlens.core.stage import Facts
from twinlens.numerics import color
from twinlens.numerics.encoding import ENCODINGS, Encoding
from twinlens.stages.look_map import LookMap
from twinlens.stages.output_color import OutputColor

Array = npt.NDArray[Any]

ROW = 512  # colors in a row of the image that stands for a list of colors
INPUTS = tuple(ENCODINGS)
OUTPUTS = tuple(name for name, one in ENCODINGS.items() if one.kind == "display")


@record(eq=False)
class Rendering:
    """A look (resolved: one light) from codes of `source` to codes of the display encoding `target`."""

    map: LookMap
    source: Encoding
    target: Encoding

    def output(self) -> OutputColor:
        """The stage that brings colors into the target's gamut, as it is resolved for such a source and look."""
        state = ENCODED if self.source.kind == "display" else SCENE
        source = Image(
            pixels=np.zeros((1, 1, 3), np.float32), state=state, shot=Shot(), primaries=self.source.primaries
        )
        facts = Facts(shot=Shot(), source=source, arriving=lambda: source, before=(self.map,))
        return OutputColor(space=self.target.primaries).resolve(facts)  # type: ignore[arg-type]

    def display(self, scene: Array) -> Array:
        """Linear light (N, 3), in the target's primaries, of linear Rec. 2020 scene light (N, 3)."""
        return _as_colors(self.output()(self.map(_as_image(scene))), len(scene))

    def codes(self, codes: Array) -> Array:
        """Target codes (..., 3), 0 to 1, of source codes (..., 3)."""
        flat = np.asarray(codes, float).reshape(-1, 3)
        return self.target.encode(self.display(self.source.to_scene(flat))).reshape(np.shape(codes))

    def lab(self, codes: Array) -> Array:
        """D50 Lab (..., 3) of target codes."""
        light = self.target.decode(np.clip(codes, 0, 1)) @ self.target.rec2020_from.T
        return color.lab_from_xyz(light @ color.XYZ_D50_FROM_REC2020.T)


def display_light(look_map: LookMap, scene: Array) -> Array:
    """Display light (N, 3) of scene light (N, 3), both linear Rec. 2020, before any output's gamut."""
    return _as_colors(look_map(_as_image(scene)), len(scene))


def _as_image(scene: Array) -> Image:
    rows = -(-len(scene) // ROW)
    padded = np.zeros((rows * ROW, 3), np.float32)
    padded[: len(scene)] = scene
    return Image(pixels=planar(padded.reshape(rows, ROW, 3)), state=SCENE, shot=Shot(), primaries="rec2020")


def _as_colors(image: Image, count: int) -> Array:
    return image.pixels.reshape(-1, 3)[:count].astype(float)


def rendering(look_map: LookMap, source: str, target: str = "srgb") -> Rendering:
    """The rendering between two encodings, by name; ParameterError for an unknown one, or one that cannot be shown."""
    if source not in ENCODINGS:
        raise ParameterError(f"input {source!r} is not known; inputs are {', '.join(INPUTS)}")
    if target not in OUTPUTS:
        raise ParameterError(f"output {target!r} is not one a display shows; outputs are {', '.join(OUTPUTS)}")
    return Rendering(look_map, ENCODINGS[source], ENCODINGS[target])


def likely_colors(target: Encoding, count: int, seed: int = 3) -> Array:
    """Scene colors (count, 3), linear Rec. 2020, that pictures have: half inside the display, half to 2 EV above white.

    Both in the target's gamut, evenly in code and evenly in stops.
    """
    rng = np.random.default_rng(seed)
    inside = target.decode(rng.random((count - count // 2, 3)))
    bright = np.exp2(rng.uniform(-8, 2, (count // 2, 1))) * rng.random((count // 2, 3))
    return np.concatenate([inside, bright]) @ target.rec2020_from.T
