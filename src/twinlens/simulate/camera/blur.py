"""Blur: how a lens spreads a point, as a small kernel for a picture, and its modulation transfer function.

MTF of diffraction at a round aperture with v = f wavelength N:  2/pi (acos v - v sqrt(1 - v^2));  of the Gaussian
exp(-2 pi^2 sigma^2 f^2);  of a square pixel aperture sinc(f pitch). The kernel's taps are the samples of the spread
whose transfer function is that of the lens up to the picture's Nyquist frequency. The kernel ends at RADIUS px; the
light that diffraction throws farther is spread as a Gaussian of WING_SIGMA px. The pixel's aperture is not part of the
kernel: the light that it is applied to is averaged over pixels already.

Source: Goodman, "Introduction to Fourier Optics", 3rd ed., 6.4.3 (incoherent diffraction-limited systems).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import ParameterError
from twinlens.simulate.camera.lens import WAVELENGTHS_UM
from twinlens.simulate.camera.model import Camera

Array = npt.NDArray[Any]

RADIUS = 4  # px
WING_SIGMA = 6.0  # px
_LEAST_WING = 1e-4  # share of the light
_SIGMAS = 3.5  # of a Gaussian that is wider, in px
_MOST_RADIUS = 64
_GRID = 256  # of the transform
FINE = (1.5, 2.75)  # scene pixels a picture pixel from which two and three samples a side are taken
_CELLS = 2.0  # of the picture on which broad blurs are made, in their sigma
_WIDE_CELL = 32  # px
_CELL_VARIANCE = 1 / 12 + 1 / 6  # in cells: of averaging over them, and of going over linearly from one to the next
_NEGLIGIBLE = 1e-3  # change of the MTF that is no blur


def samples_for(scale: float) -> int:
    """Samples a pixel and side for a scene of this many pixels a picture pixel."""
    return 1 + sum(scale >= least for least in FINE)


def lens_mtf(camera: Camera, frequency: Array, channel: int = 1) -> Array:
    """The lens' MTF at frequencies in cycles a pixel, before the spread is cut; without the pixel's aperture."""
    lens, pitch_um = camera.lens, camera.sensor.pixel_um
    frequency = np.abs(frequency)
    result = np.exp(-2 * np.square(np.pi * lens.blur_um / pitch_um * frequency))
    if lens.diffraction:
        v = np.clip(frequency / pitch_um * WAVELENGTHS_UM[channel] * lens.f_number, 0, 1)
        result = result * 2 / np.pi * (np.arccos(v) - v * np.sqrt(1 - v * v))
    return result


def kernel(camera: Camera, channel: int = 1, samples: int = 1) -> Array | None:
    """The spread (n, n) float32 for a picture with `samples` a pixel and side; None where nothing spreads.

    Its sum is the share of the light that stays within RADIUS px; the rest is for `spread_by` to put farther out.
    """
    if camera.psf is not None:
        return _measured(camera, samples)
    lens, sensor = camera.lens, camera.sensor
    wavelength_um = WAVELENGTHS_UM[channel] if lens.diffraction else 0.0
    return _computed(lens.blur_um / sensor.pixel_um, wavelength_um * lens.f_number / sensor.pixel_um, samples)


def kernel_mtf(spread: Array | None, frequency: Array, samples: int = 1) -> Array:
    """The MTF of a kernel with its wings along x at frequencies in cycles a pixel."""
    if spread is None:
        return np.ones_like(frequency)
    taps = spread.sum(0, dtype=np.float64)
    place = np.arange(taps.size) - taps.size // 2
    near = np.exp(-2j * np.pi * np.asarray(frequency)[:, None] * place / samples) @ taps
    return np.abs(near + (1 - taps.sum()) * np.exp(-2 * np.square(np.pi * WING_SIGMA * frequency)))


@lru_cache(maxsize=32)
def _computed(sigma_px: float, cycle_px: float, samples: int) -> Array | None:
    """`cycle_px`: wavelength times f-number, the inverse of the frequency at which diffraction ends."""
    axis = np.fft.fftfreq(_GRID) * samples  # cycles a pixel
    frequency = np.hypot(axis, axis[:, None])
    v = np.clip(frequency * cycle_px, 0, 1)
    mtf = np.exp(-2 * np.square(np.pi * sigma_px * frequency)) * 2 / np.pi * (np.arccos(v) - v * np.sqrt(1 - v * v))
    if mtf.min() > 1 - _NEGLIGIBLE:
        return None
    radius = min(int(np.ceil(max(RADIUS, _SIGMAS * sigma_px) * samples)), _MOST_RADIUS)
    spread = np.fft.fftshift(np.fft.ifft2(mtf).real)
    middle, reach = _GRID // 2, slice(_GRID // 2 - radius, _GRID // 2 + radius + 1)
    assert spread.argmax() == middle * _GRID + middle
    taps = spread[reach, reach]
    share = min(float(taps.sum()), 1.0) if taps.sum() < 1 - _LEAST_WING else 1.0
    taps = np.maximum(taps, 0)  # light is never negative; costs sharpness with one sample a pixel
    taps = (taps * (share / taps.sum())).astype(np.float32)
    taps.setflags(write=False)
    return taps


def _measured(camera: Camera, samples: int) -> Array:
    """The measured spread, averaged over the cells of the picture's samples."""
    assert camera.psf is not None
    step_px = camera.lens.psf_step_um / camera.sensor.pixel_um * samples
    side = camera.psf.shape[0]
    radius = int(np.ceil(side / 2 * step_px - 0.5))
    if radius > _MOST_RADIUS:
        raise ParameterError(f"Lens.psf_file reaches {radius / samples:.0f} px; {_MOST_RADIUS // samples} are possible")
    edges = (np.arange(side + 1) - side / 2) * step_px
    cells = np.arange(-radius, radius + 2) - 0.5
    shared = np.minimum(edges[1:], cells[1:, None]) - np.maximum(edges[:-1], cells[:-1, None])
    weights = np.maximum(shared, 0) / step_px  # of each sample in each cell
    return (weights @ camera.psf @ weights.T).astype(np.float32)


def spread_by(plane: Array, taps: Array | None, samples: int = 1) -> Array:
    """A plane (H, W) float32, `samples` a pixel and side, after the spread; it is mirrored at its edges."""
    if taps is None:
        return plane
    import cv2

    near = cv2.filter2D(plane, -1, taps[::-1, ::-1], borderType=cv2.BORDER_REFLECT_101)
    far = 1 - float(taps.sum(dtype=np.float64))
    if far < _LEAST_WING:
        return near
    wide = blurred(plane, WING_SIGMA * samples)
    return cv2.addWeighted(near, 1, wide, far, 0, dst=near)


def blurred(plane: Array, sigma: float) -> Array:
    """A plane (H, W) after a broad Gaussian of `sigma` px, made on a picture of cells of sigma / 2."""
    import cv2

    height, width = plane.shape
    cell = max(int(sigma / _CELLS), 1)
    size = (max(round(width / cell), 1), max(round(height / cell), 1))
    if cell >= _WIDE_CELL:  # in two steps: whole numbers of pixels are averaged much faster
        plane = cv2.resize(plane, (-(-width // 4), -(-height // 4)), interpolation=cv2.INTER_AREA)
    small = cv2.resize(plane, size, interpolation=cv2.INTER_AREA)
    rest = (sigma / cell) ** 2 - (_CELL_VARIANCE if cell > 1 else 0)
    small = cv2.GaussianBlur(small, (0, 0), rest**0.5, borderType=cv2.BORDER_REFLECT)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
