"""Light booth: the color of a real chart, patches left out, with and without its uneven light, by edition of the chart.

The raw is Infinite-ISP's (`shared/data/README.md`); nobody says its light and black: black is taken as 32 of 4095, the
light as A, the most probable of the tabulated ones. Every patch is read by a model made without it, CIEDE2000; beside
it a 3x3 by least squares. The edition is the one that is said; that the patches explain better one is taken without a
choice.

    python benchmarks/light_booth.py    all figures -> results/light_booth.json
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from record import save

from twinlens.calibrate.color import fit_color
from twinlens.calibrate.color_files import chart_in, edition_of, usable_patches
from twinlens.calibrate.uneven import fit_color_in_uneven_light
from twinlens.numerics import spectra
from twinlens.numerics.sensor_prior import chart_editions

RAW = Path(__file__).resolve().parents[2] / "shared/data/raw/lightbooth_colorchecker_1920x1080_12bit_BGGR.raw"
LAYOUT, LIGHT = "1920x1080:uint16le:BGGR:black=32:white=4095", "A"


def main() -> None:
    image, chart = chart_in(RAW, raw_layout=LAYOUT)
    keep = usable_patches(chart)
    rgb, centers = chart.rgb[keep], np.array([one.center for one in chart.patches])[keep]
    chosen, _ = edition_of((image, chart), rgb, keep, LIGHT, None)
    told: dict[str, Any] = {"edition taken": chosen, "patches": int(keep.sum()), "light assumed": LIGHT}
    for edition, reflectances in chart_editions().items():
        target = (spectra.WAVELENGTHS_NM, reflectances[keep])
        told[edition] = {
            "uneven light fitted": _errors(fit_color_in_uneven_light(rgb, centers, target, LIGHT)[0]),
            "even light assumed": _errors(fit_color(rgb, target, LIGHT)),
        }
        print(edition, told[edition])
    print(save("light_booth", told))


def _errors(fit: Any) -> dict[str, float]:
    """Mean and 95th percentile of left-out patches by the model, and by a 3x3."""
    found = {"model": fit.left_out, "matrix": fit.plain_left_out}
    return {f"{name} {key}": round(getattr(one, key), 3) for name, one in found.items() for key in ("mean", "p95")}


if __name__ == "__main__":
    main()
