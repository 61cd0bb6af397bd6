"""Chart picture: the tone response, the noise and the distortion that photographs of a color chart tell.

The grey row is steps of known light for the tone response (ISO 14524:2009, section 6). Every patch is an even field for
the noise (ISO 15739:2023, 6.2: noise of the patches of a chart, without their shading). The sides of rows and columns
are straight in the world (the plumb-line method, `lens/lines.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.calibrate import frames
from twinlens.calibrate.color_files import FEWEST, USABLE, PathLike, chart_in, edition_of, reflectances_of
from twinlens.calibrate.lens import REACH_NEEDED
from twinlens.calibrate.lens.lines import fit_distortion_from_lines
from twinlens.calibrate.module import NoiseReport
from twinlens.calibrate.noise.patches import Fields, fields, fit_noise_from_fields
from twinlens.calibrate.tone import ToneResponse, fit_tone
from twinlens.core.chart import ChartFound
from twinlens.core.errors import ParameterError
from twinlens.core.fit import Fit
from twinlens.core.image import ENCODED, SENSOR, Image, upright
from twinlens.core.lens import LensWarp
from twinlens.core.shot import Shot
from twinlens.numerics import color, spectra
from twinlens.numerics.sensor_prior import STANDARD_EDITION, bundled_prior, unit_luminance

Array = npt.NDArray[Any]

NEUTRAL_LIGHT = (
    "D50"  # under which the light of the greys is reckoned; they are so neutral that another one hardly differs
)
STEP_DOUBT = 0.03  # relative: patches are known to some 1 %, and the light on them is never quite even
INNER_PATCH = 0.7  # of a patch's width and height whose noise is measured
NOT_STEPS = ("clipped", "outside", "uneven")  # qualities of patches that are no step
COLORS = ("red", "green", "blue")


@dataclass(frozen=True, eq=False)
class ChartTone:
    """Tone responses by channel from the grey row of a chart; `patches` are the names of its steps, `glare` is the
    light that the line through the steps adds, relative to white (what dark patches have too much). `notes` say what is
    wrong with the picture."""

    fits: dict[str, Fit[ToneResponse]]
    patches: tuple[str, ...]
    glare: tuple[float, ...]
    notes: tuple[str, ...]
    is_rendered: bool = False

    @property
    def is_linear(self) -> bool:
        """Whether all channels follow light as far as a chart can tell."""
        return all(one.value.linearity < STEP_DOUBT for one in self.fits.values())


def tone_from_chart(
    path: PathLike,
    *,
    target: PathLike | None = None,
    kind: str | None = None,
    corners: Any = None,
    raw_layout: str | None = None,
) -> ChartTone:
    """The tone response by channel from one picture of a chart: what is recorded of its neutral patches over their
    light.

    Of a raw file recorded values are camera RGB relative to white, of a rendered picture code values 0 to 1. Light is
    relative to the perfect white, by the chart's reflectances (`target`, a file, where they were measured). Raises
    ParameterError where no chart is found or fewer than five neutral patches can be used.
    """
    image, chart = chart_in(Path(path), kind, corners, raw_layout)
    steps = _steps(chart)
    edition, told = _edition(image, chart, target)
    light = _light(reflectances_of(chart, target, edition)[steps], image)
    value = chart.rgb[steps]
    if image.state is ENCODED:
        value = color.encode(np.clip(value, 0, 1), image.primaries or "srgb")
    fits = {name: fit_tone(light[:, channel], value[:, channel]) for channel, name in enumerate(COLORS)}
    glare = tuple(one.value.offset / one.value.slope if one.value.slope > 0 else 0.0 for one in fits.values())
    names = tuple(chart.patches[index].name for index in steps)
    return ChartTone(fits, names, glare, (*told, *chart.warnings), image.state is ENCODED)


def _edition(image: Image, chart: ChartFound, target: PathLike | None) -> tuple[str, list[str]]:
    """The edition of a Classic by all its patches, as a color fit finds it; the standard's where those are too few."""
    usable = np.array([one.quality in USABLE for one in chart.patches])
    if usable.sum() < FEWEST:
        return STANDARD_EDITION, []
    return edition_of((image, chart), chart.rgb[usable], usable, None, target)


def _steps(chart: ChartFound) -> Array:
    """Numbers of the neutral patches that can be used, dark to light."""
    from twinlens.measure.chart import library

    greys = library.charts()[chart.kind].greys
    steps = np.array([index for index in greys if chart.patches[index].quality not in NOT_STEPS], int)
    if len(steps) < 5:
        raise ParameterError(
            f"{len(steps)} of {len(greys)} neutral patches of the {chart.kind} can be used (the others are clipped, "
            "covered or outside), 5 are needed: expose less, with the whole chart in the picture"
        )
    return steps


def _light(reflectances: Array, image: Image) -> Array:
    """The light (N, 3) that each channel gets from the patches, relative to the perfect white: seen by a usual sensor
    for a raw file, by the primaries of its space for a rendered picture."""
    unit = unit_luminance(spectra.illuminant(NEUTRAL_LIGHT))
    if image.state is ENCODED:
        to_space = np.linalg.inv(color.xyz_from_rgb(image.primaries or "srgb"))
        white = unit @ spectra.observer()
        adapted = color.adaptation(white, color.xyz_from_rgb(image.primaries or "srgb").sum(1))
        return np.maximum((reflectances * unit) @ spectra.observer() @ adapted.T @ to_space.T, 0)
    usual = bundled_prior().mean.reshape(3, spectra.BANDS).T * unit[:, None]
    return reflectances @ usual / usual.sum(0)


def noise_from_charts(
    pictures: Sequence[PathLike],
    *,
    kind: str | None = None,
    corners: Any = None,
    raw_layout: str | None = None,
    progress: frames.Progress | None = None,
) -> NoiseReport:
    """The noise by ISO from raw photographs of a chart, one for each ISO (several of one ISO count together).

    Less is learned than from flats and darks: read noise is where the line through the patches meets the dark, row
    noise and the full well are not measured. Raises ParameterError where no chart is found or its patches are small.
    """
    found: dict[float, tuple[Fields, frames.Frame]] = {}
    notes: list[str] = []
    for path in frames.counted(list(map(Path, pictures)), len(pictures), progress):
        own, frame, told = _fields(path, kind, corners, raw_layout)
        iso = float(frame.shot.iso or 0)
        if found:
            frames.check_alike(frame, next(iter(found.values()))[1])
        found[iso] = (found[iso][0] + own if iso in found else own, frame)
        notes += told
    if not found:
        raise ParameterError("no picture of a chart was given")
    fits = {
        iso: fit_noise_from_fields(own, white=frame.white, iso=iso or None)
        for iso, (own, frame) in sorted(found.items())
    }
    darkest = min(float(own.signal.min() / frame.white) for own, frame in found.values())
    notes.append(
        f"read noise is the end of a line whose darkest patch is at {darkest:.1%} of white; darks (lens cap on) "
        "tell it better"
    )
    return NoiseReport(fits, tuple(notes), next(iter(found.values()))[1].shot)


def _fields(
    path: Path, kind: str | None, corners: Any, raw_layout: str | None
) -> tuple[Fields, frames.Frame, list[str]]:
    image, chart = chart_in(path, kind, corners, raw_layout)
    frame = frames.frame_of(image, path)
    if not frame.knows_black:
        raise ParameterError(f"{path}: the black level is not known; state it (--raw-layout), or give flats and darks")
    height, width = frame.counts.shape
    colors = np.tile(frame.tile, (height // 2 + 1, width // 2 + 1))[:height, :width]
    turn = frame.shot.orientation
    mosaic, colors = upright(frame.counts, turn), upright(colors, turn)
    usable = [outline for outline, one in zip(chart.outlines, chart.patches, strict=True) if one.quality in USABLE]
    masks = [_inner(outline, mosaic.shape) for outline in usable]
    return fields(mosaic, colors, masks, frame.white), frame, [f"{path.name}: {one}" for one in chart.warnings]


def _inner(outline: Array, shape: tuple[int, ...]) -> tuple[slice, slice, Array]:
    """The inner part of a patch: rows, columns and the mask in them; rows and columns begin at even numbers."""
    import cv2

    center = outline.mean(0)
    points = np.rint(center + (outline - center) * INNER_PATCH)
    low = np.maximum(points.min(0), 0).astype(int) // 2 * 2
    high = np.minimum(points.max(0) + 1, [shape[1], shape[0]]).astype(int)
    mask = np.zeros((max(high[1] - low[1], 0), max(high[0] - low[0], 0)), np.uint8)
    if mask.size:
        cv2.fillConvexPoly(mask, (points - low).astype(np.int32), 1)
    return slice(low[1], high[1]), slice(low[0], high[0]), mask > 0


def lens_from_charts(
    pictures: Sequence[PathLike],
    *,
    kind: str | None = None,
    raw_layout: str | None = None,
    progress: frames.Progress | None = None,
) -> tuple[Fit[LensWarp], Shot, tuple[str, ...]]:
    """The lens's radial distortion (k1, k2; all colors alike) from the straight lines of charts in photographs.

    Pictures without a chart are left out and named. Raises ParameterError where none is left, sizes differ, or the
    charts stay in the middle of the frame, which tells nothing of its corners.
    """
    from twinlens.files import read as read_image
    from twinlens.measure.chart.lines import chart_lines

    lines: list[Array] = []
    notes, shots, frame = [], [], (0, 0)
    for path in frames.counted(list(map(Path, pictures)), len(pictures), progress):
        image = read_image(path, raw_layout=raw_layout)
        found = chart_lines(image, kinds=None if kind is None else [kind])
        if not found:
            notes.append(f"{path.name}: no chart was found in it")
            continue
        own = _stored_size(image)
        if shots and own != frame:
            raise ParameterError(f"{path.name} is {own[1]} x {own[0]}, the pictures before {frame[1]} x {frame[0]}")
        frame = own
        shots.append(image.shot)
        lines += [one[:, ::-1] for one in found] if image.shot.orientation >= 5 else found
    if not lines:
        raise ParameterError("; ".join(notes) or "no picture was given")
    fit = fit_distortion_from_lines(lines, frame)
    if fit.value.covered < REACH_NEEDED:
        raise ParameterError(
            f"the charts reach {fit.value.covered:.0%} of the way to the corners, {REACH_NEEDED:.0%} is needed: let a "
            "chart fill the frame"
        )
    return fit, shots[0], tuple(notes)


def _stored_size(image: Image) -> tuple[int, int]:
    """(H, W) of the picture as it is stored, of a raw its active area. A radial warp about the middle is the same for
    the picture turned or mirrored."""
    if image.state is SENSOR:
        top, left, bottom, right = image.shot.area
        return bottom - top, right - left
    return image.pixels.shape[0], image.pixels.shape[1]
