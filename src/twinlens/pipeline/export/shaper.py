"""Shaper: how the nodes of a table are shared out over an input that reaches far above white.

Most of the nodes lie where the look's own grey curve rises, evenly in display code; the rest go on in stops up to the
brightest light, so that colors of bright lights still find their way to white.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.look import Table
from twinlens.files.clf import Clamp, Cube, Curves, Log, Matrix, Node
from twinlens.files.shaped_cube import ShapedTable
from twinlens.numerics import color
from twinlens.pipeline.export.rendering import Rendering, likely_colors
from twinlens.pipeline.export.table import fitted

Array = npt.NDArray[Any]

HIGHEST = 16.0  # scene light at the end of a linear input: 6.5 stops above mid grey
TOE = 2.0**-8  # scene light under which the logarithm turns straight
CURVE_SHARE = 0.75  # of the nodes, laid along the look's curve
LINEAR_STEPS = 16384  # of a shaper that is even in light: a thousandth of white each
LOG_STEPS = 2048  # of one that is even in a logarithm
DENSE = 65536
LIKELY = 150_000  # colors that pictures have, which a table is fitted to beside the others


def plain_table(render: Rendering, size: int, title: str = "") -> Table:
    """The table of a look over the codes of its input."""
    likely = None
    if render.source.kind == "log":
        likely = render.source.from_scene(likely_colors(render.target, LIKELY))
    return fitted(render.codes, size, title, likely)


def share_of_nodes(render: Rendering, log: Log) -> Callable[[Array], Array]:
    """The place 0 to 1 in the table of scene light 0 to `HIGHEST`, rising strictly."""
    light = log.inverse(np.linspace(0, 1, DENSE))
    shown = render.display(np.repeat(light[:, None], 3, 1)).mean(-1)
    code = np.maximum.accumulate(color.encode(shown))
    place = CURVE_SHARE * code / max(float(code[-1]), 1e-6) + (1 - CURVE_SHARE) * np.linspace(0, 1, DENSE)
    return lambda values: np.interp(values, light, place / place[-1])


def shaped_cube(render: Rendering, size: int, title: str = "") -> ShapedTable:
    """Shaper and table of a look for a linear or log input, in the input's own primaries."""
    place, linear = share_of_nodes(render, Log(TOE, HIGHEST)), render.source.kind == "linear"
    count, high = (LINEAR_STEPS, HIGHEST) if linear else (LOG_STEPS, 1.0)
    at = np.linspace(0, high, count)
    shaper = place(np.clip(render.source.decode(at), 0, HIGHEST))
    if not linear:  # codes below black and above the brightest light keep a little room, so that the shaper rises
        shaper = (shaper + 1e-3 * at) / (shaper[-1] + 1e-3)
        shaper = (shaper - shaper[0]) / (shaper[-1] - shaper[0])
    shaper = shaper.astype(np.float32).astype(float)

    def codes(placed: Array) -> Array:
        return render.codes(np.interp(placed, shaper, at))

    likely = np.interp(render.source.from_scene(likely_colors(render.target, LIKELY)), at, shaper)
    return ShapedTable(np.repeat(shaper[:, None], 3, 1), 0.0, high, fitted(codes, size, title, likely))


def nodes_of_scene(render: Rendering, size: int, before: Array) -> tuple[Node, ...]:
    """CLF nodes for linear light in other primaries: `before` (3x3) to Rec. 2020, logarithm, shaper, table."""
    log = Log(TOE, HIGHEST)
    place = share_of_nodes(render, log)
    at = np.linspace(0, 1, LOG_STEPS)
    shaper = place(log.inverse(at)).astype(np.float32).astype(float)

    def codes(placed: Array) -> Array:
        scene = log.inverse(np.interp(placed, shaper, at))
        return render.target.encode(render.display(scene.reshape(-1, 3))).reshape(placed.shape)

    likely = np.interp(log(np.clip(likely_colors(render.target, LIKELY), 0, HIGHEST)), at, shaper)
    table = fitted(codes, size, likely=likely)
    nodes = (Clamp(0.0, HIGHEST), log, Curves(np.repeat(shaper[:, None], 3, 1)), Cube(table))
    return nodes if np.allclose(before, np.eye(3), atol=1e-9) else (Matrix(before), *nodes)
