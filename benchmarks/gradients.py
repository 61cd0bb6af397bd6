"""Gradients: whether looks show smooth light smoothly: folded cells, greys that fall, bends, steps after development.

One command: `python benchmarks/gradients.py [LOOK.toml ...] [--against MAKER]`. The shipped looks, their blends and
strengths are always measured; look files may be added, and a simulated maker named that those were learned from: then
their bends are compared with the maker's. `--quick` compares a small share with the figures. The two pictures of the
docs are made with the figures: a grey ramp of 10 stops and a hue sweep through every shipped look.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from record import check_quick, save

from twinlens.core.image import ENCODED, Image, planar
from twinlens.core.shot import Shot
from twinlens.measure import gradients
from twinlens.numerics import color
from twinlens.pipeline.develop import develop
from twinlens.pipeline.look import Look, blend, load, problems, shipped
from twinlens.pipeline.recipe import Output
from twinlens.stages.look_map import LookMap

Array = npt.NDArray[Any]

SEED = 0
PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
SHARES, STRENGTHS = (0.25, 0.5, 0.75), (0.25, 0.5, 0.75, 1.25, 1.5)
QUICK_TOLERANCE = {"p99": 0.005, "grey_step": 0.1, "folded": 0.5}
BY_PLACE = {
    "vignette": {"amount": 0.0}, "local_tone": {"strength": 0.0}, "acutance": {"amount": 0.0}, "grain": {"amount": 0.0},
}  # fmt: skip  # what a look does to a picture as a whole is off
KNEE = 0.85  # of the output's gamut, as for a raw


def measured(stage: LookMap, against: gradients.Rendering | None = None) -> dict[str, Any]:
    """The figures of one look map."""
    found = gradients.gradients(stage, against, seed=SEED)
    return {**asdict(found), "passed": found.passed, "problems": list(problems(stage))}


def developed(look: Look, codes: Array, bits: int, stops: float) -> Array:
    """Codes (..., 3) of a picture of sRGB codes (H, W, 3), developed with a look, `stops` brighter."""
    picture = Image(pixels=planar(codes.astype(np.float32)), state=ENCODED, shot=Shot(), primaries="srgb")
    edits = {**BY_PLACE, "exposure": {"stops": stops}, "output_color": {"knee": KNEE}}
    return develop(picture, look=look, edits=edits, output=Output(bits=bits)).pixels.astype(float)


def after_development(look: Look) -> dict[str, float]:
    """Steps of a grey ramp (two stops beyond white) and of a hue sweep as developed, against the look without tables.

    Codes are those of 16 bits, but for `largest_step_8_bit`.
    """
    ramp = np.repeat(np.linspace(0, 1, 16384)[None, :, None], 3, -1)
    light, both = color.decode(ramp) * 4.0, [np.repeat(ramp, 2, 0)]
    wanted = gradients.analytic_codes(look.map, light)[0] * 65535
    fine, coarse = (developed(look, both[0], bits, 2.0)[0] for bits in (16, 8))
    sweep = np.clip(color.encode(gradients.hue_sweep(4096, 1) @ color.rgb_from_rgb("srgb", "rec2020").T), 0, 1)
    scene = color.decode(sweep) @ color.rgb_from_rgb("rec2020", "srgb").T
    hues, true = developed(look, sweep, 16, 0.0), gradients.analytic_codes(look.map, scene) * 65535
    steps = [np.abs(np.diff(one, axis=1)) for one in (hues, true)]
    return {
        "grey_largest_step": float(np.diff(fine, axis=0).max()),
        "grey_largest_step_of_look": float(np.diff(wanted, axis=0).max()),
        "grey_step_error": float(np.abs(np.diff(fine, axis=0) - np.diff(wanted, axis=0)).max()),
        "grey_steps_darker": float((np.diff(fine, axis=0) < 0).sum()),
        "grey_channels_apart": float(np.ptp(fine, axis=1).max()),
        "largest_step_8_bit": float(np.diff(coarse, axis=0).max()),
        "hue_largest_step": float(steps[0].max()),
        "hue_largest_step_of_look": float(steps[1].max()),
        "hue_error_p99": float(np.percentile(np.abs(hues - true), 99)),
        "hue_error_max": float(np.abs(hues - true).max()),
    }


def variants() -> dict[str, dict[str, Any]]:
    """Blends of the two orientations, and every shipped look at other strengths."""
    one, other = load("authentic"), load("vibrant")
    found = {f"authentic to vibrant, {share:.0%}": measured(blend(one, other, share).map) for share in SHARES}
    for name in shipped():
        highest = 1.0 if name == "mono" else max(STRENGTHS)
        for strength in STRENGTHS:
            if strength <= highest and name != "neutral":
                found[f"{name} at {strength:g}"] = measured(replace(load(name).map, strength=strength))
    return found


def pictures() -> None:
    """The grey ramp and the hue sweep through every shipped look, one below the other, in the order of `shipped`."""
    from PIL import Image as Pil

    for name, scene in (("grey", gradients.grey_ramp(height=32)), ("hues", gradients.hue_sweep(row=10))):
        line = np.full((4, scene.shape[1], 3), 255, np.uint8)
        rows = [part for look in shipped() for part in (gradients.shown(load(look).map, scene), line)]
        Pil.fromarray(np.concatenate(rows[:-1])).save(PICTURES / f"gradient_{name}.png", optimize=True)


def quick() -> dict[str, float]:
    """By look: bends, the error of a step of grey, folded cells."""
    told: dict[str, float] = {}
    for name in shipped():
        found = gradients.gradients(load(name).map, seed=SEED)
        told |= {f"p99, {name}": round(found.p99, 4), f"grey_step, {name}": round(found.grey_step, 3)}
        told[f"folded, {name}"] = found.folded + found.grey_inversions
    return told


def told(name: str, found: dict[str, Any]) -> str:
    """One look's figures on a line."""
    verdict = "holds" if found["passed"] and not found["problems"] else "FAILS"
    compared = "" if found["is_own"] else f", {found['ratio']:.2f} x the other's"
    parts = (
        f"{found['folded']} of {found['cells']} cells folded",
        f"{found['grey_inversions']} greys fall",
        f"step of grey {found['grey_step']:.2f} codes (16 bits)",
        f"bends {found['p99']:.3f} codes (8 bits){compared}",
    )
    return f"{name:<28} {verdict}: {', '.join(parts)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("looks", nargs="*", type=Path)
    parser.add_argument("--against", metavar="MAKER")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    if options.quick:
        sys.exit(check_quick("gradients", quick(), QUICK_TOLERANCE))
    against = None
    if options.against:
        from twinlens.simulate import maker

        against = maker.load(options.against).color
    figures: dict[str, Any] = {"looks": {name: measured(load(name).map) for name in shipped()}, "variants": variants()}
    figures["given"] = {look.name: measured(look.map, against) for look in map(load, options.looks)}
    figures["developed"] = {name: after_development(load(name)) for name in shipped()}
    figures["quick"] = quick()
    for group in ("looks", "variants", "given"):
        for name, found in figures[group].items():
            print(told(name, found))
    for name, steps in figures["developed"].items():
        print(name, {key: round(value, 2) for key, value in steps.items()})
    pictures()
    print(save("gradients", figures, SEED))


if __name__ == "__main__":
    main()
