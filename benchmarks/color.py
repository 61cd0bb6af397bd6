"""Color: the error of a color model from one chart, on cameras and surfaces that it was not built on.

A camera of measured sensitivities records the 24 patches of a ColorChecker; the model made from them reads surfaces
that neither the prior nor the maps have seen (Munsell 64, Nature, Objects, CES-99). Each rawtoaces camera is left out
of the prior, which is calculated again without it (a camera with several names is one file there); the other measured
cameras are not in the prior, and where the same model is, it is left out too. Beside it: a 3x3 and a root-polynomial of
degree 2 (6 terms) by least squares on the same patches. Realistic chart: 0.5 % noise of every channel, patches that
differ by 1 % from what is stated, 1 % of white as veil.

    python benchmarks/color.py           all figures -> results/color.json (five minutes)
    python benchmarks/color.py --quick   two cameras against the committed figures
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from record import check_quick, save

from twinlens.calibrate.camera_match import light_match
from twinlens.calibrate.color_errors import delta_e
from twinlens.calibrate.light_evidence import CANDIDATE_LIGHTS, SCREENING_NOISES, SCREENING_RESIDUAL
from twinlens.numerics import sensitivity, sensor_prior, spectra
from twinlens.numerics.color import xy_from_xyz
from twinlens.numerics.color_model import ColorModel
from twinlens.numerics.root_polynomial import terms
from twinlens.numerics.sensitivity import Response
from twinlens.numerics.sensor_prior import unit_luminance
from twinlens.numerics.temperature import temperature_from_xy

ROOT = Path(__file__).resolve().parents[1]
SPECTRAL = ROOT.parent / "shared" / "data" / "spectral"
sys.path.append(str(ROOT / "tools"))
import make_prior  # noqa: E402

OTHER_LIGHTS = ("D50", "A", "FL2", "FL11", "LED-B3", "LED-RGB1")
VEILS = (0.01, 0.02, 0.05)
EXPOSURES_EV = (-4, -2, 2)
SEED = 1
QUICK = ("Nikon D850", "Hasselblad L1D-20c")
SAME_MODEL = {"Canon_5D-Mk-II_Jiang-et-al-2013": "Canon EOS 5D Mark II", "Nikon_D700_Jiang-et-al-2013": "Nikon D700"}
MATRICES = {  # measured camera: its name in dng_color_matrices.csv
    "Leica_M8_Mauer-2009": "Leica M8",
    "Samsung_Galaxy-S20_Tominaga_etal_2021": "Samsung Galaxy S20 Rear Main Camera",
    "Samsung_Galaxy-S7-Edge_Tominaga_etal_2021": "Samsung Galaxy S7 Edge",
    "iPhone_12-Pro-Max_Tominaga_etal_2021": "iPhone13,4 back camera",
    "iPhone_8_Tominaga_etal_2021": "iPhone10,1 back camera",
    "Hasselblad L1D-20c": "Hasselblad L1D 20c",
}
MATRIX_LIGHTS = ("A", "D65", "FL2", "FL11", "LED-B3", "LED-RGB1")
PHONES = ("Samsung_Galaxy-S20_Tominaga_etal_2021", "iPhone_12-Pro-Max_Tominaga_etal_2021")
REFERENCE = "Leica_M8_Mauer-2009"

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class Camera:
    """A camera with the prior of the others; its response to the perfect white under D65 is (1, 1, 1)."""

    name: str
    sensitivities: Array
    prior: sensor_prior.Prior
    is_loo: bool

    def records(self, reflectances: Array, light: str) -> Array:
        return (reflectances * unit_luminance(spectra.illuminant(light))) @ self.sensitivities


def cameras() -> list[Camera]:
    """Every rawtoaces camera with the prior of the other 51, and the seven measured elsewhere."""
    known = make_prior.cameras(SPECTRAL)
    names, stack = list(known), np.stack(list(known.values()))
    found = [_camera(n, stack[i], np.delete(stack, i, 0), True) for i, n in enumerate(names)]
    for path in sorted((SPECTRAL / "sensitivities").glob("*.csv")):
        data = np.genfromtxt(path, delimiter=",", skip_header=1)
        curves = spectra.resampled(data[:, 0], data[:, 1:].T)[0].T
        others = stack[[name != SAME_MODEL.get(path.stem) for name in names]]
        found.append(_camera(path.stem, curves, others, False))
    return found


def _camera(name: str, curves: Array, others: Array, is_loo: bool) -> Camera:
    curves = curves / (unit_luminance(spectra.illuminant("D65")) @ curves)
    return Camera(name, curves, sensor_prior.prior_from(others), is_loo)


def chart() -> Array:
    return sensor_prior.chart_reflectances()


def shot(camera: Camera, light: str = "D65", veil: float = 0.0, realistic: bool = False, seed: int = SEED) -> Array:
    """Camera RGB (24, 3) of the chart."""
    if not realistic:
        return camera.records(chart(), light) + veil * camera.records(np.ones((1, spectra.BANDS)), light)
    rng = np.random.default_rng([seed, *camera.name.encode()])
    rgb = camera.records(chart() * (1 + 0.01 * rng.standard_normal((24, 1))), light)
    rgb = rgb * (1 + 0.005 * rng.standard_normal(rgb.shape))
    return rgb + 0.01 * camera.records(np.ones((1, spectra.BANDS)), light)


def model(camera: Camera, rgb: Array, light: str = "D65") -> ColorModel:
    """The model from one chart, as `fit_color` makes it."""
    power = spectra.illuminant(light)
    unit = unit_luminance(power)
    found = sensitivity.estimate([Response(rgb, chart() * unit, unit)], camera.prior)
    return ColorModel(found.sensitivities, found.covariance, power, light)


def truth(reflectances: Array, light: str) -> Array:
    return spectra.xyz_from_reflectance(reflectances, spectra.illuminant(light))


def plain(rgb: Array, xyz: Array, count: int) -> Array:
    """The least-squares matrix (count, 3) from the first `count` root-polynomial terms: 3 or 6."""
    return np.linalg.lstsq(terms(rgb)[:, :count], xyz, rcond=None)[0]


def errors(one: Any, camera: Camera, surfaces: dict[str, Array], light: str, gain: float = 1.0) -> dict[str, Array]:
    """Delta E of every surface by set; `one` is a model, or a matrix of 3 or 6 terms."""
    found = {}
    for name, reflectances in surfaces.items():
        rgb = camera.records(reflectances, light) * gain
        xyz = one.to_xyz(rgb, light) if isinstance(one, ColorModel) else terms(rgb)[:, : len(one)] @ one
        found[name] = delta_e(xyz / gain, truth(reflectances, light), spectra.illuminant(light))
    return found


def summary(by_camera: list[dict[str, Array]]) -> dict[str, Any]:
    """Mean, p95 and largest by set: mean over cameras of each camera's own (largest: over all)."""
    told: dict[str, Any] = {}
    for name in by_camera[0]:
        each = [one[name] for one in by_camera]
        told[name] = {
            "mean": _rounded(np.mean([e.mean() for e in each])),
            "p95": _rounded(np.mean([np.percentile(e, 95) for e in each])),
            "max": _rounded(max(e.max() for e in each)),
        }
    told["mean"] = _rounded(np.mean([one["mean"] for one in told.values()]))
    return told


def mean_of(found: dict[str, Array]) -> float:
    return float(np.mean([e.mean() for e in found.values()]))


def _rounded(value: Any) -> float:
    return round(float(value), 4)


def accuracy(group: list[Camera], surfaces: dict[str, Array], realistic: bool) -> dict[str, Any]:
    """One D65 chart, used under D65: ours beside two least-squares maps."""
    runs: dict[str, list[dict[str, Array]]] = {"matrix": [], "root_polynomial_2": [], "model": []}
    xyz = truth(chart(), "D65")
    for camera in group:
        rgb = shot(camera, realistic=realistic)
        runs["matrix"].append(errors(plain(rgb, xyz, 3), camera, surfaces, "D65"))
        runs["root_polynomial_2"].append(errors(plain(rgb, xyz, 6), camera, surfaces, "D65"))
        runs["model"].append(errors(model(camera, rgb), camera, surfaces, "D65"))
    told = {name: summary(found) for name, found in runs.items()}
    better = [mean_of(a) < mean_of(b) for a, b in zip(runs["model"], runs["root_polynomial_2"], strict=True)]
    return {
        **told,
        "model_by_matrix": _rounded(told["model"]["mean"] / told["matrix"]["mean"]),
        "model_by_root_polynomial_2": _rounded(told["model"]["mean"] / told["root_polynomial_2"]["mean"]),
        "share_of_cameras_better_than_root_polynomial_2": _rounded(np.mean(better)),
        "by_camera": {c.name: [_rounded(mean_of(runs[k][i])) for k in runs] for i, c in enumerate(group)},
    }


def veils(group: list[Camera], surfaces: dict[str, Array]) -> dict[str, Any]:
    """What a uniform veil costs: mean error with it less that without, mean and worst camera."""
    told = {}
    clean = [mean_of(errors(model(c, shot(c)), c, surfaces, "D65")) for c in group]
    for veil in VEILS:
        cost = [mean_of(errors(model(c, shot(c, veil=veil)), c, surfaces, "D65")) - k
                for c, k in zip(group, clean, strict=True)]  # fmt: skip
        told[f"{veil:g}"] = {"mean": _rounded(np.mean(cost)), "worst": _rounded(max(cost))}
    return told


def other_lights(group: list[Camera], surfaces: dict[str, Array], realistic: bool) -> dict[str, Any]:
    """One D65 chart used under lights that were never shot. `known white`: pictures balanced to the white that the
    camera records, as where a grey card or the picture's own neutral tells it; `known sensor`: maps of the true
    sensitivities, which no chart can beat by much."""
    kinds = {"": {}, "known white ": {}, "known sensor ": {}}
    for camera in group:
        made = model(camera, shot(camera, realistic=realistic))
        true = ColorModel(camera.sensitivities, made.covariance * 0, made.light)
        for light in OTHER_LIGHTS:
            white = camera.records(np.ones((1, spectra.BANDS)), light)[0]
            told_white = replace(camera, sensitivities=camera.sensitivities * made.white_rgb(light) / white)
            tried = (errors(made, camera, surfaces, light), errors(made, told_white, surfaces, light),
                     errors(true, camera, surfaces, light))  # fmt: skip
            for kind, one in zip(kinds.values(), tried, strict=True):
                kind.setdefault(light, []).append(one)
    told = {kind: {light: summary(one) for light, one in found.items()} for kind, found in kinds.items()}
    means = {f"{kind}mean": _rounded(np.mean([one["mean"] for one in by.values()])) for kind, by in told.items()}
    return {**told[""], **means}


def pairs(everyone: dict[str, Camera], surfaces: dict[str, Array]) -> dict[str, Any]:
    """Phone to reference, raw to raw, from one clean D65 chart of each, as the reference's own matrix sees it."""
    told: dict[str, Any] = {}
    reference = everyone[REFERENCE]
    second = model(reference, shot(reference))
    known = ColorModel(reference.sensitivities, second.covariance * 0, second.light)
    for name in PHONES:
        phone = everyone[name]
        first = model(phone, shot(phone))
        exact = ColorModel(phone.sensitivities, first.covariance * 0, first.light)
        told[name] = {}
        for light in ("D65", *OTHER_LIGHTS):
            maps = light_match(first, second, light)
            best = light_match(exact, known, light)
            told[name][light] = {
                "expected": _rounded(maps.expected.mean),
                "floor_of_the_pool": _rounded(best.floor.mean),
            }
            for key, reflectances in surfaces.items():
                rgb, wanted = phone.records(reflectances, light), reference.records(reflectances, light)
                seen = plain(wanted, truth(reflectances, light), 3)
                power = spectra.illuminant(light)
                error = delta_e(maps(rgb) @ seen, wanted @ seen, power)
                floor = delta_e(terms(rgb) @ plain(rgb, wanted @ seen, 13), wanted @ seen, power)
                told[name][light][key] = [_rounded(error.mean()), _rounded(np.percentile(error, 95))]
                told[name][light][f"{key}_floor"] = _rounded(floor.mean())
            told[name][light]["mean"] = _rounded(np.mean([told[name][light][key][0] for key in surfaces]))
        others = [told[name][light]["mean"] for light in OTHER_LIGHTS]
        told[name]["mean_of_other_lights"] = _rounded(np.mean(others))
    return told


def from_matrices(everyone: dict[str, Camera], surfaces: dict[str, Array]) -> dict[str, Any]:
    """Published DNG matrices of cameras that were measured: the plain matrix and ours, both told the light's white."""
    rows = list(csv.reader((SPECTRAL / "dng_color_matrices.csv").read_text().splitlines()))[1:]
    published = {row[0]: np.array(row[1:], float).reshape(2, 3, 3) for row in rows}
    told: dict[str, Any] = {}
    for name, dng_name in MATRICES.items():
        told[name] = _matrix_errors(everyone[name], published[dng_name], surfaces)
        told[f"{name}, A only"] = _matrix_errors(everyone[name], published[dng_name][:1], surfaces)
    ideal = [_matrix_errors(c, _ideal_matrices(c), surfaces) for c in everyone.values() if c.is_loo]
    told["ideal_matrices_mean"] = {light: _mean_pairs([one[light] for one in ideal]) for light in MATRIX_LIGHTS}
    alone = [told[f"{name}, A only"] for name in MATRICES]
    told["mean of A only"] = {light: _mean_pairs([one[light] for one in alone]) for light in MATRIX_LIGHTS}
    told["mean"] = {light: _mean_pairs([told[name][light] for name in MATRICES]) for light in MATRIX_LIGHTS}
    return told


def _mean_pairs(values: list[list[float]]) -> list[float]:
    return [_rounded(one) for one in np.mean(values, 0)]


def _ideal_matrices(camera: Camera) -> list[Array]:
    return [plain(truth(chart(), light), camera.records(chart(), light), 3).T for light in ("A", "D65")]


def _matrix_errors(camera: Camera, matrices: Any, surfaces: dict[str, Array]) -> dict[str, list[float]]:
    """[plain matrix, ours] by light, mean over the sets."""
    lights = [spectra.illuminant(one) for one in ("A", "D65")][: len(matrices)]
    found = sensitivity.from_color_matrices(matrices, lights, camera.prior)
    made = ColorModel(found.sensitivities, found.covariance, lights[-1])
    told = {}
    for light in MATRIX_LIGHTS:
        white = camera.records(np.ones((1, spectra.BANDS)), light)[0]
        matrix = _plain_from_tags(matrices, spectra.white_xyz(spectra.illuminant(light)), white)
        balanced = camera.sensitivities / white * made.white_rgb(light)
        scaled = Camera(camera.name, balanced, camera.prior, camera.is_loo)
        told[light] = [
            _rounded(mean_of(errors(matrix.T, camera, surfaces, light))),
            _rounded(mean_of(errors(made, scaled, surfaces, light))),
        ]
    return told


def _plain_from_tags(matrices: Any, white_xyz: Array, white_rgb: Array) -> Array:
    """DNG 1.7.1, chapter 6: interpolated in 1/temperature of the true light and inverted, the channels scaled so that
    the neutral is the one that the matrix expects (measured sensitivities have no common scale of the channels)."""
    kelvin = temperature_from_xy(xy_from_xyz(white_xyz))[0]
    share = np.clip((1 / kelvin - 1 / 6500) / (1 / 2850 - 1 / 6500), 0, 1)
    camera_from_xyz = share * matrices[0] + (1 - share) * matrices[-1]
    return np.linalg.inv(camera_from_xyz) * (camera_from_xyz @ white_xyz / white_rgb)


def lights_found(group: list[Camera]) -> dict[str, Any]:
    """How often the evidence of a realistic chart names its light, and how far behind that is where it does not."""
    told = {}
    powers = {name: unit_luminance(spectra.illuminant(name)) for name in CANDIDATE_LIGHTS}
    for light in CANDIDATE_LIGHTS:
        right, behind = 0, []
        for camera in group:
            rgb = shot(camera, light, realistic=True)
            scores = {name: _evidence(camera, rgb, unit) for name, unit in powers.items()}
            best = max(scores, key=scores.__getitem__)
            right += best == light
            behind.append(scores[best] - scores[light])
        told[light] = {"right": right, "of": len(group), "most_behind": _rounded(max(behind))}
    return told


def _evidence(camera: Camera, rgb: Array, unit: Array) -> float:
    response = Response(rgb, chart() * unit, unit)
    return sensitivity.log_evidence([response], camera.prior, SCREENING_RESIDUAL, SCREENING_NOISES)


def exposure(group: list[Camera], surfaces: dict[str, Array]) -> float:
    """The largest change of any Delta E when the same scene is exposed from 4 EV less to 2 EV more."""
    worst = 0.0
    for camera in group:
        made = model(camera, shot(camera))
        base = errors(made, camera, surfaces, "D65")
        for stops in EXPOSURES_EV:
            other = errors(made, camera, surfaces, "D65", 2.0**stops)
            worst = max(worst, *(float(np.abs(other[name] - base[name]).max()) for name in base))
    return worst


def groups(everyone: list[Camera]) -> Iterator[tuple[str, list[Camera]]]:
    yield "rawtoaces_left_out", [one for one in everyone if one.is_loo]
    yield "measured_elsewhere", [one for one in everyone if not one.is_loo]


def quick(everyone: list[Camera], surfaces: dict[str, Array]) -> dict[str, float]:
    told = {}
    for camera in (one for one in everyone if one.name in QUICK):
        told[f"{camera.name} clean"] = mean_of(errors(model(camera, shot(camera)), camera, surfaces, "D65"))
        made = model(camera, shot(camera, realistic=True))
        for light in ("D65", "FL11"):
            told[f"{camera.name} realistic {light}"] = mean_of(errors(made, camera, surfaces, light))
    return {name: _rounded(value) for name, value in told.items()}


def main() -> None:
    everyone, surfaces = cameras(), make_prior.test_sets(SPECTRAL)
    if "--quick" in sys.argv:
        sys.exit(check_quick("color", quick(everyone, surfaces), 0.002))
    figures: dict[str, Any] = {"quick": quick(everyone, surfaces)}
    for name, group in groups(everyone):
        figures[name] = {
            "cameras": len(group),
            "clean": accuracy(group, surfaces, False),
            "realistic": accuracy(group, surfaces, True),
            "veil_cost": veils(group, surfaces),
            "other_lights_clean": other_lights(group, surfaces, False),
            "other_lights_realistic": other_lights(group, surfaces, True),
            "lights_found": lights_found(group),
        }
        print(name, "done", flush=True)
    by_name = {one.name: one for one in everyone}
    figures["pairs"] = pairs(by_name, surfaces)
    figures["from_matrices"] = from_matrices(by_name, surfaces)
    figures["exposure_change"] = exposure(everyone[::6], surfaces)
    print(save("color", figures, SEED))


if __name__ == "__main__":
    main()
