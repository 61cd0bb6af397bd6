"""Learn lights: looks learned under one light or two, used under others, against one learned under that very light.

One command: `python benchmarks/learn_lights.py`. A phone and a reference camera of `simulate` see reflectances under
D65, A, FL11 and a 4000 K LED; the reference's maker shows them. `learn` sees pairs with errors of exposure and white as
handheld pairs have, through the phone's matrices or through a profile made from one chart at D65. Looks are learned
from one pool of measured reflectances and judged on sets that are not in it (Munsell, Nature, Objects, CES-99), without
any error: blind, and after one exposure and one white gain a light (matched). Figures are CIEDE2000, mean and 95th
percentile over all judged colors.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from record import save

from twinlens.learn import Evidence, Source, fit_look, rendering
from twinlens.learn.base import Freedom, Rows
from twinlens.learn.color_map import difference
from twinlens.numerics import color, sensitivity, sensor_prior, spectra
from twinlens.numerics.dng_color import lights_from, rec2020_from_balanced, xy_from_neutral
from twinlens.numerics.root_polynomial import terms
from twinlens.numerics.sensor_prior import unit_luminance
from twinlens.numerics.temperature import temperature_from_xy
from twinlens.pipeline.look import Look
from twinlens.simulate import camera, maker
from twinlens.simulate.maker import matrix
from twinlens.simulate.tags import camera_color

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs" / "learn.md"
SPECTRAL = ROOT.parent / "shared" / "data" / "spectral"
sys.path.append(str(ROOT / "tools"))
import make_prior  # noqa: E402

Array = npt.NDArray[Any]

LIGHTS = ("D65", "A", "FL11", "LED-B3")
LEARNED = {"D65": ("D65",), "D65 + A": ("D65", "A"), "this light": ()}
MAKERS = ("natural", "cinematic", "random:4", "natural-warm")
WARM = 0.12  # of the logarithm of a light's color, that a maker leaves in its pictures
PROFILES = ("matrices", "profile")
SEED = 0
PICTURES, COLORS = 5, 400  # of a light; of a picture
STOPS = (-4.5, 0.0)  # of a surface's light against that of the picture's white
WHITE_AT = 0.9  # scene light of a perfect white
PHONE_WHITE, REFERENCE_WHITE = 0.03, 0.012  # natural logarithm, error of a picture's white (as `simulate pair`)
EXPOSURE = (-0.4, 0.1)  # stops, of each camera's exposure
NOISE = 0.004  # code, of a block's mean
BRIGHTEST = 0.985  # code


def pair(reflectances: Array, light: str, profile: str, errors: Any, rendered: str) -> tuple[Array, Array, float]:
    """Phone's scene light (N, 3), the reference's codes (N, 3) and the temperature (K) that the phone's white tells.

    `errors` are natural logarithms of gains (3,) of the phone's and the reference's channels: exposure and white.
    """
    stimuli = reflectances * (unit_luminance(spectra.illuminant(light)) * WHITE_AT)
    phone, reference = (camera.load(name) for name in ("phone", "reference"))
    seen, white = _balanced(phone, stimuli, light, errors[0])
    light_seen = through_profile(seen, white) if profile == "profile" else seen @ _from_tags(phone, white).T
    shown, other = _balanced(reference, stimuli, light, errors[1])
    calibrations = camera_color(reference).calibrations
    rendering_light = shown @ matrix.rec2020_from_balanced(calibrations, other).T
    name, _, warm = rendered.partition("-")
    rendering_light = rendering_light * (left_warm(light) if warm else 1.0)
    codes = maker.load(name).color(np.maximum(rendering_light, 0))
    kelvin, _ = temperature_from_xy(xy_from_neutral(lights_from(camera_color(phone).calibrations), white))
    return light_seen, codes, float(kelvin)


def left_warm(light: str) -> Array:
    """Gains (3,) of a maker that does not take out a light's color in full; daylight's has none."""
    xyz = spectra.white_xyz(spectra.illuminant(light))
    rgb = np.maximum(xyz @ color.REC2020_FROM_XYZ.T, 0.05)
    return (rgb / rgb[1]) ** WARM


def _balanced(one: Any, stimuli: Array, light: str, error: Array) -> tuple[Array, Array]:
    """White-balanced RGB, exposed so that a white is at WHITE_AT but for the error, and the neutral that is stated."""
    neutral = spectra.illuminant(light) @ one.sensitivities
    unit = unit_luminance(spectra.illuminant(light)) @ one.sensitivities
    stated = neutral * np.exp(error - error[1])
    return stimuli @ one.sensitivities / unit * np.exp(error[1] - (error - error[1])), stated / stated.max()


def _from_tags(one: Any, neutral: Array) -> Array:
    return rec2020_from_balanced(lights_from(camera_color(one).calibrations), neutral)


@lru_cache
def _sensor() -> Any:
    """The phone's sensor as a chart at D65 tells it."""
    from twinlens.calibrate.color_profile import camera_color as made
    from twinlens.numerics.color_model import ColorModel

    unit = unit_luminance(spectra.illuminant("D65"))
    chart = sensor_prior.chart_reflectances() * unit
    response = sensitivity.Response(chart @ camera.load("phone").sensitivities, chart, unit)
    found = sensitivity.estimate([response], sensor_prior.bundled_prior())
    model = ColorModel(found.sensitivities, found.covariance, spectra.illuminant("D65"), "D65")
    return made(model).sensor


def through_profile(balanced: Array, neutral: Array) -> Array:
    """Scene light of balanced RGB by the profile made from the chart."""
    from twinlens.stages.camera_color import rec2020_polynomial

    return terms(balanced) @ rec2020_polynomial(_sensor(), neutral)


def evidence(lights: tuple[str, ...], profile: str, rendered: str) -> Evidence:
    """What `learn` would see of handheld pairs under these lights."""
    pool = np.concatenate(list(make_prior.pool(SPECTRAL).values()))
    parts, sources = [], []
    for light in lights:
        rng = np.random.default_rng([SEED, *light.encode()])
        for number in range(PICTURES):
            colors = pool[rng.integers(len(pool), size=COLORS)] * np.exp2(rng.uniform(*STOPS, (COLORS, 1)))
            errors = [rng.uniform(*EXPOSURE) * np.log(2) + rng.normal(0, [one, 0, one])
                      for one in (PHONE_WHITE, REFERENCE_WHITE)]  # fmt: skip
            seen, codes, kelvin = pair(colors, light, profile, errors, rendered)
            codes = codes + rng.normal(0, NOISE, codes.shape)
            keep = (codes.max(1) < BRIGHTEST) & (seen.max(1) < 1)
            parts.append((seen[keep], np.clip(codes[keep], 0, 1), np.full(keep.sum(), len(sources))))
            sources.append(Source(name=f"{light} {number}", cct=kelvin, shift=0.2))
    source, codes, picture = (np.concatenate(one) for one in zip(*parts, strict=True))
    return Evidence(
        source=source, target=color.decode(codes) @ color.rgb_from_rgb("rec2020", "srgb").T, picture=picture,
        radius=np.full(len(source), np.nan), noise=np.full(len(source), NOISE), sources=tuple(sources),
    )  # fmt: skip


def judged(look: Look, light: str, profile: str, rendered: str) -> dict[str, list[float]]:
    """Errors on held-out reflectances under a light."""
    rng = np.random.default_rng([SEED + 1, *light.encode()])
    sets = np.concatenate(list(make_prior.test_sets(SPECTRAL).values()))
    colors = sets * np.exp2(rng.uniform(*STOPS, (len(sets), 1)))
    seen, codes, kelvin = pair(colors, light, profile, np.zeros((2, 3)), rendered)
    keep = (codes.max(1) < BRIGHTEST) & (seen.max(1) < 1)
    seen, codes = seen[keep], codes[keep]
    stage = replace(look.map, cct=kelvin if look.map.lights else None)
    count = len(seen)
    rows = Rows(source=seen, target=codes, picture=np.zeros(count, int), radius=np.full(count, np.nan),
                weight=np.full(count, 1 / count), noise=np.zeros(count))  # fmt: skip
    matched = rendering.matched(stage, seen, rows, Freedom(gain=True, white=True))
    found = [difference(rendering.shown_codes(stage, one), codes, "srgb") for one in (seen, matched)]
    return {name: [round(float(np.mean(one)), 3), round(float(np.percentile(one, 95)), 3)]
            for name, one in zip(("blind", "matched"), found, strict=True)}  # fmt: skip


def run(profile: str, rendered: str) -> dict[str, Any]:
    """The errors of looks by what they were learned under and the light that they are used under."""
    figures: dict[str, Any] = {}
    looks: dict[tuple[str, ...], Look] = {}
    for name, lights in LEARNED.items():
        figures[name] = {}
        for light in LIGHTS:
            chosen = lights or (light,)
            if chosen not in looks:
                looks[chosen] = fit_look(evidence(chosen, profile, rendered)).value
            figures[name][light] = judged(looks[chosen], light, profile, rendered)
    return figures


def write_table(figures: dict[str, Any]) -> None:
    """The figures as a table of the docs page: means over the makers without a cast, and the maker with one."""
    begin, end = "<!-- lights: written by benchmarks/learn_lights.py -->", "<!-- end of lights -->"
    rows = [f"| phone seen through | maker | error | learned under | {' | '.join(LIGHTS)} |", "|---" * 8 + "|"]
    for profile, by_maker in figures.items():
        plain = [one for name, one in by_maker.items() if not name.endswith("-warm")]
        warm = [one for name, one in by_maker.items() if name.endswith("-warm")]
        for kind, group in ((f"mean of {len(plain)}", plain), ("warm in warm light", warm)):
            for key in ("matched", "blind"):
                for name in LEARNED if group else ():
                    told = [np.mean([one[name][light][key] for one in group], 0) for light in LIGHTS]
                    cells = " | ".join(f"{mean:.2f} / {p95:.2f}" for mean, p95 in told)
                    rows.append(f"| {profile} | {kind} | {key} | {name} | {cells} |")
    page = DOCS.read_text()
    DOCS.write_text(page.partition(begin)[0] + "\n".join([begin, *rows, end]) + page.partition(end)[2])


def line(figures: dict[str, Any], key: str) -> str:
    return "  ".join(f"{light} {figures[light][key][0]:.2f}/{figures[light][key][1]:.2f}" for light in LIGHTS)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--makers", default=",".join(MAKERS))
    asked.add_argument("--profiles", default=",".join(PROFILES))
    asked.add_argument("--dry", action="store_true", help="do not write the results")
    told = asked.parse_args()
    figures: dict[str, Any] = {}
    for profile in told.profiles.split(","):
        for rendered in told.makers.split(","):
            found = figures.setdefault(profile, {})[rendered] = run(profile, rendered)
            for name, one in found.items():
                for key in ("blind", "matched"):
                    print(f"{profile:9} {rendered:13} {name:11} {key:8} {line(one, key)}", flush=True)
            if not told.dry:
                save("learn_lights", figures, SEED)
    if not told.dry:
        write_table(figures)


if __name__ == "__main__":
    main()
