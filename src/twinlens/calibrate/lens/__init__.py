"""Lens: distortion and lateral chromatic aberration, from photographs of a flat target with known points.

Each view's plane is taken to the corrected picture by a homography of its own, and from there by one warp, the same for
all views, to where the points were recorded. With d the place relative to the center, in units of the distance to the
farthest corner, and r = |d|:

    recorded = (k0 + k1 r^2 + k2 r^4 + k3 r^6) d + tangential(d)

which is the warp of a DNG's WarpRectilinear, so that the result is written as it was fitted. Green has k0 = 1 (a scale
belongs to the homographies); red and blue have radial numbers of their own.

Sources: Z. Zhang, "A Flexible New Technique for Camera Calibration", IEEE PAMI 22(11), 2000 (planes in several views);
D. C. Brown, "Close-Range Camera Calibration", Photogrammetric Engineering 37(8), 1971 (the warp); Digital Negative
Specification 1.7.1, chapter 7, WarpRectilinear.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import ParameterError
from twinlens.core.fit import Fit
from twinlens.core.lens import LensWarp

Array = npt.NDArray[Any]

RADIAL = 3  # k1 to k3
LEAST_POINTS = 20
REACH_NEEDED = 0.6  # of the way to the corners: nearer points say nothing of the corners
GREEN = 1


@dataclass(frozen=True, eq=False)
class View:
    """One photograph of a plane: `target` (N, 2) places on it in any unit, `recorded` (N, 2) or (N, 3, 2) for red,
    green and blue: (x, y) in pixels, pixel centers at whole numbers.
    """

    target: Array
    recorded: Array


def center_of(center: tuple[float, float], frame: tuple[int, int]) -> tuple[Array, float]:
    """The center (x, y) and the distance to the farthest corner, in pixels."""
    from twinlens.numerics.opcodes import frame_center

    cx, cy, reach = frame_center(center, frame)
    return np.array([cx, cy]), reach


def _ratio(r2: Array, row: Array) -> Array:
    return row[0] + r2 * (row[1] + r2 * (row[2] + r2 * row[3]))


def _warp(d: Array, row: Array) -> Array:
    """(..., 2) warped by one plane's six numbers."""
    x, y = d[..., 0], d[..., 1]
    r2 = x * x + y * y
    ratio, (t0, t1) = _ratio(r2, row), row[4:6]
    across = t0 * 2 * x * y + t1 * (r2 + 2 * x * x)
    down = t1 * 2 * x * y + t0 * (r2 + 2 * y * y)
    return np.stack([ratio * x + across, ratio * y + down], -1)


def recorded(warp: LensWarp, points: Array, plane: int = 0) -> Array:
    """Where corrected points (N, 2) of (x, y) in pixels were recorded."""
    center, reach = center_of(warp.center, warp.frame)
    return center + reach * _warp((np.asarray(points, float) - center) / reach, warp.coefficients[plane])


def most_px(warp: LensWarp) -> float:
    """The largest displacement that the warp corrects, in pixels, inside what was measured."""
    reach, r, ratios = _radial(warp)
    return float(max(reach * np.abs(r * (ratio - 1)).max() for ratio in ratios))


def lateral_px(warp: LensWarp) -> tuple[float, float]:
    """The largest distance of red and of blue from green, in pixels, inside what was measured."""
    if len(warp.coefficients) < 3:
        return 0.0, 0.0
    reach, r, ratios = _radial(warp)
    red, blue = (float(reach * np.abs(r * (ratios[k] - ratios[GREEN])).max()) for k in (0, 2))
    return red, blue


def radial_px(warp: LensWarp) -> tuple[Array, list[Array]]:
    """Radii (n,) relative to the farthest corner, inside what was measured, and by how many pixels each plane is moved
    outward there."""
    reach, r, ratios = _radial(warp)
    return r, [reach * r * (ratio - 1) for ratio in ratios]


def _radial(warp: LensWarp) -> tuple[float, Array, list[Array]]:
    """The corner's distance in pixels, radii (n,) relative to it, and each plane's ratio there."""
    _, reach = center_of(warp.center, warp.frame)
    r = np.linspace(0, min(warp.covered, 1.0), 64)
    return reach, r, [_ratio(r * r, row) for row in warp.coefficients]


def fit_distortion(views: Sequence[View], frame: tuple[int, int], *, free_center: bool = True) -> Fit[LensWarp]:
    """The warp of a lens from one or more views of a flat target; `frame` (H, W) in pixels.

    With red, green and blue points lateral chromatic aberration is fitted too. The residual is the rms distance of the
    points in pixels; held out: every fourth point predicted from the others. Raises ParameterError for too few points,
    points that stay in the middle, or a warp that would fold.
    """
    views = [_checked(one, number) for number, one in enumerate(views, 1)]
    if not views:
        raise ParameterError("no view of a target was given")
    problem = _Problem(views, frame, free_center)
    found, residual = problem.solve([np.ones(len(one.target), bool) for one in views])
    check_monotone(found)
    kept = [np.arange(len(one.target)) % 4 != 3 for one in views]
    held_out = None
    if all(mask.sum() >= 12 and (~mask).sum() >= 4 for mask in kept):
        held_out = problem.held_out(kept)
    return Fit(found, residual, "px", sum(one.recorded[..., 0].size for one in views), held_out)


def _checked(view: View, number: int) -> View:
    target, recorded = np.asarray(view.target, float), np.asarray(view.recorded, float)
    if recorded.ndim == 2:
        recorded = recorded[:, None]
    if target.ndim != 2 or target.shape[1] != 2 or recorded.shape not in ((len(target), 1, 2), (len(target), 3, 2)):
        raise ParameterError(
            f"view {number}: expected target (N, 2) and recorded (N, 2) or (N, 3, 2) points, got {target.shape} and "
            f"{np.shape(view.recorded)}"
        )
    if len(target) < LEAST_POINTS or not (np.isfinite(target).all() and np.isfinite(recorded).all()):
        raise ParameterError(f"view {number}: {LEAST_POINTS} finite points or more are needed, got {len(target)}")
    span = np.ptp(target, axis=0).max() or 1.0
    return View((target - target.mean(0)) / span, recorded)


class _Problem:
    """Least squares over the homographies of all views, the center and the warp, in units of the corner's distance."""

    def __init__(self, views: Sequence[View], frame: tuple[int, int], free_center: bool) -> None:
        self.views, self.frame = views, frame
        self.planes = max(one.recorded.shape[1] for one in views)
        if any(one.recorded.shape[1] != self.planes for one in views):
            raise ParameterError("all views have points of one color, or all of red, green and blue")
        self.free_center = free_center
        self.middle, self.reach = center_of((0.5, 0.5), frame)
        self.shared = 2 + 2 + RADIAL + (2 * (RADIAL + 1) if self.planes == 3 else 0)
        radius = max(float(np.linalg.norm((one.recorded - self.middle) / self.reach, axis=-1).max()) for one in views)
        if radius < REACH_NEEDED:
            raise ParameterError(
                f"the points reach {radius:.0%} of the way to the corners, {REACH_NEEDED:.0%} is needed: let the "
                "target fill the frame in one view at least"
            )
        self.covered = radius

    def coefficients(self, p: Array) -> Array:
        """(planes, 6) from the shared parameters."""
        tangential, green = p[2:4], np.concatenate([[1.0], p[4 : 4 + RADIAL]])
        rows = [green]
        if self.planes == 3:
            own = p[4 + RADIAL : self.shared].reshape(2, RADIAL + 1)
            rows = [green + own[0], green, green + own[1]]
        return np.array([np.concatenate([one, tangential]) for one in rows])

    def errors(self, p: Array, masks: Sequence[Array]) -> list[Array]:
        """Predicted minus recorded, a (n, planes, 2) for each view, in units of the corner's distance."""
        rows, center = self.coefficients(p), p[:2]
        out = []
        for index, (view, mask) in enumerate(zip(self.views, masks, strict=True)):
            h = np.append(p[self.shared + 8 * index : self.shared + 8 * index + 8], 1.0).reshape(3, 3)
            plane = np.column_stack([view.target[mask], np.ones(mask.sum())]) @ h.T
            d = plane[:, :2] / plane[:, 2:3]
            recorded = (view.recorded[mask] - self.middle) / self.reach
            out.append(np.stack([center + _warp(d - center, row) for row in rows], 1) - recorded)
        return out

    def start(self, masks: Sequence[Array]) -> Array:
        import cv2

        parts = [np.zeros(self.shared)]
        green = GREEN if self.planes == 3 else 0
        for view, mask in zip(self.views, masks, strict=True):
            recorded = (view.recorded[mask, green] - self.middle) / self.reach
            h = cv2.findHomography(view.target[mask], recorded)[0]
            if h is None:
                raise ParameterError("the points of a view lie on a line")
            parts.append((h / h[2, 2]).ravel()[:8])
        return np.concatenate(parts)

    def optimum(self, masks: Sequence[Array]) -> Array:
        from scipy.optimize import least_squares

        start = self.start(masks)
        free = np.ones(len(start), bool)
        if not self.free_center:
            free[:2] = False

        def residual(q: Array) -> Array:
            p = start.copy()
            p[free] = q
            errors = np.concatenate([one.ravel() for one in self.errors(p, masks)]) * self.reach
            weak = 1e-3 * p[:4] * self.reach  # center and tangential terms do nearly the same: the smaller ones
            return np.concatenate([errors, weak])

        found = start.copy()
        found[free] = least_squares(residual, start[free], loss="soft_l1", f_scale=1.0, x_scale="jac").x
        return found

    def solve(self, masks: Sequence[Array]) -> tuple[LensWarp, float]:
        p = self.optimum(masks)
        errors = np.concatenate([one.reshape(-1, 2) for one in self.errors(p, masks)]) * self.reach
        return self.distortion(p), float(np.sqrt(np.mean(np.sum(errors**2, -1))))

    def distortion(self, p: Array) -> LensWarp:
        """In the units of a warp around its own center: the distance to the corner farthest from that center."""
        height, width = self.frame
        x, y = self.middle + self.reach * p[:2]
        center = (float(x / (width - 1)), float(y / (height - 1)))
        _, reach = center_of(center, self.frame)
        ratio = reach / self.reach
        scale = np.array([1, ratio**2, ratio**4, ratio**6, ratio, ratio])
        covered = (self.covered + float(np.linalg.norm(p[:2]))) / ratio
        return LensWarp(self.coefficients(p) * scale, center, self.frame, min(covered, 1.0))

    def held_out(self, kept: Sequence[Array]) -> float:
        p = self.optimum(kept)
        left = self.errors(p, [~mask for mask in kept])
        errors = np.concatenate([one.reshape(-1, 2) for one in left]) * self.reach
        return float(np.sqrt(np.mean(np.sum(errors**2, -1))))


def check_monotone(found: LensWarp) -> None:
    r = np.linspace(0, min(found.covered, 1.0), 256)
    for row in found.coefficients:
        if (np.diff(r * _ratio(r * r, row)) <= 0).any():
            raise ParameterError("the points ask for a warp that folds: some of them are wrong, or out of order")
