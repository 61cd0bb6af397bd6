"""Profile gain table: the local tone that a file or profile brings along (ProfileGainTableMap, ProfileGainTableMap2).

It runs in scene light before exposure; the brightness that it looks at is the one after BaselineExposure. Places
count in the cropped picture. Source: Digital Negative Specification 1.7.1, tags of these names.
"""

from __future__ import annotations

from dataclasses import field, replace
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from twinlens.core.camera_color import GainTableMap
from twinlens.core.errors import ParameterError
from twinlens.core.image import SCENE, Image
from twinlens.core.profile import color_in_use
from twinlens.core.record import record
from twinlens.core.stage import Facts, Stage, param
from twinlens.kernels.gain_table import gain_table
from twinlens.numerics.color import rgb_from_rgb
from twinlens.numerics.gain_table import gain_place

Array = npt.NDArray[Any]

PROPHOTO_FROM_REC2020 = rgb_from_rgb("prophoto", "rec2020")


@record(kw_only=True)
class ProfileGainTable(Stage):
    """The map comes from the file or profile whenever the recipe is resolved; `map_hash` holds it to the recipe."""

    accepts: ClassVar = SCENE
    returns: ClassVar = SCENE

    amount: float = param(1.0, low=0, high=1, doc="how much of the file's own local tone is applied; 0 is off")
    baseline: float | None = param(
        None, unit="EV", low=-16, high=16, doc="BaselineExposure and its offset", expert=True
    )
    map_hash: str = param("", doc="fingerprint of the map that was applied", expert=True)
    gain_map: GainTableMap | None = field(
        default=None, compare=False, repr=False, metadata={"doc": "the map", "transient": True}
    )

    @property
    def is_identity(self) -> bool:
        return self.gain_map is None or self.amount == 0

    def resolve(self, facts: Facts) -> Self:
        color = color_in_use(facts.shot, facts.profile)
        given = color.gain_table_map or facts.shot.color.gain_table_map
        found = _fingerprint(given)
        if self.map_hash and self.map_hash != found:
            raise ParameterError(
                f"the recipe was made with gain table map {self.map_hash}, the file has {found or 'none'}: "
                "give the same file and profile again, or set ProfileGainTable.amount = 0"
            )
        baseline = self.baseline
        if baseline is None:
            baseline = facts.shot.baseline_exposure + color.baseline_exposure_offset
        return replace(self, gain_map=given, map_hash=found, baseline=baseline)

    def __call__(self, image: Image) -> Image:
        given = self.gain_map
        if given is None or self.amount == 0:
            return image
        window, (height, width) = image.window, image.window.frame
        points_v, points_h, _ = given.gains.shape
        rows = gain_place(image.height, window.top, height, given.origin[0], given.spacing[0], points_v)
        columns = gain_place(image.width, window.left, width, given.origin[1], given.spacing[1], points_h)
        gains = given.gains if self.amount == 1 else np.maximum(given.gains, 0) ** np.float32(self.amount)
        mixing = PROPHOTO_FROM_REC2020 * 2.0 ** (self.baseline or 0.0)
        weights = np.array(given.input_weights)
        return image.with_pixels(gain_table(image.pixels, gains, rows, columns, mixing, weights, given.gamma))


def _fingerprint(given: GainTableMap | None) -> str:
    if given is None:
        return ""
    import hashlib  # slow to load, and most files have no table

    data = np.ascontiguousarray(given.gains, np.float32).tobytes()
    rest = repr((given.gains.shape, given.origin, given.spacing, given.input_weights, given.gamma))
    return hashlib.sha256(data + rest.encode()).hexdigest()[:12]
