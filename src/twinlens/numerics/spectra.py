"""Spectra: the wavelengths the program calculates with, the standard observer, named illuminants, and how a measured
spectrum comes onto these wavelengths.

A spectrum is an array whose last axis has one value for each of `WAVELENGTHS_NM` (400 to 700 nm, 10 nm apart: where
sensitivities of cameras are measured). Integrals are plain sums over them. Illuminants are relative power, 1 at 560 nm
or, where that band is nearly dark, mean 1.

Sources: CIE 15:2018 (the 1931 observer, the daylight series S0 to S2, illuminant A, FL1 to FL12, the LED series); the
numbers of `spectra/*.csv` are written by `tools/make_spectra.py` from colour-science 0.4.7. Finer tables are averaged
with a triangle of +-10 nm, which is how CIE 15 makes its own tables of 10 nm from those of 5 nm.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import ParameterError

Array = npt.NDArray[Any]

FOLDER = Path(__file__).parents[1] / "spectra"  # the tables; `importlib.resources` takes 5 ms to load
STEP_NM = 10.0
WAVELENGTHS_NM = np.arange(400.0, 700.5, STEP_NM)  # (31,)
BANDS = WAVELENGTHS_NM.size

_SECOND_RADIATION_M_K = 1.4388e-2  # c2, ITS-90
_A_KELVIN = 2848.0 * 1.4388 / 1.435  # CIE 15:2018, 4.1.1: illuminant A in today's c2
_DAYLIGHT = re.compile(r"D(\d{2}|\d{4,5})K?", re.IGNORECASE)
_BLACK_BODY = re.compile(r"P?(\d{4,5})K", re.IGNORECASE)
DAYLIGHT_RANGE_K = (4000.0, 25000.0)  # CIE 15:2018, 4.1.2

LARGEST_RELATIVE = 2.0  # of a sensitivity whose unit is not doubted


def relative_note(largest: float) -> str:
    """A sentence for sensitivities in another unit than relative ones of 0 to 1: only their shape is used."""
    unit = "percent" if 2 < largest <= 120 else "another unit"
    return f"values reach {largest:g}: taken for {unit} and divided by that, as sensitivities are relative (0 to 1)"


@cache
def table(name: str) -> dict[str, Array]:
    """The columns of a bundled table (the name of a file of `spectra/`), read-only (31,) each."""
    text = (FOLDER / f"{name}.csv").read_text("utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    values = np.array([line.split(",") for line in lines[1:]], float)
    values.setflags(write=False)
    return {key: values[:, column] for column, key in enumerate(lines[0].split(",")) if column}


@cache
def observer() -> Array:
    """The color matching functions of the CIE 1931 2 degree observer, (31, 3) read-only."""
    columns = np.stack([table("observer")[key] for key in "xyz"], axis=1)
    columns.setflags(write=False)
    return columns


def illuminants() -> tuple[str, ...]:
    """The names of the tabulated illuminants; D50 to D250, D5003, 3200K and the like are made by formula."""
    return ("A", "E", "D50", "D55", "D65", "D75", *table("illuminants"))


@cache
def illuminant(name: str) -> Array:
    """The relative power (31,), read-only, of a named illuminant.

    "A", "E", "D65" or "D6504" (daylight, 4000 to 25000 K), "3200K" (black body), "FL1" to "FL12" (also "F2"), "LED-B1"
    to "LED-B5", "LED-BH1", "LED-RGB1", "LED-V1", "LED-V2". Raises ParameterError for another name.
    """
    power = _named(name.strip())
    middle = power[np.searchsorted(WAVELENGTHS_NM, 560.0)]
    power = power / (middle if middle > 0.1 * power.mean() else power.mean())
    power.setflags(write=False)
    return power


def _named(name: str) -> Array:
    tabulated = table("illuminants")
    upper = name.upper()
    if upper == "A":
        return black_body(_A_KELVIN)
    if upper == "E":
        return np.ones(BANDS)
    key = f"FL{upper[1:]}" if re.fullmatch(r"F\d+", upper) else upper
    if key in tabulated:
        return tabulated[key]
    if match := _DAYLIGHT.fullmatch(name):
        digits = match[1]
        # D65 means 6504 K: its temperature was named with another constant c2 (CIE 15:2018, 4.1.2, note)
        return daylight(float(digits) * 100 * 1.4388 / 1.4380 if len(digits) == 2 else float(digits))
    if match := _BLACK_BODY.fullmatch(name):
        return black_body(float(match[1]))
    raise ParameterError(
        f"the light {name!r} is not known: expected a name like D65, A, E, FL11, LED-B3, D5500 (daylight) or 3200K "
        "(black body), or a file with a spectrum"
    )


def light_power(light: Any) -> Array:
    """The power (31,) of a light given as a name, as `(wavelengths_nm, power)` or as power (31,).

    Raises ParameterError for an unknown name and for a spectrum that is not the power of a light.
    """
    if isinstance(light, str):
        return illuminant(light)
    if isinstance(light, tuple | list) and len(light) == 2:
        power = resampled(np.asarray(light[0], float), np.asarray(light[1], float), what="the light's spectrum")[0]
    else:
        power = np.asarray(light, float)
    if power.shape != (BANDS,):
        raise ParameterError(
            f"a light is a name, (wavelengths in nm, power) or power (31,) from 400 to 700 nm; got shape {power.shape}"
        )
    if not np.isfinite(power).all() or power.min() < -0.01 * power.max() or power.max() <= 0:
        raise ParameterError("the light's spectrum has no power or negative power: expected relative power above 0")
    return np.maximum(power, 0)


def black_body(kelvin: float) -> Array:
    """The relative power (31,) of a black body (Planck's law)."""
    if not 500 <= kelvin <= 1e6:
        raise ParameterError(f"a black body of {kelvin:g} K is outside 500 to 1000000 K")
    meters = WAVELENGTHS_NM * 1e-9
    return (560e-9 / meters) ** 5 / np.expm1(_SECOND_RADIATION_M_K / (meters * kelvin))


def daylight(kelvin: float) -> Array:
    """The relative power (31,) of daylight of this correlated color temperature (CIE 15:2018, 4.1.2)."""
    lowest, highest = DAYLIGHT_RANGE_K
    if not lowest <= kelvin <= highest:
        raise ParameterError(f"daylight of {kelvin:g} K is outside {lowest:g} to {highest:g} K; warmer lights: 3200K")
    t = 1000 / kelvin
    warm = 0.244063 + 0.09911 * t + 2.9678 * t**2 - 4.6070 * t**3
    cool = 0.237040 + 0.24748 * t + 1.9018 * t**2 - 2.0064 * t**3
    x = warm if kelvin <= 7000 else cool
    y = -3.000 * x**2 + 2.870 * x - 0.275
    m = 0.0241 + 0.2562 * x - 0.7341 * y
    m1, m2 = (-1.3515 - 1.7703 * x + 5.9114 * y) / m, (0.0300 - 31.4424 * x + 30.0717 * y) / m
    s = table("daylight")
    return s["S0"] + m1 * s["S1"] + m2 * s["S2"]


def xyz_from_radiance(radiance: Array, white: Array) -> Array:
    """XYZ (..., 3) of spectra (..., 31), relative to a light `white` (31,) whose perfect diffuser has Y = 1."""
    cmf = observer()
    return (radiance @ cmf) / float(white @ cmf[:, 1])


def xyz_from_reflectance(reflectance: Array, light: Array) -> Array:
    """XYZ (..., 3) of reflectances (..., 31) under a light (31,); the perfect diffuser has Y = 1."""
    return xyz_from_radiance(np.asarray(reflectance, float) * light, light)


def white_xyz(light: Array) -> Array:
    """XYZ (3,) of a light, Y = 1."""
    return xyz_from_radiance(np.asarray(light, float), light)


def resampled(wavelengths_nm: Array, values: Array, *, what: str = "a spectrum") -> tuple[Array, float]:
    """`values` (..., W) measured at `wavelengths_nm` (W,) on the program's own wavelengths: (..., 31), and how many nm
    of the range were beyond the data and hold its nearest value.

    Data finer than 10 nm are averaged with a triangle of +-10 nm, coarser data are interpolated linearly. Raises
    ParameterError when the wavelengths do not rise, are not in nm, or miss more than 20 nm at one of the ends.
    """
    nm, values = np.asarray(wavelengths_nm, float), np.asarray(values, float)
    _check_wavelengths(nm, values, what)
    beyond = (max(nm[0] - WAVELENGTHS_NM[0], 0.0), max(WAVELENGTHS_NM[-1] - nm[-1], 0.0))
    if max(beyond) > 2 * STEP_NM:
        raise ParameterError(
            f"{what} covers {nm[0]:g} to {nm[-1]:g} nm; expected 400 to 700 nm, at most 20 nm may be missing at an end"
        )
    return values @ _weights(nm).T, float(sum(beyond))


def _check_wavelengths(nm: Array, values: Array, what: str) -> None:
    if nm.ndim != 1 or nm.size < 2 or values.shape[-1:] != nm.shape:
        raise ParameterError(f"{what}: expected as many values as wavelengths, got {values.shape} for {nm.shape}")
    if not (np.isfinite(nm).all() and np.isfinite(values).all()):
        raise ParameterError(f"{what} has values that are not finite numbers")
    if (np.diff(nm) <= 0).any():
        raise ParameterError(f"{what}: the wavelengths do not rise from one to the next")
    if not 100 <= nm[0] <= 3000:
        unit = "um" if nm[0] < 3 else "another unit"
        raise ParameterError(f"{what}: the wavelengths begin at {nm[0]:g}: expected nm, this looks like {unit}")


def _weights(nm: Array) -> Array:
    """(31, W): each row takes the data to one of our wavelengths."""
    hat = np.stack([np.interp(WAVELENGTHS_NM, nm, row) for row in np.eye(nm.size)], axis=1)
    fine = np.gradient(nm)  # the width that each sample stands for
    if np.median(fine) >= STEP_NM * 0.99:
        return hat
    distance = np.abs(WAVELENGTHS_NM[:, None] - nm)
    triangle = np.maximum(1 - distance / STEP_NM, 0) * fine
    total = triangle.sum(1, keepdims=True)
    whole = (nm[0] + STEP_NM <= WAVELENGTHS_NM) & (nm[-1] - STEP_NM >= WAVELENGTHS_NM)
    usable = (total > 0) & (whole[:, None] | (total > 0.75 * STEP_NM))
    return np.where(usable, triangle / np.maximum(total, 1e-12), hat)
