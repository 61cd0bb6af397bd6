"""Make cameras: writes the invented sensitivities of `src/twinlens/cameras/*.csv` by formula.

    python tools/make_cameras.py

No camera was measured for them. A channel is silicon (a smooth rise and fall) times an infrared cut filter (a falling
edge) times a dye (red: a rising edge with a leak in the blue; green: two edges; blue: a bell with a tail), times the
transmission of a lens that loses the far blue. The shapes are of the kind that published measurements have; phone and
reference differ in the edge of the infrared filter, in the width of the dyes and in how much they leak.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from twinlens.numerics.spectra import WAVELENGTHS_NM as NM

OUT = Path(__file__).resolve().parents[1] / "src" / "twinlens" / "cameras"
DIGITS = 5


def edge(at_nm: float, width_nm: float) -> np.ndarray:
    """0 to 1 over the wavelength; falling for a negative width."""
    return 1 / (1 + np.exp(-(NM - at_nm) / width_nm))


def bell(at_nm: float, below_nm: float, above_nm: float, power: float = 2.0) -> np.ndarray:
    """1 at its place, with different widths to both sides."""
    return np.exp(-((np.abs(NM - at_nm) / np.where(at_nm > NM, below_nm, above_nm)) ** power))


def silicon(peak_nm: float) -> np.ndarray:
    return bell(peak_nm, 220, 330)


def phone() -> np.ndarray:
    base = silicon(560) * edge(655, -12) * edge(412, 8)
    red = 0.95 * edge(583, 8) + 0.05 * bell(535, 30, 30) + 0.035 * bell(450, 35, 40)
    green = edge(484, 11) * edge(584, -15) + 0.06 * bell(430, 40, 30) + 0.07 * edge(600, 20)
    blue = 0.86 * bell(458, 42, 44, 2.2) + 0.07 * bell(530, 30, 30) + 0.015
    return base[:, None] * np.stack([red, green, blue], 1)


def reference() -> np.ndarray:
    base = silicon(575) * edge(672, -14) * edge(407, 9)
    red = 0.90 * edge(592, 8) + 0.045 * bell(545, 40, 30) + 0.05 * bell(430, 30, 60)
    green = 0.95 * edge(489, 15) * edge(580, -14) + 0.05 * bell(440, 40, 30) + 0.05 * edge(620, 20)
    blue = 0.80 * bell(447, 40, 46, 2.4) + 0.045 * bell(525, 35, 35) + 0.02
    return base[:, None] * np.stack([red, green, blue], 1)


def main() -> None:
    OUT.mkdir(exist_ok=True)
    for name, made in (("phone", phone()), ("reference", reference())):
        rows = np.column_stack([NM, made / made.max()])
        lines = [",".join([f"{row[0]:.0f}", *(f"{value:.{DIGITS}f}" for value in row[1:])]) for row in rows]
        head = "# invented sensitivities, made by tools/make_cameras.py; no camera was measured"
        (OUT / f"{name}.csv").write_text("\n".join([head, "nm,red,green,blue", *lines]) + "\n")
        print(f"{name}.csv: peaks at {', '.join(f'{nm:.0f} nm' for nm in NM[made.argmax(0)])}")


if __name__ == "__main__":
    main()
