"""Maker's detail: color noise smoothed at reduced size, then unsharp masks on luma, fine and wide. All on 8 bits, as
cameras do, with lengths that follow the size of the picture.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.simulate.maker.model import Detail

Array = npt.NDArray[Any]

_FULL_PIXELS = 12e6  # of the picture that the lengths are told for
_REDUCED = 4  # the chroma is smoothed at a fourth of the size
_ROWS = 192  # of a strip
_CHROMA_EDGE = 24.0  # codes: larger steps of chroma are edges


def finished(codes: Array, detail: Detail) -> Array:
    """Codes (H, W, 3) uint8 with less color noise and sharper edges."""
    scale = (codes.shape[0] * codes.shape[1] / _FULL_PIXELS) ** 0.5
    if detail.chroma_noise_px * scale >= 0.5:
        codes = _smooth_chroma(codes, detail.chroma_noise_px * scale)
    if detail.sharpen or detail.halo:
        codes = _sharpened(codes, detail, scale)
    return codes


def _smooth_chroma(codes: Array, reach_px: float) -> Array:
    import cv2

    luma, *chroma = cv2.split(cv2.cvtColor(codes, cv2.COLOR_RGB2YCrCb))
    height, width = luma.shape
    size = max(width // _REDUCED, 1), max(height // _REDUCED, 1)
    smooth = []
    for plane in chroma:
        small = cv2.resize(plane, size, interpolation=cv2.INTER_AREA)
        small = cv2.bilateralFilter(small, 5, _CHROMA_EDGE, max(reach_px / _REDUCED, 0.5))
        smooth.append(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR))
    return cv2.cvtColor(cv2.merge([luma, *smooth]), cv2.COLOR_YCrCb2RGB)


def _sharpened(codes: Array, detail: Detail, scale: float) -> Array:
    import cv2

    luma = cv2.cvtColor(codes, cv2.COLOR_RGB2GRAY)
    sigma = max(detail.radius_px * min(scale, 1.0), 0.4)
    wide = _wide_blur(luma, detail.halo_radius_px * scale) if detail.halo else None
    margin = int(np.ceil(5 * sigma)) + 1
    sharp = np.empty_like(codes)

    def strip(top: int) -> None:
        above, rows = min(top, margin), slice(top, top + _ROWS)
        around = luma[top - above : top + _ROWS + margin].astype(np.float32)
        change = around - cv2.GaussianBlur(around, (0, 0), sigma)
        if detail.threshold:
            change -= np.clip(change, -detail.threshold, detail.threshold)
        change = change[above : above + len(codes[rows])] * np.float32(detail.sharpen)
        if wide is not None:
            change += np.float32(detail.halo) * (luma[rows].astype(np.float32) - wide[rows])
        step = np.rint(change, out=change).astype(np.int16)
        sharp[rows] = cv2.add(codes[rows], cv2.merge([step, step, step]), dtype=cv2.CV_8U)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(strip, range(0, len(codes), _ROWS)))
    return sharp


def _wide_blur(luma: Array, radius_px: float) -> Array:
    """A Gaussian blur, at reduced size where it is wide."""
    import cv2

    step = max(int(radius_px / 4), 1)
    size = max(luma.shape[1] // step, 1), max(luma.shape[0] // step, 1)
    small = cv2.resize(luma, size, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), max(radius_px / step, 0.4))
    return cv2.resize(small, luma.shape[::-1], interpolation=cv2.INTER_LINEAR)
