"""Scenes: which pictures show the same thing, told by what they show and not by their names.

Every picture is compared with pictures of every scene found so far, and joins the scenes that it agrees with, which
become one; else it begins one of its own. That is far fewer comparisons than all with all, and a picture that another
picture of the scene does not overlap still finds it through a third.
"""

from __future__ import annotations

from collections.abc import Sequence

from twinlens.compare.sets import Picture
from twinlens.core.record import record
from twinlens.measure.registration import Features, homography

LEAST_INLIERS, LEAST_SHARE = 22, 0.25  # points that agree, and their share of those that look alike
_ASKED = 3  # pictures of a scene that a new one is compared with


@record(kw_only=True)
class SceneGroup:
    """Pictures of one scene, as indices into the list that was given; the others are laid on picture `anchor`."""

    anchor: int
    members: tuple[int, ...]


def grouped(pictures: Sequence[Picture]) -> list[SceneGroup]:
    """The scenes of pictures, in the order of their first picture; a scene may have one picture."""
    groups: list[list[int]] = []
    agreed: dict[tuple[int, int], int] = {}
    for index, picture in enumerate(pictures):
        joined = [index]
        for group in groups:
            asked = group[:: -(-len(group) // _ASKED)]
            counts = {other: inliers(pictures[other].features, picture.features) for other in asked}
            agreed |= {(other, index): count for other, count in counts.items()}
            joined += group if any(counts.values()) else []
        groups = [group for group in groups if group[0] not in joined] + [sorted(joined)]
    groups.sort(key=lambda group: group[0])
    return [SceneGroup(anchor=_anchor(group, agreed), members=tuple(group)) for group in groups]


def inliers(one: Features, other: Features) -> int:
    """How many points of two pictures agree; 0 where they do not surely show the same thing."""
    found = homography.fit(one, other)
    if found is None or found.inliers < LEAST_INLIERS or found.share < LEAST_SHARE:
        return 0
    return found.inliers if homography.is_possible(found.matrix, one, other) else 0


def _anchor(group: Sequence[int], agreed: dict[tuple[int, int], int]) -> int:
    """The picture that most others agreed with when they were asked."""

    def support(index: int) -> tuple[int, int]:
        own = [count for pair, count in agreed.items() if index in pair]
        return sum(count > 0 for count in own), sum(own)

    return max(group, key=support)
