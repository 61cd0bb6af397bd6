"""Preview: the finished picture that a camera puts into its raw file, as an Image."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from twinlens.core.errors import FileError
from twinlens.core.image import ENCODED, Image, planar
from twinlens.core.record import record
from twinlens.core.shot import Shot
from twinlens.files import limits, tiff
from twinlens.files.reading import previews
from twinlens.files.tags import NUMBERS


@record(kw_only=True, eq=False)
class Preview:
    """`image` (state ENCODED, to be turned as the raw picture is), and the program that it says has made it."""

    image: Image
    made_by: str = ""


def read_preview(path: str | os.PathLike[str], shot: Shot, *, max_pixels: int = limits.MAX_PIXELS) -> Preview:
    """The largest picture inside a raw file; `shot` are the facts of the raw picture. Raises FileError."""
    found = contents(path)
    if not found:
        raise FileError("it holds no preview, and no finished picture of its name lies beside it")
    image = _image(found[0], Path(path), shot, max_pixels)
    return Preview(image=image, made_by=_made_by(path))


def contents(path: str | os.PathLike[str]) -> list[Any]:
    """The pictures inside a raw file, largest first: JPEG bytes or (H, W, 3) uint8. Raises FileError."""
    return [content for _, content in previews(path)] or _by_libraw(path)


def _image(content: Any, path: Path, shot: Shot, max_pixels: int) -> Image:
    stated_space = _stated_space(path)
    from twinlens.files import photo_color, photo_read

    stated = {"source": f"{path.name} (preview)", "orientation": shot.orientation, "taken": shot.taken}
    if isinstance(content, np.ndarray):
        pixels, space, notes = planar(content.astype(np.float32) / np.float32(255)), "srgb", ()
    else:
        data = memoryview(content)
        try:
            with photo_read.quiet():
                decoded = photo_read.decoder(data)(data, max_pixels, 1)
                decoded.space = decoded.space or stated_space
                pixels, space = photo_color.colored(decoded)
        except (MemoryError, KeyboardInterrupt):
            raise
        except Exception as error:  # decoders raise whatever they like on damaged files
            raise FileError(f"the preview in {path} cannot be decoded; the file is damaged ({error})") from error
        notes = tuple(decoded.notes)
    height, width = pixels.shape[:2]
    told = Shot(
        kind="display", height=height, width=width, bits=8, make=shot.make, model=shot.model, notes=notes, **stated
    )
    return Image(pixels=pixels, state=ENCODED, shot=told, primaries=space)


def _by_libraw(path: str | os.PathLike[str]) -> list[Any]:
    """The preview of a raw file that is not built like a TIFF."""
    import rawpy

    if tiff.is_tiff(tiff.open_bytes(path)):
        return []
    try:
        with rawpy.imread(os.fspath(path)) as raw:
            thumb = raw.extract_thumb()
    except (rawpy.LibRawError, OSError, ValueError):
        return []
    return [bytes(thumb.data) if thumb.format == rawpy.ThumbFormat.JPEG else np.asarray(thumb.data)]


_SPACES = {2: "srgb", 3: "adobe", 4: "prophoto"}  # DNG 1.7.1, tag PreviewColorSpace


def _stated_space(path: Path) -> str:
    """The space of the previews, as a DNG states it; sRGB where it does not."""
    data = tiff.open_bytes(path)
    if not tiff.is_tiff(data):
        return "srgb"
    told = (item.integer(NUMBERS["PreviewColorSpace"]) for item in tiff.walk(tiff.read(data)))
    return next((_SPACES[one] for one in told if one in _SPACES), "srgb")


def _made_by(path: str | os.PathLike[str]) -> str:
    """The program that made the previews, as a DNG states it; "" where it does not."""
    data = tiff.open_bytes(path)
    if not tiff.is_tiff(data):
        return ""
    told = (item.text(NUMBERS["PreviewApplicationName"]) for item in tiff.walk(tiff.read(data)))
    return next((one for one in told if one), "")
