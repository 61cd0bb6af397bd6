"""Learn, real makers: how near a learned look comes to the rendering of real camera profiles, on other photographs.

One command: `python benchmarks/learn_real.py [--photographs FOLDER]`. The truth is the look table and the tone curve of
four DNG profiles that the Debian package rawtherapee-data brings (all its profiles with a look have one of these four),
in ProPhoto light, cut at the display's gamut. Pictures, noise and judge are those of `learn.py`. Where the package is
not installed, it says so and measures nothing.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from learn import NOISE, SRGB, Look, error, over_gamut, pictures, rows, smoothness, with_chart
from record import save

from twinlens.files import dcp
from twinlens.kernels.hue_sat import hue_sat
from twinlens.kernels.rgb_tone import rgb_tone
from twinlens.learn import fit_color_map
from twinlens.numerics import color
from twinlens.numerics.hue_sat import sampled_curve

Array = npt.NDArray[Any]

PROFILES = Path("/usr/share/rawtherapee/dcpprofiles")  # Debian's rawtherapee-data
CAMERAS = {  # one of each look; all were looked at, and no number of the method was chosen by any
    "real 1": "Canon EOS 100D",
    "real 2": "Fujifilm X-E1",
    "real 3": "Canon EOS 1300D",
    "real 4": "Canon EOS RP",
}
PROPHOTO = color.rgb_from_rgb("prophoto", "rec2020")


def look_of(path: Path) -> Look:
    """Scene light, linear Rec. 2020, to sRGB codes by a profile's look table and tone curve."""
    profile = dcp.read(path)
    table, curve = profile.look_table, profile.tone_curve
    if table is None or curve is None:
        raise ValueError(f"{path}: a profile without look table or tone curve")
    values, tone = np.ascontiguousarray(table.values, np.float32), sampled_curve(curve)

    def shown(scene: Array) -> Array:
        light = np.ascontiguousarray(np.asarray(scene, np.float32).reshape(1, -1, 3))
        turned = hue_sat(light, values, table.encoding == "srgb", PROPHOTO, np.eye(3))
        toned = np.asarray(rgb_tone(turned, tone, np.eye(3), np.linalg.inv(PROPHOTO)), float)
        return np.clip(color.encode(toned.reshape(np.shape(scene)) @ SRGB.T), 0, 1)

    return shown


def measured(look: Look, train: Any, test: Any) -> dict[str, Any]:
    """The figures of one look: from ten and three noisy pictures, ten clean ones, and three with a chart."""
    seen, wanted, _ = rows(test, look, "scene", 0)
    even, even_codes = over_gamut(look)
    figures: dict[str, Any] = {}
    for label, count, noise, chart in (
        ("3 noisy", 3, NOISE, False),
        ("3 noisy + chart", 3, NOISE, True),
        ("10 clean", 10, 0.0, False),
        ("10 noisy", 10, NOISE, False),
    ):
        source, target, index = rows(train[:count], look, "scene", noise)
        weights = None
        if chart:
            source, target, index, weights = with_chart(source, target, index, look)
        found = fit_color_map(source, target, noise=noise, weights=weights).value
        figures[label] = {
            "test": error(found(seen), wanted), "over_gamut": error(found(even), even_codes),
            **smoothness(found, look),
        }  # fmt: skip
    return figures


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--photographs", type=Path)
    told = options.parse_args()
    missing = [name for name in CAMERAS.values() if not (PROFILES / f"{name}.dcp").is_file()]
    if missing:
        print(f"not measured: {PROFILES} lacks {', '.join(missing)} (Debian's rawtherapee-data)")
        return 0
    train, test = pictures(told.photographs)
    looks: dict[str, Any] = {}
    for name, camera in CAMERAS.items():
        looks[name] = measured(look_of(PROFILES / f"{camera}.dcp"), train, test)
        print(name, looks[name], flush=True)
    print(save("learn_real", {"pictures": {"training": len(train), "test": len(test)}, "looks": looks}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
