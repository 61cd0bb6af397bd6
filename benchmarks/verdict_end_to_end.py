"""Verdict, end to end: simulated files go through `compare` to a verdict; kinds are a logo (nothing changed), a
quarter, half and all of the way, and a change beside it.

Every experiment has eight scenes that the bank (`verdict_bank.py`) has not, each shot twice by the phone and once by
the reference camera, rendered in the looks of the reported bank and written as JPEG files; every second experiment has
a raw file beside a picture of each set, whose color matrices tell the sensors. The truth is the bank's, of other
scenes. What was done is kept in FOLDER, so that a stopped run goes on.

    python benchmarks/verdict.py --end-to-end N FOLDER    N experiments; FOLDER/report.npz is the bank
"""

from __future__ import annotations

import json
import pickle
import shutil
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from verdict_bank import QUALITY, maker_of, parts_of, raws
from verdict_plans import PLANS, pictures

from twinlens.compare.levels import shown, shown_interval
from twinlens.compare.run import compare
from twinlens.files import dng, exif, photo
from twinlens.pipeline.develop import develop

KINDS = {"logo": (0.0, 0.0), "quarter": (0.25, 0.0), "half": (0.5, 0.0), "all": (1.0, 0.0), "beside": (0.0, 1.0)}
LOOKS = ("authentic", "vibrant")
SCENES, POOL = 8, 24
SEED = 900  # of the scenes' still lifes; the bank's begin at 500
PLAN = PLANS["report"]._replace(still_life_seed=SEED)


class Files(NamedTuple):
    """Where raw pictures and renderings are kept, what the scenes are made of, and the parts of the ways that make each
    ask's distance."""

    folder: Path
    whats: list[Any]
    parts: list[tuple[float, float]]

    def shots(self, scene: int) -> list[Any]:
        """The three raw pictures of a scene: the phone's two, the reference camera's."""
        path = self.folder / "renderings" / f"{scene}.raws"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            made = [one.image for one in raws(self.whats[scene], PLAN, SEED + scene)]
            path.write_bytes(pickle.dumps(made))
        return pickle.loads(path.read_bytes())

    def rendered(self, scene: int, number: int, look: str) -> np.ndarray:
        """The codes (H, W, 3) uint8 of a raw picture in a look."""
        path = self.folder / "renderings" / f"{scene}-{number}-{look.replace(':', '-')}.npy"
        if not path.exists():
            for other in {one for ask in PLAN.asks for one in ask.looks}:
                maker = maker_of(other)
                for at, image in enumerate(self.shots(scene)):
                    np.save(path.with_name(f"{scene}-{at}-{other.replace(':', '-')}.npy"), maker.render(image))
        return np.load(path)

    def mixed(self, scene: int, number: int, ask: int, way: float, beside: float) -> np.ndarray:
        """The codes of a raw picture rendered part of the way."""
        own = [self.rendered(scene, number, look).astype(np.float32) for look in PLAN.asks[ask].looks]
        part = self.parts[ask]
        codes = own[0] + way * part[0] * (own[1] - own[0]) + beside * part[1] * (own[2] - own[0])
        return np.rint(np.clip(codes, 0, 255)).astype(np.uint8)


def experiment(files: Files, number: int) -> dict[str, Any]:
    """One experiment: its sets are written, compared, and thrown away."""
    kind = list(KINDS)[number % len(KINDS)]
    ask = number // len(KINDS) % len(PLAN.asks)
    rng = np.random.default_rng([SEED, number])
    folder = files.folder / "sets"
    shutil.rmtree(folder, ignore_errors=True)
    for at, scene in enumerate(rng.choice(POOL, SCENES, replace=False).tolist()):
        turn = int(rng.integers(2))  # which of the phone's shots is before
        ways = {"before": (turn, (0.0, 0.0)), "after": (1 - turn, KINDS[kind]), "reference": (2, (1.0, 0.0))}
        images = files.shots(scene)
        for role, (shot, way) in ways.items():
            place = folder / role
            place.mkdir(parents=True, exist_ok=True)
            codes, image = files.mixed(scene, shot, ask, *way), images[shot]
            told = exif.made(image.shot)
            photo.write(codes, place / f"{scene:02d}.jpg", quality=QUALITY, exif=told)
            if number % 2 and at == 0:
                dng.write(place / f"{scene:02d}.dng", image.pixels, image.shot)
    start = time.process_time()
    made = compare(folder / "before", folder / "after", folder / "reference", threads=1)
    found, taken = made.verdict, made.verdict.taken
    p_values = {name: getattr(found, name).p_value for name in ("changed", "closer", "along")}
    return {
        "number": number, "kind": kind, "ask": ask, "p_values": p_values, "moved": found.moved,
        "interval": found.interval, "detectable": found.detectable, "scenes": found.scenes,
        "statement": found.statement, "sensors": None if taken is None else taken.kind,
        "sensors_share": None if taken is None else taken.sensors, "seconds": round(time.process_time() - start, 1),
    }  # fmt: skip


def whats(bank: Path) -> list[Any]:
    """What scenes are made of: by turns the third part of a photograph, and a still life. Photographs of whose first
    part the bank could measure nothing are left out, so that eight scenes are eight scenes."""
    file = np.load(bank)
    measured = dict(zip(map(str, file["names"]), np.isfinite(file["0 0 0"]).any((1, 2)), strict=True))
    parts = [part for name, part in pictures(PLAN) if name.endswith("-2") and measured.get(f"{name[:-1]}0")]
    return [one for part in parts for one in (part, "still-life")][:POOL]


def run(count: int, folder: Path) -> list[dict[str, Any]]:
    """The first experiments, those that were done before from their file."""
    bank = folder / "report.npz"
    folder = folder / "end-to-end"
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / "done.jsonl"
    done = [json.loads(line) for line in kept.read_text().splitlines()] if kept.exists() else []
    if len(done) < count:
        parts = folder / "parts.json"
        if not parts.exists():
            parts.write_text(json.dumps(parts_of(PLANS["report"])))
        files = Files(folder, whats(bank), [tuple(one) for one in json.loads(parts.read_text())])
        for number in range(len(done), count):
            done.append(experiment(files, number))
            with kept.open("a") as file:
                file.write(json.dumps(done[-1]) + "\n")
            print(done[-1], flush=True)
    return done[:count]


def two_looks(folder: Path) -> dict[str, Any]:
    """Two looks of the program from the same raw files: what the verdict says, and the same by other numbers."""
    bank, folder = folder / "report.npz", folder / "end-to-end"
    files = Files(folder, whats(bank), [])
    shutil.rmtree(folder / "looks", ignore_errors=True)
    pairs = []
    for scene in range(SCENES):
        image = files.shots(scene)[0]
        pair = []
        for look in LOOKS:
            place = folder / "looks" / look / f"{scene:02d}.jpg"
            place.parent.mkdir(parents=True, exist_ok=True)
            photo.write(develop(image, look=look, threads=1).pixels, place, quality=QUALITY, exif=exif.made(image.shot))
            pair.append(place)
        pairs.append(pair)
    found = compare(*(folder / "looks" / look for look in LOOKS), threads=1).verdict
    by_key = {one.feature.key: one for one in found.features}
    other = np.nanmean([independently(*pair) for pair in pairs], axis=0)  # not every scene has mid grey
    changes = {}
    for key, value in zip(("exposure", "tone_contrast", "chroma"), other.tolist(), strict=True):
        one = by_key[key]
        ends = [round(end, 3) for end in shown_interval(one.feature, one.interval) or ()]
        changes[one.feature.label] = {
            "unit": one.feature.unit, "compare": round(shown(one.feature, one.change), 3), "interval": ends,
            "p_value": one.p_value, "independent": round(value, 3),
        }  # fmt: skip
    return {"scenes": found.scenes, "statement": found.statement, "p_value": found.changed.p_value, "changes": changes}


def independently(*pair: Path) -> tuple[float, float, float]:
    """Exposure (EV about mid grey), contrast there (% of slope) and chroma over lightness (%) of the second of two
    pictures that lie on each other, against the first: from means of blocks in CIELAB, without anything of `compare`.
    """
    import cv2
    from skimage.color import rgb2lab, rgb2xyz

    light, chroma = [], []
    for path in pair:
        codes = cv2.imread(str(path))
        assert codes is not None
        small = cv2.resize(codes, None, fx=1 / 8, fy=1 / 8, interpolation=cv2.INTER_AREA)[..., ::-1] / 255.0
        lab = rgb2lab(small)
        light.append(np.log2(np.maximum(rgb2xyz(small)[..., 1], 1e-3)))
        chroma.append((np.hypot(lab[..., 1], lab[..., 2]), lab[..., 0]))
    level = np.mean(light, axis=0) - np.log2(0.18)
    near, about = np.abs(level) < 0.4, np.abs(level) < 1.2
    slope = np.polyfit(level[about], (light[1] - light[0])[about], 1)[
        0
    ]  # against the mean: no picture explains the other
    colored = (chroma[0][0] > 10) & (np.minimum(chroma[0][1], chroma[1][1]) > 20) & (chroma[1][1] < 90)
    ratio = np.median((chroma[1][0] / chroma[1][1] / (chroma[0][0] / chroma[0][1]))[colored])
    steeper = (1 + slope / 2) / (1 - slope / 2)
    return float(np.median((light[1] - light[0])[near])), 100 * float(steeper - 1), 100 * float(ratio - 1)


def figures(done: list[dict[str, Any]], truths: dict[str, Any]) -> dict[str, Any]:
    """Shares by kind, each with its 95 % interval (Clopper & Pearson 1934); `truths` by the bank's names."""
    told: dict[str, Any] = {
        "experiments": len(done),
        "scenes": [min(one["scenes"] for one in done), SCENES],
        "kinds": {},
    }
    for kind, (way, beside) in KINDS.items():
        own = [one for one in done if one["kind"] == kind]
        true = [0.0 if kind == "logo" else truths[f"{one['ask']} {way:g} {beside:g}"].fraction for one in own]
        has = [(one, at) for one, at in zip(own, true, strict=True) if one["interval"] is not None]
        said = [one for one, at in has if one["detectable"] is not None and one["detectable"] <= at]
        told["kinds"][kind] = {
            "experiments": len(own),
            **{name: share([one["p_values"][name] for one in own]) for name in ("changed", "closer", "along")},
            "coverage": counted([one["interval"][0] <= at <= one["interval"][1] for one, at in has]),
            "found_where_said": share([one["p_values"]["along"] for one in said]),
            "moved": [round(one["moved"], 3) for one, _ in has],
            "truth": [round(at, 3) for _, at in has],
        }
    for kind in ("prior", "known sensors"):
        own = [one["sensors_share"] for one in done if one["sensors"] == kind]
        told[f"share of the sensors by {kind}"] = round(float(np.median(own)), 4) if own else None
    return told


def share(p_values: list[float | None]) -> dict[str, Any]:
    """How many of these were found at 0.05."""
    return counted([one is not None and one < 0.05 for one in p_values])


def counted(of: list[bool]) -> dict[str, Any]:
    """A share with its interval, None of nothing."""
    from scipy.stats import binomtest

    if not of:
        return {"of": 0, "share": None, "interval": None}
    interval = binomtest(sum(of), len(of)).proportion_ci()
    return {"of": len(of), "share": round(sum(of) / len(of), 4), "interval": [round(float(one), 3) for one in interval]}
