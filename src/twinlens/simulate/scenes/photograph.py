"""Photograph: any picture in RGB as a scene of reflectances that could have been there.

Each color is lifted to a reflectance that has exactly its XYZ under the photograph's light (`numerics.upsampling`). The
picture is divided into regions of like color, and each region is one material: it has its own metameric black, drawn
with measured statistics and scaled by the shading inside the region, so that two cameras differ on the scene as they
do on real things. Reflectances stay in 0 to 1; what is brighter than white, or more saturated than the primaries of
P3, goes beyond (it can only be emitted): `facts` say how much.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import ParameterError
from twinlens.core.image import Image
from twinlens.numerics import metamers, upsampling
from twinlens.simulate.scene import Mixture, Palette, Scene
from twinlens.simulate.scenes.depth import layered_depth
from twinlens.simulate.scenes.lighting import Light, lighting
from twinlens.simulate.scenes.picture import covering, in_strips, linear_srgb
from twinlens.simulate.scenes.regions import MOST_REGIONS, regions

Array = npt.NDArray[Any]

MOST_ENLARGED = 2.0  # times, of a side


def photograph(
    height: int | None = None,
    width: int | None = None,
    *,
    light: Light = "D65",
    seed: int = 0,
    picture: str | Path | Image | Array | None = None,
    taken_under: Light = "D65",
    materials: int = 64,
    metamerism: float = 1.0,
) -> Scene:
    """The scene in a photograph: `picture` is a file (any that `twinlens.read` reads as display-referred, by its
    profile), an Image, or an array (H, W, 3) of sRGB codes (uint8, uint16, or float 0 to 1).

    It fills `height` x `width`: scaled to cover, the rest cut evenly; both None keep its size. `taken_under` is the
    light in which its white was white; `light` is the light of the scene now. `materials` is the number of regions (1
    to 256); `metamerism` scales the blacks (0: the smooth upsampling alone, 1: as measured). Raises ParameterError for
    a picture that would be enlarged more than MOST_ENLARGED times, FileError.

    `facts`: "regions" (H, W) uint8, "depth_m" (H, W), "beyond_share" of pixels that no reflectance has.
    """
    if picture is None:
        raise ParameterError("the scene photograph needs a picture: a file, an Image or an array (H, W, 3)")
    if not 1 <= materials <= MOST_REGIONS:
        raise ParameterError(f"a photograph has 1 to {MOST_REGIONS} materials, got {materials}")
    rgb = linear_srgb(picture)
    shape = rgb.shape[0] if height is None else height, rgb.shape[1] if width is None else width
    _check_resolution(picture, rgb.shape[:2], shape)
    rgb = covering(rgb, *shape)
    lit = lighting(light, shape[0], shape[1], seed)
    under = lighting(taken_under, 1, 1).main
    labels, means = regions(rgb, materials, seed)
    black = _blacks(means, under, metamerism, np.random.default_rng([seed, 31]))
    inner, vivid = _split(rgb)
    factor, beyond = _factors(inner, vivid, labels, black, under)
    surfaces = [Mixture(inner, upsampling.basis(under)), Palette(labels, black, factor)]
    if vivid is not None:
        surfaces.append(Mixture(vivid, upsampling.vivid_basis(under)))
    facts = {"regions": labels, "depth_m": layered_depth(labels, seed), "beyond_share": beyond}
    return lit.scene("photograph", lit.on(*surfaces), shape, facts=facts)


def _check_resolution(picture: Any, have: tuple[int, int], wanted: tuple[int, int]) -> None:
    if (times := max(wanted[0] / have[0], wanted[1] / have[1])) > MOST_ENLARGED:
        name = picture if isinstance(picture, str | Path) else "the picture"
        raise ParameterError(
            f"{name} has {have[1]} x {have[0]} px, too few for a scene of {wanted[1]} x {wanted[0]} px: it would be "
            f"enlarged {times:.1f} times, {MOST_ENLARGED:g} are allowed; take a larger picture or fewer megapixels"
        )


def _blacks(means: Array, under: Array, scale: float, rng: np.random.Generator) -> Array:
    """Each region's black (materials, 31) at brightness 1."""
    brightness = np.maximum(means.sum(axis=1, keepdims=True), 1e-6)
    return scale * metamers.blacks(means / brightness, under, rng)


def _split(rgb: Array) -> tuple[Array, Array | None]:
    """Coordinates inside sRGB, and those of P3 that colors outside it have beside them (None: there are no such)."""
    inner, vivid = rgb, None
    if rgb.min() < 0:
        outside = rgb.min(axis=-1) < 0
        inner, vivid = rgb.copy(order="K"), np.zeros_like(rgb, order="K")
        inner[outside], vivid[outside] = upsampling.split(rgb[outside])
    return inner, vivid


def _factors(inner: Array, vivid: Array | None, labels: Array, black: Array, under: Array) -> tuple[Array, float]:
    """What multiplies the blacks, (H, W) float32, and the share of pixels that no reflectance has."""
    shares = metamers.Shares(black, under)
    factor = np.empty(labels.shape, np.float32)
    peaks = metamers.NONE if vivid is None else upsampling.vivid_basis(under).max(axis=1).astype(np.float32)

    def strip(rows: slice) -> int:
        part = inner[rows]
        taken = metamers.NONE if vivid is None else vivid[rows] @ peaks
        beyond = part.max(axis=-1) + taken > 1
        if vivid is not None:
            beyond |= vivid[rows].min(axis=-1) < 0
        factor[rows] = shares(part, labels[rows], taken)
        return int(np.count_nonzero(beyond))

    beyond = sum(in_strips(strip, labels.shape))
    return factor, beyond / labels.size
