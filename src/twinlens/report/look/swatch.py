"""Swatch: colors, and numbers with a sign, as a page shows them."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.numerics import color

Array = npt.NDArray[Any]

MINUS = "\u2212"


def signed(value: float, places: int = 1) -> str:
    """A difference with its sign; none for what is rounded to 0."""
    text = f"{value:+.{places}f}"
    return text[1:] if float(text) == 0 else text.replace("-", MINUS)


def css(code: Iterable[float]) -> str:
    """A color of sRGB codes 0 to 255."""
    return "#" + "".join(f"{round(min(max(one, 0.0), 255.0)):02x}" for one in code)


def of_oklab(lightness: float, chroma: float, hue: float) -> str:
    """The color of Oklab lightness, chroma and hue in radians; chroma is lowered until sRGB holds it."""
    shown = np.zeros(3)
    for share in np.linspace(1, 0, 21):
        lab = np.array([lightness, share * chroma * np.cos(hue), share * chroma * np.sin(hue)])
        shown = color.rgb_from_rgb("srgb", "rec2020") @ color.rec2020_from_oklab(lab)
        if shown.min() >= -1e-4 and shown.max() <= 1 + 1e-4:
            break
    return css(color.encode(np.clip(shown, 0, 1)) * 255)


def pair(one: Iterable[float], other: Iterable[float], words: str) -> str:
    """Two colors side by side, codes of sRGB 0 to 255."""
    halves = "".join(f'<i style="background:{css(code)}"></i>' for code in (one, other))
    return f'<span class="pair" role="img" aria-label="{escape(words)}">{halves}</span>'


def png(pixels: Array) -> bytes:
    """A picture (H, W, 3) uint8 as PNG."""
    from io import BytesIO

    from PIL import Image

    out = BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(out, "PNG", optimize=True)
    return out.getvalue()
