"""Fingerprint, pictures: the shots of a scene laid on each other, to be looked at side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.compare import sets_read as reading
from twinlens.numerics.color import decode, encode, rgb_from_rgb

Array = npt.NDArray[Any]

EDGE_PX = 1000  # of the long edge


def aligned(picture: Mapping[str, Any], edge: int = EDGE_PX) -> Array:
    """Codes (h, w, 3) uint8 sRGB of one entry of `Fingerprints.curves["pictures"]`, laid on the grid of its scene.

    What lies outside the picture is black. Raises FileError.
    """
    import cv2

    height, width = picture["size"]
    scale = min(edge / max(height, width), 1.0)
    size = round(width * scale), round(height * scale)
    image, _ = reading.opened(picture["path"])
    codes = np.ascontiguousarray(reading.seen(image))
    grid = np.array([[1 / scale, 0, 0.5 / scale - 0.5], [0, 1 / scale, 0.5 / scale - 0.5], [0, 0, 1.0]])
    matrix = np.asarray(picture["from_grid"]) @ grid
    step = float(np.sqrt(abs(np.linalg.det(matrix[:2, :2]))))
    factor = max(int(step), 1)  # reduced first, so that nothing is sampled more coarsely than it is
    if factor > 1:
        small = codes.shape[1] // factor, codes.shape[0] // factor
        codes = cv2.resize(codes[: small[1] * factor, : small[0] * factor], small, interpolation=cv2.INTER_AREA)
        matrix = (
            np.array([[1 / factor, 0, 0.5 / factor - 0.5], [0, 1 / factor, 0.5 / factor - 0.5], [0, 0, 1]]) @ matrix
        )
    warped = cv2.warpPerspective(codes, matrix, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    if image.primaries != "srgb":
        light = decode(warped, image.primaries) @ rgb_from_rgb("srgb", image.primaries).T
        warped = encode(np.maximum(light, 0))
    return np.rint(np.clip(warped, 0, 1) * 255).astype(np.uint8)
