"""Finding: from a picture to the charts in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import numpy as np
import numpy.typing as npt

from twinlens.core.chart import Chart, ChartFound
from twinlens.core.errors import ParameterError
from twinlens.core.image import Array, Image
from twinlens.measure.chart import blobs, checks, lattice, library, match, patches, shadow
from twinlens.measure.chart.plate import Plate, plate
from twinlens.measure.chart.pose import Pose, through
from twinlens.measure.chart.refine import Refined, refine

LOOKS = (  # long edge in pixels, levels of light at full and half size: a finer one where the one before failed
    (640, (8, 12)),
    (1200, (12, 12)),
    (2400, (8,)),
)
CORNERS_LONG_EDGE = 1200  # pixels of the view in which given corners are compared with the charts
LIKELY = 0.7  # score of a lattice from which it is looked at more closely
LIKELY_WHOLE = 0.45  # the same of one that has nearly all patches: a shadow across a chart lowers the score
WHOLE = 0.8  # share of a chart's patches that are blobs of the lattice
CERTAIN = 0.80  # score after refinement that a chart must have
CERTAIN_IN_SHADOW = 0.90  # the same where its light is allowed to have a step
LEAST_SUPPORT = 0.5  # share of the sides whose edges are where they should be
OVERLAP = 0.2  # of the smaller chart's area: charts that share more are one
LEAST_FREE = 0.5  # share of a lattice's blobs that no chart has taken yet
MOST_LATTICES = 16  # the largest that are compared with the charts


def find(
    picture: Image | Array, *, kinds: Iterable[str] | None = None, corners: npt.ArrayLike | None = None
) -> list[ChartFound]:
    """The charts in a picture, the largest first. See `twinlens.calibrate.find_charts`."""
    source = plate(picture)
    chosen = library.named(kinds)
    if corners is not None:
        return [_at_corners(source, chosen, np.asarray(corners, float))]
    return [_finished(one, refined, source) for one, refined in search(source, chosen)]


def search(source: Plate, chosen: list[Chart]) -> list[tuple[match.Hypothesis, Refined]]:
    """The charts of these kinds in a plate and where they lie, by the coarsest look that shows any, the largest
    first."""
    for long_edge, levels in LOOKS:
        found = _search(source, chosen, long_edge, levels)
        if found:
            return found
        if max(source.pixels.shape[:2]) <= long_edge and long_edge > LOOKS[0][0]:
            break
    return []


def _search(
    source: Plate, chosen: list[Chart], long_edge: int, levels: Sequence[int]
) -> list[tuple[match.Hypothesis, Refined]]:
    linear, step = source.reduced(long_edge)
    view = blobs.perceptual(linear)
    spots = blobs.find(view, levels)
    found: list[tuple[match.Hypothesis, Refined]] = []
    free = np.ones(len(spots), bool)
    for one in islice(_lattices(spots, free), MOST_LATTICES):
        if free[one.members].mean() < LEAST_FREE:
            continue
        best = match.hypotheses(one, view, chosen)
        for hypothesis in [each for each in best if each.score > _likely(one, each.chart)]:
            verified = _verified(hypothesis, source, view, step)
            if verified is not None:
                found.append(verified)
                free &= ~_inside((spots.centers + 0.5) * step - 0.5, verified[1].pose)
                break
    return _distinct(found)


def _likely(found: lattice.Lattice, chart: Chart) -> float:
    return LIKELY_WHOLE if len(found) >= WHOLE * len(chart.names) else LIKELY


def _lattices(spots: blobs.Blobs, free: Array) -> Iterator[lattice.Lattice]:
    """The lattices, the largest first; then pairs of rows of those groups that no chart has taken by then."""
    whole, groups = lattice.find(spots)
    yield from whole
    yield from lattice.pairs([one for one in groups if free[list(one)].mean() >= LEAST_FREE], spots)


def _inside(points: Array, pose: Pose) -> Array:
    """Whether points (N, 2) lie inside a chart."""
    import cv2

    corners = pose.corners().astype(np.float32)
    return np.array([cv2.pointPolygonTest(corners, (float(x), float(y)), False) >= 0 for x, y in points])


def _verified(
    hypothesis: match.Hypothesis, source: Plate, view: Array, step: float
) -> tuple[match.Hypothesis, Refined] | None:
    """The chart placed by its edges; None where it does not hold at full resolution."""
    height, width = source.pixels.shape[:2]
    small = Pose.of(hypothesis.chart, hypothesis.picture_from_chart, (view.shape[1], view.shape[0]))
    refined = refine(small.resized(step, (width, height)), source)
    if refined.support < LEAST_SUPPORT:
        return None
    placed = refined.pose.resized(1 / step, (view.shape[1], view.shape[0]))
    score, least = match.score_pose(placed, view), CERTAIN
    if score < least:
        score, least = shadow.score_pose(placed, view), CERTAIN_IN_SHADOW
    return (match.rescored(hypothesis, score), refined) if score >= least else None


def _distinct(found: list[tuple[match.Hypothesis, Refined]]) -> list[tuple[match.Hypothesis, Refined]]:
    """Of charts that lie on each other the one whose colors agree best, the largest first."""
    kept: list[tuple[match.Hypothesis, Refined]] = []
    for one in sorted(found, key=lambda each: -each[0].score * len(each[0].chart.names) ** 0.1):
        if all(not _overlap(one[1].pose, other[1].pose) for other in kept):
            kept.append(one)
    return sorted(kept, key=lambda each: -each[1].pose.patch_px())


def _overlap(one: Pose, other: Pose) -> bool:
    import cv2

    area, _ = cv2.intersectConvexConvex(one.corners().astype(np.float32), other.corners().astype(np.float32))
    smaller = min(abs(cv2.contourArea(each.corners().astype(np.float32))) for each in (one, other))
    return area > OVERLAP * smaller


def _at_corners(source: Plate, chosen: list[Chart], corners: Array) -> ChartFound:
    """The chart whose outer corners are given (four points in the full-size picture), whichever way they are named."""
    if corners.shape != (4, 2) or not np.isfinite(corners).all():
        raise ParameterError(
            f"corners are four points x, y of the outer corners of the patch grid, got {corners.shape}"
        )
    placed = source.from_frame(corners)
    height, width = source.pixels.shape[:2]
    if (placed < -0.5).any() or (placed > np.array([width, height]) - 0.5).any():
        raise ParameterError(
            f"corners must lie in the picture of {source.frame[0]} x {source.frame[1]} px; "
            "give x and y of the outer corners of the patch grid"
        )
    linear, step = source.reduced(CORNERS_LONG_EDGE)
    view = blobs.perceptual(linear)
    local = (placed + 0.5) / step - 0.5
    orders = [np.roll(order, shift) for order in ([0, 1, 2, 3], [3, 2, 1, 0]) for shift in range(4)]
    tried = []
    for chart in chosen:
        made = np.stack([through(chart.outline, local[order]) for order in orders])
        scores = match.score_all(made, view, chart)
        best = int(np.argmax(scores))
        tried.append(match.Hypothesis(chart, made[best], float(scores[best]), float(scores[best])))
    hypothesis = max(tried, key=lambda one: one.score)
    small = Pose.of(hypothesis.chart, hypothesis.picture_from_chart, (view.shape[1], view.shape[0]))
    given = Refined(small.resized(step, (width, height)), 0.0, 1.0)
    return _finished(hypothesis, given, source)


def _finished(hypothesis: match.Hypothesis, refined: Refined, source: Plate) -> ChartFound:
    pose = refined.pose
    measured = patches.measure(pose, source)
    return ChartFound(
        kind=pose.chart.name,
        corners=source.to_frame(pose.corners()),
        mirrored=hypothesis.mirrored,
        score=hypothesis.score,
        patches=measured,
        warnings=checks.warnings(pose, measured, hypothesis, refined, source.step),
        outlines=source.to_frame(pose.outlines()),
        rgb_is=source.rgb_is,
        frame=source.frame,
    )
