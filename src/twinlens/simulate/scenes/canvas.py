"""Canvas: what a painted scene is made of, pixel by pixel: material, shading, gloss, depth; edges keep what is behind.

A material is a ramp of reflectances between two; texture chooses the step. A pixel on an edge holds the thing in front,
how much of the pixel it covers, and the thing behind, so edges are smooth and each part keeps its own spectrum.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.numerics import spectra
from twinlens.simulate.scene import Mixture, Palette

Array = npt.NDArray[Any]

STEPS = 32  # of a material's ramp


@dataclass(eq=False)
class Part:
    """A piece to be painted: all maps (h, w) belong to the pixels from (`top`, `left`)."""

    top: int
    left: int
    cover: Array
    step: Array  # 0 to 1 along the material's ramp
    shade: Array
    gloss: Array
    depth_m: float


class Canvas:
    """Paint parts from far to near, then ask for `surfaces`."""

    def __init__(self, height: int, width: int) -> None:
        shape = (height, width)
        self.shape = shape
        self.front, self.behind = np.zeros(shape, np.uint16), np.zeros(shape, np.uint16)
        self.front_shade, self.behind_shade = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        self.cover, self.gloss = np.ones(shape, np.float32), np.zeros(shape, np.float32)
        self.depth_m = np.full(shape, 1.0, np.float32)
        self._ramps: list[Array] = []

    def material(self, one: Array, other: Array) -> int:
        """A ramp from the reflectance `one` (31,) to `other` (31,); its number."""
        along = np.linspace(0, 1, STEPS)[:, None]
        self._ramps.append(np.exp((1 - along) * np.log(one + 1e-4) + along * np.log(other + 1e-4)))
        return len(self._ramps) - 1

    def fill(self, rows: slice, material: int, step: Array, shade: Array, depth_m: Array | float) -> None:
        """Cover whole rows."""
        self.front[rows] = self._labels(material, step)
        self.front_shade[rows] = shade
        self.depth_m[rows] = depth_m

    def darken(self, top: int, left: int, factor: Array) -> None:
        """Multiply the shading of what is there (a cast shadow)."""
        place = (slice(top, top + factor.shape[0]), slice(left, left + factor.shape[1]))
        self.front_shade[place] *= factor
        self.behind_shade[place] *= factor
        self.gloss[place] *= factor

    def paint(self, part: Part, material: int) -> None:
        """Put a part before what is there."""
        place = (slice(part.top, part.top + part.cover.shape[0]), slice(part.left, part.left + part.cover.shape[1]))
        touched, edge = part.cover > 0, (part.cover > 0) & (part.cover < 1)
        keeps_front = self.cover[place] >= 0.5
        for front, behind in ((self.front, self.behind), (self.front_shade, self.behind_shade)):
            seen = np.where(keeps_front, front[place], behind[place])
            behind[place] = np.where(edge, seen, behind[place])
        self.front[place] = np.where(touched, self._labels(material, part.step), self.front[place])
        self.front_shade[place] = np.where(touched, part.shade, self.front_shade[place])
        self.gloss[place] += part.cover * (part.gloss - self.gloss[place])
        self.cover[place] = np.where(touched, part.cover, self.cover[place])
        self.depth_m[place] = np.where(part.cover > 0.5, part.depth_m, self.depth_m[place])

    def surfaces(self) -> tuple[Palette, Palette, Mixture]:
        """What is in front, what is behind it at edges, and the gloss, as surfaces (spectra are reflectances)."""
        reflectances = np.concatenate(self._ramps)
        return (
            Palette(self.front, reflectances, self.cover * self.front_shade),
            Palette(self.behind, reflectances, (1 - self.cover) * self.behind_shade),
            Mixture(self.gloss[..., None], np.ones((1, spectra.BANDS))),
        )

    @staticmethod
    def _labels(material: int, step: Array) -> Array:
        return (material * STEPS + np.clip(step * (STEPS - 1) + 0.5, 0, STEPS - 1)).astype(np.uint16)


class Noise:
    """Smooth random values, 0 to 1, over the plane: octaves of a grid that repeats by mirroring."""

    def __init__(self, rng: np.random.Generator, *, octaves: int = 5, roughness: float = 0.55, size: int = 256) -> None:
        import cv2

        total = np.zeros((size, size), np.float32)
        for octave in range(octaves):
            cells = min(4 * 2**octave, size)
            grid = rng.uniform(-1, 1, (cells, cells)).astype(np.float32)
            total += roughness**octave * cv2.resize(grid, (size, size), interpolation=cv2.INTER_CUBIC)
        self._tile = np.clip(0.5 + 0.22 * total / total.std(), 0, 1)

    def __call__(self, x: Array, y: Array, scale: float = 1.0) -> Array:
        """Values at (x, y); `scale` of the plane's unit is one tile."""
        import cv2

        size = self._tile.shape[0]
        across, down = (np.asarray(one / scale % 2 * size, np.float32) for one in (x, y))
        across, down = (np.minimum(one, 2 * size - 1 - one) for one in (across, down))
        return np.asarray(cv2.remap(self._tile, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))
