"""DCP look: the rendering that a camera profile asks for: its look table, tone curve and RGB table.

All run in linear ProPhoto RGB, after exposure and in this order (Digital Negative Specification 1.7.1, chapter 6).
The tone curve acts on the largest and the smallest channel and the middle one keeps its place between them, so hues
stay. A profile without a curve is shown with a straight one: the default curve of DNG software is not part of the
specification. Of the RGB tables the one for the whole picture is used; those for parts of the picture need masks,
which are not read.
"""

from __future__ import annotations

from dataclasses import field, replace
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from twinlens.core.camera_color import CameraColor, HueSatTable, RgbTable
from twinlens.core.errors import ParameterError
from twinlens.core.image import DISPLAY, SCENE, Image
from twinlens.core.profile import color_in_use
from twinlens.core.record import record
from twinlens.core.stage import Facts, Stage, param
from twinlens.kernels.hue_sat import hue_sat
from twinlens.kernels.rgb_tone import rgb_tone
from twinlens.numerics.color import rgb_from_rgb
from twinlens.numerics.hue_sat import sampled_curve
from twinlens.numerics.rgb_table import apply_rgb_table

Array = npt.NDArray[Any]

PROPHOTO_FROM_REC2020 = rgb_from_rgb("prophoto", "rec2020")
REC2020_FROM_PROPHOTO = np.linalg.inv(PROPHOTO_FROM_REC2020)


@record(kw_only=True)
class DcpLook(Stage):
    """The tables come from the file or profile whenever the recipe is resolved; `tables_hash` holds them to the
    recipe."""

    accepts: ClassVar = SCENE
    returns: ClassVar = DISPLAY

    look_table: bool = param(True, doc="apply the profile's look table")
    tone_curve: bool = param(True, doc="apply the profile's tone curve")
    rgb_table: bool = param(True, doc="apply the profile's RGB table for the whole picture")
    tables_hash: str = param("", doc="fingerprint of the tables that were applied", expert=True)
    color: CameraColor | None = field(
        default=None, compare=False, repr=False, metadata={"doc": "the profile's tables", "transient": True}
    )
    curve: np.ndarray | None = field(
        default=None, compare=False, repr=False, metadata={"doc": "the sampled tone curve", "transient": True}
    )

    def resolve(self, facts: Facts) -> Self:
        color = color_in_use(facts.shot, facts.profile)
        if color.look_table is not None:
            values = np.ascontiguousarray(color.look_table.values, np.float32)
            color = replace(color, look_table=replace(color.look_table, values=values))
        curve = sampled_curve(color.tone_curve if self.tone_curve else None)
        found = self._fingerprint(color, curve)
        if self.tables_hash not in ("", found):
            raise ParameterError(
                f"the recipe was made with profile tables {self.tables_hash}, the profile given now has {found}: "
                "give the same profile again"
            )
        return replace(self, color=color, curve=curve, tables_hash=found)

    def _fingerprint(self, color: CameraColor, curve: Array) -> str:
        import hashlib

        digest = hashlib.sha256(curve.tobytes())
        if self.look_table and color.look_table is not None:
            digest.update(np.ascontiguousarray(color.look_table.values, np.float32).tobytes())
            digest.update(color.look_table.encoding.encode())
        table = self._rgb_table(color)
        if table is not None:
            digest.update(np.ascontiguousarray(table.values, np.float32).tobytes())
            digest.update(repr((table.primaries, table.gamma, table.gamut)).encode())
        return digest.hexdigest()[:12]

    def _rgb_table(self, color: CameraColor | None) -> RgbTable | None:
        tables = color.rgb_tables if self.rgb_table and color is not None else ()
        return next((one for one in tables if not one.semantic_name), None)

    def _look_table(self) -> HueSatTable | None:
        return self.color.look_table if self.look_table and self.color is not None else None

    def __call__(self, image: Image) -> Image:
        pixels, before = image.pixels, PROPHOTO_FROM_REC2020
        look, table = self._look_table(), self._rgb_table(self.color)
        if look is not None:
            pixels = hue_sat(pixels, look.values, look.encoding == "srgb", before, np.eye(3))
            before = np.eye(3)
        curve = self.curve if self.curve is not None else sampled_curve(None)
        if table is None:
            pixels = rgb_tone(pixels, curve, before, REC2020_FROM_PROPHOTO)
        else:
            pixels = apply_rgb_table(rgb_tone(pixels, curve, before, np.eye(3)), table, REC2020_FROM_PROPHOTO)
        return image.with_pixels(pixels, state=DISPLAY, noise=None)
