"""lensfun: a lens of its data base (lensfun.github.io) as the numbers of the lens stage.

lensfun's own coordinates of a few rows are fitted by the polynomial of the lens stage, which thus holds every
distortion (poly3, poly5, ptlens) and chromatic aberration (linear, poly3) model with the scale that fills the frame.
Vignetting (model pa) is taken over by its formula: the picture is divided by 1 + k1 r^2 + k2 r^4 + k3 r^6.
"""

from __future__ import annotations

import importlib
import importlib.util
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from twinlens.core.record import record
from twinlens.core.shot import Shot
from twinlens.numerics import lens

INSTALL = (
    "lensfun's data base is not installed: install it with `pip install twinlens[lens]`, or choose another correction"
)
DEGREE = 9
ROWS = 9
RMS_PX = 0.2  # of the fit, on the rows that it was made from; lensfun's single precision alone makes up to 0.08
FAR_M = 1000.0  # focus distance where the file names none, as lensfun assumes


@record
class Correction:
    """What the data base says of a lens at one focal length and aperture."""

    name: str
    warp: lens.Step | None
    falloff: tuple[float, ...] | None


def find(shot: Shot, lens_name: str | None, exactly: bool) -> Correction | str:
    """The correction for a shot, or a sentence that says why there is none.

    `exactly`: only where camera and lens are named in the data base just as in the file, or where the camera has one
    fixed lens. Otherwise lensfun's best match is taken.
    """
    if importlib.util.find_spec("lensfunpy") is None:
        return INSTALL
    wanted = lens_name or shot.lens
    unknown = f"lensfun's data base does not know the camera {shot.make} {shot.model}; choose another correction"
    naming = _naming(shot.model) if exactly and shot.model else []
    if exactly and not naming:
        return unknown
    lensfunpy: Any = importlib.import_module("lensfunpy")
    fixed = exactly and not wanted  # then the few files that name the camera are enough
    base = lensfunpy.Database(naming, load_common=False, load_bundled=False) if fixed else lensfunpy.Database()
    cameras = base.find_cameras(shot.make, shot.model)
    if not cameras:
        return unknown
    candidates = base.find_lenses(cameras[0], lens=wanted or None)
    if exactly or not wanted:
        alone = len({one.model for one in candidates}) == 1 and not wanted
        candidates = [one for one in candidates if alone or _plain(one.model) == _plain(wanted)]
    if not candidates:
        return f"lensfun's data base has no lens {wanted!r} for the {shot.model}; name it by --set lens.model=NAME"
    return _correction(candidates[0], cameras[0].crop_factor, shot)


@cache
def _naming(model: str) -> tuple[str, ...]:
    """The files of the data base that name the camera: a look of 10 ms before 0.1 s of loading."""
    spec = importlib.util.find_spec("lensfunpy")
    places = list(spec.submodule_search_locations or []) if spec else []
    files = (path for place in places for path in sorted(Path(place).rglob("*.xml")))
    name = model.casefold().encode()
    return tuple(str(path) for path in files if name in path.read_bytes().lower())


def _plain(name: str) -> str:
    return "".join(name.casefold().split())


def _correction(found: Any, crop: float, shot: Shot) -> Correction | str:
    focal = shot.focal_length_mm or found.min_focal
    aperture = shot.f_number or found.min_aperture or 8.0
    distance = shot.focus_distance_m or FAR_M
    height, width = shot.area[2] - shot.area[0], shot.area[3] - shot.area[1]
    warp = fitted_warp(found, crop, (height, width), focal, aperture, distance)
    vignetting = found.interpolate_vignetting(focal, aperture, distance)
    falloff = None
    if vignetting is not None and any(vignetting.terms):
        center = _center(found, height, width)
        falloff = (*(float(k) for k in vignetting.terms[:3]), *center, float(crop / found.crop_factor))
    if warp is None and falloff is None:
        return f"lensfun's data base has no correction of the {found.model} at {focal:g} mm"
    return Correction(found.model, warp, falloff)


def _center(found: Any, height: int, width: int) -> tuple[float, float]:
    """The optical center (x, y) relative to the frame; lensfun counts in half of the shorter side."""
    short = (min(height, width) - 1) / 2 or 1.0
    return (
        0.5 + float(found.center_x) * short / max(width - 1, 1),
        0.5 + float(found.center_y) * short / max(height - 1, 1),
    )


def fitted_warp(
    found: Any, crop: float, frame: tuple[int, int], focal: float, aperture: float, distance: float
) -> lens.Step | None:
    """lensfun's coordinates for a frame (H, W) as a warp of one or three planes; None where it has none."""
    lensfunpy: Any = importlib.import_module("lensfunpy")
    height, width = frame
    if min(frame) < 2:
        return None
    modifier = lensfunpy.Modifier(found, crop, width, height)
    flags = lensfunpy.ModifyFlags
    wanted = int(flags.DISTORTION | flags.TCA | flags.SCALE)
    modifier.initialize(focal, aperture, distance, scale=0.0, pixel_format=np.float32, flags=wanted)
    rows = np.unique(np.linspace(0, height - 1, ROWS).astype(int))
    lines = [modifier.apply_subpixel_geometry_distortion(0, int(y), width, 1) for y in rows]
    if any(line is None for line in lines):
        return None
    places = np.concatenate(lines).astype(np.float64)
    planes = [_fitted(places[:, :, c], rows, frame, _center(found, height, width)) for c in range(3)]
    alike = all(plane == planes[1] for plane in planes)
    return None if any(plane is None for plane in planes) else tuple(planes[:1] if alike else planes)  # type: ignore[return-value]


def _fitted(places: Any, rows: Any, frame: tuple[int, int], center: tuple[float, float]) -> lens.Row | None:
    """The row of numbers of one plane from its places (rows, W, 2: x, y); None where no polynomial fits them."""
    cx, cy, reach = lens.frame_center(center, frame)
    dx, dy = np.meshgrid((np.arange(frame[1]) - cx) / reach, (rows - cy) / reach)
    r = np.hypot(dx, dy)
    along = ((places[..., 0] - cx) * dx + (places[..., 1] - cy) * dy) / reach  # ratio * r^2
    powers = np.polynomial.chebyshev.chebvander(2 * r.ravel() - 1, DEGREE)
    weight = r.ravel()[:, None]
    target = (along / np.maximum(r, 1e-9)).ravel()
    series = np.linalg.lstsq(powers * weight, target, rcond=None)[0]
    radial = np.polynomial.Chebyshev(series, domain=[0, 1]).convert(kind=np.polynomial.Polynomial).coef
    row = (*center, *(float(k) for k in np.pad(radial, (0, lens.TERMS - len(radial)))), 0.0, 0.0, 0.0, 1.0)
    y, x = lens.source_of(row, rows[:, None].astype(float), np.arange(frame[1], dtype=float), frame)
    rms = np.sqrt(np.mean((x - places[..., 0]) ** 2 + (y - places[..., 1]) ** 2))
    return row if rms <= RMS_PX else None
