"""LibRaw: every raw format that is not DNG, and DNGs whose color filters or compression the own reader does not know.

A Bayer mosaic is taken as it is stored. Other color filters (X-Trans, four colors) are demosaiced by LibRaw into linear
camera RGB: not white-balanced, black 0, white 65535.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from twinlens.core.camera_color import Calibration, CameraColor
from twinlens.core.errors import FileError
from twinlens.core.image import SENSOR, Image, planar
from twinlens.core.shot import Cfa, Shot
from twinlens.files import exif, limits, tiff

_ORIENTATION = {0: 1, 3: 3, 5: 8, 6: 6}  # LibRaw's flip -> TIFF Orientation
_NOT_APPLIED = "Opcode lists 1 and 2 of the file count for its mosaic and were not applied."
_D65 = 21  # EXIF LightSource
_FAULTS = (MemoryError, RuntimeError, ValueError, TypeError, IndexError, ArithmeticError)  # of rawpy on damaged files


def read(
    path: str | os.PathLike[str], *, max_pixels: int = limits.MAX_PIXELS, stated: dict[str, Any] | None = None
) -> Image:
    """The raw picture of any file that LibRaw knows; `stated` fields of Shot replace LibRaw's. Raises FileError."""
    import rawpy

    try:
        with rawpy.imread(os.fspath(path)) as raw:
            limits.check_size(raw.sizes.raw_width, raw.sizes.raw_height, max_pixels)
            return _image(raw, path, stated or {})
    except rawpy.LibRawFileUnsupportedError as error:
        raise FileError(f"{path} is neither a raw file nor a picture of a kind known here") from error
    except (rawpy.LibRawError, *_FAULTS) as error:
        text = error.args[0].decode() if error.args and isinstance(error.args[0], bytes) else str(error)
        raise FileError(
            f"{path} cannot be read by LibRaw ({text}); the file is damaged or of an unknown kind"
        ) from error


def _image(raw: Any, path: str | os.PathLike[str], stated: dict[str, Any]) -> Image:
    letters = raw.color_desc.decode("ascii", "replace")
    pattern = raw.raw_pattern
    is_flat = raw.raw_type.name == "Flat"
    shot = _shot(raw, path, stated)
    cfa = _bayer(pattern, letters) if is_flat and pattern is not None and pattern.shape == (2, 2) else None
    if cfa is not None:
        pixels = np.array(raw.raw_image, np.uint16)
        return _finished(pixels, shot, cfa, _mosaic_levels(raw, cfa), ())
    if is_flat and raw.num_colors == 1:
        pixels = np.array(raw.raw_image, np.uint16)
        levels = {
            "black_level": np.full((1, 1, 1), float(raw.black_level_per_channel[0])),
            "white_level": (_white(raw),),
        }
        return _finished(pixels, shot, None, levels | _area(raw), ())
    note = (
        f"The color filters ({letters}) are not Bayer's: LibRaw made linear camera RGB of them (its default demosaic)."
    )
    if not is_flat:
        note = "The file holds several colors at each site: LibRaw made linear camera RGB of them."
    developed = _demosaiced(raw)
    if developed.ndim != 3 or developed.shape[2] != 3:
        raise FileError(f"{path} has the colors {letters}; only cameras of red, green and blue are known here")
    pixels = planar(developed)
    levels = {"black_level": np.zeros((1, 1, 3)), "white_level": (65535.0, 65535.0, 65535.0)}
    notes = (note, _NOT_APPLIED) if any(shot.opcodes[:2]) else (note,)
    shot = replace(shot, noise=None, opcodes=((), (), shot.opcodes[2]))
    return _finished(pixels, shot, None, levels, notes)


def _finished(pixels: Any, shot: Shot, cfa: Cfa | None, levels: dict[str, Any], notes: tuple[str, ...]) -> Image:
    height, width = pixels.shape[:2]
    shot = replace(shot, cfa=cfa, height=height, width=width, notes=(*shot.notes, *notes), **levels)
    return Image(pixels=pixels, state=SENSOR, shot=shot, cfa=cfa, noise=shot.noise)


def _bayer(pattern: Any, letters: str) -> Cfa | None:
    """The Bayer order of the raw frame, or None when it is none."""
    try:
        name = "".join(letters[index] for index in pattern.ravel())
        return Cfa.bayer(name)
    except (IndexError, ValueError):
        return None


def _area(raw: Any) -> dict[str, Any]:
    sizes = raw.sizes
    area = (sizes.top_margin, sizes.left_margin, sizes.top_margin + sizes.height, sizes.left_margin + sizes.width)
    fields: dict[str, Any] = {"active_area": area}
    crop = (sizes.crop_left_margin - area[1], sizes.crop_top_margin - area[0])
    if 0 < sizes.crop_width <= sizes.width and 0 < sizes.crop_height <= sizes.height and min(crop) >= 0:
        fields |= {
            "default_crop_origin": tuple(map(float, crop)),
            "default_crop_size": (float(sizes.crop_width), float(sizes.crop_height)),
        }
    return fields


def _mosaic_levels(raw: Any, cfa: Cfa) -> dict[str, Any]:
    """Black of each site of the active area's 2 x 2 tile, and one white."""
    fields = _area(raw)
    top, left = fields["active_area"][:2]
    site = np.roll(raw.raw_pattern, (-top, -left), (0, 1))
    black = np.asarray(raw.black_level_per_channel, np.float64)[site]
    return fields | {"black_level": black[..., None], "white_level": (_white(raw),)}


def _white(raw: Any) -> float:
    """The camera's own white where it names one, else that of LibRaw's table."""
    own = raw.camera_white_level_per_channel
    return float(min(own)) if own and min(own) > 0 else float(raw.white_level)


def _demosaiced(raw: Any) -> Any:
    import rawpy

    return raw.postprocess(
        output_color=rawpy.ColorSpace.raw,
        gamma=(1, 1),
        no_auto_bright=True,
        no_auto_scale=False,
        output_bps=16,
        user_wb=[1.0, 1.0, 1.0, 1.0],
        user_flip=0,
        highlight_mode=rawpy.HighlightMode.Clip,
    )


def _shot(raw: Any, path: str | os.PathLike[str], stated: dict[str, Any]) -> Shot:
    matrix = np.asarray(raw.rgb_xyz_matrix, np.float64)[:3]
    known = matrix.shape == (3, 3) and np.isfinite(matrix).all() and abs(np.linalg.det(matrix)) > 1e-9
    gains = np.asarray(raw.camera_whitebalance, np.float64)[:3]
    has_white = gains.size == 3 and bool(np.all(np.isfinite(gains) & (gains > 0)))
    facts, block = _exif(path)
    facts["orientation"] = _ORIENTATION.get(raw.sizes.flip, 1)
    shot = Shot(
        **facts,
        source=Path(path).name,
        unique_camera_model=_full_name(facts.get("make", ""), facts.get("model", "")),
        compression="libraw",
        color=CameraColor(calibrations=(Calibration(_D65, matrix),), origin="libraw") if known else CameraColor(),
        as_shot_neutral=tuple((gains[1] / gains).tolist()) if has_white else None,
        exif=block,
    )
    shot = replace(_completed(shot, raw), **stated)
    notes = ["LibRaw read this file."]
    if not shot.color.is_known:
        notes.append("LibRaw knows no color matrix of this camera.")
    if shot.as_shot_neutral is None and shot.as_shot_white_xy is None:
        notes.append("The file names no white balance of the exposure.")
    return replace(shot, notes=tuple(notes))


def _full_name(make: str, model: str) -> str:
    return model if model.startswith(make) else f"{make} {model}"


def _exif(path: str | os.PathLike[str]) -> tuple[dict[str, Any], bytes]:
    """Facts and a clean Exif block of a file that is built like a TIFF; nothing where it is not."""
    data = tiff.open_bytes(path)
    if not tiff.is_tiff(data):
        return {}, b""
    try:
        parts = exif.directories(data, tiff.read(data)[0])
    except FileError:
        return {}, b""
    return exif.facts(*parts[:2]), exif.rebuilt(*parts)


def _completed(shot: Shot, raw: Any) -> Shot:
    """What EXIF did not tell, from LibRaw's own reading."""
    other = getattr(raw, "other", None)
    pairs = (
        ("exposure_time_s", "shutter"),
        ("f_number", "aperture"),
        ("iso", "iso_speed"),
        ("focal_length_mm", "focal_len"),
    )
    found = {}
    for field, name in pairs:
        number = getattr(other, name, None)
        if getattr(shot, field) is None and number and np.isfinite(number):
            found[field] = float(number)
    shot = replace(shot, **found)
    return shot if shot.exif else replace(shot, exif=exif.made(shot))
