"""Fingerprint, pictures: the shots of a scene laid on each other, to be looked at side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.compare import sets_read as reading
from twinlens.compare.frame import scaling
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
    matrix = np.asarray(picture["from_grid"]) @ _zoomed(1 / scale)
    full = picture["height"], picture["width"]
    found, _ = reading.opened(picture["path"], edge=int(max(full) / max(_step(matrix), 1.0)))
    codes = np.ascontiguousarray(found.pixels)
    matrix = scaling((codes.shape[0], codes.shape[1]), full) @ matrix
    factor = max(int(_step(matrix)), 1)  # reduced first, so that nothing is sampled more coarsely than it is
    if factor > 1:
        small = codes.shape[1] // factor, codes.shape[0] // factor
        codes = cv2.resize(codes[: small[1] * factor, : small[0] * factor], small, interpolation=cv2.INTER_AREA)
        matrix = _zoomed(1 / factor) @ matrix
    warped = cv2.warpPerspective(codes, matrix, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    shown = warped / np.float32(255 if codes.dtype == np.uint8 else 65535)
    if found.space != "srgb":
        light = decode(shown, found.space) @ rgb_from_rgb("srgb", found.space).T
        shown = encode(np.maximum(light, 0))
    return np.rint(np.clip(shown, 0, 1) * 255).astype(np.uint8)


def _zoomed(scale: float) -> Array:
    """(3, 3) from (x, y) of a picture to the same times `scale`; pixel centers at whole numbers."""
    middle = scale / 2 - 0.5
    return np.array([[scale, 0, middle], [0, scale, middle], [0, 0, 1.0]])


def _step(matrix: Array) -> float:
    """Pixels of the picture for one of the grid."""
    return float(np.sqrt(abs(np.linalg.det(matrix[:2, :2]))))
