"""Sets, checks: what a file tells of its past: edited, resized, saved again, a screenshot, monochrome."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.shot import Shot

Array = npt.NDArray[Any]

_EDITORS = re.compile(
    r"photoshop|lightroom|camera raw|gimp|snapseed|capture one|darktable|rawtherapee|affinity|luminar|vsco|picasa|"
    r"pixelmator|paint\.net|paintshop|instagram|facetune|meitu|polarr|dxo|on1|acdsee|imagemagick|photos \d|"
    r"google photos|canva|xnview|irfanview|digikam",
    re.IGNORECASE,
)
_SCREENSHOT = re.compile(
    r"screen[ _-]?shot|screen[ _-]?capture|bildschirmfoto|capture d.écran|截屏|截图", re.IGNORECASE
)
_PHONE_SCREEN_ASPECT = 1.95  # height to width; no camera's picture is as tall
_CONSTANT_SHARE = 0.35  # of small blocks without any difference: drawn, not photographed
_MONO_CHROMA = 0.004  # spread of a and b of Oklab that a monochrome picture stays under
_RESIZED = 0.75  # a picture with less of the usual height of its camera's pictures was made smaller
_BLOCK = 8


def editor_of(software: str) -> str:
    """The program for editing pictures that a file names as its software; "" where it is none."""
    return software if _EDITORS.search(software) else ""


def is_screenshot(name: str, shot: Shot, grey: Array) -> bool:
    """Whether a picture, `grey` (h, w) uint8 upright, is one of a screen: it says so, or no camera and drawn areas."""
    if _SCREENSHOT.search(name) or b"creenshot" in shot.exif or b"creenshot" in shot.xmp:
        return True
    if shot.make or shot.model or shot.compression not in ("PNG", "WEBP"):
        return False
    height, width = grey.shape
    return height / width >= _PHONE_SCREEN_ASPECT and constant_share(grey) > _CONSTANT_SHARE


def constant_share(grey: Array) -> float:
    """The share of blocks of `grey` (h, w) in which all pixels are the same."""
    rows, columns = grey.shape[0] // _BLOCK, grey.shape[1] // _BLOCK
    if not rows or not columns:
        return 0.0
    blocks = grey[: rows * _BLOCK, : columns * _BLOCK].reshape(rows, _BLOCK, columns, _BLOCK)
    return float(np.mean(blocks.max(axis=(1, 3)) == blocks.min(axis=(1, 3))))


def is_mono(oklab: Array) -> bool:
    """Whether Oklab colors (..., 3) are those of a monochrome picture: one color, or grey with one tint."""
    a, b = oklab[..., 1].ravel(), oklab[..., 2].ravel()
    spread = [float(np.subtract(*np.percentile(one, (98, 2)))) for one in (a, b)]
    return max(spread) < 2 * _MONO_CHROMA


def resized(heights: Sequence[int], cameras: Sequence[str]) -> list[bool]:
    """For each picture of a set whether it is much smaller than most of its camera; unknown cameras are not judged."""
    usual = {
        camera: Counter(long for long, one in zip(heights, cameras, strict=True) if one == camera).most_common(1)[0]
        for camera in set(cameras)
        if camera
    }
    return [
        bool(camera) and usual[camera][1] > 1 and height < _RESIZED * usual[camera][0]
        for height, camera in zip(heights, cameras, strict=True)
    ]
