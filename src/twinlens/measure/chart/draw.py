"""Draw: the patches of found charts drawn on the picture, to see at a glance whether they lie right."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from twinlens.core.chart import ChartFound
from twinlens.core.image import Array, Image
from twinlens.measure.chart.plate import plate
from twinlens.numerics.color import encode

LONG_EDGE = 1600  # pixels of the drawing
GOOD, DOUBTFUL, FIRST = (60, 255, 60), (255, 160, 0), (255, 40, 40)
BRIGHT_PERCENTILE = 99.5


def drawn(picture: Image | Array, found: Sequence[ChartFound]) -> Array:
    """(h, w, 3) uint8 sRGB: the picture with every patch outlined (orange where it is doubtful) and a red dot at each
    chart's own top left corner. A raw is shown with its channels scaled to equal brightness."""
    import cv2

    source = plate(picture)
    linear, step = source.reduced(LONG_EDGE)
    if source.space is None:
        linear = linear / np.maximum(np.percentile(linear, BRIGHT_PERCENTILE, axis=(0, 1)), 1e-6)
    shown = np.ascontiguousarray(encode(np.clip(linear, 0, 1)) * 255 + 0.5).astype(np.uint8)
    for chart in found:
        outlines = (source.from_frame(chart.outlines) + 0.5) / step - 0.5
        for outline, patch in zip(outlines, chart.patches, strict=True):
            inner = outline.mean(0) + (outline - outline.mean(0)) * 0.94
            color = GOOD if patch.quality == "good" else DOUBTFUL
            cv2.polylines(shown, [np.rint(inner * 16).astype(np.int32)], True, color, 2, cv2.LINE_AA, 4)
        corner = (source.from_frame(chart.corners[0]) + 0.5) / step - 0.5
        cv2.circle(shown, (round(float(corner[0])), round(float(corner[1]))), 7, FIRST, -1, cv2.LINE_AA)
    return shown
