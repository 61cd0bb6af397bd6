"""ColorChecker: the charts of 24 and of 140 (Digital SG) patches, as boards of their real proportions.

Layouts in mm: the target descriptions of Argyll CMS 2.3 (ColorChecker.cht, ColorCheckerSG.cht). Colors: ISO 17321-1,
annex C, for the 24; for the 140 the user's measured spectra, or spectra that fit the published colors (X-Rite 2016,
L*a*b* under D50, as given by colour-science): those have the right colors under D50 but are not the chart's paints.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import FileError, ParameterError
from twinlens.files import spectrum
from twinlens.numerics import colorchecker as published
from twinlens.numerics import spectra, upsampling
from twinlens.simulate.scene import Scene
from twinlens.simulate.scenes.board import Board, draw
from twinlens.simulate.scenes.lighting import Light, lighting

Array = npt.NDArray[Any]

CLASSIC = Board((330, 228), (12.0, 11.5), (46.5, 46.5), (52.4, 52.5), columns=6, rows=4)
SG = Board((263.95, 185.5), (27.5, 20.0), (12.675, 12.75), (15.175, 15.25), columns=14, rows=10)
SG_NAMES = tuple(f"{column}{row}" for row in range(1, 11) for column in "ABCDEFGHIJKLMN")  # reading order
BOARD, SURROUND = 0.022, 0.005  # reflectances: black cardboard, black velvet


def colorchecker(
    height: int, width: int, *, light: Light = "D65", seed: int = 0, spectra_file: str | Path | None = None
) -> Scene:
    """The ColorChecker of 24 patches; `spectra_file` holds measured reflectances in reading order (CSV, see
    `files.spectrum`) instead of the bundled ones.
    """
    names = list(published.PATCHES)
    if spectra_file is None:
        return _chart("colorchecker", CLASSIC, (height, width), names, _bundled(names), {}, light, seed)
    found, facts = _measured(spectra_file, len(names))
    given = names if set(names) <= set(found) else list(found)
    return _chart(
        "colorchecker", CLASSIC, (height, width), names, np.array([found[name] for name in given]), facts, light, seed
    )


def colorchecker_sg(
    height: int, width: int, *, light: Light = "D65", seed: int = 0, spectra_file: str | Path | None = None
) -> Scene:
    """The ColorChecker Digital SG of 140 patches. `spectra_file` holds their reflectances (CSV): columns named A1 to
    N10, or 140 columns in the order A1, A2 ... A10, B1 ... N10. Without it the spectra are made from the published
    colors (extra `science`), which `facts["reflectances"]` says.
    """
    if spectra_file is None:
        reflectances, facts = _sg_from_colors()
    else:
        found, facts = _measured(spectra_file, len(SG_NAMES))
        by_column = sorted(SG_NAMES, key=lambda name: (name[0], int(name[1:])))
        if not set(SG_NAMES) <= set(found):
            found = dict(zip(by_column, found.values(), strict=True))
        reflectances = np.array([found[name] for name in SG_NAMES])
    return _chart("colorchecker-sg", SG, (height, width), SG_NAMES, reflectances, facts, light, seed)


def _chart(name, board, shape, names, reflectances, facts, light, seed) -> Scene:
    lit = lighting(light, shape[0], shape[1], seed)
    ground = (np.full(spectra.BANDS, BOARD), np.full(spectra.BANDS, SURROUND))
    surfaces, patches = draw(board, shape, names, reflectances, ground=ground, what=f"the scene {name}")
    return lit.scene(name, lit.on(*surfaces), shape, patches=patches, facts=facts)


def _bundled(names: list[str]) -> Array:
    table = spectra.table("colorchecker")
    return np.array([table[name] for name in names])


def _measured(path: str | Path, count: int) -> tuple[dict[str, Array], dict[str, Any]]:
    found, beyond_nm = spectrum.read_reflectances(path)
    if len(found) != count:
        raise FileError(f"{path} holds {len(found)} reflectances, expected {count}, one a patch")
    facts: dict[str, Any] = {"reflectances": f"measured: {Path(path).name}"}
    return found, {**facts, "reflectances_beyond_nm": beyond_nm} if beyond_nm else facts


def _sg_from_colors() -> tuple[Array, dict[str, Any]]:
    try:
        import colour
    except ImportError:
        raise ParameterError(
            "the scene colorchecker-sg needs a CSV of the chart's spectra (spectra_file=), or the published colors of"
            " the extra `science`: pip install twinlens[science]"
        ) from None
    chart = colour.CCS_COLOURCHECKERS["ColorCheckerSG - After November 2014"].data
    x, y, luminance = np.array([chart[name] for name in SG_NAMES]).T
    xyz = np.stack([x / y, np.ones_like(y), (1 - x - y) / y], axis=1) * luminance[:, None]
    found = upsampling.reflectances(xyz, spectra.illuminant("D50"))
    return found, {"reflectances": "made from the published L*a*b* (D50); their spectra are not the chart's paints"}
