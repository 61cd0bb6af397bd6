"""Match: which kind of chart a lattice is, which way up, and where it begins; told by the colors.

Every way to lay a chart's block of patches on the lattice is tried: four turns, both sides (a mirrored chart is told
from a true one), every offset. What the picture shows at the patches must be an affine map of the chart's colors, both
as cube roots of light: that allows for any exposure, white balance, camera matrix, veil and, nearly, any tone curve.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from twinlens.core.chart import Block, Chart
from twinlens.core.image import Array
from twinlens.measure.chart.lattice import Lattice, project
from twinlens.measure.chart.library import charts
from twinlens.measure.chart.pose import Pose
from twinlens.numerics import color

TURNS = tuple(
    np.array(turn) for turn in (
        [[1, 0], [0, 1]], [[0, -1], [1, 0]], [[-1, 0], [0, -1]], [[0, 1], [-1, 0]],
        [[-1, 0], [0, 1]], [[0, 1], [1, 0]], [[1, 0], [0, -1]], [[0, -1], [-1, 0]],
    )
)  # fmt: skip
SLACK = 1  # cells by which blobs may lie outside the chart
OUTSIDE_COST = 0.6  # of the score, when all blobs of the lattice lie outside the chart
LEAST_OF_LATTICE = 0.4  # share of a lattice's blobs that belong to the chart
LEAST_OF_BLOCK = 0.3  # share of a block's patches that are blobs of the lattice
LEAST_QUICK = 0.4  # score by the middles of the patches alone, to be looked at again
LEAST_INSIDE = 0.9  # share of the patches whose centers are in the picture
SAMPLES = np.array([(x, y) for x in (-0.18, 0.0, 0.18) for y in (-0.18, 0.0, 0.18)])  # of a patch's size
OPPONENT = np.array([[1, 1, 1], [1, -1, 0], [0, -1, 1]]) / np.array([[3.0], [1.0], [1.0]])  # lightness, red, blue
WORST_LEFT_OUT = 0.12  # share of the patches: a hand, a shadow, a gloss
SMALLEST_VARIANCE = 1e-5  # of cube roots: less is no pattern


@dataclass(frozen=True, eq=False)
class Hypothesis:
    """A chart laid on the picture: `picture_from_chart` (3, 3) from mm, and how well the colors agree (0 to 1)."""

    chart: Chart
    picture_from_chart: Array
    score: float
    rank: float  # the score less what the blobs outside the chart cost

    @property
    def mirrored(self) -> bool:
        """Whether the chart is seen from behind (a picture turned over)."""
        corners = project(self.picture_from_chart, self.chart.outline)
        x, y = corners.T
        return float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum()) < 0


@lru_cache
def reference(name: str) -> Array:
    """Cube roots of the linear Rec. 2020 of a chart's patches (N, 3)."""
    return np.cbrt(color.xyz_from_lab(charts()[name].lab) @ color.REC2020_FROM_XYZ_D50.T)


def hypotheses(lattice: Lattice, view: Array, kinds: list[Chart], best: int = 3) -> list[Hypothesis]:
    """The best ways to see one of these charts in a lattice; `view` is the perceptual view (H, W, 3)."""
    found: list[Hypothesis] = []
    for chart in kinds:
        for block in chart.blocks:
            if min(block.rows, block.columns) > 1 and len(lattice) >= LEAST_OF_BLOCK * block.size:
                found += _of_block(lattice, view, chart, block)
    return sorted(found, key=lambda one: -one.rank)[:best]


def _of_block(lattice: Lattice, view: Array, chart: Chart, block: Block) -> list[Hypothesis]:
    low, high = lattice.cells.min(0), lattice.cells.max(0)
    cell_from_mm = np.array([
        [1 / block.pitch[0], 0, -(block.origin[0] + block.patch[0] / 2) / block.pitch[0]],
        [0, 1 / block.pitch[1], -(block.origin[1] + block.patch[1] / 2) / block.pitch[1]],
        [0, 0, 1],
    ])  # fmt: skip
    made, rank = [], []
    for turn in TURNS:
        ends = turn @ np.array([[0, block.columns - 1], [0, block.rows - 1]])
        first, last = ends.min(1), ends.max(1)
        size = last - first + 1
        start = np.minimum(low, high - size + 1) - SLACK
        stop = np.maximum(low, high - size + 1) + SLACK
        for x in np.arange(start[0], stop[0] + 1):
            for y in np.arange(start[1], stop[1] + 1):
                inside = ((lattice.cells >= (x, y)) & (lattice.cells < np.array([x, y]) + size)).all(1)
                if inside.mean() < LEAST_OF_LATTICE:
                    continue
                lay = np.eye(3)
                lay[:2, :2], lay[:2, 2] = turn, np.array([x, y]) - first
                made.append(lattice.picture_from_cell @ lay @ cell_from_mm)
                rank.append(OUTSIDE_COST * (1 - inside.mean()))
    if not made:
        return []
    laid, cost = np.stack(made), np.array(rank)
    quick = score_all(laid, view, chart, SAMPLES[4:5])  # the middles first
    likely = np.argsort(cost - quick, kind="stable")[:8]
    likely = likely[quick[likely] > LEAST_QUICK]
    if not likely.size:
        return []
    laid, rank = laid[likely], cost[likely]
    scores = score_all(laid, view, chart)
    order = np.argsort(rank - scores, kind="stable")[:2]
    return [Hypothesis(chart, laid[i], float(scores[i]), float(scores[i] - rank[i])) for i in order]


def score_all(homographies: Array, view: Array, chart: Chart, samples: Array = SAMPLES) -> Array:
    """How well the colors agree (K,), for each way (K, 3, 3) to lay the chart; 0 where it leaves the picture."""
    boxes = chart.boxes
    points = chart.centers[:, None] + samples * (boxes[:, None, 2:] - boxes[:, None, :2])
    homogeneous = np.concatenate([points, np.ones((*points.shape[:2], 1))], -1).reshape(-1, 3)
    placed = homogeneous @ homographies.transpose(0, 2, 1)
    sign = np.sign(placed[:, :1, 2:])
    with np.errstate(divide="ignore", invalid="ignore"):
        xy = np.where(placed[..., 2:] * sign > 1e-9, placed[..., :2] / placed[..., 2:], -1e6)
    return _score_at(np.clip(xy, -1e6, 1e6).reshape(len(homographies), len(points), -1, 2), view, chart)


def _score_at(points: Array, view: Array, chart: Chart) -> Array:
    """Scores (K,) of the colors at points (K, N, S, 2)."""
    seen, inside = _seen(points, view)
    usable = inside.mean((1, 2)) >= LEAST_INSIDE
    scores = np.zeros(len(points))
    if usable.any():
        scores[usable] = agreement(seen[usable], reference(chart.name), inside[usable].all(2).astype(float))
    return scores


def _seen(points: Array, view: Array) -> tuple[Array, Array]:
    """The colors (K, N, 3) at points (K, N, S, 2), medians over the S samples of each patch, and which samples
    (K, N, S) are inside the view."""
    whole = np.rint(points).astype(int)
    columns, rows = whole[..., 0], whole[..., 1]
    height, width = view.shape[:2]
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    return np.median(view[rows.clip(0, height - 1), columns.clip(0, width - 1)], axis=2), inside


def score_pose(pose: Pose, view: Array) -> float:
    """How well the colors of a view agree with a chart in this pose."""
    return float(_score_at(_sampled(pose)[None], view, pose.chart)[0])


def seen_at(pose: Pose, view: Array) -> tuple[Array, Array]:
    """The colors (N, 3) of a view at the patches of a chart in this pose, and their weights (N,): 0 outside."""
    seen, inside = _seen(_sampled(pose)[None], view)
    return seen[0], inside[0].all(1).astype(float)


def _sampled(pose: Pose) -> Array:
    boxes = pose.boxes()
    center = (boxes[:, :2] + boxes[:, 2:]) / 2
    return pose.place(center[:, None] + SAMPLES * (boxes[:, None, 2:] - boxes[:, None, :2]))


def rescored(hypothesis: Hypothesis, score: float) -> Hypothesis:
    """The hypothesis with another score."""
    return replace(hypothesis, score=score, rank=score - hypothesis.score + hypothesis.rank)


def agreement(seen: Array, wanted: Array, weight: Array) -> Array:
    """Share of the variance of `seen` (K, N, 3) that an affine map of `wanted` (N, 3) explains: mean over lightness and
    two color differences, the worst patches left out; `weight` (K, N)."""
    residual, weight = _residual(seen, wanted, weight), weight.copy()
    worst = int(WORST_LEFT_OUT * wanted.shape[0])
    if worst:
        size = (residual**2).sum(2) * weight
        limit = np.sort(size, axis=1)[:, -worst - 1 : -worst]
        weight = weight * (size <= limit)
        residual = _residual(seen, wanted, weight)
    total = weight.sum(1)[:, None, None]
    opponent = seen @ OPPONENT.T
    mean = (opponent * weight[..., None]).sum(1, keepdims=True) / total
    variance = (((opponent - mean) ** 2) * weight[..., None]).sum(1) / total[:, 0]
    left = (((residual @ OPPONENT.T) ** 2) * weight[..., None]).sum(1) / total[:, 0]
    share = np.clip(1 - left / np.maximum(variance, SMALLEST_VARIANCE), 0, 1)
    return share.mean(1) * np.clip(variance.min(1) / SMALLEST_VARIANCE, 0, 1)


def _residual(seen: Array, wanted: Array, weight: Array) -> Array:
    return seen - mapped(seen, wanted, weight)


def mapped(seen: Array, wanted: Array, weight: Array) -> Array:
    """(K, N, 3): the affine maps of `wanted` (N, 3) that are nearest to `seen` (K, N, 3), with `weight` (K, N)."""
    terms = np.concatenate([np.ones((len(wanted), 1)), wanted], 1)
    weighted = terms[None] * weight[..., None]
    normal = weighted.transpose(0, 2, 1) @ terms + 1e-6 * np.eye(4)
    return terms @ np.linalg.solve(normal, weighted.transpose(0, 2, 1) @ seen)
