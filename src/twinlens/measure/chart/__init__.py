"""Chart: color charts in a picture: found, measured and judged.

Blobs that may be patches (`blobs`) are put into lattices (`lattice`); each lattice is compared with the colors of every
kind of chart in every position (`match`); what agrees is placed by the edges of the patches at full resolution
(`refine`), compared once more, measured (`patches`) and judged (`checks`).
"""

from __future__ import annotations

from twinlens.measure.chart.finding import find
from twinlens.measure.chart.library import charts, named

__all__ = ["charts", "find", "named"]
