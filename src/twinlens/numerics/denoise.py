"""Denoise: shrinks the noise of a Bayer mosaic in overlapping blocks of 8 x 8 sites, before demosaicking.

1. Root. `t = sqrt(white-balanced signal + floor)`; the floor lies above the noise of black, so nothing is clipped
   there. The variance that the noise has at each place follows from the noise model, so it need not be constant.
2. Coarse. Means of 4 x 4 sites (luma and two color differences) lose their noise in sliding 4 x 4 blocks; what that
   takes away is taken from the sites. This removes the soft colored spots that an 8 x 8 block cannot see.
3. Fine. Every 8 x 8 block that begins at a multiple of 4 is transformed by a cosine basis whose last vector
   alternates: white-balanced grey is then sparse, and color sits in three carriers. A coefficient is kept
   as far as its energy, helped by the energy of the whole block, stands above the noise. Overlapping blocks are
   averaged, the simpler block with the greater weight.
4. Back. `signal = t^2 - floor + variance that was removed`, since E[t^2] = E[t]^2 + var(t): dark areas keep their mean.

Sources: sliding-window transform shrinkage: Yaroslavsky, "Local adaptive image restoration ... with the use of DCT",
1996; Yu and Sapiro, "DCT image denoising", IPOL 2011. Aggregation weights: Guleryuz, "Weighted averaging for
denoising with overcomplete dictionaries", 2007. Two scales: Facciolo and Pierazzo, "Multi-scale DCT denoising", IPOL
2017. Energy of the block as a scale mixture: Portilla et al., "Image denoising using scale mixtures of Gaussians in
the wavelet domain", 2003.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from twinlens.core.record import record

Array = npt.NDArray[Any]

MARGIN = 24  # sites around a place that its result depends on
UNIT = 4  # grid of the blocks, in sites

# Energy of a coefficient in photographs relative to its block's, row and column frequency; measured on the clean
# mosaics of photographs (mean of energy / median energy of the block, made symmetric). The corners are the means
# of luma and color.
FINE_PRIOR = np.array([
    [0.00, 4.30, 2.40, 1.45, 1.10, 0.76, 0.87, 11.2],
    [4.30, 1.55, 0.82, 0.46, 0.31, 0.20, 0.17, 0.81],
    [2.40, 0.82, 0.42, 0.24, 0.17, 0.12, 0.11, 0.43],
    [1.45, 0.46, 0.24, 0.13, 0.10, 0.08, 0.08, 0.25],
    [1.10, 0.31, 0.17, 0.10, 0.08, 0.07, 0.07, 0.20],
    [0.76, 0.20, 0.12, 0.08, 0.07, 0.07, 0.08, 0.19],
    [0.87, 0.17, 0.11, 0.08, 0.07, 0.08, 0.09, 0.31],
    [11.2, 0.81, 0.43, 0.25, 0.20, 0.19, 0.31, 6.91],
], np.float32)  # fmt: skip
COARSE_PRIOR = np.array([[0.0 if y + x == 0 else 1 / (y * y + x * x) for x in range(4)] for y in range(4)], np.float32)
# Rows: luma, red minus blue, red and blue minus green, green minus green; columns: the sites (0, 0), (0, 1), (1, 0),
# (1, 1) of a block whose greens lie at (0, 1) and (1, 0).
CARRIERS = np.array(
    [[0.5, 0.5, 0.5, 0.5], [0.5**0.5, 0, 0, -(0.5**0.5)], [0.5, -0.5, -0.5, 0.5], [0, 0.5**0.5, -(0.5**0.5), 0]],
    np.float32,
)
COLOR_NOISE = 2.0  # of the coarse color differences, times their variance: soft spots of color are seen more than lost
ENERGY_CAP = 100.0  # of a coefficient's energy / noise variance, in the energy of the block
LOW, HIGH = 2.6, 4.0  # a coefficient below / above so many standard deviations is dropped / kept, at amount 0.5
BORROWED = 3.0  # how much of the block's energy counts for a coefficient
SIMPLICITY = 3.0  # effective coefficients that every block counts as having, in the weight of its result


@record
class Sites:
    """What the four sites of the 2 x 2 tile need: (2, 2) arrays, and the floor that is added to the balanced signal."""

    balance: Array
    gain: Array
    offset: Array
    floor: float

    @property
    def slope(self) -> Array:
        """Variance of the root at t = `slope + pole / t^2`: the part that does not depend on t."""
        return self.balance * self.gain / 4

    @property
    def pole(self) -> Array:
        return self.balance**2 * self.offset / 4 - self.slope * self.floor


def sites(indices: Array, gain: Array, offset: Array, neutral: Array) -> Sites:
    """The sites of a Bayer tile: `indices` (2, 2) of 0, 1, 2; noise and the camera's neutral for red, green and
    blue."""
    balance = np.max(neutral) / np.asarray(neutral, np.float64)
    floor = float(np.max(balance * (6 * np.sqrt(offset) + 2 * np.asarray(gain))))
    one = (np.asarray(values, np.float32)[indices] for values in (balance, gain, offset))
    return Sites(*one, floor=max(floor, 1e-6))


def cosine_basis(size: int, alternates: bool) -> Array:
    """Orthonormal (size, size), a vector a row: the DCT-II; with `alternates` its last vector is made to alternate.

    The other odd vectors are made orthogonal to it symmetrically (Löwdin), so they stay as near to cosines as possible.
    """
    n = np.arange(size)
    basis = np.array([np.cos(np.pi * (2 * n + 1) * k / (2 * size)) for k in range(size)])
    basis /= np.linalg.norm(basis, axis=1, keepdims=True)
    if alternates:
        last = (-1.0) ** n / np.sqrt(size)
        last *= np.sign(last @ basis[-1])
        odd = list(range(1, size - 1, 2))
        left, _, right = np.linalg.svd(basis[odd] - np.outer(basis[odd] @ last, last), full_matrices=False)
        basis[odd], basis[-1] = left @ right, last
    return basis.astype(np.float32)


def difference_carrier(swap: bool) -> Array:
    """The carrier of red minus blue, on the four sites; `swap` says that the greens lie on the main diagonal."""
    return CARRIERS[1, [1, 0, 3, 2]] if swap else CARRIERS[1]


def thresholds(amount: float) -> tuple[float, float]:
    """Energies (relative to the noise variance) at which a coefficient starts to be kept, and is kept whole."""
    return 2 * amount * LOW**2, 2 * amount * HIGH**2


def carriers(size: int) -> list[tuple[int, int]]:
    """The coefficients that hold the mean luma and color of a block, which are kept: (row, column)."""
    return [(0, 0)] if size < 8 else [(0, 0), (0, 7), (7, 0), (7, 7)]


def energy_weights(prior: Array) -> tuple[Array, float]:
    """Weights and their scale that estimate the block's energy from its coefficients' (carriers left out)."""
    trusted = prior.copy()
    for row, column in carriers(len(prior)):
        trusted[row, column] = 0
    weights = np.minimum(trusted, 1).astype(np.float32)
    return weights, float(1 / (weights * trusted).sum())


def _paired(kept: Array) -> Array:
    """The same share for the two places that a color edge shows at, (row, column) and (7 - row, 7 - column): the
    larger.

    An edge of red minus blue modulates both carriers (0, 7) and (7, 0). Kept at one and lost at the other, the sites
    along the edge would alternate like a comb.
    """
    larger = np.maximum(kept, kept[..., ::-1, ::-1])
    result = kept.copy()
    result[..., :4, 4:], result[..., 4:, :4] = larger[..., :4, 4:], larger[..., 4:, :4]
    return result


def _kept(coefficients: Array, variance: Array, prior: Array, amount: float) -> Array:
    """How much (0 to 1) of each coefficient (..., n, n) is kept where the noise has `variance` (...)."""
    weights, scale = energy_weights(prior)
    low, high = thresholds(amount)
    energy = coefficients**2 / variance[..., None, None]
    block = np.maximum(((np.minimum(energy, ENERGY_CAP) - 1) * weights).sum((-2, -1)) * scale, 0)
    kept = np.clip((energy + BORROWED * block[..., None, None] * prior - low) / (high - low), 0, 1)
    for row, column in carriers(len(prior)):
        kept[..., row, column] = 1
    return _paired(kept) if len(prior) == 8 else kept


def _equalize_greens(coefficients: Array, kept: Array, variance: Array, swap: bool, amount: float) -> Array:
    """Coefficients (..., 8, 8) in which the two greens of a block differ only as far as that is no noise.

    The carriers (0, 7) and (7, 0) hold red minus blue in their sum and green minus green in their difference; with
    `swap` the other way round. What stays unequal would be a maze after demosaicking.
    """
    sign = -1 if swap else 1
    low, high = thresholds(amount)
    difference = coefficients[..., 0, 7] - sign * coefficients[..., 7, 0]
    lost = 0.5 * (1 - np.clip((difference**2 / (2 * variance) - low) / (high - low), 0, 1)) * difference
    result = coefficients * kept
    result[..., 0, 7] -= lost
    result[..., 7, 0] += sign * lost
    return result


def _blocks(plane: Array, basis: Array, step: int) -> Array:
    windows = sliding_window_view(plane, basis.shape)[::step, ::step]
    return np.einsum("kn,yxnm,lm->yxkl", basis, windows, basis, optimize=True).astype(np.float32)


def _add_blocks(total: Array, coefficients: Array, basis: Array, step: int) -> None:
    blocks = np.einsum("kn,yxkl,lm->yxnm", basis, coefficients, basis, optimize=True)
    height, width = (step * (n - 1) + 1 for n in blocks.shape[:2])
    for y in range(len(basis)):
        for x in range(len(basis)):
            total[y : y + height : step, x : x + width : step] += blocks[..., y, x]


def _unit_means(plane: Array) -> Array:
    """Means of 4 x 4 sites, one for each site of the 2 x 2 tile: (H / 4, W / 4, 4)."""
    height, width = plane.shape
    means = plane.reshape(height // 4, 2, 2, width // 4, 2, 2).mean((1, 4))
    return np.moveaxis(means, 2, 1).reshape(height // 4, width // 4, 4)


def _coarse_change(units: Array, variance: Array, amount: float) -> Array:
    """What denoising takes from the unit means (h, w, 3); three units at every edge are not meant to be used."""
    basis, change = cosine_basis(4, alternates=False), np.zeros_like(units)
    noise = sliding_window_view(variance, (4, 4)).mean((2, 3))
    for channel in range(3):
        coefficients = _blocks(units[..., channel], basis, 1)
        kept = _kept(coefficients, noise * (COLOR_NOISE if channel else 1), COARSE_PRIOR, amount)
        _add_blocks(change[..., channel], coefficients * kept, basis, 1)
    return change / 16 - units


def _upsampled(units: Array) -> Array:
    """Linear interpolation from units (h, w) of 4 x 4 sites to their 2 x 2 tiles (2h, 2w)."""
    for axis in (0, 1):
        padded = np.pad(units, [(1, 1) if one == axis else (0, 0) for one in range(2)], mode="edge")
        middle, before, after = (np.take(padded, range(i, i + units.shape[axis]), axis) for i in (1, 0, 2))
        pair = np.stack([0.75 * middle + 0.25 * before, 0.75 * middle + 0.25 * after], axis + 1)
        units = pair.reshape([n * 2 if one == axis else n for one, n in enumerate(units.shape)])
    return units


def _without_coarse_noise(root: Array, unit_variance: Array, swap: bool, amount: float) -> Array:
    basis = CARRIERS[:, [1, 0, 3, 2]] if swap else CARRIERS
    units = (_unit_means(root) @ basis.T)[..., :3]
    change = _coarse_change(units, unit_variance / 4, amount) @ basis[:3]
    result = root.copy()
    for site in range(4):
        result[site // 2 :: 2, site % 2 :: 2] += _upsampled(change[..., site])
    return result


def _without_fine_noise(root: Array, unit_variance: Array, swap: bool, amount: float) -> tuple[Array, Array]:
    """The denoised root, and the share of the noise variance that is left, both of the shape of `root`."""
    basis = cosine_basis(8, alternates=True)
    halves = (unit_variance[:-1] + unit_variance[1:]) / 2
    variance = np.maximum((halves[:, :-1] + halves[:, 1:]) / 2, 1e-12)
    coefficients = _blocks(root, basis, UNIT)
    kept = _kept(coefficients, variance, FINE_PRIOR, amount)
    effective = (kept**2).sum((2, 3))
    share = 1 / (variance * (SIMPLICITY + effective))
    shrunk = _equalize_greens(coefficients, kept, variance, swap, amount)
    total, left, weight = (np.zeros(root.shape, np.float32) for _ in range(3))
    _add_blocks(total, shrunk * share[..., None, None], basis, UNIT)
    height, width = (UNIT * (n - 1) + 1 for n in share.shape)
    for y in range(8):
        for x in range(8):
            weight[y : y + height : UNIT, x : x + width : UNIT] += share
            left[y : y + height : UNIT, x : x + width : UNIT] += share * effective / 64
    weight = np.maximum(weight, 1e-30)
    return total / weight, left / weight


def denoise(mosaic: Array, tile: Sites, swap: bool, amount: float) -> Array:
    """The inner part of a Bayer mosaic, `MARGIN` sites less at every edge.

    `mosaic` is float32 (H, W), both multiples of 4, black 0; its site (0, 0) is the tile's and begins a unit of the
    grid. `swap` says that the greens of the tile lie on its main diagonal.
    """
    repeats = (mosaic.shape[0] // 2, mosaic.shape[1] // 2)
    balance, slope, pole = (np.tile(one, repeats) for one in (tile.balance, tile.slope, tile.pole))
    square = np.maximum(mosaic * balance + np.float32(tile.floor), np.float32(0.01 * tile.floor))
    unit_variance = _unit_means(slope + pole / np.maximum(square, np.float32(tile.floor))).mean(-1)
    root = _without_coarse_noise(np.sqrt(square), np.maximum(unit_variance, 1e-12), swap, amount)
    root, left = _without_fine_noise(root, unit_variance, swap, amount)
    square = np.maximum(root * root, 1e-12)
    removed = (slope + pole / np.maximum(square, np.float32(tile.floor))) * (1 - left)
    result = (root * root + removed - np.float32(tile.floor)) / balance
    return result[MARGIN:-MARGIN, MARGIN:-MARGIN].astype(np.float32)
