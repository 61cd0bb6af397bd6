"""Between: the correction of a table that leads the mix of two looks' numbers to the mix of what both of them show.

Two looks whose curves work in different primaries have no numbers between them that show what lies between. Their
numbers are mixed in the nearer look's primaries all the same, and what then differs from (1 - share) of the one and
share of the other, mixed in tone code, goes into the residual table: fitted with a penalty on its second differences,
so that it is smooth where no color of a picture leads to.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.look import Table, table_of
from twinlens.numerics import color, curve, look
from twinlens.numerics.lut import identity_table
from twinlens.stages.look_map import LookMap, residual

Array = npt.NDArray[Any]

OPEN = "open"  # of a look that is not cut in a gamut
SIZE = 17  # nodes a side, or those of the larger of the looks' own tables
COLORS, GREYS, GREY_WEIGHT = 80_000, 1_000, 30.0
STOPS = (-8.0, 2.5)  # of half of the colors, from white
SMOOTH = (2e-3, 2e-2, 0.2, 2.0)  # weights of squared second differences against a color per node, tried in this order
TURNS = 4  # of the search for the color that the controls turn into the wanted one
ROUNDS = 80  # of conjugate gradients
SEED = 11


def corrections(base: LookMap, one: LookMap, other: LookMap, share: float) -> Iterator[Table]:
    """Tables with which `base` shows the mix of `one` and `other`: each smoother, and less near, than the last."""
    scene, weights = _colors()
    there = table_primaries(base)
    before = color.encode(base.before_table(scene) @ there.T)
    inside = ((before >= 0) & (before <= 1)).all(1)
    scene, before, weights = scene[inside], before[inside], weights[inside]
    shown = [curve.encode_tone(stage.render(scene)) for stage in (one, other)]
    wanted = np.clip(curve.decode_tone((1 - share) * shown[0] + share * shown[1]), 0, 1)
    start = residual(base.table, before).astype(float) if base.table else before
    change = _before_controls(base, start, wanted, there) - start
    size = max(SIZE, table_of(base.table).size if base.table else 0)
    grid = identity_table(size)
    plain = residual(base.table, grid) if base.table else grid
    for smooth in SMOOTH:
        yield Table(np.clip(plain + _fitted(before, change, weights, size, smooth), 0, 1))


def gamut_of(stage: LookMap) -> str:
    """The primaries of a look's residual table, in which its result is cut, or "open"."""
    return getattr(stage, "gamut", OPEN)


def table_primaries(stage: LookMap) -> Array:
    """The 3x3 from linear Rec. 2020 to the primaries of the stage's residual table."""
    gamut = gamut_of(stage)
    return np.eye(3) if gamut == OPEN else color.rgb_from_rgb(gamut, "rec2020")


def _before_controls(base: LookMap, start: Array, wanted: Array, there: Array) -> Array:
    """The codes (N, 3), in the table's primaries, that the controls of `base` turn into `wanted` light."""
    codes, goal, back = start.copy(), color.encode(wanted @ there.T), np.linalg.inv(there)
    for _ in range(TURNS):
        shown = look.rec2020(
            look.control(look.oklab(color.decode(codes) @ back.T), base.saturation, base.skin, np.asarray(base.sectors))
        )
        codes += goal - color.encode(shown @ there.T)
    return codes


def _colors() -> tuple[Array, Array]:
    """Scene light (N, 3) over all that a display shows and brighter, and greys, with weights (N,)."""
    rng = np.random.default_rng(SEED)
    even = color.decode(rng.random((COLORS // 2, 3)))
    wide = np.exp2(rng.uniform(*STOPS, (COLORS // 2, 1))) * rng.random((COLORS // 2, 3))
    grey = np.exp2(np.linspace(-12, STOPS[1], GREYS))[:, None] * np.ones(3)
    return np.concatenate([even, wide, grey]), np.repeat([1.0, GREY_WEIGHT], [COLORS // 2 * 2, GREYS])


def _fitted(codes: Array, change: Array, weights: Array, size: int, smooth: float) -> Array:
    """Node values (size, size, size, 3) [blue, green, red] whose interpolation lies nearest to `change` at `codes`."""
    from scipy import sparse

    from twinlens.numerics.lut_weights import tetrahedral_weights

    nodes, parts = tetrahedral_weights(codes, size)
    ends = np.arange(0, nodes.size + 1, nodes.shape[1])
    matrix = sparse.csr_matrix((parts.ravel(), nodes.ravel(), ends), shape=(len(codes), size**3))
    rough = _second_differences(size)
    scale = size**3 / weights.sum()
    normal = (matrix.T @ sparse.diags_array(weights * scale) @ matrix + smooth * (rough.T @ rough)).tocsr()
    right = matrix.T @ (weights[:, None] * scale * change)
    return np.stack([_solved(normal, right[:, c]) for c in range(3)], -1).reshape(size, size, size, 3)


def _second_differences(size: int) -> Any:
    """Sparse second differences along the three axes of a lattice."""
    from scipy import sparse

    line = (
        sparse.eye_array(size - 2, size)
        - 2 * sparse.eye_array(size - 2, size, k=1)
        + sparse.eye_array(size - 2, size, k=2)
    )
    unit = sparse.eye_array(size)
    return sparse.vstack([
        sparse.kron(sparse.kron(line, unit), unit), sparse.kron(sparse.kron(unit, line), unit),
        sparse.kron(sparse.kron(unit, unit), line),
    ]).tocsr()  # fmt: skip


def _solved(normal: Any, right: Array) -> Array:
    """Conjugate gradients with the diagonal as preconditioner, a fixed number of rounds: the same bytes every time."""
    found, rest = np.zeros_like(right), right.copy()
    inverse = 1 / np.maximum(normal.diagonal(), 1e-9)
    ahead = inverse * rest
    energy = rest @ ahead
    for _ in range(ROUNDS):
        if energy < 1e-18:
            break
        moved = normal @ ahead
        step = energy / (ahead @ moved)
        found, rest = found + step * ahead, rest - step * moved
        nearer = inverse * rest
        energy, last = rest @ nearer, energy
        ahead = nearer + energy / last * ahead
    return found
