"""Simulated matrices: DNG matrices that we compute from measured sensitivities, beside the maker's published ones.

`python benchmarks/simulate_matrices.py` takes every camera whose sensitivities (measured, or predicted by others and
marked so) and whose published ColorMatrix are both in `../shared/data/spectral`. The 24 ColorChecker patches are
recorded with the sensitivities under A and D65 and taken to XYZ by our matrix and by the published one, each with the
neutral of the light as white; the mean DeltaE 2000 between the two is printed, what each of them is off the truth, and
how far the published matrix's idea of the light's neutral is from that of the sensitivities. Writes
`results/simulate_matrices.json` and the table of `docs/simulate-cameras.md`. `--quick` compares the two cameras that
come with the program.

Sensitivities are also estimated from the matrices alone (`numerics/sensitivity.py`), with a prior made without the
camera and its aliases, and compared with the measured ones: per channel the rms difference relative to the channel's
peak, both scaled to the same white under D65; and the patches, recorded by the measured sensitivities, read by maps of
the estimated ones. Once from the published matrices, once from our own (what matrices could tell at best).
"""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import Any

import color as color_benchmark
import numpy as np
import numpy.typing as npt
from record import check_quick, save

from twinlens.files.spectrum import read_spectra
from twinlens.numerics import color, dng_matrices, sensitivity, spectra
from twinlens.numerics.color_model import color_map
from twinlens.simulate import camera as cameras

Array = npt.NDArray[Any]

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "spectral"
DOCS = Path(__file__).resolve().parents[1] / "docs" / "simulate-cameras.md"
LIGHTS = {"A": 17, "D65": 21}
QUICK_TOLERANCE = 0.01  # DeltaE
COLORED = 18  # patches of the chart that are no greys

CAMERAS = {  # file of sensitivities: name in the table of published matrices
    "sensitivities/Leica_M8_Mauer-2009.csv": "Leica M8 Digital Camera",
    "sensitivities/Samsung_Galaxy-S20_Tominaga_etal_2021.csv": "Samsung Galaxy S20 Rear Main Camera",
    "sensitivities/Samsung_Galaxy-S7-Edge_Tominaga_etal_2021.csv": "Samsung Galaxy S7 Edge",
    "sensitivities/iPhone_12-Pro-Max_Tominaga_etal_2021.csv": "iPhone13,4 back camera",
    "sensitivities/iPhone_8_Tominaga_etal_2021.csv": "iPhone10,1 back camera",
    "rawtoaces/camera/Hasselblad_L1D-20c_380_780_5.json": "Hasselblad L1D 20c",
    "predicted/Xiaomi-12S-Ultra-Rear-Wide-Camera.csv": "Xiaomi 12S Ultra Rear Wide Camera",
    "predicted/Xiaomi-13-Pro-Rear-Wide-Camera.csv": "Xiaomi 13 Pro Rear Wide Camera",
    "predicted/LEICA-M10.csv": "LEICA M10",
    "predicted/LEICA-M11.csv": "LEICA M11",
    "predicted/LEICA-Q2.csv": "LEICA Q2",
}


def published() -> dict[str, dict[str, Array]]:
    """The published matrices (camera from XYZ) by camera and light."""
    with (DATA / "dng_color_matrices.csv").open(newline="") as file:
        rows = {row.pop("camera"): [float(value) for value in row.values()] for row in csv.DictReader(file)}
    return {name: {"A": np.reshape(row[:9], (3, 3)), "D65": np.reshape(row[9:], (3, 3))} for name, row in rows.items()}


def sensitivities(path: Path) -> Array:
    """Red, green and blue (31, 3) of a file."""
    nm, columns = read_spectra(path)
    return spectra.resampled(nm, np.stack(list(columns.values())[:3]), what=str(path))[0].T


def patches(seen: Array, camera_from_xyz: Array, light: str) -> Array:
    """L*a*b* (24, 3) of the chart's patches as a matrix sees them; the light's neutral is white, Y = 1."""
    power, surfaces = spectra.illuminant(light), dng_matrices.chart_reflectances()
    white = spectra.white_xyz(power)
    rgb = dng_matrices.balanced_rgb(seen, power, surfaces)
    neutral = dng_matrices.white_response(seen, power)
    xyz_from_balanced = np.linalg.inv(camera_from_xyz) * neutral
    told = xyz_from_balanced.sum(1)  # where this matrix puts the light's white
    xyz = rgb @ (xyz_from_balanced / told[1]).T @ color.adaptation(told / told[1], white).T
    return color.lab_from_xyz(xyz, white)


def truth(light: str) -> Array:
    """L*a*b* (24, 3) of the patches."""
    power = spectra.illuminant(light)
    return color.lab_from_xyz(
        spectra.xyz_from_reflectance(dng_matrices.chart_reflectances(), power), spectra.white_xyz(power)
    )


def compared(seen: Array, theirs: dict[str, Array]) -> dict[str, float]:
    """Mean DeltaE 2000 by light: between the matrices, of ours and of theirs to the truth; the published matrix's mean
    chroma relative to the truth, and red and blue of its neutral relative to that of the sensitivities (green 1)."""
    told = {}
    for light, code in LIGHTS.items():
        ours = patches(seen, dng_matrices.calibration(seen, code).color_matrix, light)
        other, true = patches(seen, theirs[light], light), truth(light)
        pairs = {"between": (ours, other), "ours": (ours, true), "published": (other, true)}
        told |= {f"{light} {name}": round(float(color.delta_e_2000(*pair).mean()), 3) for name, pair in pairs.items()}
        chroma = [float(np.hypot(lab[:COLORED, 1], lab[:COLORED, 2]).mean()) for lab in (other, true)]
        told[f"{light} chroma"] = round(chroma[0] / chroma[1], 3)
        power = spectra.illuminant(light)
        neutral = theirs[light] @ spectra.white_xyz(power) / dng_matrices.white_response(seen, power)
        red, green, blue = neutral.tolist()
        told |= {f"{light} neutral red": round(red / green, 3), f"{light} neutral blue": round(blue / green, 3)}
    return told


def estimated(known: dict[str, dict[str, Array]]) -> dict[str, Any]:
    """What matrices alone tell of the sensitivities of measured cameras, none of them in the prior."""
    told: dict[str, Any] = {"from published matrices": {}, "from our matrices": {}}
    for camera in color_benchmark.cameras():
        ours = [dng_matrices.calibration(camera.sensitivities, code).color_matrix for code in LIGHTS.values()]
        told["from our matrices"][camera.name] = _estimated(camera, ours)
        name = color_benchmark.MATRICES.get(camera.name)
        if name is not None:
            own = next(one for key, one in known.items() if key.startswith(name))
            told["from published matrices"][camera.name] = _estimated(camera, [own[light] for light in LIGHTS])
    for kind in list(told):
        told[f"mean {kind}"] = {
            key: round(float(np.mean([one[key] for one in told[kind].values()])), 4)
            for key in next(iter(told[kind].values()))
        }
    return told


def _estimated(camera: color_benchmark.Camera, matrices: list[Array]) -> dict[str, float]:
    """The rms error of each channel relative to its peak, and the mean error of the patches by light."""
    lights = [spectra.illuminant(light) for light in LIGHTS]
    found = sensitivity.from_color_matrices(matrices, lights, camera.prior).sensitivities
    found = found / dng_matrices.white_response(found, spectra.illuminant("D65"))
    true = camera.sensitivities / dng_matrices.white_response(camera.sensitivities, spectra.illuminant("D65"))
    rms = np.sqrt(np.mean(np.square(found - true), 0)) / true.max(0)
    told = {f"{name} rms": round(float(one), 4) for name, one in zip(("red", "green", "blue"), rms, strict=True)}
    for light, power in zip(LIGHTS, lights, strict=True):
        made = color_map(found, power)
        rgb = dng_matrices.balanced_rgb(true, power, dng_matrices.chart_reflectances())
        lab = color.lab_from_xyz(made.to_xyz(rgb * made.white_rgb), spectra.white_xyz(power))
        told[f"{light} patches"] = round(float(color.delta_e_2000(lab, truth(light)).mean()), 3)
    return told


def quick() -> dict[str, float]:
    """What the matrices of the two cameras of the program are off the truth."""
    made = {}
    for name in cameras.shipped():
        seen = cameras.load(name).sensitivities
        for light, code in LIGHTS.items():
            ours = patches(seen, dng_matrices.calibration(seen, code).color_matrix, light)
            made[f"{name} {light}"] = round(float(color.delta_e_2000(ours, truth(light)).mean()), 3)
    return made


def main() -> None:
    if "--quick" in sys.argv:
        sys.exit(check_quick("simulate_matrices", quick(), QUICK_TOLERANCE))
    known, figures = published(), {}
    for file, name in CAMERAS.items():
        figures[file] = {"published as": name, **compared(sensitivities(DATA / file), known[name])}
        print(f"{file.rsplit('/', 1)[1]:52s}", json.dumps(figures[file]))
    guessed = estimated(known)
    for kind in ("mean from published matrices", "mean from our matrices"):
        print(f"sensitivities, {kind:40s}", json.dumps(guessed[kind]))
    print(save("simulate_matrices", {"cameras": figures, "estimated": guessed, "quick": quick()}))
    write_table(figures)
    write_estimates(guessed)


def write_table(figures: dict[str, dict[str, Any]]) -> None:
    """The figures as a table of the docs page."""
    begin, end = "<!-- matrices: written by benchmarks/simulate_matrices.py -->", "<!-- end of matrices -->"
    rows = [
        "| camera | light | between | ours | published | chroma | neutral red, blue |",
        "|---|---|---|---|---|---|---|",
    ]
    for file, told in figures.items():
        kind = " (predicted)" if file.startswith("predicted/") else ""
        for light in ("D65", "A"):
            errors = " | ".join(f"{told[f'{light} {name}']:.2f}" for name in ("between", "ours", "published", "chroma"))
            neutral = f"{told[f'{light} neutral red']:.2f}, {told[f'{light} neutral blue']:.2f}"
            rows.append(f"| {told['published as']}{kind} | {light} | {errors} | {neutral} |")
    _write(begin, rows, end)


def write_estimates(told: dict[str, Any]) -> None:
    """What matrices tell of sensitivities, as a table of the docs page."""
    begin, end = "<!-- estimates: written by benchmarks/simulate_matrices.py -->", "<!-- end of estimates -->"
    rows = ["| camera | matrices | red | green | blue | patches, D65 | patches, A |", "|---|---|---|---|---|---|---|"]
    published, ours = told["from published matrices"], told["from our matrices"]
    for name, one in published.items():
        rows += [_estimate_row(name, "published", one), _estimate_row(name, "ours", ours[name])]
    rows += [_estimate_row(f"mean of these {len(published)}", "published", told["mean from published matrices"]),
             _estimate_row(f"mean of {len(ours)}", "ours", told["mean from our matrices"])]  # fmt: skip
    _write(begin, rows, end)


def _estimate_row(name: str, kind: str, one: dict[str, float]) -> str:
    rms = " | ".join(f"{one[f'{channel} rms']:.1%}" for channel in ("red", "green", "blue"))
    return f"| {name.replace('_', ' ')} | {kind} | {rms} | {one['D65 patches']:.2f} | {one['A patches']:.2f} |"


def _write(begin: str, rows: list[str], end: str) -> None:
    page = DOCS.read_text()
    head, tail = page.partition(begin)[0], page.partition(end)[2]
    DOCS.write_text(head + "\n".join([begin, *rows, end]) + tail)


if __name__ == "__main__":
    main()
