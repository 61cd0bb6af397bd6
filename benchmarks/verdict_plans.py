"""Verdict, plans: what each bank of `verdict_bank.py` is made of: looks, sensors, and scenes, which are parts of
photographs and simulated still lifes by turns.

Photographs that are not in the project's own data come from Debian packages (`PACKAGES`), below /usr/share or below
the folder SHARE of the environment. Those of tuning and those of reporting are different ones.
"""

from __future__ import annotations

import os
import sys
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
SHARE = Path(os.environ.get("SHARE", "/usr/share"))  # where Debian's packages of photographs are
BACKGROUNDS, WALLPAPERS = SHARE / "backgrounds", SHARE / "wallpapers"
PACKAGES = {  # what has the photographs of a group
    "wallpapers": "plasma-workspace-wallpapers", "backgrounds": "mate-backgrounds",
    "lomiri": "lomiri-wallpapers-16.04 and lomiri-wallpapers-20.04", "shared": "the shared data (data/photos)",
}  # fmt: skip
LOMIRI = (  # the photographs of lomiri-wallpapers-16.04 and -20.04; the rest of these packages is drawn
    "Bridge_by_Sander_Klootwijk", "Dragonfly_by_Bolly", "Kleiber_by_Lukas_Baubkus", "Picture_0B_by_freespace",
    "Picture_1A_by_freespace", "Wine_by_Jakkub_Mede", "aitzgorri_by_Aitzol_Berasategi", "free_by_Peter_Nerlich",
    "friends_by_Aitzol_Berasategi", "greentock_by_Peter_Nerlich", "life_by_Aitzol_Berasategi",
    "picosdeeuropa_by_Aitzol_Berasategi", "seeding_by_Clements_Engelhardt", "sunset_by_Aitzol_Berasategi",
)  # fmt: skip


class Ask(NamedTuple):
    """Looks (before, reference, beside), the distance (CIEDE2000) of the latter two from the first, and the changes:
    parts of the way and beside it."""

    looks: tuple[str, str, str]
    distance: float
    ways: tuple[tuple[float, float], ...]


class Plan(NamedTuple):
    """What a bank is made of: what is asked, sensors, where its scenes come from, into how many rows a photograph is
    cut, how many shots a set has of each scene, other units and lights of the phone, and whether there is noise."""

    asks: tuple[Ask, ...]
    sensors: tuple[str, str]
    still_life_seed: int
    photographs: tuple[str, ...]  # groups, with spaces where their parts are mixed
    rows: int = 1
    repeats: int = 2
    units: tuple[int, ...] = ()
    lights: tuple[str, ...] = ()
    noisy: bool = True


ALL = ((0.0, 0.0), (0.25, 0.0), (0.5, 0.0), (1.0, 0.0), (0.0, 1.0), (0.25, 1.0))
FEW = ((0.0, 0.0), (0.5, 0.0), (1.0, 0.0), (0.25, 1.0))
LOCAL = ", local tone"  # behind a maker's name
BUNDLED, MEASURED = ("", ""), ("Samsung_Galaxy-S20_Tominaga_etal_2021", "Leica_M8_Mauer-2009")
TUNED_UNITS, TUNED_LIGHTS = (2, 3, 4), ("D50", "FL11", "LED-B3", "A")  # that the stated priors were measured on
OTHER_UNITS, OTHER_LIGHTS = (5, 6, 7), ("3200K", "FL2", "LED-B5")  # that they are judged on
OURS = ("smartphone", "natural", "cinematic")
REPORTED = (
    Ask(OURS, 5.0, ALL),
    Ask(OURS, 2.5, ALL),
    Ask(("random:11", "cinematic", "random:12"), 5.0, ALL),
)
REPORT_PHOTOGRAPHS = ("backgrounds shared", "lomiri")
TUNED = ("random:1", "random:2", "random:3")
PLANS = {
    "tuning": Plan(
        asks=(Ask(TUNED, 5.0, FEW), Ask(("random:4", "random:5", "random:6"), 4.0, FEW)),
        sensors=BUNDLED, still_life_seed=100, photographs=("wallpapers",),
    ),
    "tuning-local": Plan(  # a look with tone by place, whose effect hangs on the scene most
        asks=(Ask(("random:1" + LOCAL, "random:2", "random:3"), 5.0, FEW),),
        sensors=BUNDLED, still_life_seed=200, photographs=("wallpapers",),
    ),
    "tuning-conditions": Plan(
        asks=(Ask(TUNED, 5.0, ()),),
        sensors=BUNDLED, still_life_seed=100, photographs=("wallpapers",), repeats=1,
        units=TUNED_UNITS, lights=TUNED_LIGHTS,
    ),
    "report": Plan(
        asks=REPORTED, sensors=MEASURED, still_life_seed=500, photographs=REPORT_PHOTOGRAPHS, rows=2, repeats=1,
    ),
    "report-conditions": Plan(
        asks=(Ask(OURS, 5.0, ((0.0, 0.0), (0.5, 0.0))),),
        sensors=MEASURED, still_life_seed=500, photographs=REPORT_PHOTOGRAPHS, rows=2, repeats=1,
        units=OTHER_UNITS, lights=OTHER_LIGHTS,
    ),
    "report-without-noise": Plan(
        asks=REPORTED, sensors=MEASURED, still_life_seed=500, photographs=REPORT_PHOTOGRAPHS, rows=2, repeats=1,
        noisy=False,
    ),
}  # fmt: skip


def files_of(group: str) -> list[Path]:
    """The photographs of a group; ends the program where they are not installed."""
    shared = ("leica_t_typ701", "samsung_galaxy_s7_edge", "apple_iphone_6", "nokia_lumia_800", "canon_sx60_hdr_off")
    files = {
        "wallpapers": sorted(WALLPAPERS.glob("*/contents/images/2560x1600.jpg")),
        "backgrounds": sorted((BACKGROUNDS / "mate" / "nature").glob("*.jpg")),
        "shared": [SHARED / "photos" / f"{name}.jpg" for name in shared],
        "lomiri": [BACKGROUNDS / f"{name}.jpg" for name in LOMIRI],
    }[group]
    missing = [file.name for file in files if not file.exists()]
    if missing or not files:
        told = ", ".join(missing) or "none of the photographs"
        sys.exit(f"photographs are missing below {SHARE} ({told}): install {PACKAGES[group]}, or set SHARE")
    return files


def pictures(plan: Plan) -> list[tuple[str, Any]]:
    """Parts of photographs, (H, W, 3) uint8, with their names; no two share a pixel."""
    from PIL import Image

    found = []
    for groups in plan.photographs:
        own = []
        for file in [one for group in groups.split() for one in files_of(group)]:
            with Image.open(file) as image:
                whole = np.asarray(image.convert("RGB"))
            told = file.parts[-4] if file.parts[-2] == "images" else file.stem
            own += [(number, f"{told}-{number}", part) for number, part in enumerate(parts_of_photograph(whole, plan))]
        found += [(name, part) for _, name, part in sorted(own, key=lambda one: one[0])]  # one of each photograph first
    return found


def parts_of_photograph(whole: np.ndarray, plan: Plan) -> list[np.ndarray]:
    """A photograph's parts, none higher than 4:3."""
    cuts = (plan.rows, 2) if min(whole.shape[:2]) >= 1000 else (1, 1)
    parts = [part for band in np.array_split(whole, cuts[0]) for part in np.array_split(band, cuts[1], axis=1)]
    for number, part in enumerate(parts):
        if part.shape[1] * 3 < part.shape[0] * 4:  # to 4:3, its middle
            rows = part.shape[1] * 3 // 4
            top = (part.shape[0] - rows) // 2
            parts[number] = part[top : top + rows]
    return parts


def subjects(plan: Plan, count: int) -> list[tuple[str, Any]]:
    """Names of scenes with what they are made of: photographs and still lifes by turns, until there are enough."""
    photos = pictures(plan)
    still = [(f"still-life-{plan.still_life_seed + at}", "still-life") for at in range(count)]
    turns = [one for two in zip_longest(photos, still) for one in two if one is not None]
    return turns[:count]
