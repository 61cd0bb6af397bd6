"""Grain: noise like that of film, strongest in mid tones, none in white, the same for a place whatever part is
computed.

A pixel's random number is a hash of its position and a seed (an integer finalizer of the "xorshift, multiply" family:
Steele, Lea & Flood, "Fast splittable pseudorandom number generators", 2014, section 3), so no state is kept. Its four
bytes are added, which is nearly Gaussian (Irwin-Hall), and a blur gives the grain its size. The grain moves the square
root of light, near to how light is seen, by the same share in all channels: grey stays grey.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

RADIUS = 3  # pixels that the blur of the grain reaches
LIGHT = np.array([0.25, 0.68, 0.07], np.float32)  # a luminance good enough for the strength of grain, in any RGB
MEAN, SPREAD = 510.0, 147.8  # of the sum of four bytes: 4 * 127.5, and sqrt(4 * (256^2 - 1) / 12)
TINY = 1e-5


def taps(size: float) -> tuple[float, float, float, float]:
    """A blur at distances 0 to 3 for grain of `size` pixels, that leaves the spread of white noise at 1."""
    values = np.exp(-0.5 * (np.arange(4) / max(0.45 * size, 1e-3)) ** 2)
    values = values / np.sqrt(values[0] ** 2 + 2 * np.sum(values[1:] ** 2))
    return float(values[0]), float(values[1]), float(values[2]), float(values[3])


def white_noise(top: int, left: int, height: int, width: int, seed: int) -> Array:
    """Noise of mean 0 and spread 1 (height, width), a function of position and seed alone."""
    y = np.arange(top, top + height).astype(np.int32).view(np.uint32)[:, None]
    x = np.arange(left, left + width).astype(np.int32).view(np.uint32)[None]
    word = mixed(mixed(x + np.uint32(0x9E3779B9 * seed % 2**32)) ^ y)
    total = sum(((word >> np.uint32(shift)) & np.uint32(0xFF)).astype(np.float32) for shift in (0, 8, 16, 24))
    return np.asarray((total - np.float32(MEAN)) * np.float32(1 / SPREAD))


def mixed(word: Array) -> Array:
    """Each bit of the result depends on every bit of the 32-bit word."""
    word = (word ^ (word >> np.uint32(16))) * np.uint32(0x7FEB352D)
    word = (word ^ (word >> np.uint32(15))) * np.uint32(0x846CA68B)
    return word ^ (word >> np.uint32(16))


def field(top: int, left: int, height: int, width: int, size: float, seed: int) -> Array:
    """The grain (height, width), mean 0, spread 1, of the part of a picture that begins at (top, left)."""
    noise = white_noise(top - RADIUS, left - RADIUS, height + 2 * RADIUS, width + 2 * RADIUS, seed)
    weights = [np.float32(one) for one in taps(size)]
    for axis, count in ((0, height), (1, width)):
        parts = [np.take(noise, np.arange(k, k + count), axis) for k in range(2 * RADIUS + 1)]
        noise = weights[0] * parts[3] + sum(weights[k] * (parts[3 - k] + parts[3 + k]) for k in (1, 2, 3))
    return noise


def grained(rgb: Array, noise: Array, amount: float) -> Array:
    """Display light (..., 3) with grain: `amount` is its spread, as a share of the square root of dark light."""
    depth = 1 - np.sqrt(np.clip(rgb @ LIGHT, 0, 1))
    factor = np.square(np.maximum(1 + np.float32(amount) * noise * depth, 0))
    room = np.maximum(1 / np.maximum(np.max(rgb, axis=-1), np.float32(TINY)), 1)
    return rgb * np.minimum(factor, room)[..., None]
