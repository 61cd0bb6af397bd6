"""Flats: what pairs of evenly lit frames leave behind, as sums: noise by level of light, collapse, fixed pattern."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import ParameterError

Array = npt.NDArray[Any]

BLOCK = 16  # sites of one color, along each side
_FREEDOM = BLOCK * BLOCK - 1
_MEDIAN_OF_VARIANCE = (1 - 2 / (9 * _FREEDOM)) ** 3  # median / mean of a chi-squared variable (Wilson & Hilferty 1931)
CLASSES = 48  # of signal, per color
LEAST_BLOCKS = 8  # of like signal in one pair
LEAST_CLASSES = 3  # levels of signal that a line needs
NEAR_WHITE_SIGMAS = 5.0  # blocks closer to the white level than this are not noise alone
COLLAPSED = 0.5  # of the line's variance: the sensor is full there
UNEVEN = 0.05  # fixed structure inside blocks, relative to the signal: no flat
UNLIKE = 0.2  # relative difference of the levels of a pair's frames


class Flats:
    """What is kept of the flats: per color and class of signal the blocks' count, mean and variance."""

    def __init__(self, tile: Array, span: float) -> None:
        if not span > 0:
            raise ParameterError(f"the white level is {span:g} DN above black, expected more than 0")
        self.tile, self.span, self.pairs = tile, span, 0
        self.edges = np.linspace(0, np.sqrt(span * 1.02), CLASSES + 1) ** 2  # even in noise, not in light
        self.sums = np.zeros((3, CLASSES, 3))  # blocks, signal, variance, summed
        self.fixed = np.zeros(2)  # blocks, relative power of fixed structure
        self.collapsed: list[list[Array]] = [[], [], []]  # (signal, variance) of the brightest blocks
        self.brightest = np.zeros(3)
        self.response: Array | None = None  # sum of the frames, each relative to its neighbourhood

    def __add__(self, other: Flats) -> Flats:
        both = Flats(self.tile, self.span)
        both.pairs = self.pairs + other.pairs
        both.sums, both.fixed = self.sums + other.sums, self.fixed + other.fixed
        both.collapsed = [one + two for one, two in zip(self.collapsed, other.collapsed, strict=True)]
        both.brightest = np.maximum(self.brightest, other.brightest)
        known = [one.response for one in (self, other) if one.response is not None]
        both.response = np.sum(known, axis=0) if known else None
        return both

    def add(self, first: Array, second: Array) -> None:
        one, two = float(first.mean()), float(second.mean())
        if abs(one - two) > UNLIKE * max(abs(one), abs(two)) + 4:
            raise ParameterError(
                f"the frames of pair {self.pairs + 1} have means of {one:.0f} and {two:.0f} DN: a pair is two frames "
                "of the same exposure"
            )
        rows, columns = self.tile.shape
        for y in range(rows):
            for x in range(columns):
                self._plane(int(self.tile[y, x]), first[y::rows, x::columns], second[y::rows, x::columns])
        self._respond((first + second) / 2)
        self.pairs += 1

    def _plane(self, color: int, first: Array, second: Array) -> None:
        signal, variance, fixed = _blocks(first, second)
        room = self.span - signal - NEAR_WHITE_SIGMAS * np.sqrt(np.maximum(variance, 0))
        self.collapsed[color].append(_brightest_blocks(signal, variance))
        self.brightest[color] = max(self.brightest[color], float(np.median(signal)))
        usable = (room > 0) & (signal > -0.05 * self.span)
        bright = usable & (signal > 0.1 * self.span)
        if bright.any():
            self.fixed += [bright.sum(), float(np.median(fixed[bright] / signal[bright] ** 2)) * bright.sum()]
        index = np.clip(np.searchsorted(self.edges, signal, side="right") - 1, 0, CLASSES - 1)
        for one in np.unique(index[usable]):
            inside = usable & (index == one)
            if (count := int(inside.sum())) >= LEAST_BLOCKS:
                typical = float(np.median(variance[inside])) / _MEDIAN_OF_VARIANCE
                self.sums[color, one] += [count, count * float(signal[inside].mean()), count * typical]

    def _respond(self, mean: Array) -> None:
        level = float(mean.mean())
        if not 0.05 * self.span < level < 0.9 * self.span:
            return
        relative = mean / np.maximum(_neighbourhood(mean, self.tile.shape), 1e-3 * self.span)
        self.response = relative if self.response is None else self.response + relative

    def classes(self, color: int) -> Array:
        """(3, N): blocks, mean signal, variance of the classes that hold any; the full ones are left out."""
        count, signal, variance = self.sums[color][self.sums[color][:, 0] > 0].T
        signal, variance = signal / count, variance / count
        if signal.size > LEAST_CLASSES:
            peak = int(np.argmax(variance))
            late = np.arange(signal.size) > peak
            keep = ~(late & (variance < 0.9 * variance[peak]))
            count, signal, variance = count[keep], signal[keep], variance[keep]
        return np.array([count, signal, variance])

    def full(self, color: int, line: Array) -> float:
        """The signal (DN) of blocks whose variance has collapsed; nan where there are none."""
        signal, variance = np.concatenate(self.collapsed[color], axis=1)
        collapsed = variance < COLLAPSED * (line[0] * signal + line[1])
        highest = signal[collapsed & (signal > 0.2 * self.span)]
        return float(np.median(highest[highest > 0.98 * highest.max()])) if highest.size >= LEAST_BLOCKS else np.nan

    def prnu(self) -> float:
        """Fixed spread of the response, relative; what is left when the temporal noise is taken away."""
        if not self.fixed[0]:
            return float("nan")
        power = self.fixed[1] / self.fixed[0]
        if power > UNEVEN**2:
            raise ParameterError(
                f"the flats show structure of {np.sqrt(power):.0%} inside blocks of {BLOCK} sites: photograph an "
                "evenly lit, featureless wall out of focus"
            )
        return float(np.sqrt(max(power, 0.0)))


def _blocks(first: Array, second: Array) -> tuple[Array, Array, Array]:
    """Signal, temporal variance and fixed variance of the blocks of a plane; (N,) each."""
    height, width = (size // BLOCK * BLOCK for size in first.shape)
    if height < BLOCK or width < BLOCK:
        raise ParameterError(f"frames of {first.shape} sites of one color are too small; {BLOCK} x {BLOCK} are needed")
    mean = (first[:height, :width] + second[:height, :width]) / 2
    difference = first[:height, :width] - second[:height, :width]
    signal = _cut(mean).mean(1, dtype=np.float64)
    temporal = _cut(difference).var(1, ddof=1, dtype=np.float64) / 2
    return signal, temporal, _calm_variance(mean) - temporal / 2


def _cut(plane: Array) -> Array:
    height, width = plane.shape
    blocks = plane.reshape(height // BLOCK, BLOCK, width // BLOCK, BLOCK).transpose(0, 2, 1, 3)
    return blocks.reshape(-1, BLOCK * BLOCK)


def _calm_variance(plane: Array) -> Array:
    """The variance of what is not smooth, block by block: second differences along both axes, sum of squares 36."""
    padded = np.pad(plane, 1, mode="reflect")
    rows = padded[:-2] - 2 * padded[1:-1] + padded[2:]
    both = rows[:, :-2] - 2 * rows[:, 1:-1] + rows[:, 2:]
    return np.median(_cut(both * both), axis=1) / (36 * 0.4549)  # 0.4549: median of a squared standard normal


def _brightest_blocks(signal: Array, variance: Array) -> Array:
    keep = np.argsort(signal)[-256:]
    return np.stack([signal[keep], variance[keep]])


def _neighbourhood(frame: Array, shape: tuple[int, ...]) -> Array:
    """The median of the 5 x 5 sites of the same color around each site."""
    import cv2

    out = np.empty_like(frame)
    rows, columns = shape
    for y in range(rows):
        for x in range(columns):
            out[y::rows, x::columns] = cv2.medianBlur(np.ascontiguousarray(frame[y::rows, x::columns]), 5)
    return out
