"""Look result: a learned look with what is known of how good it is and where, and what its document keeps of that."""

from __future__ import annotations

from dataclasses import field

from twinlens.core.fit import Fit
from twinlens.core.record import record
from twinlens.learn.coverage import Coverage
from twinlens.learn.vignette import Corners
from twinlens.pipeline.look import Look


@record(kw_only=True)
class PictureFit:
    """One source of evidence: what was found of it and how well the look meets it (CIEDE2000).

    `gain_stops`: its exposure against the mean of all, in EV. `white` (red, blue): gains of its white against the
    light's. `mean`, `p95`: by the look itself; `held_out_mean`, `held_out_p95`: by a look made without this picture
    (None where it is the only one), after its own exposure (and white); `blind_mean`, `blind_p95`: without these.
    `local_stops`: the spread of log2 luminance that no global look explains.
    """

    name: str
    kind: str
    cct: float | None
    samples: int
    gain_stops: float
    white: tuple[float, float]
    mean: float
    p95: float
    held_out_mean: float | None = None
    held_out_p95: float | None = None
    blind_mean: float | None = None
    blind_p95: float | None = None
    local_stops: float = 0.0
    notes: tuple[str, ...] = ()


@record(kw_only=True)
class WorstColor:
    """A color that the look misses: `wanted` and `shown` are sRGB codes 0 to 255; `scene` is linear Rec. 2020."""

    picture: str
    scene: tuple[float, float, float]
    wanted: tuple[float, float, float]
    shown: tuple[float, float, float]
    delta_e: float


@record(kw_only=True, eq=False)
class LookFit(Fit[Look]):
    """A look with its errors, CIEDE2000 of display colors.

    `residual` on all colors, `held_out` by looks made without the picture, both after the picture's own exposure (and
    white) where those were free; `blind` is the held-out error without. `vignette` (k1, k2): the source's light times
    1 + k1 r^2 + k2 r^4 meets the reference; `corners`: what the pictures one by
    one say of that. `local_stops`: the spread of log2 luminance that no look explains.
    """

    residual_p95: float = 0.0
    held_out_p95: float | None = None
    blind: float | None = None
    blind_p95: float | None = None
    pictures: tuple[PictureFit, ...] = ()
    coverage: Coverage | None = None
    worst: tuple[WorstColor, ...] = ()
    vignette: tuple[float, float] = (0.0, 0.0)
    corners: Corners | None = None
    local_stops: float = 0.0
    smoothing: float = 0.0
    lights: tuple[float, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = field(default=())
