"""Window: the part of a plate around a chart, in linear light, to be read between its pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twinlens.core.image import Array
from twinlens.measure.chart import tone
from twinlens.measure.chart.plate import Plate
from twinlens.measure.chart.pose import Pose


@dataclass(frozen=True, eq=False)
class Window:
    """`pixels` (h, w, 3) linear; `origin` is the first pixel (x, y) in the plate."""

    pixels: Array
    origin: Array
    is_rendered: bool

    @classmethod
    def around(cls, pose: Pose, plate: Plate) -> Window:
        height, width = plate.pixels.shape[:2]
        corners = pose.corners()
        margin = 0.6 * pose.patch_px() + 2
        low = np.clip(np.floor(corners.min(0) - margin), 0, [width - 1, height - 1]).astype(int)
        high = np.clip(np.ceil(corners.max(0) + margin) + 1, low + 1, [width, height]).astype(int)
        part = plate.pixels[low[1] : high[1], low[0] : high[0]]
        return cls(np.ascontiguousarray(plate.nearly_linear(part)), low, plate.space is not None)

    def straightened(self, pose: Pose) -> Window:
        """The window with the picture's tone curve taken out, as far as the neutral patches tell it."""
        boxes = pose.boxes()
        center, half = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]) / 2
        grid = np.stack(np.meshgrid(*(np.linspace(-0.5, 0.5, 5),) * 2), -1).reshape(-1, 2)
        read = self.at(pose.place(center[:, None] + half[:, None] * grid))
        inside = np.isfinite(read.min(-1)).any(-1)
        seen = np.full((len(boxes), 3), np.nan)
        seen[inside] = np.nanmedian(read[inside], axis=1)
        tables = tone.straightener(pose.chart, seen)
        return self if tables is None else Window(tone.straightened(self.pixels, tables), self.origin, True)

    def at(self, points: Array) -> Array:
        """Linear RGB (..., 3) at points (..., 2), bilinear; NaN outside the picture."""
        import cv2

        local = (points - self.origin).astype(np.float32).reshape(1, -1, 2)
        outside = (np.nan,) * 3
        rows = [
            cv2.remap(self.pixels, local[:, first : first + 30000], None, cv2.INTER_LINEAR,  # type: ignore[arg-type]
                      borderMode=cv2.BORDER_CONSTANT, borderValue=outside)
            for first in range(0, local.shape[1], 30000)
        ]  # fmt: skip
        return np.concatenate(rows, 1).reshape(*points.shape[:-1], 3)
