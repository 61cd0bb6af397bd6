"""Repair: a corrected copy of a raw file; pixels stay as they are, only what a finding names is changed."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from twinlens.core.camera_color import Calibration
from twinlens.core.image import Image
from twinlens.core.shot import Cfa, Shot
from twinlens.measure.doctor.checks.levels import masked_black
from twinlens.measure.doctor.findings import Finding
from twinlens.numerics import color, dng_color
from twinlens.numerics.linearize import find_white_level

Change = tuple[Shot, str]
NOT_UNASKED = ("cfa-order",)  # evidence is statistical: only when named


def mended(image: Image, findings: tuple[Finding, ...], only: tuple[str, ...] = ()) -> tuple[Shot, tuple[str, ...]]:
    """The shot with every repairable finding mended (or those of `only`), and a sentence for each change."""
    shot, told = image.shot, []
    codes = [one.code for one in findings if one.repairable]
    for code in dict.fromkeys(codes):
        if code in only if only else code not in NOT_UNASKED:
            shot, sentence = REPAIRS[code](dataclasses.replace(image, shot=shot))
            told.append(sentence)
    return shot, tuple(told)


def _with_lights(shot: Shot, lights: tuple[Calibration, ...]) -> Shot:
    return dataclasses.replace(shot, color=dataclasses.replace(shot.color, calibrations=lights))


def _name_lights(image: Image) -> Change:
    usual = (21,) if len(image.shot.color.calibrations) == 1 else (17, 21, 23)
    lights = tuple(
        dataclasses.replace(one, light=code) for one, code in zip(image.shot.color.calibrations, usual, strict=False)
    )
    return _with_lights(
        image.shot, lights
    ), f"named the lights of the matrices: {', '.join(map(str, usual[: len(lights)]))}"


def _exchange_lights(image: Image) -> Change:
    one, other = image.shot.color.calibrations
    first = dataclasses.replace(one, light=other.light, white_xy=other.white_xy)
    second = dataclasses.replace(other, light=one.light, white_xy=one.white_xy)
    return _with_lights(image.shot, (first, second)), "exchanged the lights of the two matrices"


def _usual_order(image: Image) -> Change:
    one, other = image.shot.color.calibrations
    return _with_lights(image.shot, (other, one)), "put the matrix of the warmer light first"


def _neutral_from_xy(image: Image) -> Change:
    shot = image.shot
    assert shot.as_shot_white_xy is not None
    lights = dng_color.lights_from(shot.color.calibrations)
    neutral = dng_color.neutral_from_xy(lights, shot.as_shot_white_xy, shot.color.analog_balance)
    values = tuple(float(one) for one in neutral)
    changed = dataclasses.replace(shot, as_shot_neutral=values, as_shot_white_xy=None)
    return changed, f"wrote AsShotNeutral {' '.join(f'{one:.4f}' for one in values)} for AsShotWhiteXY"


def _forward_white(image: Image) -> Change:
    lights = tuple(
        one
        if one.forward_matrix is None
        else dataclasses.replace(
            one, forward_matrix=one.forward_matrix * (color.D50_XYZ / one.forward_matrix.sum(axis=1))[:, None]
        )
        for one in image.shot.color.calibrations
    )
    return _with_lights(image.shot, lights), "scaled the rows of the forward matrices to D50"


def _shift_cfa(image: Image) -> Change:
    assert image.cfa is not None
    rows = image.cfa.rows
    order = Cfa((rows[0][::-1], rows[1][::-1]))
    return dataclasses.replace(
        image.shot, cfa=order
    ), f"changed the color filter order from {image.cfa.name} to {order.name}"


def _white_level(image: Image) -> Change:
    shot = image.shot
    tagged = min(shot.white_level) if shot.white_level else float(2**shot.bits - 1)
    black = 0.0 if shot.black_level is None else float(np.max(shot.black_level))
    tile = image.cfa.indices if image.cfa is not None and image.cfa.is_bayer else None
    found, _ = find_white_level(image.pixels, tagged, black, tile)
    samples = len(shot.white_level or (0,))
    return dataclasses.replace(
        shot, white_level=(found,) * samples
    ), f"wrote white level {found:g} in place of {tagged:g}"


def _black_level(image: Image) -> Change:
    seen = masked_black(image)
    assert seen is not None
    old = "none" if image.shot.black_level is None else f"{float(np.mean(image.shot.black_level)):g}"
    return (
        dataclasses.replace(image.shot, black_level=np.full((1, 1, 1), seen)),
        f"wrote black level {seen:g} (median of the masked pixels) in place of {old}",
    )


def _clean_exif(image: Image) -> Change:
    return image.shot, "rebuilt the EXIF data without the broken values"


def _crop(image: Image) -> Change:
    shot = image.shot
    top, left, bottom, right = shot.crop
    changed = dataclasses.replace(
        shot,
        default_crop_origin=(float(left), float(top)),
        default_crop_size=(float(right - left), float(bottom - top)),
    )
    return changed, f"wrote a default crop of {right - left} x {bottom - top} from ({left}, {top})"


REPAIRS: dict[str, Callable[[Image], Change]] = {
    "light-missing": _name_lights,
    "lights-swapped": _exchange_lights,
    "lights-odd-order": _usual_order,
    "white-xy-only": _neutral_from_xy,
    "forward-matrix-white": _forward_white,
    "cfa-order": _shift_cfa,
    "white-level-high": _white_level,
    "black-not-stated": _black_level,
    "black-contradicts-mask": _black_level,
    "exif-broken": _clean_exif,
    "no-crop": _crop,
    "crop-outside": _crop,
}


def unknown(only: tuple[str, ...]) -> list[str]:
    """Codes that no repair has."""
    return [code for code in only if code not in REPAIRS]


def write_arguments(image: Image) -> dict[str, Any]:
    """How the copy is written: lossless JPEG where the pixels allow it."""
    whole_counts = image.pixels.dtype == np.uint16
    return {"compression": "ljpeg" if whole_counts else "none", "linear": image.cfa is None and image.pixels.ndim == 3}
