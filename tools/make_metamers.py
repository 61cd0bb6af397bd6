"""Make metamers: writes `src/twinlens/spectra/metamers.csv` from measured reflectances: the basis of the smooth
upsampling that fits them best, and what it leaves of them, as mean, covariance and tails (see `numerics.metamers`).

    python tools/make_metamers.py ../shared/data/spectral

The measured spectra stay where they are: the table holds statistics of them. Each set has the same weight. Nature,
Objects and Munsell (and their parts: clothes, food, hair, skin) are left out: they test the table
(benchmarks/scenes.py).
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from twinlens.files.spectrum import read_reflectances
from twinlens.numerics import metamers, spectra, upsampling

OUT = Path(__file__).resolve().parents[1] / "src" / "twinlens" / "spectra" / "metamers.csv"
SETS = (
    "rawtoaces/training/training_spectral.json",
    "reflectances/DupontPaintChip_Vhrel.csv",
    "reflectances/esserChart.csv",
    "reflectances/gretagDigitalColorSG.csv",
)
NOTICE = (
    "# statistics (basis, mean, covariance, tails) of 563 measured reflectances, on 400 to 700 nm, for D65",
    "# of rawtoaces-data, 190 training spectra (Academy Software Foundation, Apache-2.0), and of ISETCam, the sets"
    " DuPont paint chips, Esser chart and ColorChecker SG (Stanford ImagEval, MIT)",
)
DARK = 0.02  # luminance: what is darker weighs less, its spectra are mostly measurement noise
SMOOTHNESS = 0.3  # weight of the basis' second difference against the misfit
FOLDS, ROUNDS = 10, 5


def main(folder: Path) -> None:
    light = spectra.illuminant("D65")
    sets = [np.array(list(read_reflectances(folder / name)[0].values())) for name in SETS]
    measured = np.concatenate(sets)
    weights = np.concatenate([np.full(len(one), 1 / len(one)) for one in sets]) / len(sets)
    seen = upsampling.observer_under(light)
    rgb, luminance = upsampling.coordinates(measured @ seen, light), measured @ seen[:, 1]
    basis = _basis(measured, rgb, light)
    left = (measured - rgb @ basis) @ metamers.invisible(light) / (luminance + DARK)[:, None]
    terms = metamers.root_terms(rgb) / (luminance + DARK)[:, None]
    mean = _fitted(terms, left, weights)
    unexplained = _held_out(terms, left, weights)
    factors, tail = _spread(unexplained, weights)
    columns = dict(zip(("red", "green", "blue"), basis, strict=True))
    columns |= {f"mean{index}": one for index, one in enumerate(mean, 1)}
    columns |= {f"factor{index}": one for index, one in enumerate(factors, 1)} | {"tail": tail}
    _write(columns)


def _basis(measured: np.ndarray, rgb: np.ndarray, light: np.ndarray) -> np.ndarray:
    """The basis (3, 31) that meets the conditions and leaves the least relative squared residual."""
    weight = 1 / (0.05 + np.maximum(rgb, 0).sum(axis=1))[:, None]
    second = np.diff(np.eye(spectra.BANDS), 2, axis=0)
    inner = (rgb * weight).T @ (rgb * weight)
    metric = np.kron(inner, np.eye(spectra.BANDS))
    metric += np.kron(np.eye(3), second.T @ second) * SMOOTHNESS**2 * len(rgb)
    metric += 1e-9 * np.trace(metric) * np.eye(len(metric))
    pull = ((rgb * weight).T @ (measured * weight)).ravel()
    return upsampling.constrained_basis(np.linalg.solve(metric, pull).reshape(3, -1), light, metric)


def _fitted(terms: np.ndarray, left: np.ndarray, weights: np.ndarray) -> np.ndarray:
    root = np.sqrt(weights)[:, None]
    return np.linalg.lstsq(terms * root, left * root, rcond=None)[0]


def _held_out(terms: np.ndarray, left: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """What the mean does not explain, each sample judged by fits without it."""
    found = np.zeros_like(left)
    for round_ in range(ROUNDS):
        order = np.random.default_rng(round_).permutation(len(left))
        for part in np.array_split(order, FOLDS):
            rest = np.setdiff1d(order, part)
            found[part] += left[part] - terms[part] @ _fitted(terms[rest], left[rest], weights[rest])
    return found / ROUNDS


def _spread(unexplained: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Factors (10, 31) of the covariance, and 31 quantiles of the residual's size, root mean square 1."""
    vectors, variances, _ = np.linalg.svd((unexplained * weights[:, None]).T @ unexplained)
    print(f"{metamers.FACTORS} factors hold {variances[: metamers.FACTORS].sum() / variances.sum():.2%}")
    size = np.linalg.norm(unexplained, axis=1)
    order = np.argsort(size)
    levels = (np.arange(spectra.BANDS) + 0.5) / spectra.BANDS
    tail = np.interp(levels, np.cumsum(weights[order]) - weights[order] / 2, size[order])
    return (vectors * np.sqrt(variances)).T[: metamers.FACTORS], tail / np.sqrt((tail**2).mean())


def _write(columns: dict[str, np.ndarray]) -> None:
    lines = [*NOTICE, ",".join(["nm", *columns])]
    for index, nm in enumerate(spectra.WAVELENGTHS_NM):
        lines.append(",".join([f"{nm:g}", *(f"{float(column[index]):.5g}" for column in columns.values())]))
    OUT.write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
