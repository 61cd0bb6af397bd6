"""Color DCP: a calibrated profile as a `.dcp` in RawTherapee beside our own rendering of the profile itself.

Cameras of measured sensitivities (Galaxy S20, iPhone 12 Pro Max, Leica M8) are calibrated from one D65 chart; what
was found is written as DCP, and 96 flat patches in a DNG are developed by `rawtherapee-cli` with it, and by our stages
once with the same DCP and once with the profile's sensor (root-polynomial). Lights as in `dcp_rawtherapee.py`: the
first is near daylight, the second tungsten, the third between both.

    python benchmarks/color_dcp.py
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import color as color_benchmark
import dcp_rawtherapee as oracle
from record import save

from twinlens.calibrate import fit_color
from twinlens.calibrate.color_profile import camera_color, dcp_color
from twinlens.files import dcp, dng
from twinlens.numerics.dng_color import lights_from

CAMERAS = (*color_benchmark.PHONES, color_benchmark.REFERENCE)


def compare(camera: color_benchmark.Camera, folder: Path) -> dict[str, Any]:
    """RawTherapee against our DCP rendering and against our profile, by light."""
    model = fit_color(color_benchmark.shot(camera), "colorchecker", "D65", prior=camera.prior).value
    path = folder / "calibrated.dcp"
    dcp.write(path, dcp_color(model, "calibrated", "Twinlens Chart"), overwrite=True)
    tags, own = dcp.read(path), camera_color(model)
    figures = {}
    for light, (kelvin, tint) in oracle.LIGHTS.items():
        patches, neutral = oracle.chart(lights_from(tags.calibrations), (kelvin, tint))
        file = folder / f"{light}.dng"
        file.unlink(missing_ok=True)
        oracle.write_dng(file, patches, oracle.shot_of(tags, neutral))
        shot = dng.read(file).shot
        theirs = oracle.theirs(file, path, folder)
        figures[light] = {
            "our_dcp": oracle.figure(oracle.ours(patches, shot, tags), theirs),
            "our_profile": oracle.figure(oracle.ours(patches, shot, own), theirs),
        }
    return figures


def main() -> int:
    if shutil.which("rawtherapee-cli") is None:
        print("skipped: rawtherapee-cli is not installed")
        return 0
    known = {one.name: one for one in color_benchmark.cameras()}
    with tempfile.TemporaryDirectory() as folder:
        figures = {name: compare(known[name], Path(folder)) for name in CAMERAS}
    for name, found in figures.items():
        print(name, {light: {key: (v["mean"], v["p95"]) for key, v in one.items()} for light, one in found.items()})
    print(save("color_dcp", {"unit": "CIEDE2000 of patch means against RawTherapee", "cameras": figures}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
