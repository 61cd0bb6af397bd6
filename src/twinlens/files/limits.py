"""Limits: what a file may ask for before memory is given to it."""

from __future__ import annotations

from twinlens.core.errors import FileError

MAX_PIXELS = 200_000_000  # of one picture, unless the caller says otherwise
MAX_SIDE = 1_000_000  # pixels
MAX_SEGMENTS = 100_000  # strips or tiles of one picture


def check_size(width: int, height: int, max_pixels: int = MAX_PIXELS) -> None:
    """Refuse an empty picture and one larger than `max_pixels`. Raises FileError."""
    if width < 1 or height < 1:
        raise FileError(f"the file says that the picture is {width} x {height} pixels; at least 1 x 1 is needed")
    if width > MAX_SIDE or height > MAX_SIDE or width * height > max_pixels:
        millions = width * height / 1e6
        raise FileError(
            f"the file says that the picture is {width} x {height} pixels ({millions:.0f} million), more than the limit"
            f" of {max_pixels / 1e6:.0f} million; raise the limit (--max-pixels) if that is right"
        )
