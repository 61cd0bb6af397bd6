"""Scenes: everything that can be photographed, by name, as spectral radiance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twinlens.core.errors import ParameterError
from twinlens.kernels.memory import keep_freed_memory
from twinlens.simulate.scene import Scene
from twinlens.simulate.scenes.colorchecker import colorchecker, colorchecker_sg
from twinlens.simulate.scenes.colors import gradients, metamer_pairs
from twinlens.simulate.scenes.dead_leaves import dead_leaves
from twinlens.simulate.scenes.edges import siemens_star, slanted_edge
from twinlens.simulate.scenes.lighting import Light, lighting
from twinlens.simulate.scenes.night import night_lights
from twinlens.simulate.scenes.patches import dark, dynamic_range, flat, grey_ramp
from twinlens.simulate.scenes.photograph import photograph
from twinlens.simulate.scenes.still_life import still_life

SCENES: dict[str, Callable[..., Scene]] = {
    "colorchecker": colorchecker,
    "colorchecker-sg": colorchecker_sg,
    "grey-ramp": grey_ramp,
    "dynamic-range": dynamic_range,
    "slanted-edge": slanted_edge,
    "siemens-star": siemens_star,
    "dead-leaves": dead_leaves,
    "gradients": gradients,
    "metamers": metamer_pairs,
    "night-lights": night_lights,
    "flat": flat,
    "dark": dark,
    "photograph": photograph,
    "still-life": still_life,
}

__all__ = ["SCENES", "Light", "lighting", "make"]

SMALLEST_PX = 16


def make(
    name: str, height: int | None, width: int | None, *, light: Light = "D65", seed: int = 0, **options: Any
) -> Scene:
    """The scene of this name, `height` x `width` pixels, in a light (see `lighting`); same seed, same bytes.

    `options` are those of the scene's function. Raises ParameterError for a name, a size or an option that is not
    possible, FileError for a file.
    """
    if name not in SCENES:
        raise ParameterError(f"the scene {name!r} is not known: expected one of {', '.join(SCENES)}")
    if (height is None or width is None) and name != "photograph":
        raise ParameterError(
            f"the scene {name} needs a height and a width in px; only a photograph has a size of its own"
        )
    if min(height or SMALLEST_PX, width or SMALLEST_PX) < SMALLEST_PX:
        raise ParameterError(f"a scene needs {SMALLEST_PX} x {SMALLEST_PX} px or more, got {width} x {height}")
    known = SCENES[name].__kwdefaults__ or {}
    unknown = [key for key in options if key not in known]
    if unknown:
        possible = ", ".join(key for key in known if key not in ("light", "seed")) or "none"
        raise ParameterError(f"the scene {name} has no option {unknown[0]!r}; it has {possible}")
    keep_freed_memory()
    return SCENES[name](height, width, light=light, seed=seed, **options)
