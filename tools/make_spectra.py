"""Make spectra: writes `src/twinlens/spectra/*.csv` from colour-science (extra `science`), the tables of CIE 15:2018
and the reflectances of two editions of the ColorChecker on the program's own wavelengths.

    python tools/make_spectra.py
"""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np

from twinlens.numerics import spectra
from twinlens.numerics.colorchecker import PATCHES

OUT = Path(__file__).resolve().parents[1] / "src" / "twinlens" / "spectra"
DIGITS = 6


def main() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import colour
    cmf = colour.MSDS_CMFS["CIE 1931 2 Degree Standard Observer"]
    rows = np.array([cmf[float(nm)] for nm in spectra.WAVELENGTHS_NM])  # CIE 15 tabulates the observer by sampling
    _write("observer", dict(zip("xyz", rows.T, strict=True)), "CIE 1931 2 degree observer (CIE 15:2018, table 1)")
    basis = colour.colorimetry.SDS_BASIS_FUNCTIONS_CIE_ILLUMINANT_D_SERIES
    daylight = {key: _sampled(basis[key]) for key in ("S0", "S1", "S2")}
    _write("daylight", daylight, "CIE daylight components (CIE 15:2018, table 6)")
    names = [f"FL{n}" for n in range(1, 13)] + [f"LED-B{n}" for n in range(1, 6)]
    names += ["LED-BH1", "LED-RGB1", "LED-V1", "LED-V2"]
    lights = {name: _banded(colour.SDS_ILLUMINANTS[name]) for name in names}
    _write("illuminants", lights, "CIE 15:2018, tables 10 and 12, averaged over +-10 nm")
    chart = colour.SDS_COLOURCHECKERS["ISO 17321-1"]
    patches = {name: _sampled(one) for name, one in zip(PATCHES, chart.values(), strict=True)}
    _write("colorchecker", patches, "reflectance of the 24 ColorChecker patches (ISO 17321-1:2012, annex C)")
    chart = colour.SDS_COLOURCHECKERS["BabelColor Average"]
    patches = {name: _sampled(one) for name, one in zip(PATCHES, chart.values(), strict=True)}
    source = "mean of 30 charts (BabelColor, The ColorChecker Pages, 2012)"
    _write("colorchecker_average", patches, f"reflectance of the 24 ColorChecker patches, {source}")


def _sampled(one) -> np.ndarray:
    return np.array([one[float(nm)] for nm in spectra.WAVELENGTHS_NM])


def _banded(one) -> np.ndarray:
    return spectra.resampled(np.asarray(one.wavelengths), np.asarray(one.values))[0]


def _write(name: str, columns: dict[str, np.ndarray], source: str) -> None:
    import colour

    lines = [f"# {source}; numbers as given by colour-science {colour.__version__}", ",".join(["nm", *columns])]
    for index, nm in enumerate(spectra.WAVELENGTHS_NM):
        lines.append(",".join([f"{nm:g}", *(f"{float(column[index]):.{DIGITS}g}" for column in columns.values())]))
    OUT.mkdir(exist_ok=True)
    (OUT / f"{name}.csv").write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    main()
