"""Lighting: the light or lights of a scene, and surfaces lit by them.

A light is a name ("D65", "A", "FL11", "LED-B3", "3200K"), a file with a spectrum, or a pair (wavelengths in nm, power).
Several are mixed across the frame: each prevails on its own side and passes smoothly into the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import ParameterError
from twinlens.files import spectrum
from twinlens.numerics import spectra
from twinlens.simulate.scene import Layer, Mixture, Palette, Scene, radiance

Array = npt.NDArray[Any]
Light = str | Path | tuple[Any, Any] | Sequence[Any]

_CONTRAST = 6.0  # of mixed lights: how steeply one passes into the next; at the frame's edge its own light has > 95 %


@dataclass(frozen=True, eq=False)
class Lighting:
    """`powers`: the relative power (31,) of each light; `shares` (H, W, lights) float32 of a white diffuser's luminance
    that each gives, None for one light alone.
    """

    name: str
    powers: tuple[Array, ...]
    shares: Array | None = None
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def main(self) -> Array:
        """The relative power (31,) of the first light."""
        return self.powers[0]

    def on(self, *surfaces: Mixture | Palette) -> tuple[Layer, ...]:
        """The light that comes from surfaces whose `spectra` are reflectances."""
        return tuple(
            replace(one, spectra=radiance(one.spectra, power), shading=self._shading(one.shading, index))
            for one in surfaces
            for index, power in enumerate(self.powers)
        )

    def _shading(self, shading: Array | None, index: int) -> Array | None:
        if self.shares is None:
            return shading
        return self.shares[..., index] if shading is None else shading * self.shares[..., index]

    def scene(self, name: str, layers: tuple[Layer, ...], shape: tuple[int, int], **more: Any) -> Scene:
        """A scene in this light; `more` are its patches and facts."""
        facts = {**self.facts, **more.pop("facts", {})}
        return Scene(name, *shape, self.name, self.main, layers, facts=facts, **more)


def lighting(light: Light, height: int, width: int, seed: int = 0) -> Lighting:
    """The lights for a frame. Raises ParameterError and FileError for a light that is not known or not covered.

    `facts` hold "beyond_nm" {light: nm} where a spectrum ends inside 400 to 700 nm and its last value was kept, and
    with several lights "lights" and "light_shares" (H, W, lights).
    """
    if isinstance(light, str | Path) or _is_pair(light):
        name, power, beyond_nm = _single(light)
        return Lighting(name, (power,), facts={"beyond_nm": {name: beyond_nm}} if beyond_nm else {})
    if not light:
        raise ParameterError("a scene needs a light: expected a name, a pair (wavelengths, power) or a list of them")
    names, powers, beyond = zip(*(_single(one) for one in light), strict=True)
    facts: dict[str, Any] = {"lights": names}
    if any(beyond):
        facts["beyond_nm"] = {name: nm for name, nm in zip(names, beyond, strict=True) if nm}
    if len(names) == 1:
        return Lighting(names[0], powers, facts=facts)
    shares = _shares(len(names), height, width, seed)
    return Lighting("+".join(names), powers, shares, {**facts, "light_shares": shares})


def _is_pair(light: Any) -> bool:
    return isinstance(light, tuple) and len(light) == 2 and all(np.ndim(one) == 1 for one in light)


def _single(light: Any) -> tuple[str, Array, float]:
    """Name, relative power (31,) and how many nm were beyond the data."""
    if isinstance(light, str | Path):
        if Path(light).suffix.lower() in (".csv", ".json", ".txt"):
            power, beyond_nm = spectrum.read_light(light)
            return Path(light).stem, power, beyond_nm
        return str(light), spectra.illuminant(str(light)), 0.0
    if not _is_pair(light):
        raise ParameterError(f"a light is a name, a file or a pair (wavelengths, power), got {type(light).__name__}")
    nm, power = (np.asarray(one, float) for one in light)
    power, beyond_nm = spectra.resampled(nm, power, what="the light's spectrum")
    if (power < 0).any() or not power.any():
        raise ParameterError("the light's spectrum has negative power or none between 400 and 700 nm")
    return "custom", power, beyond_nm


def _shares(count: int, height: int, width: int, seed: int) -> Array:
    """(H, W, count): each light prevails in its own direction from the center; the first direction is drawn."""
    angles = np.random.default_rng([seed, 17]).uniform(0, 2 * np.pi) + np.arange(count) * 2 * np.pi / count
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None, None]
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :, None]
    toward = np.float32(_CONTRAST / 2) * (x * np.cos(angles, dtype=np.float32) + y * np.sin(angles, dtype=np.float32))
    shares = np.exp(toward, out=toward)
    shares /= shares.sum(axis=2, keepdims=True)
    return shares
