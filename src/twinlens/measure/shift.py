"""Shift: how far one frame lies from another, by phase correlation.

Source: Stone, Orchard, Chang and Martucci, "A fast direct Fourier-based algorithm for subpixel registration of images",
IEEE TGRS 39(10), 2001 (a plane through the phases of the low frequencies).
"""

from __future__ import annotations

from typing import Any

import numpy as np


def phase_shift(first: Any, second: Any, highest: float = 0.2) -> Any:
    """How far (x, y) in px what is in `first` (H, W) has moved in `second`.

    The phase of the cross spectrum falls linearly with the frequency; its slope over the frequencies below `highest`
    (cycles a pixel) is fitted, weighted by the cross power, after the whole pixels were taken off. (The centroid of
    `cv2.phaseCorrelate` is drawn to whole pixels where the correlation's peak is sharp.)
    """
    window = np.hanning(first.shape[0])[:, None] * np.hanning(first.shape[1])
    one, other = (np.fft.fft2((frame - frame.mean()) * window) for frame in (first, second))
    cross = other * np.conj(one)
    fy, fx = np.meshgrid(*(np.fft.fftfreq(size) for size in first.shape), indexing="ij")
    peak = np.unravel_index(np.argmax(np.fft.ifft2(cross / np.maximum(np.abs(cross), 1e-12)).real), first.shape)
    whole = [(p + size // 2) % size - size // 2 for p, size in zip(peak, first.shape, strict=True)]
    cross = cross * np.exp(2j * np.pi * (fx * whole[1] + fy * whole[0]))
    used = (np.hypot(fx, fy) < highest) & (np.hypot(fx, fy) > 0)
    weight, phase = np.abs(cross[used]), np.angle(cross[used]) / (-2 * np.pi)
    rows = np.stack([fx[used], fy[used]], 1)
    part = np.linalg.solve((rows * weight[:, None]).T @ rows, (rows * weight[:, None]).T @ phase)
    return part + np.array([whole[1], whole[0]])
