"""Levels: checks of the mosaic's filter order, white level and black level against its pixels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.image import Image
from twinlens.measure.doctor.findings import Finding
from twinlens.numerics.linearize import find_white_level

Array = npt.NDArray[Any]

BLACK_CONTRADICTION_DN = 0.01  # of the span from black to white


def green_disagreement(pixels: Array) -> dict[str, float]:
    """For each of the two diagonals of the 2 x 2 tile, how much its two sites differ, relative to all four.

    In a Bayer mosaic the two greens see the same light, so their diagonal differs least. Keys "main" (sites 00 and 11)
    and "anti" (01 and 10).
    """
    height, width = pixels.shape[0] // 2 * 2, pixels.shape[1] // 2 * 2
    step = max(2, int(np.sqrt(height * width / 4e5)) // 2 * 2)
    sites = {(y, x): pixels[y:height:step, x:width:step].astype(float) for y in (0, 1) for x in (0, 1)}
    rows, columns = min(one.shape[0] for one in sites.values()), min(one.shape[1] for one in sites.values())
    sites = {key: one[:rows, :columns] for key, one in sites.items()}
    scale = float(np.mean([one.std() for one in sites.values()])) or 1.0
    return {
        "main": float(np.median(np.abs(sites[0, 0] - sites[1, 1]))) / scale,
        "anti": float(np.median(np.abs(sites[0, 1] - sites[1, 0]))) / scale,
    }


def check_cfa(image: Image) -> Iterator[Finding]:
    cfa = image.cfa
    if cfa is None or not cfa.is_bayer or min(image.pixels.shape) < 64:
        return
    top, left, bottom, right = image.shot.area
    tile = cfa.shifted(top, left)
    differences = green_disagreement(image.pixels[top:bottom, left:right])
    stated = "anti" if tile.name in ("RGGB", "BGGR") else "main"
    other = "main" if stated == "anti" else "anti"
    if differences[stated] > 0.02 and differences[other] < 0.5 * differences[stated]:
        yield Finding(
            "cfa-order",
            "error",
            f"The color filter order {cfa.name} contradicts the picture: its two green sites differ more than"
            " the other two.",
            "The order is one row or one column off, which this cannot tell apart; --repair --only cfa-order writes it"
            " one column on.",
            repairable=True,
        )


def check_white_level(image: Image) -> Iterator[Finding]:
    shot = image.shot
    if image.pixels.dtype.kind != "u" or image.pixels.ndim != 2 or shot.linearization_table is not None:
        return
    tagged = min(shot.white_level) if shot.white_level else float(2**shot.bits - 1)
    black = 0.0 if shot.black_level is None else float(np.max(shot.black_level))
    tile = image.cfa.indices if image.cfa is not None and image.cfa.is_bayer else None
    found, reason = find_white_level(image.pixels, tagged, black, tile)
    if reason:
        yield Finding(
            "white-level-high",
            "error",
            f"The white level is above the real clipping point: {reason}.",
            f"twinlens uses {found:g}, so that highlights do not turn pink; --repair writes it.",
            repairable=True,
        )
    elif black >= tagged:
        yield Finding(
            "levels-impossible",
            "error",
            f"The black level {black:g} is not below the white level {tagged:g}.",
            "The picture cannot be developed until one is right; use --set linearize.black or linearize.white.",
        )


def masked_black(image: Image) -> float | None:
    """The median of the masked pixels, DN; None without masked areas."""
    parts = [image.pixels[t:b, x:r].ravel() for t, x, b, r in image.shot.masked_areas]
    values = np.concatenate(parts) if parts else np.array([])
    return float(np.median(values)) if values.size else None


def check_black_level(image: Image) -> Iterator[Finding]:
    shot = image.shot
    white = max(shot.white_level) if shot.white_level else float(2**shot.bits - 1)
    if shot.black_level is None:
        if shot.masked_areas:
            yield Finding(
                "black-not-stated",
                "note",
                "The black level is not stated; there are masked pixels to take it from.",
                f"twinlens uses their median, {masked_black(image):g}; --repair writes it.",
                repairable=True,
            )
        return
    stated = float(np.mean(shot.black_level))
    seen = masked_black(image)
    if seen is not None and abs(seen - stated) > BLACK_CONTRADICTION_DN * (white - stated):
        yield Finding(
            "black-contradicts-mask",
            "error",
            f"The black level {stated:g} contradicts the masked pixels, whose median is {seen:g}.",
            f"Use --set linearize.black={seen:g}; --repair writes it.",
            repairable=True,
        )
    elif image.pixels.dtype.kind == "u":
        top, left, bottom, right = shot.area
        low = float(np.percentile(image.pixels[top:bottom:3, left:right:3], 1))
        if low < stated - 0.02 * (white - stated) and stated > 0:
            yield Finding(
                "black-too-high",
                "error",
                f"The black level {stated:g} is far above the darkest pixels ({low:g} at the first percentile).",
                "Shadows are lost; measure the black with the lens covered and use --set linearize.black=...",
            )
