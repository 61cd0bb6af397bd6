"""Noise: gain, read noise, full well, row noise, pixel response and defects of a sensor, from pairs of frames.

The photon transfer method: in the difference of two frames of the same thing all that stays is temporal noise, whatever
the light's shape. Blocks of one color's sites give (signal, variance); the line through them has the gain as slope and
the read noise as offset; where the variance collapses the sensor is full.

    variance_dn = signal_dn / electrons_per_dn + read_noise_dn^2 + row_noise_dn^2

Pairs are taken one after the other and leave only sums, so that any number of frames fits into memory.
Sources: J. R. Janesick, "Photon Transfer", SPIE Press 2007, chapters 5 and 6; EMVA Standard 1288, Release 4.0 (2021),
sections 6 and 8 (temporal noise from two frames, row noise, PRNU); ISO 15739:2023, 6.3 (noise from differences).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.calibrate.noise.darks import Darks
from twinlens.calibrate.noise.flats import LEAST_CLASSES, Flats
from twinlens.core.errors import ParameterError
from twinlens.core.fit import Fit
from twinlens.core.noise import NoiseModel

Array = npt.NDArray[Any]
Triple = tuple[float, float, float]

DEFECT_SHARE = 0.3  # of the neighbours' response
DEFECT_SIGMAS = 12.0  # of the dark frame's spread: a hot site


@dataclass(frozen=True, eq=False)
class SensorNoise:
    """What the frames say of red, green and blue sites, in DN above black; electrons through `electrons_per_dn`.

    `full_well_dn` is nan where no frame was full; then it lies above `brightest_dn`. `row_noise_dn` is nan without dark
    frames. `defects` (N, 2) are (row, column) of dead and hot sites.
    """

    iso: float | None
    electrons_per_dn: Triple
    read_noise_dn: Triple
    full_well_dn: Triple
    brightest_dn: Triple
    row_noise_dn: float
    prnu: float
    black_dn: float
    white_dn: float
    defects: Array = field(repr=False)

    @property
    def read_noise_e(self) -> Triple:
        """Read noise in electrons."""
        return _times(self.electrons_per_dn, self.read_noise_dn)

    @property
    def full_well_e(self) -> Triple:
        """Full well in electrons."""
        return _times(self.electrons_per_dn, self.full_well_dn)

    def model(self) -> NoiseModel:
        """The noise model of `develop`: gain and offset relative to white = 1, as in a DNG's NoiseProfile."""
        span = self.white_dn - self.black_dn
        row = self.row_noise_dn**2 if np.isfinite(self.row_noise_dn) else 0.0
        (g0, g1, g2), (r0, r1, r2) = self.electrons_per_dn, self.read_noise_dn
        return NoiseModel(
            (1 / (g0 * span), 1 / (g1 * span), 1 / (g2 * span)),
            ((r0**2 + row) / span**2, (r1**2 + row) / span**2, (r2**2 + row) / span**2),
        )


def _times(one: Triple, other: Triple) -> Triple:
    return one[0] * other[0], one[1] * other[1], one[2] * other[2]


def fit_noise(
    flats: Iterable[tuple[Array, Array]],
    darks: Iterable[tuple[Array, Array]] = (),
    *,
    tile: Array,
    white: float,
    black: float | None = None,
    iso: float | None = None,
) -> Fit[SensorNoise]:
    """The noise of a sensor from pairs of mosaics (H, W) in DN; a pair shows the same thing twice, all have one size.

    `flats` are pairs at several levels of light (a still burst's neighbours will do), `darks` pairs without light.
    `tile` holds 0, 1, 2 for the colors of the sites, (2, 2) for Bayer; `black` is measured from the darks when it is
    None. The residual is the relative error of the variances along the line, rms; held out: lines of half the pairs
    judged on the other half. Raises ParameterError for frames that are not pairs or not flat, too few levels, no black.
    """
    tile = np.asarray(tile, int)
    dark = Darks(tile)
    for pair in darks:
        dark.add(*_pair(pair))
    if black is None and not dark.pairs:
        raise ParameterError("the black level is not known: give dark frames (lens cap on) or state it")
    level = float(black) if black is not None else dark.level
    halves = (Flats(tile, white - level), Flats(tile, white - level))
    for index, pair in enumerate(flats):
        halves[index % 2].add(*(frame - np.float32(level) for frame in _pair(pair)))
    both = halves[0] + halves[1]
    if not both.pairs:
        raise ParameterError("no pair of frames was given; two frames of the same evenly lit wall make one")
    return _result(both, halves, dark, level, white, iso)


def _pair(frames: tuple[Array, Array]) -> tuple[Array, Array]:
    first, second = (np.asarray(one) for one in frames)
    if first.ndim != 2 or first.shape != second.shape:
        raise ParameterError(f"the frames of a pair are mosaics of one size, got {first.shape} and {second.shape}")
    return first.astype(np.float32), second.astype(np.float32)


def _result(
    sums: Flats, halves: tuple[Flats, Flats], dark: Darks, black: float, white: float, iso: float | None
) -> Fit[SensorNoise]:
    offsets = dark.variance if dark.pairs else None
    lines = [_line(sums.classes(color), None if offsets is None else offsets[color]) for color in range(3)]
    row = dark.row_noise if dark.pairs else float("nan")
    row_power = row**2 if np.isfinite(row) else 0.0
    residual = np.concatenate([_errors(sums.classes(color), lines[color]) for color in range(3)])
    value = SensorNoise(
        iso=iso,
        electrons_per_dn=_triple(1 / line[0] for line in lines),
        read_noise_dn=_triple(np.sqrt(max(line[1] - row_power, 0.0)) for line in lines),
        full_well_dn=_triple(sums.full(color, lines[color]) for color in range(3)),
        brightest_dn=_triple(sums.brightest),
        row_noise_dn=row,
        prnu=sums.prnu(),
        black_dn=black,
        white_dn=float(white),
        defects=_defects(sums, dark),
    )
    rms = float(np.sqrt(np.mean(residual**2)))
    return Fit(value, rms, "relative variance", residual.size, _held_out(halves, offsets))


def _triple(values: Iterable[float]) -> Triple:
    red, green, blue = (float(one) for one in values)
    return red, green, blue


def _held_out(halves: tuple[Flats, Flats], offsets: Array | None) -> float | None:
    """Lines of one half of the pairs judged on the other; None where a half alone makes no line."""
    errors = []
    for fitted, judged in (halves, halves[::-1]):
        for color in range(3):
            try:
                line = _line(fitted.classes(color), None if offsets is None else offsets[color])
            except ParameterError:
                return None
            errors.append(_errors(judged.classes(color), line))
    joined = np.concatenate(errors)
    return float(np.sqrt(np.mean(joined**2))) if joined.size else None


def _line(classes: Array, offset: float | None) -> Array:
    """Slope and offset of variance over signal; the offset is fixed where darks have measured it.

    Weights are those of the variances' own errors, 2 variance^2 / (blocks x freedom), from the line itself.
    """
    count, signal, variance = classes
    if signal.size < (1 if offset is not None else LEAST_CLASSES):
        raise ParameterError(
            f"{signal.size} levels of light with enough even blocks were found, {LEAST_CLASSES} are needed: photograph "
            "the wall at several exposures, none of them clipped"
        )
    line = np.array([max((variance[-1] - (offset or 0)) / max(signal[-1], 1e-9), 1e-12), offset or 0.0])
    for _ in range(10):
        expected = np.maximum(line[0] * signal + line[1], 1e-12)
        weight = np.sqrt(count) / expected
        if offset is not None:
            slope = np.sum(weight**2 * signal * (variance - offset)) / np.sum(weight**2 * signal**2)
            line = np.array([slope, offset])
        else:
            design = np.stack([signal, np.ones_like(signal)], 1) * weight[:, None]
            line = np.linalg.lstsq(design, variance * weight, rcond=None)[0]
    if line[0] <= 0:
        raise ParameterError("the noise does not grow with light: the frames are processed, or not of one exposure")
    return np.array([line[0], max(line[1], 0.0)])


def _errors(classes: Array, line: Array) -> Array:
    _, signal, variance = classes
    return variance / np.maximum(line[0] * signal + line[1], 1e-12) - 1


def _defects(sums: Flats, dark: Darks) -> Array:
    """(N, 2) (row, column): sites that answer too little or too much to light, or glow without it."""
    found = None
    if sums.response is not None:
        relative = sums.response / np.median(sums.response)
        found = np.abs(relative - 1) > DEFECT_SHARE
    if dark.mean is not None:
        mean = dark.mean / dark.pairs
        center = mean - np.median(mean)
        spread = 1.4826 * float(np.median(np.abs(center))) + 0.3
        hot = center > DEFECT_SIGMAS * spread
        found = hot if found is None else found | hot
    return np.empty((0, 2), int) if found is None else np.argwhere(found)


def by_iso(fits: Sequence[Fit[SensorNoise]]) -> dict[float, NoiseModel]:
    """Noise models by ISO for a camera profile. Raises ParameterError where an ISO is not known."""
    unknown = sum(one.value.iso is None for one in fits)
    if unknown:
        raise ParameterError(f"{unknown} of the {len(fits)} series have no ISO: state it")
    return {float(one.value.iso or 0): one.value.model() for one in fits}
