"""Make prior: writes `src/twinlens/spectra/sensor_mean.csv`, `sensor_covariance.csv` (what measured cameras have in
common) and `reflectances.csv` (the surfaces that color maps are fitted on) from two published collections.

    python tools/make_prior.py [--spectral ../shared/data/spectral]

The folder has `rawtoaces/` (AcademySoftwareFoundation/rawtoaces-data, Apache-2.0) and `reflectances/` (ISET/isetcam,
MIT). A camera that has several names there is one file and counts once. Reflectances that accuracy is reported on
(Munsell, Nature, Objects and everything that is a part of Objects, CES-99) are left out, and so is any spectrum of
another set that is the same as one of them.
"""

from __future__ import annotations

import argparse
import gzip
import importlib.util
import json
from pathlib import Path

import numpy as np

from twinlens.numerics import sensor_prior, spectra

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "src" / "twinlens" / "spectra"
POOL = {
    "DupontPaintChip_Vhrel": "120 paint chips",
    "esserChart": "Esser TE221 test chart",
    "gretagDigitalColorSG": "ColorChecker SG",
    "HyspexSkinReflectance": "skin of five origins",
    "tongue": "tongues",
    "MiniatureMacbethChart": "ColorChecker Mini",
}
HELD_OUT = ("MunsellSamples_Vhrel", "Nature_Vhrel", "Objects_Vhrel")
SAME = 0.004  # rms of reflectance below which two spectra are one surface


def rawtoaces_values(path: Path) -> np.ndarray:
    """The values (31, C) of one JSON file of the collection."""
    table = json.loads(path.read_text())["spectral_data"]["data"]["main"]
    nm = np.array([float(key) for key in table])
    values = np.array(list(table.values()), float)
    order = np.argsort(nm)
    return spectra.resampled(nm[order], values[order].T, what=path.name)[0].T


def cameras(folder: Path) -> dict[str, np.ndarray]:
    """The sensitivities (31, 3) of every camera of the collection, by "make model"."""
    found = {}
    for path in sorted((folder / "rawtoaces" / "camera").glob("*.json")):
        header = json.loads(path.read_text())["header"]
        found[f"{header['manufacturer']} {header['model']}"] = rawtoaces_values(path)
    return found


def reflectances(folder: Path, name: str) -> np.ndarray:
    """The reflectances (N, 31) of one CSV file of the collection."""
    data = np.genfromtxt(folder / "reflectances" / f"{name}.csv", delimiter=",", skip_header=1)
    return spectra.resampled(data[:, 0], data[:, 1:].T, what=name)[0]


def ces() -> np.ndarray:
    """The 99 color evaluation samples (99, 31) of CIE 224:2017, from colour-science (extra `science`)."""
    found = importlib.util.find_spec("colour")
    if found is None or not found.submodule_search_locations:
        raise SystemExit("colour-science is needed: pip install 'twinlens[science]'")
    path = Path(found.submodule_search_locations[0]) / "quality" / "datasets" / "tcs_cfi2017_5_nm.csv.gz"
    with gzip.open(path, "rt") as file:
        data = np.genfromtxt(file, delimiter=",")
    return spectra.resampled(data[:, 0], data[:, 1:].T)[0]


def test_sets(folder: Path) -> dict[str, np.ndarray]:
    """The reflectances that accuracy is reported on, none of which is in the pool."""
    names = dict(zip(HELD_OUT, ("munsell64", "nature", "objects"), strict=True))
    return {short: reflectances(folder, name) for name, short in names.items()} | {"ces99": ces()}


def pool(folder: Path) -> dict[str, np.ndarray]:
    """The reflectances (N, 31) that maps are fitted on, by source."""
    found = {name: reflectances(folder, name) for name in POOL}
    found["rawtoaces"] = rawtoaces_values(folder / "rawtoaces" / "training" / "training_spectral.json").T
    held_out = np.concatenate(list(test_sets(folder).values()))
    return {name: values[_apart(values, held_out)] for name, values in found.items()}


def _apart(values: np.ndarray, others: np.ndarray) -> np.ndarray:
    return np.sqrt(np.square(values[:, None] - others).mean(2)).min(1) > SAME


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--spectral", type=Path, default=ROOT.parent / "shared" / "data" / "spectral")
    folder = parser.parse_args().spectral
    measured = cameras(folder)
    prior = sensor_prior.prior_from(np.stack(list(measured.values())))
    head = f"{len(measured)} cameras of AcademySoftwareFoundation/rawtoaces-data (Apache-2.0, see NOTICE.txt)"
    what = "response in 10 nm to equal-energy light, each channel's sum 1; R, then G, then B, 400 to 700 nm"
    _write("sensor_mean", prior.mean[None], f"mean over {head}: {what}", 6)
    _write("sensor_covariance", prior.covariance, f"covariance over {head}: of {what}", 6)
    chosen = pool(folder)
    counts = ", ".join(f"{len(values)} of {name}" for name, values in chosen.items())
    _write("reflectances", np.concatenate(list(chosen.values())), f"reflectance, 400 to 700 nm: {counts}", 3)


def _write(name: str, rows: np.ndarray, source: str, digits: int) -> None:
    lines = [f"# {source}", *(",".join(f"{value:.{digits}g}" for value in row) for row in rows)]
    (OUT / f"{name}.csv").write_text("\n".join(lines) + "\n", "utf-8")
    print(f"{name}: {rows.shape[0]} x {rows.shape[1]}")


if __name__ == "__main__":
    main()
