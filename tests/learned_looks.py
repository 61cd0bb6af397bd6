"""Looks made by formula that are built like learned ones: wide process space, curve per channel, residual table."""

from __future__ import annotations

import numpy as np

from twinlens.core.look import Table, keep_table
from twinlens.numerics import color
from twinlens.numerics.lut import identity_table
from twinlens.pipeline.look import Look
from twinlens.stages.look_map import LookMap

STOPS = np.arange(-10, 4.01, 0.8)
MATRIX = np.array([[0.90, 0.08, 0.02], [0.03, 0.93, 0.04], [0.01, 0.10, 0.89]])
ROOTS = np.array([[0.04, 0.03, 0.03], [0.05, 0.03, 0.02], [0.02, 0.05, 0.03]])


def codes(contrast: float, brightness: float) -> tuple[float, ...]:
    """Display codes of a sigmoid at STOPS."""
    light = 0.18 * brightness * 2.0 ** (contrast * STOPS)
    return tuple(color.encode(np.clip(1.05 * light / (1 + light), 0, 1)).tolist())


def residual(seed: int, size: int, amplitude: float) -> str:
    """A smooth residual table that leaves greys and the gamut's edge alone."""
    rng = np.random.default_rng(seed)
    grid = identity_table(size).astype(float)
    felt = 64 * np.prod(grid * (1 - grid), -1, keepdims=True) * np.ptp(grid, axis=-1, keepdims=True)
    waves = np.sin(grid @ rng.normal(0, 2, (3, 3)) + rng.normal(size=3))
    return keep_table(Table(np.clip(grid + amplitude * felt * waves, 0, 1)))


def wide() -> Look:
    """Curves per channel in ProPhoto after a root-polynomial of degree 3, 17 nodes a side."""
    transform = np.zeros((3, 13))
    transform[:, :3], transform[:, 3:6] = 0.9 * MATRIX, ROOTS
    rows = (tuple(STOPS.tolist()), codes(1.3, 1.4), codes(1.28, 1.38), codes(1.34, 1.37))
    return _look("wide", transform, space="prophoto", nodes=rows, table=residual(1, 17, 0.015))


def plain() -> Look:
    """One curve in Rec. 2020 after a matrix, 33 nodes a side, with controls."""
    rows = (tuple(STOPS.tolist()), codes(1.1, 1.7))
    table = residual(2, 33, 0.015)
    return _look("plain", MATRIX, space="rec2020", nodes=rows, table=table, saturation=1.1, keep_hue=0.3)


def steep() -> Look:
    """A hard curve and a strong residual."""
    rows = (tuple(STOPS.tolist()), codes(1.9, 1.5), codes(1.85, 1.5), codes(1.95, 1.45))
    return _look("steep", MATRIX, space="prophoto", nodes=rows, table=residual(3, 17, 0.03))


def by_light() -> Look:
    """A look that knows two lights."""
    warm = MATRIX @ np.diag([0.97, 1.0, 1.06])
    lights = ((2856.0, *(warm / warm.sum(1, keepdims=True)).ravel().tolist()), (6504.0, *MATRIX.ravel().tolist()))
    rows = (tuple(STOPS.tolist()), codes(1.2, 1.5))
    return Look(name="by light", map=LookMap(lights=lights, curve="nodes", nodes=rows))


def _look(name: str, transform: np.ndarray, **values: object) -> Look:
    rows = tuple(map(tuple, transform.tolist()))
    return Look(name=name, map=LookMap(transform=rows, curve="nodes", **values))  # type: ignore[arg-type]
