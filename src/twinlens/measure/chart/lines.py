"""Lines: what is straight in the world on a color chart: the sides of its rows and of its columns of patches.

The edges of the patches are read as for placing the chart (`refine`), after it was placed; each point belongs to one
side of one row or column. A lens's distortion bends these lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from twinlens.core.chart import Chart
from twinlens.core.image import Array, Image
from twinlens.measure.chart import library
from twinlens.measure.chart.finding import search
from twinlens.measure.chart.plate import plate
from twinlens.measure.chart.pose import Pose
from twinlens.measure.chart.refine import REACHES, STRAIGHTEN_AT, Edges, at_sides, read_edges
from twinlens.measure.chart.window import Window

FEWEST_POINTS = 8  # of a line
FEWEST_PATCHES = 4  # of a row or column: fewer tell nothing of how it bends
STRAY = 5.0  # x the robust spread of the edges: a scratch, a finger


def chart_lines(picture: Image | Array, *, kinds: Iterable[str] | None = None) -> list[Array]:
    """Points (N, 2) of (x, y) along each straight line of the charts in a picture, in pixels of the upright full-size
    picture; an empty list where no chart is found."""
    source = plate(picture)
    lines: list[Array] = []
    for _, refined in search(source, library.named(kinds)):
        window = Window.around(refined.pose, source)
        if source.space is not None and len(REACHES) > STRAIGHTEN_AT:
            window = window.straightened(refined.pose)
        edges = read_edges(refined.pose, window, REACHES[-1])
        lines += [source.to_frame(one) for one in _sorted_out(refined.pose, edges)]
    return lines


def _sorted_out(pose: Pose, edges: Edges) -> Iterator[Array]:
    """The edges' points (N, 2) line by line, those far from where the pose has them left out."""
    off = ((edges.points - pose.place(at_sides(pose.boxes(), edges.index))) * edges.normals).sum(1)
    good = np.abs(off) < STRAY * (1.4826 * float(np.median(np.abs(off))) + 1e-3)
    points, (patch, side, _) = edges.points[good], edges.index[good].T
    for members, wanted in _sides(pose.chart):
        which = np.isin(patch, members) & (side == wanted)
        if which.sum() >= FEWEST_POINTS and len(np.unique(patch[which])) >= FEWEST_PATCHES:
            yield points[which]


def _sides(chart: Chart) -> Iterator[tuple[Array, int]]:
    """Patch numbers and side (0 top, 1 right, 2 bottom, 3 left) that lie on one line."""
    for block in chart.blocks:
        numbers = block.first + np.arange(block.size).reshape(block.rows, block.columns)
        for row in numbers:
            yield from ((row, 0), (row, 2))
        for column in numbers.T:
            yield from ((column, 1), (column, 3))
