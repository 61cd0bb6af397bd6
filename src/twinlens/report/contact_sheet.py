"""Contact sheet: small pictures side by side with their captions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

BACKGROUND, INK = (38, 38, 38), (224, 224, 224)


def contact_sheet(pictures: Sequence[tuple[str, Array]], *, width: int = 720, columns: int = 2, gap: int = 12) -> Array:
    """One picture (H, W, 3) uint8 of all `pictures` (caption, (h, w, 3) uint8), each `width` pixels wide."""
    from PIL import Image, ImageDraw

    font = _font([caption for caption, _ in pictures], width)
    line = int(font.getbbox("Ag")[3] * 1.6)
    shown = []
    for caption, pixels in pictures:
        height = max(round(pixels.shape[0] * width / pixels.shape[1]), 1)
        shown.append(
            (caption, Image.fromarray(np.ascontiguousarray(pixels)).resize((width, height), Image.Resampling.LANCZOS))
        )
    rows = [shown[start : start + columns] for start in range(0, len(shown), columns)]
    heights = [max(picture.height for _, picture in row) + line for row in rows]
    size = (columns * (width + gap) + gap, sum(heights) + gap * (len(rows) + 1))
    sheet = Image.new("RGB", size, BACKGROUND)
    draw = ImageDraw.Draw(sheet)
    top = gap
    for row, height in zip(rows, heights, strict=True):
        for column, (caption, picture) in enumerate(row):
            left = gap + column * (width + gap)
            sheet.paste(picture, (left, top))
            draw.text((left, top + picture.height + line // 5), caption, fill=INK, font=font)
        top += height + gap
    return np.asarray(sheet)


def _font(captions: Sequence[str], width: int) -> Any:
    """The largest font in which every caption is at most `width` pixels wide."""
    from PIL import ImageFont

    for size in range(max(width // 36, 11), 7, -1):
        font = ImageFont.load_default(size=size)
        if all(font.getlength(caption) <= width for caption in captions):
            return font
    return ImageFont.load_default(size=8)
