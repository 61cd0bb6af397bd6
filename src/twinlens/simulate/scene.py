"""Scene: the light that comes from every place of a picture, spectral until a sensor sees it.

Radiance is kept as a sum of layers, each a few spectra with a map that says how much of which is where. What a sensor
(or an eye) sees is exact: the layers' spectra are integrated with its sensitivities, then mixed by the maps.

Unit: a perfect white diffuser in the scene's main light has luminance 1: `seen_by(spectra.observer())` is XYZ with that
white at Y = 1. Values above 1 (lamps, the sun, speculars) are allowed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from twinlens.numerics import spectra

Array = npt.NDArray[Any]


class Layer(Protocol):
    """Light from every place: one addend of a scene."""

    def seen_by(self, sensitivities: Array, rows: slice) -> Array:
        """(rows, width, channels) float32 for sensitivities (31, channels)."""
        ...


@dataclass(frozen=True, eq=False)
class Mixture:
    """At each place a mixture: `weights` (H, W, K) float32 of the radiance spectra `spectra` (K, 31), times `shading`
    (H, W) float32 where given.
    """

    weights: Array
    spectra: Array
    shading: Array | None = None

    def seen_by(self, sensitivities: Array, rows: slice) -> Array:
        return _shaded(self.weights[rows] @ (self.spectra @ sensitivities).astype(np.float32), self.shading, rows)


@dataclass(frozen=True, eq=False)
class Palette:
    """At each place one of many: `labels` (H, W) integers into the radiance spectra `spectra` (P, 31), times `shading`
    (H, W) float32 where given.
    """

    labels: Array
    spectra: Array
    shading: Array | None = None

    def seen_by(self, sensitivities: Array, rows: slice) -> Array:
        table = (self.spectra @ sensitivities).astype(np.float32)
        return _shaded(np.take(table, self.labels[rows], axis=0), self.shading, rows)


def _shaded(seen: Array, shading: Array | None, rows: slice) -> Array:
    if shading is not None:
        seen *= shading[rows][..., None]
    return seen


@dataclass(frozen=True, eq=False)
class Patch:
    """A flat part whose truth is known: `corners` (4, 2) as (x, y) of the scene, pixel centers at whole numbers;
    `reflectance` (31,).
    """

    name: str
    corners: Array
    reflectance: Array


@dataclass(frozen=True, eq=False)
class Scene:
    """`light` (31,) is the main light's relative power; `facts` whatever else is known (edges, angles, depths ...)."""

    name: str
    height: int
    width: int
    light_name: str
    light: Array
    layers: tuple[Layer, ...]
    patches: tuple[Patch, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)

    def seen_by(self, sensitivities: Array, rows: slice = slice(None)) -> Array:
        """What each place gives to sensitivities (31, channels): (rows, width, channels) float32."""
        first, *others = (layer.seen_by(sensitivities, rows) for layer in self.layers)
        for one in others:
            first += one
        return first

    def xyz(self, rows: slice = slice(None)) -> Array:
        """XYZ of each place, the white diffuser at Y = 1: (rows, width, 3) float32."""
        return self.seen_by(spectra.observer(), rows)


def radiance(reflectance: Array, light: Array) -> Array:
    """Radiance spectra (..., 31) of reflectances (..., 31) under a light (31,), in the unit of a scene."""
    return reflectance * (light / float(light @ spectra.observer()[:, 1]))
