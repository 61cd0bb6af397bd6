"""Registration: where the places of one picture lie in another of the same scene, and which places do.

Handheld pictures of two cameras differ in place, crop, lens, exposure, white balance and rendering. Points that look
alike (SIFT) give a homography (MAGSAC); a dense flow on locally normalized brightness follows what is nearer or
farther (parallax); what still does not agree (moved things, what only one of them sees) is masked. How well they lie on
each other is measured again by correlation of small areas, which knows nothing of the points.

Points are (x, y), pixel centers at whole numbers. Pictures are arrays (H, W) or (H, W, 3), display-like: uint8, or
float 0 to 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import ParameterError
from twinlens.measure.registration.features import Features, describe
from twinlens.measure.registration.matching import Match, groups, match, matches
from twinlens.measure.registration.model import Registration, warp

Array = npt.NDArray[Any]

WORK_PX = 1024  # long edge at which pictures are compared

__all__ = [
    "Features",
    "Match",
    "Registration",
    "describe",
    "groups",
    "match",
    "matches",
    "register",
    "register_described",
    "warp",
]


def register(fixed: Array, moving: Array, *, refine: bool = True, work_px: int = WORK_PX) -> Registration | None:
    """Where the places of `fixed` lie in `moving`; None where they do not surely show the same scene.

    Turned by any angle, another crop or lens (half to twice the scale), other exposure, white balance and rendering are
    fine. Without `refine` it is the homography alone (a scene far away, or one picture rendered twice). Raises
    ParameterError for arrays that are no pictures.
    """
    one, other = (describe(checked(picture), work_px) for picture in (fixed, moving))
    return register_described(one, other, refine=refine)


def register_described(fixed: Features, moving: Features, *, refine: bool = True) -> Registration | None:
    """`register` for pictures that were described already (`describe`)."""
    from twinlens.measure.registration import agreement, flow, homography

    found = homography.fit(fixed, moving)
    if found is None or not homography.is_possible(found.matrix, fixed, moving):
        return None
    placed = flow.refined(found.matrix, fixed, moving) if refine else flow.rigid(found.matrix, fixed, moving)
    checked_by_areas = agreement.of_areas(fixed.grey, placed)
    if not checked_by_areas.is_sound:
        return None
    sure = agreement.sure_cells(fixed, placed)
    return Registration.at_full_size(found, placed, sure, checked_by_areas, fixed, moving)


def checked(picture: Any) -> Array:
    """The picture as an array; ParameterError where it is none."""
    array = np.asarray(picture)
    is_picture = array.ndim == 2 or (array.ndim == 3 and array.shape[2] == 3)
    if not is_picture or array.dtype.kind not in "uf" or min(array.shape[:2], default=0) < 16:
        raise ParameterError(
            f"registration takes pictures (H, W) or (H, W, 3) of 16 px or more, uint8 or float 0 to 1; got "
            f"{array.dtype} {array.shape}"
        )
    return array
