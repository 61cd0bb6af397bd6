"""Blur: how a lens spreads a point, as a small kernel for a picture, and its modulation transfer function.

MTF of diffraction at a round aperture with v = f wavelength N:  2/pi (acos v - v sqrt(1 - v^2));  of the Gaussian
exp(-2 pi^2 sigma^2 f^2);  of a square pixel aperture sinc(f pitch). The kernel's taps are the samples of the spread
whose transfer function is that of the lens up to the picture's Nyquist frequency; the spread ends at RADIUS px, what a
lens throws farther is `Lens.halo` and `Lens.glare`. The pixel's aperture is not part of the kernel: the light that it
is applied to is averaged over pixels already.

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
_SIGMAS = 3.5  # of a Gaussian that is wider, in px
_MOST_RADIUS = 64
_GRID = 256  # of the transform
FINE = 1.5  # scene pixels a picture pixel from which two samples a side are taken
_NEGLIGIBLE = 1e-3  # change of the MTF that is no blur


def samples_for(scale: float) -> int:
    """Samples a pixel and side for a scene of this many pixels a picture pixel."""
    return 2 if scale >= FINE else 1


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
    """The spread (n, n) float32, sum 1, for a picture with `samples` a pixel and side; None where nothing spreads."""
    if camera.psf is not None:
        return _measured(camera, samples)
    lens, sensor = camera.lens, camera.sensor
    wavelength_um = WAVELENGTHS_UM[channel] if lens.diffraction else 0.0
    return _computed(lens.blur_um / sensor.pixel_um, wavelength_um * lens.f_number / sensor.pixel_um, samples)


def kernel_mtf(spread: Array | None, frequency: Array, samples: int = 1) -> Array:
    """The MTF of a kernel along x at frequencies in cycles a pixel."""
    if spread is None:
        return np.ones_like(frequency)
    taps = spread.sum(0, dtype=np.float64)
    place = np.arange(taps.size) - taps.size // 2
    return np.abs(np.exp(-2j * np.pi * np.asarray(frequency)[:, None] * place / samples) @ taps)


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
    taps = np.maximum(spread[reach, reach], 0)  # light is never negative; costs sharpness with one sample a pixel
    taps = (taps / taps.sum()).astype(np.float32)
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


def spread_by(plane: Array, taps: Array | None) -> Array:
    """A plane (H, W) float32 after the spread; the picture is mirrored at its edges."""
    if taps is None:
        return plane
    import cv2

    return cv2.filter2D(plane, -1, taps[::-1, ::-1], borderType=cv2.BORDER_REFLECT_101)
