"""Photo color: the codes of a decoded picture in a space that is known here, as floats or as they are stored."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import FileError
from twinlens.core.image import empty_rgb, planar
from twinlens.files import icc, tiff
from twinlens.files.photo_read import Decoded
from twinlens.numerics.color import REC2020_FROM_XYZ_D50, encode

Array = npt.NDArray[Any]

_ROWS = 64  # that are converted at a time


def colored(found: Decoded) -> tuple[Array, str]:
    """The codes as planar float32 (H, W, 3), 0 to 1, and the name of their space; see `photo.read`."""
    space = _space(found)
    return (_scaled(found), space) if isinstance(space, str) else _converted(found, space)


def codes(found: Decoded) -> tuple[Array, str]:
    """The same as uint8 or uint16 (H, W, 3), the largest value being 1: as they are stored, where that is so."""
    pixels, space = found.pixels, _space(found)
    if isinstance(space, str) and (pixels.dtype, found.most) in ((np.uint8, 255), (np.uint16, 65535)):
        return pixels, space
    exact, name = (_scaled(found), space) if isinstance(space, str) else _converted(found, space)
    return _sixteen(exact), name


def _sixteen(pixels: Array) -> Array:
    """Codes (H, W, 3) 0 to 1 as uint16, a channel at a time."""
    out = np.empty(pixels.shape, np.uint16)
    for channel in range(3):
        plane = pixels[..., channel] * np.float32(65535)
        plane += np.float32(0.5)
        np.clip(plane, 0, 65535, out=plane)
        out[..., channel] = plane
    return out


def _space(found: Decoded) -> str | icc.Profile:
    """The space of the codes as they are; or the profile by which they have to be brought to Rec. 2020."""
    if not found.icc:
        if found.space is None and not any("assumed" in note for note in found.notes):
            found.space = _space_of_exif(found.exif)
            if found.space is None:
                found.notes.append("no color profile: sRGB was assumed")
        return found.space or "srgb"
    try:
        profile = icc.parse(found.icc)
    except FileError as error:
        found.notes.append(f"{error}; sRGB was assumed")
        return "srgb"
    if profile.named:
        return profile.named
    is_of_these = profile.matrix is not None or profile.colorspace == "RGB"
    if is_of_these or (profile.colorspace == "GRAY" and profile.curves):
        return profile
    found.notes.append(f"a profile for {profile.colorspace} cannot hold for these pixels; sRGB was assumed")
    return "srgb"


def _converted(found: Decoded, profile: icc.Profile) -> tuple[Array, str]:
    """The codes brought to Rec. 2020 by their profile, and that name."""
    name = profile.description or "without a name"
    if profile.matrix is not None:
        found.notes.append(f"brought from its profile ({name}) to Rec. 2020")
        return _by_matrix(_scaled(found), REC2020_FROM_XYZ_D50 @ profile.matrix, profile.curves), "rec2020"
    if profile.colorspace == "GRAY":
        return _by_matrix(_scaled(found), np.eye(3), profile.curves * 3), "rec2020"
    found.notes.append(f"brought from its profile ({name}) to Rec. 2020 by its tables")
    return _by_tables(found), "rec2020"


def _scaled(found: Decoded) -> Array:
    pixels = empty_rgb(*found.pixels.shape[:2])
    np.multiply(found.pixels, np.float32(1 / found.most), out=pixels, casting="unsafe")
    if found.pixels.dtype.kind == "f":
        np.nan_to_num(pixels, copy=False, nan=0.0, posinf=1.0, neginf=0.0)
    return pixels


def _by_matrix(pixels: Array, matrix: Array, curves: tuple[icc.Curve, ...]) -> Array:
    """Codes of Rec. 2020 by curves and a matrix, a few rows at a time; colors outside stay as values outside 0 to 1."""
    for top in range(0, pixels.shape[0], _ROWS):
        part = pixels[top : top + _ROWS]
        light = np.stack([curves[channel](part[..., channel].astype(float)) for channel in range(3)], axis=-1)
        part[...] = encode(light @ matrix.T, "rec2020")
    return pixels


def _by_tables(found: Decoded) -> Array:
    import imagecodecs

    codes = np.ascontiguousarray(_scaled(found) * np.float32(65535) + np.float32(0.5)).astype(np.uint16)
    codes = imagecodecs.cms_transform(
        codes, found.icc, icc.profile("rec2020"), colorspace="rgb", outcolorspace="rgb", outdtype="uint16", intent=1
    )
    return planar((codes.astype(np.float32) / np.float32(65535)).reshape(found.pixels.shape))


def _space_of_exif(block: bytes) -> str | None:
    """The space that EXIF and DCF state: sRGB (1), Adobe RGB (2, or interoperability index R03); else None."""
    view = memoryview(block)
    if not block or not tiff.is_tiff(view):
        return None
    try:
        first = tiff.read(view)[0]
    except FileError:
        return None
    inner = tiff.block(view, first.order, first.integer(tiff.EXIF_IFD))
    if inner is None:
        return None
    interoperability = tiff.block(view, first.order, inner.integer(40965)) if 40965 in inner else None
    is_adobe = interoperability is not None and interoperability.text(1) == "R03"
    return {1: "srgb", 2: "adobe", 65535: "adobe" if is_adobe else None}.get(inner.integer(40961, -1))
