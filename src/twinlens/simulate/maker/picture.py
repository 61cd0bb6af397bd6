"""Maker's picture: scene light through local tone and the table, strip by strip."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import ParameterError
from twinlens.core.image import Image
from twinlens.simulate.maker import local, raw, table
from twinlens.simulate.maker.distortion import STRIP
from twinlens.simulate.maker.model import Parameters

Array = npt.NDArray[Any]


def of_raw(image: Image, parameters: Parameters) -> Array:
    """sRGB codes (H, W, 3) uint8 of the default crop of a raw image, as the sensor lies."""
    source = raw.Source(image, parameters.raw)
    shape = source.height, source.width
    return _rendered(source.strips(), source.strip, source.small, shape, parameters)


def of_light(scene: Array, parameters: Parameters) -> Array:
    """sRGB codes (H, W, 3) uint8 of scene light (H, W, 3) float32."""
    if scene.ndim != 3 or scene.shape[2] != 3 or scene.size == 0:
        raise ParameterError(f"scene light is (height, width, 3), got {scene.shape}")
    height, width = scene.shape[:2]

    def small(long_edge: int) -> Array:
        import cv2

        scale = min(long_edge / max(height, width), 1.0)
        size = max(round(width * scale), 1), max(round(height * scale), 1)
        return cv2.resize(scene, size, interpolation=cv2.INTER_AREA)

    strips = [slice(top, min(top + STRIP, height)) for top in range(0, height, STRIP)]
    return _rendered(strips, lambda rows: (rows, scene[rows]), small, (height, width), parameters)


def _rendered(
    strips: Sequence[slice],
    strip: Callable[[slice], tuple[slice, Array]],
    small: Callable[[int], Array],
    shape: tuple[int, int],
    parameters: Parameters,
) -> Array:
    gain = None
    if parameters.local_tone.strength > 0:
        gain = local.gain(small(local.LONG_EDGE), parameters.local_tone, *shape)
    reader = table.Reader(parameters)
    codes = np.empty((*shape, 3), np.uint8)

    def one(rows: slice) -> None:
        where, light = strip(rows)
        codes[where] = reader(light if gain is None else light * gain[where][..., None])

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(one, strips))
    return codes
