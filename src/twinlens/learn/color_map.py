"""Color map: corresponding colors become a map from scene light, or a sensor's own RGB, to display codes."""

from __future__ import annotations

from dataclasses import field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import ParameterError
from twinlens.core.fit import Fit
from twinlens.core.record import record
from twinlens.learn import rendering, tone
from twinlens.learn.base import Freedom, Rows
from twinlens.learn.coverage import Coverage, even_weights
from twinlens.learn.order import kept
from twinlens.numerics import color
from twinlens.numerics.curve import encode_tone
from twinlens.numerics.root_polynomial import EXPONENTS
from twinlens.stages.look_map import LookMap

Array = npt.NDArray[Any]

SPACES = ("srgb", "p3", "adobe", "rec2020", "prophoto")
FEWEST = 12  # colors that a map can be made from
FOLDS = 5
MOST_ROWS = 12_000
LEAST_EXPLAINED = 0.5  # share of the variance of the target's codes


@record(kw_only=True, eq=False)
class ColorMap:
    """Display codes of light: `map` is a look map, `gains` (3,) bring the source to its white and scale.

    `color_map(rgb)` gives display-encoded RGB 0 to 1 (..., 3) in `space` of source RGB (..., 3).
    """

    map: LookMap
    gains: Array
    space: str = "srgb"

    def __call__(self, rgb: Any) -> Array:
        light = np.asarray(rgb, float)
        if light.shape[-1:] != (3,):
            raise ParameterError(f"a color map takes RGB (..., 3), got {light.shape}")
        codes = rendering.shown_codes(self.map, light.reshape(-1, 3) * self.gains).reshape(light.shape)
        return codes if self.space in ("srgb", "p3") else color.encode(color.decode(codes), self.space)

    def look_map(self) -> LookMap:
        """The same as a look map of the source itself: the gains are put into its transform."""
        return scaled(self.map, self.gains)


def scaled(stage: LookMap, gains: Array) -> LookMap:
    """The look map of a source that is to be multiplied by gains (3,) first."""
    rows = np.asarray(stage.transform) * np.prod(gains**EXPONENTS, -1)
    return replace(stage, transform=tuple(map(tuple, rows.tolist())))


@record(kw_only=True)
class PictureError:
    """CIEDE2000 of one picture's colors, by a map that was made without it; `seen_mean` by the map made with it."""

    name: str
    samples: int
    seen_mean: float
    mean: float | None = None
    p95: float | None = None


@record(kw_only=True, eq=False)
class ColorMapFit(Fit[ColorMap]):
    """A color map with its errors, CIEDE2000 of display colors.

    `residual` and `residual_p95` are those of all colors that it was made from, `held_out` and `held_out_p95` of each
    picture by a map made without it, where there are several. `coverage` says where in color space there was data.
    """

    residual_p95: float = 0.0
    held_out_p95: float | None = None
    pictures: tuple[PictureError, ...] = ()
    coverage: Coverage | None = None
    smoothing: float = 0.0
    notes: tuple[str, ...] = field(default=())


def fit_color_map(
    source: Any,
    target: Any,
    *,
    pictures: Any = None,
    weights: Any = None,
    radius: Any = None,
    noise: Any = None,
    space: str = "srgb",
    smoothing: float | None = None,
    exposures: bool = False,
) -> ColorMapFit:
    """The map from `source` to `target`.

    `source` (N, 3): linear scene light or camera RGB in any scale, black subtracted. `target` (N, 3): display codes 0
    to 1 of `space`. `pictures` (N,): which picture a row is of (any labels), for held-out errors. `weights` (N,): how
    much a row counts, beside what its color's rarity gives it; 0: not at all. `radius` (N,): place in the frame, 0
    centre to 1 corner: the source's vignette is found and left out of the map. `noise` (N,) or a number: standard
    deviation of the target, in codes. `exposures`: every picture has an exposure of its own. Raises ParameterError
    where no map can be made.
    """
    source, target = _checked(source, target, space)
    picture, names = _pictures(pictures, len(source))
    worth = _worth(weights, len(source))
    codes = target if space in ("srgb", "p3") else color.encode(color.decode(target, space))
    gains = white_gains(source, codes)
    rows = Rows(
        source=source * gains,
        target=codes,
        picture=picture,
        radius=np.full(len(source), np.nan) if radius is None else np.asarray(radius, float),
        weight=even_weights(codes, worth),
        noise=np.zeros(len(source)) + (0.0 if noise is None else np.asarray(noise, float)),
        worth=worth,
    )
    freedom = Freedom(gain=exposures and len(names) > 1, vignette=radius is not None)
    used = rendering.thinned(rows, MOST_ROWS)
    found = rendering.fit(used, freedom, space, smoothing=smoothing)
    found = replace(found, map=replace(found.map, table=kept(scaled(found.map, gains)).table))
    check_relation(found, rows)
    error = errors(found, rows, space)
    blind, folds = held_out(found, used, freedom, space, smoothing)
    folds = folds if freedom.gain else blind
    each = [
        _picture(name, rows.picture == index, error, folds, used.picture == index) for index, name in enumerate(names)
    ]
    seen = folds[np.isfinite(folds)]
    return ColorMapFit(
        ColorMap(map=found.map, gains=gains, space=space), float(error.mean()), "Delta E 2000", len(source),
        float(seen.mean()) if len(seen) else None,
        residual_p95=float(np.percentile(error, 95)),
        held_out_p95=float(np.percentile(seen, 95)) if len(seen) else None,
        pictures=tuple(each), coverage=Coverage.of(rows, space),
        smoothing=found.smoothing, notes=found.notes,
    )  # fmt: skip


def _picture(name: str, own: Array, error: Array, folds: Array, used: Array) -> PictureError:
    apart = folds[used]
    apart = apart[np.isfinite(apart)]
    return PictureError(
        name=name,
        samples=int(own.sum()),
        seen_mean=float(error[own].mean()),
        mean=float(apart.mean()) if len(apart) else None,
        p95=float(np.percentile(apart, 95)) if len(apart) else None,
    )


def _checked(source: Any, target: Any, space: str) -> tuple[Array, Array]:
    if space not in SPACES:
        raise ParameterError(f"space {space!r}: expected one of {', '.join(SPACES)}")
    source, target = np.array(source, float), np.array(target, float)
    if source.ndim != 2 or source.shape[1] != 3 or source.shape != target.shape:
        raise ParameterError(
            f"source and target: two arrays (N, 3) of equal length are wanted, got {source.shape} and {target.shape}"
        )
    if not (np.isfinite(source).all() and np.isfinite(target).all()):
        raise ParameterError("source and target hold values that are not finite numbers; leave those rows out")
    if target.min() < -0.01 or target.max() > 1.01:
        raise ParameterError(
            f"target: display codes 0 to 1 are wanted, found {target.min():g} to {target.max():g}; divide 8 bits by 255"
        )
    if len(source) < FEWEST:
        raise ParameterError(f"a color map needs {FEWEST} colors or more, got {len(source)}")
    if source.max() <= 0 or np.ptp(source, axis=0).max() <= 1e-3 * source.max():
        raise ParameterError("source: all colors are the same, nothing can be learned from them")
    if np.ptp(target, axis=0).max() < 0.02:
        raise ParameterError("target: all colors are the same, nothing can be learned from them")
    return source, np.clip(target, 0, 1)


def _pictures(pictures: Any, count: int) -> tuple[Array, list[str]]:
    if pictures is None:
        return np.zeros(count, int), ["all"]
    labels = np.asarray(pictures)
    if labels.shape != (count,):
        raise ParameterError(f"pictures: expected ({count},), got {labels.shape}")
    names, index = np.unique(labels, return_inverse=True)
    return index, [str(name) for name in names]


def _worth(weights: Any, count: int) -> Array | None:
    if weights is None:
        return None
    worth = np.asarray(weights, float)
    if worth.shape != (count,):
        raise ParameterError(f"weights: expected ({count},), got {worth.shape}")
    if not np.isfinite(worth).all() or worth.min() < 0 or np.count_nonzero(worth) < FEWEST:
        raise ParameterError(f"weights: numbers from 0 are wanted, {FEWEST} of them or more above 0")
    return worth


def white_gains(source: Array, codes: Array) -> Array:
    """Gains (3,) that bring the source to the scale of scene light: what is shown grey is then about grey."""
    light = tone.inverse(encode_tone(color.decode(codes)), tone.usual())
    usable = (codes.min(1) > 0.05) & (codes.max(1) < 0.97) & (source.min(1) > 0)
    if usable.sum() < FEWEST // 2:
        usable = source.max(1) > 0
    spread = np.ptp(codes, axis=1)[usable]
    weight = np.exp(-((spread / 0.08) ** 2)) + 1e-3 * np.exp(-spread)
    logs = np.log(light[usable] / np.maximum(source[usable], 1e-9 * source.max()))
    return np.exp([_median(logs[:, c], weight) for c in range(3)])


def _median(values: Array, weight: Array) -> float:
    order = np.argsort(values)
    total = np.cumsum(weight[order])
    return float(values[order[np.searchsorted(total, total[-1] / 2)]])


def check_relation(found: rendering.Rendering, rows: Rows) -> None:
    """ParameterError where source and target have so little to do with each other that nothing was learned."""
    off = rendering.shown_codes(found.map, found.base.light(rows)) - rows.target
    spread = rows.target - rows.weight @ rows.target
    explained = 1 - (rows.weight @ off**2).sum() / max(float((rows.weight @ spread**2).sum()), 1e-12)
    if explained < LEAST_EXPLAINED:
        raise ParameterError(
            f"nothing can be learned: source and target do not correspond, the best map explains {explained:.0%} of "
            f"the target's differences; check that each row is the same place in both"
        )


def errors(found: rendering.Rendering, rows: Rows, space: str) -> Array:
    """CIEDE2000 (N,) of rows, each at its picture's exposure and place."""
    return difference(rendering.shown_codes(found.map, found.base.light(rows)), rows.target, space)


def difference(one: Array, other: Array, space: str) -> Array:
    """CIEDE2000 (N,) of codes of the sRGB curve in the primaries of a space."""
    matrix = color.rgb_from_rgb("srgb", space)
    labs = [color.lab_from_rgb(color.encode(color.decode(codes) @ matrix.T)) for codes in (one, other)]
    return color.delta_e_2000(*labs)


def held_out(
    found: rendering.Rendering, rows: Rows, freedom: Freedom, space: str, smoothing: float | None
) -> tuple[Array, Array]:
    """CIEDE2000 (N,) of each row by a map made without its picture: blind, and after what `freedom` lets differ.

    Not a number where there is only one picture.
    """
    blind, matched = np.full((2, len(rows.weight)), np.nan)
    groups = np.arange(rows.pictures) % min(FOLDS, rows.pictures)
    for group in range(groups.max() + 1):
        out = groups[rows.picture] == group
        if not out.any() or (~out).sum() < FEWEST:
            continue
        other = rendering.fit(rows.take(~out), freedom, space, smoothing=smoothing, start=found)
        for index in np.unique(rows.picture[out]):
            own = rows.picture == index
            part, light = rows.take(own), found.base.straight(rows)[own]
            blind[own] = difference(rendering.shown_codes(other.map, light), part.target, space)
            light = rendering.matched(other.map, light, part, freedom)
            matched[own] = difference(rendering.shown_codes(other.map, light), part.target, space)
    return blind, matched
