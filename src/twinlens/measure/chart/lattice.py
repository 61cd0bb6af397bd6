"""Lattice: blobs that stand in rows and columns, and the homography from row and column to the picture.

Each blob is a frame of its own: two sides and a center. Where the center of a like blob lies one step along a side,
the two are neighbours; neighbours are followed from blob to blob, which counts rows and columns. A homography fitted
to the counted centers then takes in the blobs that the steps have missed and drops those that do not fit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twinlens.core.image import Array
from twinlens.measure.chart.blobs import Blobs

STEP_RANGE = (0.9, 1.85)  # one step from patch to patch, in sides of the patch
SIDESTEP = 0.38  # how far off the line of its side a neighbour may be
LIKE_AREA = 2.4  # largest ratio of the areas of neighbours
SKEW = 0.35  # how far the sides of neighbours may differ in direction
OFF_PLACE = 0.24  # steps between a blob and its place in the lattice
LEAST_NODES = 5  # to begin with
LEAST_SETTLED = 8  # a third of the smallest chart
TURNS = ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))


@dataclass(frozen=True, eq=False)
class Lattice:
    """`picture_from_cell` (3, 3) takes (column, row) to (x, y); `cells` (N, 2) are column and row of the blobs
    `members` (N,)."""

    picture_from_cell: Array
    cells: Array
    members: Array

    def __len__(self) -> int:
        return len(self.members)


def project(homography: Array, points: Array) -> Array:
    """Points (..., 2) through a homography (3, 3)."""
    made = points @ homography[:, :2].T + homography[:, 2]
    return made[..., :2] / made[..., 2:]


Cells = dict[int, tuple[int, int]]  # column and row of blobs


def find(blobs: Blobs) -> tuple[list[Lattice], list[Cells]]:
    """Lattices of eight blobs and more, the largest first; and the groups of blobs in which they were looked for, whose
    rows may make lattices by themselves (`pairs`)."""
    if len(blobs) < LEAST_NODES:
        return [], []
    near, basis = _neighbours(blobs)
    free = np.ones(len(blobs), bool)
    whole: list[Lattice] = []
    groups: list[Cells] = []
    for seed in np.argsort(-near.any(2).sum(1), kind="stable"):
        if not free[seed] or not near[seed].any():
            continue
        counted = _counted(int(seed), near, basis, free)
        free[list(counted)] = False
        if len(counted) < LEAST_NODES:
            continue
        groups.append(counted)
        lattice = _settled(counted, blobs)
        if lattice is not None:
            free[lattice.members] = False
            whole.append(lattice)
    return sorted(whole, key=lambda one: -len(one)), groups


def pairs(groups: list[Cells], blobs: Blobs) -> list[Lattice]:
    """Two neighbouring rows (or columns) of each group as lattices, the largest first: for charts that are not one even
    grid."""
    return sorted((one for group in groups for one in _pairs(group, blobs)), key=lambda one: -len(one))


def _pairs(counted: Cells, blobs: Blobs) -> list[Lattice]:
    made = []
    for axis in (0, 1):
        places = [cell[axis] for cell in counted.values()]
        for first in range(min(places), max(places)):
            pair = {blob: cell for blob, cell in counted.items() if cell[axis] in (first, first + 1)}
            counts = [sum(cell[axis] == one for cell in pair.values()) for one in (first, first + 1)]
            if min(counts) >= LEAST_SETTLED // 2 and len(pair) < len(counted):
                lattice = _settled(pair, blobs)
                if lattice is not None:
                    made.append(lattice)
    return made


def _neighbours(blobs: Blobs) -> tuple[Array, Array]:
    """near (N, N, 4): blob j is one step from i along +u, +v, -u, -v of i; basis (N, 2, 2): the sides u, v as rows."""
    quads = blobs.quads
    u = (quads[:, 1] - quads[:, 0] + quads[:, 2] - quads[:, 3]) / 2
    v = (quads[:, 3] - quads[:, 0] + quads[:, 2] - quads[:, 1]) / 2
    basis = np.stack([u, v], 1)
    into = np.linalg.inv(basis)  # row vector @ into: in units of u and v
    steps = (blobs.centers[None] - blobs.centers[:, None]) @ into
    ratio = blobs.areas[None] / blobs.areas[:, None]
    like = (ratio < LIKE_AREA) & (ratio > 1 / LIKE_AREA)
    like &= (np.abs(steps).max(2) < STEP_RANGE[1]) & ~np.eye(len(blobs), dtype=bool)
    first, second = np.nonzero(like)
    sides = basis[second] @ into[first]  # the neighbour's sides in the own units
    along = np.abs(sides / np.abs(sides).max(2, keepdims=True))
    square = along.min(2).max(1) < SKEW
    like[first[~square], second[~square]] = False
    near = np.zeros((*like.shape, 4), bool)
    for turn, (a, b) in enumerate(TURNS):
        ahead = steps @ np.array([a, b])
        aside = steps @ np.array([-b, a])
        near[..., turn] = like & (ahead > STEP_RANGE[0]) & (ahead < STEP_RANGE[1]) & (np.abs(aside) < SIDESTEP)
    mutual = np.asarray(near.any(2)).T
    return near & mutual[..., None], basis


def _counted(seed: int, near: Array, basis: Array, free: Array) -> Cells:
    """Column and row of every blob that steps lead to from the seed."""
    frames = {seed: basis[seed]}
    cells, taken, waiting = {seed: (0, 0)}, {(0, 0)}, [seed]
    while waiting:
        at = waiting.pop(0)
        frame = frames[at]
        turned = np.linalg.solve(frame.T, basis[at].T).T  # own sides in units of the common frame
        for other in np.flatnonzero(near[at].any(1) & free):
            if int(other) in cells:
                continue
            turn = int(np.argmax(near[at, other]))
            step = np.array(TURNS[turn]) @ turned
            axis = int(np.argmax(np.abs(step)))
            move = [0, 0]
            move[axis] = int(np.sign(step[axis]))
            cell = (cells[at][0] + move[0], cells[at][1] + move[1])
            if cell in taken:
                continue
            cells[int(other)] = cell
            taken.add(cell)
            frames[int(other)] = _aligned(basis[other], frame)
            waiting.append(int(other))
    return cells


def _aligned(basis: Array, frame: Array) -> Array:
    """The sides of a blob, named and turned like those of its neighbour."""
    sides = np.linalg.solve(frame.T, basis.T).T
    order = [0, 1] if abs(sides[0, 0]) + abs(sides[1, 1]) >= abs(sides[0, 1]) + abs(sides[1, 0]) else [1, 0]
    signs = np.sign([sides[order[0], 0], sides[order[1], 1]])
    return basis[order] * signs[:, None]


def _settled(counted: Cells, blobs: Blobs) -> Lattice | None:
    """The lattice of counted blobs after blobs that do not fit were dropped and those that fit were taken in."""
    members = np.array(list(counted))
    cells = np.array([counted[one] for one in members], float)
    size = np.median(blobs.areas[members])
    like = (blobs.areas < 1.5 * LIKE_AREA * size) & (blobs.areas > size / LIKE_AREA / 1.5)
    homography = None
    for _ in range(4):
        if len(members) < LEAST_NODES or min(np.ptp(cells, axis=0)) < 1:
            return None
        homography = fitted(cells, blobs.centers[members])
        if homography is None:
            return None
        place = project(np.linalg.inv(homography), blobs.centers)
        whole = np.rint(place)
        off = np.hypot(*(place - whole).T)
        low, high = cells.min(0) - 3, cells.max(0) + 3
        fits = like & (off < OFF_PLACE) & (whole >= low).all(1) & (whole <= high).all(1)
        again = _one_each(np.flatnonzero(fits), whole, off)
        if set(again) == set(members):
            break
        members, cells = again, whole[again]
    return Lattice(homography, cells, members) if homography is not None and len(members) >= LEAST_SETTLED else None


def _one_each(chosen: Array, cells: Array, off: Array) -> Array:
    """Of blobs in one cell the one that lies best."""
    order = chosen[np.argsort(off[chosen], kind="stable")]
    _, first = np.unique(cells[order], axis=0, return_index=True)
    return order[np.sort(first)]


def fitted(cells: Array, points: Array, weights: Array | None = None) -> Array | None:
    """The homography (3, 3) from cells to points by least squares with outliers weighted down; affine below 8 points.

    None where the points lie in a line.
    """
    scale, middle = max(float(np.ptp(points, axis=0).max()), 1e-6), points.mean(0)
    local = (points - middle) / scale
    weight = np.ones(len(cells)) if weights is None else weights
    back = np.array([[scale, 0, middle[0]], [0, scale, middle[1]], [0, 0, 1]])
    made = None
    for _ in range(4):
        made = _direct(cells, local, weight)
        if made is None or not np.isfinite(made).all() or abs(np.linalg.det(made)) < 1e-9:
            return None
        off = np.hypot(*(project(made, cells) - local).T)
        limit = max(2.5 * float(np.median(off)), 1e-4)
        weight = np.minimum(1.0, limit / np.maximum(off, 1e-9)) ** 2
    return back @ made


def _direct(cells: Array, points: Array, weight: Array) -> Array | None:
    x, y = cells[:, 0], cells[:, 1]
    zero, one = np.zeros(len(x)), np.ones(len(x))
    terms = 8 if len(x) >= 8 else 6
    rows = [np.stack([x, y, one, zero, zero, zero, -points[:, 0] * x, -points[:, 0] * y], 1)[:, :terms],
            np.stack([zero, zero, zero, x, y, one, -points[:, 1] * x, -points[:, 1] * y], 1)[:, :terms]]  # fmt: skip
    matrix = np.concatenate(rows) * np.tile(weight, 2)[:, None]
    target = np.concatenate([points[:, 0], points[:, 1]]) * np.tile(weight, 2)
    found, _, rank, _ = np.linalg.lstsq(matrix, target, rcond=1e-10)
    if rank < terms:
        return None
    return np.append(found, [0.0] * (8 - terms) + [1.0]).reshape(3, 3)
