"""Checks: the faults that raw files of phones really have, each with a sentence and a remedy.

A check is a function of the image (state SENSOR) that yields findings; saving one here under a name that begins with
`check_` is adding it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core import opcodes as op
from twinlens.core.camera_color import Calibration, is_identity
from twinlens.core.image import Image
from twinlens.measure.doctor.facts import level_text, light_name
from twinlens.measure.doctor.findings import Finding
from twinlens.numerics import color, temperature
from twinlens.numerics.linearize import find_white_level
from twinlens.numerics.opcode_lists import unapplied

Array = npt.NDArray[Any]
Found = Iterator[Finding]

# log2(red/green) + log2(blue/green) of one white, seen by the matrix for A minus by the one for D65: over the published
# matrices of 126 different cameras (DNG ColorMatrix1 and 2) the smallest is -0.02, 1 % lie below +0.06, the median is
# +0.30. Below this the lights are taken for exchanged.
EXCHANGED_BELOW = -0.04
BLACK_CONTRADICTION_DN = 0.01  # of the span from black to white
SMALL_MODULE_MM = 12.0  # focal lengths below this belong to phones and other small modules


def _is_small_module(image: Image) -> bool:
    focal_length = image.shot.focal_length_mm
    return focal_length is not None and 0 < focal_length < SMALL_MODULE_MM


def all_findings(image: Image) -> tuple[Finding, ...]:
    """What every check says, errors first."""
    checks: list[Callable[[Image], Found]] = [value for name, value in globals().items() if name.startswith("check_")]
    found = [finding for check in checks for finding in check(image)]
    return tuple(sorted(found, key=lambda one: ("error", "warning", "note").index(one.severity)))


def _lights(image: Image) -> tuple[Calibration, ...]:
    return image.shot.color.calibrations


def check_matrices_absent(image: Image) -> Found:
    if not _lights(image) and not _is_grey(image):
        yield Finding(
            "no-matrix",
            "error",
            "The file has no color matrix: its colors are anybody's guess.",
            "twinlens develops it with a plain default; give a camera profile with --profile.",
        )


def _is_grey(image: Image) -> bool:
    return image.pixels.ndim == 2 and image.cfa is None


def check_lights_unnamed(image: Image) -> Found:
    for number, one in enumerate(_lights(image), 1):
        if one.white_xy is None and temperature.light_xy(one.light) is None:
            yield Finding(
                "light-missing",
                "error",
                f"ColorMatrix{number} names no light (CalibrationIlluminant{number} is {one.light}).",
                "twinlens takes D65 for a single matrix, and A and D65 for two; --repair writes that.",
                repairable=True,
            )


def _kelvin(one: Calibration) -> float | None:
    xy = one.white_xy or temperature.light_xy(one.light)
    return None if xy is None else temperature.temperature_from_xy(xy)[0]


def check_lights_order(image: Image) -> Found:
    lights = _lights(image)
    kelvins = [_kelvin(one) for one in lights]
    if len(lights) != 2 or None in kelvins or kelvins[0] == kelvins[1]:
        return
    if lights_are_exchanged(lights):
        yield Finding(
            "lights-swapped",
            "error",
            f"The lights of the two matrices look exchanged: the one for {light_name(lights[0])} weighs red and"
            f" blue against the one for {light_name(lights[1])} as no known sensor does.",
            "--repair exchanges the two lights; until then colors are wrong under warm light.",
            repairable=True,
        )
    elif kelvins[0] > kelvins[1]:  # type: ignore[operator]
        yield Finding(
            "lights-odd-order",
            "note",
            f"The cooler light ({light_name(lights[0])}) comes first; that is legal, but some programs expect"
            " the warmer first.",
            "twinlens does not mind; --repair writes the usual order.",
            repairable=True,
        )


def lights_are_exchanged(lights: tuple[Calibration, ...]) -> bool:
    """Whether the matrix of the warmer light sees clearly less red and blue than the other, for the same white."""
    warm, cool = sorted(lights, key=lambda one: _kelvin(one) or 0.0)
    if (_kelvin(warm) or 0) > 3500 or (_kelvin(cool) or 0) < 4500:
        return False
    white = color.xyz_from_xy(color.D65_XY)
    seen = [one.color_matrix @ white for one in (warm, cool)]
    if min(one.min() for one in seen) <= 0:
        return False
    warm_sum, cool_sum = (np.log2(one[0] * one[2] / one[1] ** 2) for one in seen)
    return bool(warm_sum - cool_sum < EXCHANGED_BELOW)


_FROM_TAGS = (
    "`twinlens calibrate color --from-tags FILE -o my.dcp -o my.profile.toml` makes a profile for A and D65 from this"
    " matrix and what cameras have in common, and states its error; one chart picture makes a better one."
)


def check_daylight_absent(image: Image) -> Found:
    lights = [(one, _kelvin(one)) for one in _lights(image)]
    if lights and not any(kelvin and kelvin >= 5000 for _, kelvin in lights) and all(kelvin for _, kelvin in lights):
        named = ", ".join(light_name(one) for one, _ in lights)
        yield Finding(
            "no-daylight-matrix",
            "warning",
            f"There is no matrix for daylight (only {named}).",
            f"Daylight colors come from the warm light's matrix and are less exact. {_FROM_TAGS}",
        )
    elif len(lights) == 1:
        yield Finding(
            "one-matrix",
            "note",
            f"There is one matrix only ({light_name(lights[0][0])}).",
            f"Colors under other lights are less exact than with two. {_FROM_TAGS}",
        )


def check_white_balance_absent(image: Image) -> Found:
    shot = image.shot
    if _is_grey(image):
        return
    if shot.as_shot_neutral is None and shot.as_shot_white_xy is not None:
        yield Finding(
            "white-xy-only",
            "warning",
            "The white balance is stated as AsShotWhiteXY only; programs that know AsShotNeutral"
            " alone turn the picture green.",
            "twinlens reads it; --repair writes the AsShotNeutral that the matrices give for it.",
            repairable=bool(_lights(image)),
        )
    elif shot.as_shot_neutral is None:
        yield Finding(
            "no-white-balance",
            "error",
            "The file has no as-shot white balance.",
            "twinlens estimates it from the picture; or say --white-balance, --kelvin or --wb-from X,Y.",
        )
    elif min(shot.as_shot_neutral) <= 0:
        yield Finding(
            "neutral-impossible",
            "error",
            f"AsShotNeutral {shot.as_shot_neutral} has a value of 0 or less.",
            "twinlens estimates the white balance from the picture instead.",
        )
    elif np.ptp(shot.as_shot_neutral) == 0:
        yield Finding(
            "neutral-is-one",
            "warning",
            "AsShotNeutral is 1 1 1: either the raw was balanced already, or nobody wrote it.",
            "If the picture is green, use --white-balance auto.",
        )


def check_matrices_plausible(image: Image) -> Found:
    srgb = np.linalg.inv(color.xyz_from_rgb("srgb"))
    for number, one in enumerate(_lights(image), 1):
        matrix = one.color_matrix
        if is_identity(matrix):
            told = "the unit matrix"
        elif np.allclose(matrix / matrix[1, 1], srgb / srgb[1, 1], atol=0.02):
            told = "the matrix of sRGB, not of a camera"
        elif not np.isfinite(matrix).all() or abs(np.linalg.det(matrix)) < 1e-6:
            told = "not invertible"
        else:
            white = color.xyz_from_xy(one.white_xy or temperature.light_xy(one.light) or color.D65_XY)
            if (matrix @ white).min() > 0:
                continue
            told = f"impossible: it sees a white light as {np.round(matrix @ white, 3).tolist()}"
        yield Finding(
            "matrix-not-a-camera",
            "error",
            f"ColorMatrix{number} is {told}.",
            "Give a camera profile with --profile, or calibrate one from a chart.",
        )


def check_forward_matrices(image: Image) -> Found:
    for number, one in enumerate(_lights(image), 1):
        if one.forward_matrix is None:
            continue
        off = float(np.abs(one.forward_matrix.sum(axis=1) - color.D50_XYZ).max())
        if off > 0.02:
            yield Finding(
                "forward-matrix-white",
                "warning",
                f"ForwardMatrix{number} takes white to {np.round(one.forward_matrix.sum(axis=1), 3).tolist()},"
                " not to D50.",
                "twinlens scales its rows to D50, so that greys stay grey; --repair writes that.",
                repairable=True,
            )


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


def check_cfa(image: Image) -> Found:
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


def check_white_level(image: Image) -> Found:
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


def check_black_level(image: Image) -> Found:
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


def check_opcodes(image: Image) -> Found:
    for number, part in enumerate(image.shot.opcodes, 1):
        for one in part:
            if isinstance(one, op.UnknownOpcode):
                yield Finding(
                    "opcode-unknown",
                    "note" if one.optional else "error",
                    f"Opcode {one.id} of list {number} is not known here and is not applied"
                    + ("." if one.optional else ", though the file says that it must be."),
                    "Please report the file; what the opcode does is left out.",
                )
    for sentence in unapplied(image.shot):
        if "not known here" not in sentence:
            yield Finding(
                "opcode-not-applied",
                "warning",
                f"{sentence}.",
                "Its effect is left out; other programs may apply it.",
            )


def check_exif(image: Image) -> Found:
    notes = [note for note in image.shot.notes if re.search(r"denominator|rational|Exif|EXIF|date", note)]
    if notes:
        yield Finding(
            "exif-broken",
            "warning",
            "The metadata has faults: " + " ".join(notes),
            "twinlens leaves the broken values out; --repair writes clean EXIF.",
            repairable=True,
        )


def check_geometry(image: Image) -> Found:
    shot = image.shot
    if shot.default_crop_size is None or shot.default_crop_origin is None:
        yield Finding(
            "no-crop",
            "note",
            "The file states no default crop; programs then show different borders.",
            "twinlens shows the whole active area; --repair writes that as the crop.",
            repairable=True,
        )
    else:
        top, left, bottom, right = shot.area
        x, y = shot.default_crop_origin
        across, down = shot.default_crop_size
        if x < 0 or y < 0 or x + across > right - left + 0.5 or y + down > bottom - top + 0.5:
            yield Finding(
                "crop-outside",
                "error",
                f"The default crop {across:g} x {down:g} from ({x:g}, {y:g}) does not fit the active area"
                f" {right - left} x {bottom - top}.",
                "twinlens cuts it to the active area; --repair writes that.",
                repairable=True,
            )


def check_identity_of_camera(image: Image) -> Found:
    shot = image.shot
    for name, value in (("Make", shot.make), ("Model", shot.model), ("UniqueCameraModel", shot.unique_camera_model)):
        if not value.strip():
            yield Finding(
                "no-" + name.lower(),
                "warning" if name != "UniqueCameraModel" else "note",
                f"The file has no {name} tag.",
                "Other programs choose profiles and corrections by it.",
            )
    if _is_small_module(image) and not shot.lens:
        yield Finding(
            "module-unnamed",
            "note",
            f"Phones have several cameras under one model name, and this file names no lens"
            f" ({shot.focal_length_mm:g} mm).",
            "Keep a profile for each; the focal length tells them apart.",
        )


def check_noise(image: Image) -> Found:
    noise = image.shot.noise
    if noise is None:
        yield Finding(
            "no-noise-profile",
            "note",
            "The file has no noise profile.",
            "twinlens estimates the noise from the picture.",
        )
    elif min(noise.gain) < 0 or max(noise.gain) > 1 or max(noise.offset) > 0.1:
        yield Finding(
            "noise-absurd",
            "warning",
            f"The noise profile is absurd: gain {level_text(noise.gain)}.",
            "Denoise less with --denoise, or state the noise with --set denoise.gain.",
        )


def check_shading(image: Image) -> Found:
    shot = image.shot
    if not _is_small_module(image) or any(isinstance(one, op.GainMap) for one in shot.opcodes[1]):
        return
    yield Finding(
        "no-shading",
        "note",
        "A small module without a gain map: dark and tinted corners are not corrected.",
        "A flat-field calibration of the module mends it.",
    )
