"""Color files: photographs of charts, tables of sensitivities, or a raw file's own tags, become a color model.

A chart is found, its patches are measured, those that are clipped or cut off are left out, and the rest is fitted.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.calibrate.chart import find_charts
from twinlens.calibrate.color import ColorFit, fit_color, fit_color_from_matrices, fit_color_from_sensitivities
from twinlens.calibrate.color_errors import foretold
from twinlens.calibrate.color_profile import DNG_LIGHTS
from twinlens.calibrate.light_evidence import edition_note, most_probable_edition, most_probable_light
from twinlens.calibrate.uneven import fit_color_in_uneven_light
from twinlens.core.chart import ChartFound
from twinlens.core.errors import FileError, ParameterError
from twinlens.core.image import ENCODED, SENSOR, Image
from twinlens.core.shot import Shot
from twinlens.measure.sensors import matrices_of
from twinlens.numerics import color, spectra
from twinlens.numerics.sensor_prior import STANDARD_EDITION, bundled_prior, chart_editions

Array = npt.NDArray[Any]
PathLike = str | Path

USABLE = ("good", "uneven", "dark", "small")  # qualities of patches that a fit may use; it weighs them by itself
FEWEST = 18
CLASSIC = "classic"


@dataclass(frozen=True, eq=False)
class ChartColor:
    """A color fit with what it was made from: the charts as found, the patches used (names), the pictures."""

    fit: ColorFit
    shot: Shot
    charts: tuple[ChartFound, ...] = ()
    names: tuple[str, ...] = ()
    rgb: Array | None = None
    reflectances: Array | None = None
    pictures: tuple[Image, ...] = ()
    notes: tuple[str, ...] = ()


def light_from(text: str) -> Any:
    """A light as `fit_color` takes it, from a name or the path of a file with a spectrum."""
    if os.path.sep in text or text.lower().endswith((".csv", ".json")):
        from twinlens.files.spectrum import read_light

        power, beyond = read_light(text)
        if beyond:
            raise ParameterError(f"{text} lacks {beyond:g} nm of 400 to 700 nm: give the whole spectrum of the light")
        return spectra.WAVELENGTHS_NM, power
    spectra.illuminant(text)
    return text


def color_from_charts(
    paths: Sequence[PathLike],
    lights: Sequence[str] = (),
    *,
    target: PathLike | None = None,
    kind: str | None = None,
    corners: Any = None,
    raw_layout: str | None = None,
    uneven: bool = False,
) -> ChartColor:
    """The color of the camera that photographed charts, one chart in each file.

    `lights` are names or files, one for all, one for each file, or none: then the most probable is taken. `target` is a
    file with the reflectances of the chart's patches in reading order; without it a Classic's are those of the edition
    that explains its patches (the standard's or the mean of 30 charts), and those of other charts are guessed from
    their published colors. `uneven` fits the smooth change of light over the
    chart of a single picture together with its color. Raises ParameterError where no chart is found.
    """
    if not paths:
        raise ParameterError("no picture of a chart was given")
    if len(lights) not in (0, 1, len(paths)):
        raise ParameterError(f"{len(lights)} lights for {len(paths)} pictures: name one for all, or one for each")
    read = [chart_in(Path(path), kind, corners, raw_layout) for path in paths]
    given = [light_from(one) for one in lights] * (len(paths) if len(lights) == 1 else 1)
    usable = [usable_patches(chart) for _, chart in read]
    rgbs = [chart.rgb[keep] for (_, chart), keep in zip(read, usable, strict=True)]
    edition, edition_told = edition_of(read[0], rgbs[0], usable[0], given[0] if given else None, target)
    reflectances = [reflectances_of(chart, target, edition) for _, chart in read]
    targets: list[Any] = [(spectra.WAVELENGTHS_NM, one[keep]) for one, keep in zip(reflectances, usable, strict=True)]
    single = len(paths) == 1
    light: Any = None if not given else given[0] if single else given
    (image, chart), keep = read[0], usable[0]
    if uneven:
        if not single:
            raise ParameterError("uneven light is fitted on one picture of a chart; name one")
        centers = np.array([one.center for one in chart.patches])[keep]
        fit, level = fit_color_in_uneven_light(rgbs[0], centers, targets[0], light)
        rgbs[0] = rgbs[0] / level[:, None]
    else:
        fit = fit_color(rgbs[0] if single else rgbs, targets[0] if single else targets, light)
    names = tuple(one.name for one, kept in zip(chart.patches, keep, strict=True) if kept)
    return ChartColor(
        fit, image.shot, tuple(one for _, one in read), names, rgbs[0], reflectances[0][keep],
        tuple(one for one, _ in read), (*edition_told, *_notes(read, target)),
    )  # fmt: skip


def chart_in(
    path: Path, kind: str | None = None, corners: Any = None, raw_layout: str | None = None
) -> tuple[Image, ChartFound]:
    """A picture and the chart in it, the Classic where there are several. ParameterError where none is found."""
    from twinlens.files import read as read_image

    image = read_image(path, raw_layout=raw_layout)
    found = find_charts(image, kinds=None if kind is None else [kind], corners=corners)
    if not found:
        raise ParameterError(
            f"{path}: no chart was found; shoot it with all its patches in the picture, in focus and evenly lit, or "
            "give its corners"
        )
    classics = [one for one in found if one.kind == CLASSIC]
    return image, (classics or found)[0]


def usable_patches(chart: ChartFound) -> Array:
    """Which patches (N,) a color fit may use. ParameterError where they are too few."""
    keep = np.array([one.quality in USABLE for one in chart.patches])
    if keep.sum() < FEWEST:
        worst = ", ".join(sorted({one.quality for one in chart.patches if one.quality not in USABLE}))
        raise ParameterError(
            f"only {int(keep.sum())} of {len(keep)} patches can be used ({worst}), {FEWEST} are needed: expose less, "
            "with the whole chart in the picture"
        )
    return keep


def edition_of(
    read: tuple[Image, ChartFound], rgb: Array, keep: Array, light: Any, target: PathLike | None
) -> tuple[str, list[str]]:
    """The edition of a Classic in a raw file, by its patches (N, 3), and a sentence where it is not the standard's."""
    image, chart = read
    if target is not None or chart.kind != CLASSIC or image.state is not SENSOR:
        return STANDARD_EDITION, []
    prior = bundled_prior()
    standard = spectra.WAVELENGTHS_NM, chart_editions()[STANDARD_EDITION][keep]
    known = most_probable_light(rgb, standard, prior) if light is None else light
    edition, ahead = most_probable_edition(rgb, known, prior, keep)
    return edition, edition_note(edition, ahead)


def reflectances_of(chart: ChartFound, target: PathLike | None, edition: str = STANDARD_EDITION) -> Array:
    """Reflectances (N, 31) of a chart's patches in reading order: those of the file `target`, of an edition of the
    Classic, or guessed from the published colors."""
    if target is not None:
        from twinlens.files.spectrum import read_reflectances

        known, _ = read_reflectances(target)
        values = np.stack(list(known.values()))
        if len(values) != len(chart.patches):
            raise FileError(f"{target} has {len(values)} patches, the {chart.kind} in the picture {len(chart.patches)}")
        return values
    if chart.kind == CLASSIC:
        return chart_editions()[edition]
    from twinlens.calibrate.color_input import reflectances_from_xyz
    from twinlens.measure.chart import library

    lab = library.charts()[chart.kind].lab
    d50 = spectra.illuminant("D50")
    return reflectances_from_xyz(color.xyz_from_lab(lab, spectra.white_xyz(d50)), d50)[0]


def _notes(read: Sequence[tuple[Image, ChartFound]], target: PathLike | None) -> tuple[str, ...]:
    notes = []
    for image, chart in read:
        name = image.shot.source or "the picture"
        notes += [f"{name}: {one}" for one in chart.warnings]
        if image.state is ENCODED:
            notes.append(
                f"{name} is a rendered picture: its maker's tone curve and look are in its numbers, so this profile is "
                "for pictures rendered alike, not for raw files"
            )
        if chart.kind != CLASSIC and target is None:
            notes.append(f"{name}: the {chart.kind}'s spectra are guessed from its published colors; give a file")
    return tuple(notes)


def color_from_sensitivities(path: PathLike, light: str = "D65") -> ChartColor:
    """The color of a camera whose sensitivities are in a file (columns wavelength, red, green, blue)."""
    from twinlens.files.spectrum import read_spectra

    nm, columns = read_spectra(path)
    lower = {name.strip().lower(): values for name, values in columns.items()}
    picked = [next((lower[key] for key in (name, name[0]) if key in lower), None) for name in ("red", "green", "blue")]
    if any(one is None for one in picked):
        raise FileError(f"{path}: expected columns red, green and blue, found {', '.join(columns)}")
    fit = fit_color_from_sensitivities(nm, np.stack(picked, 1), light_from(light))  # type: ignore[arg-type]
    return ChartColor(fit, Shot(source=str(path)))


def color_from_tags(path: PathLike, light: str | None = None, *, raw_layout: str | None = None) -> ChartColor:
    """The color of a camera of which only its raw file's color matrices are known: a guess with wide limits."""
    from twinlens.files import read as read_image

    image = read_image(path, raw_layout=raw_layout)
    calibrations = image.shot.color.calibrations
    if image.state is not SENSOR or not calibrations:
        raise ParameterError(f"{path} states no color matrix: a raw file of a camera that does is needed, or a chart")
    matrices, lights = matrices_of(calibrations, str(path))
    wanted = None if light is None else light_from(light)
    fit = fit_color_from_matrices(matrices, [(spectra.WAVELENGTHS_NM, power) for power in lights], wanted)
    return ChartColor(fit, image.shot, notes=_lights_without_a_matrix(fit, [one.light for one in calibrations]))


def _lights_without_a_matrix(fit: ColorFit, codes: Sequence[int]) -> tuple[str, ...]:
    """What to expect under the lights of a DNG profile for which the file has no matrix, a sentence each."""
    notes = []
    for name, code in DNG_LIGHTS.items():
        if code not in codes:
            expected, _ = foretold(fit.value, spectra.illuminant(name))
            notes.append(
                f"the file has no matrix for {name}: the profile's follows from the estimated sensor, "
                f"{expected.mean:.1f} Delta E 2000 off to be expected on natural surfaces (p95 {expected.p95:.1f})"
            )
    return tuple(notes)
