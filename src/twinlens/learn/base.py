"""Base: the plain part of a look, fitted to all pictures at once: exposure, white, vignette, root-polynomial, curves.

    tone code of the target  =  curve_c( C( A rho( gain_i white_i (1 + k1 r^2 + k2 r^4) source ) ) )

rho are the 13 root-polynomial terms, A keeps grey (its rows sum to 1), C brings strong colors nearer to grey, or
farther from it, by one number, as gamut maps of cameras do, the curves rise, one a channel. Everything is
found together by Gauss-Newton steps on a robust loss: fitted in turns, exposure and vignette stay wrong. What clips in
the target is known from one side only, and counts only where the prediction is on the wrong side.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.record import record
from twinlens.learn import tone
from twinlens.learn.likely import LOSS_WIDTH, priors
from twinlens.numerics.color import decode, encode
from twinlens.numerics.curve import CODE_SCALE, OFFSET, decode_tone, encode_tone
from twinlens.numerics.look import compressed, compression_slopes
from twinlens.numerics.root_polynomial import EXPONENTS, TERMS, terms

Array = npt.NDArray[Any]

CLIPPED = (0.004, 0.996)  # target code beyond which a channel says only that it is as dark, or as bright, as that
STEPS = 60
HELD_PASSES = 12
HIGHER_TERMS = (100.0, 300.0, 1e3, 1e4, 1e6)  # weight of the terms beyond the 3x3; the next where the one before folds
ONE_SATURATION = 80.0  # a picture: weight against a 3x3 that does more than one saturation, of photographs
EXPOSURE_SPREAD, WHITE_SPREAD = 0.7, 0.03  # of log gains from picture to picture, before they are measured
LEAST_SPREAD = 0.002
COMPRESSIONS = (-0.5, 2.0)  # the least and the most
WORTH = 0.1  # of what a base leaves: what compression must explain to be taken, as most makers have none


@record(kw_only=True, eq=False)
class Rows:
    """What a base is fitted to: `source` (N, 3) light, `target` (N, 3) codes 0 to 1 of the sRGB curve, `picture` (N,),
    `radius` (N,), `weight` (N,) with sum 1, `noise` (N,) of the target's codes. `worth` (N,) is how much each counts
    beside what its color's rarity gives it, in `weight` too; None: all alike."""

    source: Array
    target: Array
    picture: Array
    radius: Array
    weight: Array
    noise: Array
    worth: Array | None = None

    def take(self, keep: Array) -> Rows:
        """The rows of an index or a mask; the weights sum to 1 again."""
        values = {name: getattr(self, name)[keep] for name in ("source", "target", "picture", "radius", "noise")}
        weight = self.weight[keep]
        worth = None if self.worth is None else self.worth[keep]
        return Rows(**values, weight=weight / weight.sum(), worth=worth)

    @property
    def pictures(self) -> int:
        return int(self.picture.max()) + 1


@record(kw_only=True, eq=False)
class Base:
    """`matrix` (3, 13), `curves` (3, COUNT) coefficients, `gains` (P,) and `whites` (P, 3) logs, `vignette` (2,),
    `compression` that of a look map.

    `display_from_process` (3, 3): from the primaries in which the curves work to those of the target."""

    matrix: Array
    curves: Array
    gains: Array
    whites: Array
    vignette: Array
    display_from_process: Array
    compression: float = 0.0

    def straight(self, rows: Rows) -> Array:
        """Light (N, 3) of the source with the vignette taken out alone."""
        r2 = np.nan_to_num(rows.radius) ** 2
        fall = 1 + self.vignette[0] * r2 + self.vignette[1] * r2**2
        return rows.source * np.maximum(fall, 0.05)[:, None]

    def light(self, rows: Rows) -> Array:
        """Light (N, 3) before the root-polynomial: the source as the look's own picture would have it."""
        return self.straight(rows) * np.exp(self.gains[rows.picture][:, None] + self.whites[rows.picture])


@record(kw_only=True)
class Freedom:
    """What may differ between pictures, and whether strong colors may be compressed.

    `unlike`: of photographs what is left is alike in all places of a color, for two cameras see materials unlike each
    other, and demosaicing, sharpening and JPEG leave errors that are not by chance. `lights`: the light that each
    picture is of, where pictures of one light have one white; (): each has its own.
    """

    gain: bool = True
    white: bool = False
    vignette: bool = False
    compression: bool = False
    unlike: bool = False
    lights: tuple[int, ...] = ()


def fit(
    rows: Rows, freedom: Freedom, display_from_process: Array, start: Base | None = None, higher: float = 1.0
) -> Base:
    """The base nearest to the rows. `higher`: weight against terms beyond the 3x3. `start`: a base to go on from."""
    base = _started(rows, display_from_process) if start is None else start
    damping = 1e-3
    kept = _normal(rows, base, freedom, higher)
    for _ in range(STEPS):
        normal, right, cost = kept
        moved = _stepped(base, _bounded(normal + damping * np.diag(np.diag(normal)), right, base))
        tried = _normal(rows, moved, freedom, higher)
        if tried[2] > cost:  # a step too far: shorter
            damping *= 10
            if damping > 1e4:
                break
            continue
        base, kept, damping = moved, tried, max(damping / 5, 1e-7)
        if cost - tried[2] < 3e-4 * cost:
            break
    return base


def compressing(rows: Rows, freedom: Freedom, base: Base, higher: float) -> Base:
    """A base, or one that compresses strong colors where that explains much of what it leaves."""
    tried = fit(rows, replace(freedom, compression=True), base.display_from_process, base, higher)
    before, after = (_normal(rows, one, freedom, higher)[2] for one in (base, tried))
    return tried if after < (1 - WORTH) * before else base


def _bounded(normal: Array, right: Array, base: Base) -> Array:
    """The step of the normal equations under which every curve still rises: coefficients that would fall are held."""
    size = len(right)
    rises = np.eye(size)
    lowest = np.full(size, -np.inf)
    for c in range(3):
        own = slice(3 * TERMS + c * tone.COUNT, 3 * TERMS + (c + 1) * tone.COUNT)
        rises[own, own] = np.tril(np.ones((tone.COUNT, tone.COUNT)))
        least = np.append(0.0, np.full(tone.COUNT - 1, tone.SMALLEST_RISE))
        lowest[own] = np.minimum(least - np.diff(base.curves[c], prepend=0.0), 0)
    normal, right = rises.T @ normal @ rises, rises.T @ right
    held = np.zeros(size, bool)
    step = np.zeros(size)
    for _ in range(HELD_PASSES):
        free = ~held
        step[held] = lowest[held]
        step[free] = np.linalg.solve(normal[np.ix_(free, free)], right[free] - normal[np.ix_(free, held)] @ step[held])
        fell = free & (step < lowest - 1e-12)
        if not fell.any():
            break
        held |= fell
    return rises @ np.maximum(step, lowest)


def in_grey(base: Base) -> Base:
    """The base with one luminance and one curve for all channels: what it shows has no color."""
    one = np.repeat(base.matrix.mean(0, keepdims=True), 3, 0)
    return replace(base, matrix=one, compression=0.0, curves=np.repeat(base.curves.mean(0, keepdims=True), 3, 0))


def _stepped(base: Base, step: Array) -> Base:
    sizes = np.cumsum([3 * TERMS, 3 * tone.COUNT, len(base.gains), 2 * len(base.gains), 2])
    matrix, curves, gains, whites, vignette, compression = np.split(step, sizes)
    moved = whites.reshape(-1, 2)
    return replace(
        base,
        matrix=base.matrix + matrix.reshape(3, -1),
        curves=base.curves + curves.reshape(3, -1),
        gains=base.gains + gains,
        whites=base.whites + np.stack([moved[:, 0], np.zeros(len(moved)), moved[:, 1]], -1),
        vignette=base.vignette + vignette,
        compression=float(np.clip(base.compression + compression[0], *COMPRESSIONS)),
    )


def one_sided(residual: Array, target: Array) -> Array:
    """Residuals prediction - target with 0 where the target is clipped and the prediction lies beyond."""
    free = (target >= CLIPPED[1]) & (residual > 0) | (target <= CLIPPED[0]) & (residual < 0)
    return np.where(free, 0, residual)


def _normal(rows: Rows, base: Base, freedom: Freedom, bent: float) -> tuple[Array, Array, float]:
    """Normal matrix, right side and cost at a base."""
    pictures, every = len(base.gains), np.arange(len(rows.weight))
    features = terms(base.light(rows))
    mixed = features @ base.matrix.T
    shown = compressed(mixed, base.compression)
    r2 = np.nan_to_num(rows.radius) ** 2
    fall = np.maximum(1 + base.vignette[0] * r2 + base.vignette[1] * r2**2, 0.05)
    by_white = [features * EXPONENTS[:, c] @ base.matrix.T for c in (0, 2)]
    curves = [tone.basis(shown[:, c]) for c in range(3)]
    codes = np.stack([values @ base.curves[c] for c, (values, _) in enumerate(curves)], -1)
    display, through = _through(codes, base)
    width = np.hypot(LOSS_WIDTH, rows.noise)[:, None]
    off = one_sided(display - rows.target, rows.target) / width
    through = np.where(off == 0, 0, 1 / width)[..., None] * through
    count = 3 * TERMS + 3 * tone.COUNT + 3 * pictures + 3
    jacobian = np.zeros((len(every), 3, count))
    start = 3 * TERMS + 3 * tone.COUNT
    by_light: list[Array] = []
    for c, (values, slopes) in enumerate(curves):
        steep = slopes @ base.curves[c] / np.log(2)  # by the log of light
        per_light = np.where(np.abs(shown[:, c]) > 1e-7, steep / np.where(shown[:, c] == 0, 1, shown[:, c]), 0)
        own = through[:, :, c, None]
        first = 3 * TERMS + c * tone.COUNT
        jacobian[:, :, first : first + tone.COUNT] = own * values[:, None]
        by_light.append(through[:, :, c] * per_light[:, None])
        if freedom.gain:
            jacobian[every, :, start + rows.picture] += through[:, :, c] * steep[:, None]
        if freedom.vignette:
            for k, power in enumerate((r2, r2**2)):
                jacobian[:, :, count - 3 + k] += through[:, :, c] * (steep * power / fall)[:, None]
    by_mixed = np.stack(by_light, -1)
    if freedom.compression:
        slopes, by_amount = compression_slopes(mixed, base.compression)
        jacobian[:, :, count - 1] = np.einsum("nkc,nc->nk", by_mixed, by_amount)
        by_mixed = by_mixed @ slopes
    for c in range(3):
        jacobian[:, :, c * TERMS : (c + 1) * TERMS] = by_mixed[:, :, c, None] * features[:, None]
        if freedom.white:
            for k in range(2):
                place = start + pictures + 2 * rows.picture + k
                jacobian[every, :, place] += by_mixed[:, :, c] * by_white[k][:, c, None]
    root = np.sqrt(1 + off**2)
    cost = float(rows.weight @ (2 * (root - 1)).sum(1))
    share = np.sqrt(rows.weight[:, None] / root)
    jacobian = (jacobian * share[..., None]).reshape(-1, count)
    normal, right = jacobian.T @ jacobian, -jacobian.T @ (off * share).ravel()
    plain = ONE_SATURATION / pictures if freedom.unlike else 0.0
    spread = np.array([EXPOSURE_SPREAD, WHITE_SPREAD, LEAST_SPREAD])
    for likely, away, weight in priors(base, spread, len(rows.weight), bent, plain, freedom.lights):
        normal += weight * likely.T @ likely
        right -= weight * likely.T @ away
        cost += weight * float(away @ away)
    return normal, right, cost


def _through(codes: Array, base: Base) -> tuple[Array, Array]:
    """Display codes (N, 3) of tone codes (N, 3) of the process space, and their slopes (N, 3, 3)."""
    light = decode_tone(codes)
    display = light @ base.display_from_process.T
    size = np.maximum(np.abs(display), 1e-12)
    slope = np.where(size <= 0.0031308, 12.92, 1.055 / 2.4 * size ** (1 / 2.4 - 1))
    inner = 3 * CODE_SCALE * (np.maximum(light, 0) + OFFSET) ** (2 / 3)
    return encode(display), slope[..., None] * base.display_from_process * inner[:, None]


def _started(rows: Rows, display_from_process: Array) -> Base:
    """A first guess: the usual curve undone, exposures by the median of luminance, a 3x3 by relative least squares."""
    curves = np.repeat(tone.usual()[None], 3, 0)
    wanted = encode_tone(decode(rows.target) @ np.linalg.inv(display_from_process).T)
    usable = (rows.target > 0.03).all(1) & (rows.target < 0.97).all(1)
    usable = usable if usable.sum() >= 12 else np.ones(len(usable), bool)
    display = tone.inverse(wanted, curves[0])
    gains = np.zeros(rows.pictures)
    ratio = np.log(np.maximum(display.mean(1), 1e-6) / np.maximum(rows.source.mean(1), 1e-9))
    for index in range(rows.pictures):
        own = usable & (rows.picture == index)
        gains[index] = np.median(ratio[own]) if own.any() else np.nan
    middle = np.nanmean(gains)
    gains = np.where(np.isnan(gains), middle, gains) - middle
    source = rows.source * np.exp(gains[rows.picture])[:, None]
    curves = np.stack([tone.through(source[:, c], wanted[:, c], rows.weight) for c in range(3)])
    zero = np.zeros((rows.pictures, 3))
    return Base(
        matrix=np.eye(3, TERMS), curves=curves, gains=gains, whites=zero, vignette=np.zeros(2),
        display_from_process=display_from_process,
    )  # fmt: skip
