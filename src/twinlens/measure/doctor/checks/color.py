"""Color: checks of matrices, their lights and the as-shot white balance."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from twinlens.core.camera_color import Calibration, is_identity
from twinlens.core.image import Image
from twinlens.measure.doctor.facts import light_name
from twinlens.measure.doctor.findings import Finding
from twinlens.numerics import color, temperature

# log2(red/green) + log2(blue/green) of one white, seen by the matrix for A minus by the one for D65: over the published
# matrices of 126 different cameras (DNG ColorMatrix1 and 2) the smallest is -0.02, 1 % lie below +0.06, the median is
# +0.30. Below this the lights are taken for exchanged.
EXCHANGED_BELOW = -0.04


def _lights(image: Image) -> tuple[Calibration, ...]:
    return image.shot.color.calibrations


def check_matrices_absent(image: Image) -> Iterator[Finding]:
    if not _lights(image) and not _is_grey(image):
        yield Finding(
            "no-matrix",
            "error",
            "The file has no color matrix: its colors are anybody's guess.",
            "twinlens develops it with a plain default; give a camera profile with --profile.",
        )


def _is_grey(image: Image) -> bool:
    return image.pixels.ndim == 2 and image.cfa is None


def check_lights_unnamed(image: Image) -> Iterator[Finding]:
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


def check_lights_order(image: Image) -> Iterator[Finding]:
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


def check_daylight_absent(image: Image) -> Iterator[Finding]:
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


def check_white_balance_absent(image: Image) -> Iterator[Finding]:
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


def check_matrices_plausible(image: Image) -> Iterator[Finding]:
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


def check_forward_matrices(image: Image) -> Iterator[Finding]:
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
