"""Chart pair: one chart photographed by both cameras; its patches are colors that pictures seldom hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens import files
from twinlens.core.chart import ChartFound
from twinlens.core.errors import ParameterError
from twinlens.core.image import ENCODED
from twinlens.core.profile import CameraProfile
from twinlens.learn.blocks import MEASURED, Blocks
from twinlens.learn.evidence import Source
from twinlens.learn.folder import Photograph
from twinlens.learn.maker_picture import MakerPicture, of_photograph
from twinlens.learn.pairs import Pair
from twinlens.measure import chart
from twinlens.numerics.color import encode
from twinlens.pipeline.scene import display_light, scene_light

Array = npt.NDArray[Any]

LONG_EDGE = 1600  # px of scene light in which the chart is looked for
USABLE = ("good", "uneven", "dark", "small")  # qualities of patches
FEWEST = 12
BRIGHTEST = 0.97  # display light: brighter patches may be clipped
MOST_PX = 4_000_000  # of a finished picture that is looked at as it is; a larger one is averaged


def from_chart_pair(phone: Path, reference: Path, *, profile: CameraProfile | None = None) -> Pair:
    """The patches of a chart that both photographs show. Raises FileError, ParameterError where one shows none.

    `phone` is a raw or a picture; `reference` a picture, or a raw with its maker's picture inside.
    """
    image = files.read(phone)
    scene = scene_light(image, profile=profile, long_edge=LONG_EDGE)
    seen = _charts(scene.light, phone)
    shown, space = _display(reference)
    drawn = _charts(shown, reference)
    both = next(((one, other) for one in seen for other in drawn if one.kind == other.kind), None)
    if both is None:
        raise ParameterError(
            f"{phone} shows a {seen[0].kind}, {reference} a {drawn[0].kind}: one chart in both is wanted"
        )
    one, other = both
    usable = zip(one.patches, other.patches, strict=True)
    kept = np.array([a.quality in USABLE and b.quality in USABLE for a, b in usable])
    kept &= ~_at(scene.clipped, one) & (other.rgb.max(axis=1) < BRIGHTEST)
    if kept.sum() < FEWEST:
        raise ParameterError(f"{phone}, {reference}: {kept.sum()} patches can be used in both, {FEWEST} are needed")
    found = Blocks(
        source=one.rgb[kept], target=other.rgb[kept], radius=_radius(other)[kept], noise=_noise(other)[kept],
        place=np.zeros((int(kept.sum()), 2), int), found={"blocks": len(kept), "flat": int(kept.sum())},
    )  # fmt: skip
    name = f"{phone.name} / {reference.name}"
    notes = tuple(dict.fromkeys((*one.warnings, *other.warnings)))
    return Pair(source=Source(name=name, kind="chart", cct=scene.cct, notes=notes), blocks=found, space=space)


def _charts(light: Array, path: Path) -> list[ChartFound]:
    found = chart.find(np.ascontiguousarray(light, np.float32))
    if not found:
        raise ParameterError(
            f"{path}: no chart was found; shoot it with all its patches in the picture, in focus and evenly lit"
        )
    return found


def _display(path: Path) -> tuple[Array, str]:
    """Display light (h, w, 3) of a picture, at full size where that is not too large, and its space."""
    image = files.read(path)
    if image.state is not ENCODED:
        cells: MakerPicture = of_photograph(Photograph(raw=path, picture=_beside(path)), image.shot)
        return cells.light, cells.space
    factor = max(round((image.height * image.width / MOST_PX) ** 0.5), 1)
    return display_light(image, factor)[0], image.primaries


def _beside(raw: Path) -> Path | None:
    """The picture beside a raw of its name."""
    from twinlens.learn.folder import PICTURE_SUFFIXES, stem

    near = (one for one in sorted(raw.parent.iterdir()) if one.suffix.lower() in PICTURE_SUFFIXES)
    return next((one for one in near if stem(one) == stem(raw)), None)


def _at(clipped: Array, found: ChartFound) -> Array:
    """(N,) bool: whether something is clipped inside the patches."""
    out = []
    for outline in found.outlines:
        x, y = np.clip(np.rint(outline).astype(int), 0, np.array(clipped.shape[::-1]) - 1).T
        part = clipped[y.min() : y.max() + 1, x.min() : x.max() + 1]
        out.append(part.mean() > 0.02)
    return np.array(out)


def _radius(found: ChartFound) -> Array:
    """(N,) place of the patches' centers in the frame: 0 middle, 1 corner."""
    middle = (np.array(found.frame, float) - 1) / 2
    centers = np.array([one.center for one in found.patches])
    return np.linalg.norm(centers - middle, axis=1) / np.hypot(*middle)


def _noise(found: ChartFound) -> Array:
    """(N,) standard deviation of the patches' means, in codes."""
    codes = encode(np.maximum(found.rgb, 0), "srgb")
    spread = np.array([one.spread for one in found.patches])
    up = encode(np.maximum(found.rgb + spread, 0), "srgb") - codes
    pixels = np.array([max(one.pixels, 1) for one in found.patches])
    return np.hypot(up.max(1) / np.sqrt(pixels), MEASURED)
