"""Photograph: any picture in RGB as a scene of reflectances that could have been there.

Each color is lifted to a reflectance that has exactly its XYZ under the photograph's light (`numerics.upsampling`). The
picture is divided into regions of like color, and each region is one material: it has its own metameric black, drawn
with measured statistics and scaled by the shading inside the region, so that two cameras differ on the scene as they
do on real things. Reflectances stay in 0 to 1; what is brighter than white, or more saturated than the primaries of
P3, goes beyond (it can only be emitted): `facts` say how much.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import ParameterError
from twinlens.core.image import DISPLAY, ENCODED, OUTPUT, SCENE, Image, empty_rgb, planar
from twinlens.files import read
from twinlens.numerics import color, metamers, upsampling
from twinlens.simulate.scene import Mixture, Palette, Scene
from twinlens.simulate.scenes.depth import layered_depth
from twinlens.simulate.scenes.lighting import Light, lighting
from twinlens.simulate.scenes.regions import MOST_REGIONS, regions

Array = npt.NDArray[Any]

_STRIP_PX = 200_000
_CODES = 65535  # of the table of the transfer curve: holds all codes of 8 and 16 bits exactly


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
    to 256); `metamerism` scales the blacks (0: the smooth upsampling alone, 1: as measured).

    `facts`: "regions" (H, W) uint8, "depth_m" (H, W), "beyond_share" of pixels that no reflectance has.
    """
    if picture is None:
        raise ParameterError("the scene photograph needs a picture: a file, an Image or an array (H, W, 3)")
    if not 1 <= materials <= MOST_REGIONS:
        raise ParameterError(f"a photograph has 1 to {MOST_REGIONS} materials, got {materials}")
    rgb = _linear(picture)
    rgb = _covering(rgb, rgb.shape[0] if height is None else height, rgb.shape[1] if width is None else width)
    shape = rgb.shape[:2]
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


def in_strips(work: Any, shape: tuple[int, int]) -> list[Any]:
    """`work(rows)` for strips of rows of a frame, on all cores."""
    step = max(_STRIP_PX // shape[1], 1)
    strips = [slice(start, min(start + step, shape[0])) for start in range(0, shape[0], step)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(work, strips))


def _linear(picture: str | Path | Image | Array) -> Array:
    """The picture as linear light in the primaries of sRGB, (H, W, 3) float32, white 1."""
    if isinstance(picture, str | Path):
        picture = read(picture)
    if isinstance(picture, Image):
        return _from_image(picture)
    codes = np.asarray(picture)
    if codes.ndim != 3 or codes.shape[2] != 3 or codes.dtype.kind not in "uf":
        raise ParameterError(f"a picture is (H, W, 3) of uint8, uint16 or float, got {codes.shape} {codes.dtype}")
    if codes.dtype.kind == "u":
        most = np.iinfo(codes.dtype).max
        table = color.decode(np.arange(most + 1) / most).astype(np.float32)
        return planar(np.take(table, codes))
    if not np.isfinite(codes).all():
        raise ParameterError("the picture has values that are not finite numbers")
    return _decoded(codes, "srgb")


def _from_image(image: Image) -> Array:
    if image.state not in (ENCODED, OUTPUT, DISPLAY, SCENE):
        raise ParameterError(
            f"{image.shot.source or 'the picture'} is a raw file (state {image.state}): develop it first"
        )
    is_encoded = image.state == ENCODED
    linear = _decoded(image.pixels, image.primaries) if is_encoded else planar(np.array(image.pixels, np.float32))
    if image.primaries == "srgb":
        return linear
    matrix = color.rgb_from_rgb("srgb", image.primaries if is_encoded or image.state == OUTPUT else "rec2020")
    in_strips(lambda rows: np.copyto(linear[rows], linear[rows] @ matrix.T.astype(np.float32)), linear.shape[:2])
    return linear


def _decoded(codes: Array, space: str) -> Array:
    """Linear light (H, W, 3) float32 of codes 0 to 1, by a table of the curve; what is outside, by the curve itself."""
    table = color.decode(np.arange(_CODES + 1) / _CODES, space).astype(np.float32)
    linear = empty_rgb(*codes.shape[:2])

    def strip(rows: slice) -> None:
        part = codes[rows]
        if part.min() < 0 or part.max() > 1:
            linear[rows] = color.decode(np.asarray(part, float), space)
            return
        index = part * np.float32(_CODES)
        index += np.float32(0.5)
        np.take(table, index.astype(np.uint16), out=linear[rows])

    in_strips(strip, (codes.shape[0], codes.shape[1]))
    return linear


def _covering(rgb: Array, height: int, width: int) -> Array:
    """The picture scaled so that it covers height x width, and cut evenly; light is averaged, not codes."""
    import cv2

    have = rgb.shape[:2]
    if (height, width) == have:
        return rgb
    scale = max(height / have[0], width / have[1])
    size = (max(round(have[1] * scale), width), max(round(have[0] * scale), height))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    planes = [cv2.resize(rgb[..., channel], size, interpolation=how) for channel in range(3)]
    top, left = (size[1] - height) // 2, (size[0] - width) // 2
    scaled = empty_rgb(height, width)
    for channel, plane in enumerate(planes):
        scaled[..., channel] = plane[top : top + height, left : left + width]
    return scaled
