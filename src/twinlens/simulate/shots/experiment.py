"""Experiment: everything that learning and judging a look needs, in one folder, from one seed.

    DIR/set.json                     the plan: every item with its scene, light, seed and place; what was asked for
    DIR/training/, DIR/test/         pairs of phone and reference, of disjoint scenes
    DIR/charts/                      a ColorChecker in each light, by both cameras
    DIR/calibration/                 flat fields and darks of both cameras

An item is written whole, its truth last. What is there already is not made again when the run is repeated, so a run
that was stopped goes on where it was.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

import twinlens
from twinlens.core.errors import FileError, ParameterError
from twinlens.simulate import maker as makers
from twinlens.simulate import scenes
from twinlens.simulate.camera import Camera
from twinlens.simulate.shots.frame import made_folder, write_json
from twinlens.simulate.shots.pair import pair
from twinlens.simulate.shots.single import chart, dark, flat
from twinlens.simulate.shots.subject import PICTURES, file_name, frame_size, light_of, loaded

KIND = "set/1"
TEST_SHARE = 1 / 3  # of the scenes
MEGAPIXELS = 3.0
_BYTES_A_PIXEL = 3.0  # of all files of a shot together, from above
_FLAT_LEVELS, _COUNT = (0.05, 0.2, 0.5, 0.8), 2  # flat fields and darks
Progress = Callable[[int, int, str, bool], None]


@dataclass(frozen=True, kw_only=True)
class Item:
    """One thing to make: `kind` is pair, chart, flat or dark; `folder` inside the set's."""

    kind: str
    name: str
    folder: str
    light: str
    seed: int
    scene: str = ""

    @property
    def last_file(self) -> str:
        """The file that is written last: when it is there, the item is."""
        endings = {
            "pair": f"{self.name}-pair",
            "chart": f"{self.name}-reference",
            "flat": f"{self.name}-reference-{100 * _FLAT_LEVELS[-1]:g}-{_COUNT}",
            "dark": f"{self.name}-reference-{_COUNT}",
        }
        return f"{self.folder}/{endings[self.kind]}.json"


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """What is asked for. `scenes` pairs, each in one of `lights` in turn; photographs (files of `photographs`) first,
    then still lifes of ever other seeds. `difference` as in `pair`; `calibration` adds charts, flats and darks."""

    phone: str = "phone"
    reference: str = "reference"
    phone_maker: str = "smartphone"
    reference_maker: str = "natural"
    scenes: int = 24
    lights: tuple[str, ...] = ("D65", "A", "LED")
    megapixels: float = MEGAPIXELS
    photographs: str | None = None
    difference: float = 1.0
    calibration: bool = True
    seed: int = 0

    def check(self) -> tuple[Camera, Camera]:
        """The cameras, when all that is asked for can be had. Raises ParameterError, DocumentError, FileError."""
        if not 2 <= self.scenes <= 10000:
            raise ParameterError(f"scenes = {self.scenes} is outside 2 to 10000: training and test need one each")
        if not self.lights:
            raise ParameterError("lights: one or more are wanted, like D65,A,LED")
        for light in self.lights:
            scenes.lighting(light_of(light), 16, 16)
        for maker in (self.phone_maker, self.reference_maker):
            makers.load(maker)
        cameras = loaded(self.phone), loaded(self.reference)
        for camera in cameras:
            frame_size(camera, self.megapixels)
        return cameras


def plan(asked: Experiment) -> list[Item]:
    """Every item, in the order in which they are made."""
    found = _pictures(asked.photographs)[: asked.scenes]
    subjects = [*found, *["still-life"] * (asked.scenes - len(found))]
    rng = np.random.default_rng([asked.seed, 0x736574])
    tested = _tested(asked, rng)
    seeds = rng.choice(2**31, asked.scenes + len(asked.lights) + 2, replace=False).tolist()
    items = []
    for index, scene in enumerate(subjects):
        light = asked.lights[index % len(asked.lights)]
        name = file_name(f"{index + 1:03d}-{Path(scene).stem}-{light}")
        folder = "test" if index in tested else "training"
        items.append(Item(kind="pair", name=name, folder=folder, light=light, seed=seeds[index], scene=scene))
    if asked.calibration:
        extra = iter(seeds[asked.scenes :])
        items += [Item(kind="chart", name=file_name(f"chart-{one}"), folder="charts", light=one, seed=next(extra))
                  for one in asked.lights]  # fmt: skip
        items.append(Item(kind="flat", name="flat", folder="calibration", light=asked.lights[0], seed=next(extra)))
        items.append(Item(kind="dark", name="dark", folder="calibration", light=asked.lights[0], seed=next(extra)))
    return items


def _tested(asked: Experiment, rng: np.random.Generator) -> set[int]:
    """Which scenes are for testing: drawn by chance, from every light alike."""
    chance = rng.random(asked.scenes)
    lights = len(asked.lights)
    place = {index: sum(chance[index % lights :: lights] < chance[index]) for index in range(asked.scenes)}
    drawn = sorted(place, key=lambda index: (place[index], chance[index]))
    return set(drawn[: max(round(asked.scenes * TEST_SHARE), 1)])


def _pictures(folder: str | None) -> list[str]:
    if folder is None:
        return []
    if not Path(folder).is_dir():
        raise FileError(f"--photographs {folder}: it is not a folder")
    found = sorted(str(one) for one in Path(folder).iterdir() if one.suffix.lower() in PICTURES)
    if not found:
        raise FileError(f"--photographs {folder} holds no pictures ({', '.join(PICTURES)})")
    return found


def make_set(
    folder: str | os.PathLike[str],
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
    **asked: Any,
) -> dict[str, Any]:
    """Make the experiment in a folder; what the keywords mean is in `Experiment`. Returns what is in `set.json`.

    An unfinished set of the same request is continued; another one is refused unless `overwrite`. `progress` is called
    with (number, of how many, name, whether it was there already). Raises ParameterError, DocumentError, FileError.
    """
    experiment = Experiment(**asked)
    cameras = experiment.check()
    items = plan(experiment)
    made = {
        "format": KIND,
        "program": f"twinlens {twinlens.__version__}",
        "asked": json.loads(json.dumps(asdict(experiment))),
        "items": [asdict(one) for one in items],
    }
    target = _claimed(Path(folder), made, overwrite, _bytes_needed(items, cameras, experiment))
    for number, item in enumerate(items, 1):
        is_there = (target / item.last_file).exists() and not overwrite
        if progress:
            progress(number, len(items), f"{item.folder}/{item.name}", is_there)
        if not is_there:
            for one in _shots(item, experiment, cameras):
                one.write(target / item.folder, overwrite=True)
    return made


def _claimed(folder: Path, made: dict[str, Any], overwrite: bool, needed: int) -> Path:
    """The folder with its plan; FileError when another set is there, or the disk is too small."""
    told = folder / "set.json"
    if told.exists() and not overwrite:
        try:
            there = json.loads(told.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            there = None
        if there != made:
            raise FileError(
                f"{folder} holds a set of another request; choose another folder, or ask for it to be overwritten"
                " (--overwrite)"
            )
        return folder
    if not overwrite and folder.is_dir() and any(folder.iterdir()):
        raise FileError(f"{folder} is not empty and holds no set; choose another folder, or --overwrite")
    free = shutil.disk_usage(made_folder(folder)).free
    if needed > free:
        raise FileError(
            f"{folder} needs about {needed / 1e9:.1f} GB, {free / 1e9:.1f} GB are free; ask for fewer scenes or fewer"
            " megapixels"
        )
    write_json(made, told, overwrite=True)
    return folder


def _bytes_needed(items: Sequence[Item], cameras: Sequence[Camera], asked: Experiment) -> int:
    pixels = sum(int(np.prod(frame_size(one, asked.megapixels))) for one in cameras)
    counts = {"pair": 1, "chart": 1, "flat": _COUNT * len(_FLAT_LEVELS), "dark": _COUNT}
    return int(sum(counts[one.kind] for one in items) * pixels * _BYTES_A_PIXEL)


def _shots(item: Item, asked: Experiment, cameras: tuple[Camera, Camera]) -> Iterator[Any]:
    """What an item consists of, each with `write`."""
    makers = asked.phone_maker, asked.reference_maker
    common = {"light": item.light, "megapixels": asked.megapixels, "seed": item.seed}
    if item.kind == "pair":
        yield pair(
            item.scene, phone=cameras[0], reference=cameras[1], phone_maker=makers[0], reference_maker=makers[1],
            difference=asked.difference, name=item.name, taken=_taken(item.name), **common,
        )  # fmt: skip
        return
    for camera, maker, role in zip(cameras, makers, ("phone", "reference"), strict=True):
        own = {**common, "maker": maker, "module": 1}
        if item.kind == "chart":
            yield chart(camera, name=f"{item.name}-{role}", **own)
        elif item.kind == "flat":
            yield from flat(camera, levels=_FLAT_LEVELS, count=_COUNT, prefix=f"{item.name}-{role}", **own)
        else:
            yield from dark(camera, count=_COUNT, prefix=f"{item.name}-{role}", **own)


def _taken(name: str) -> str:
    """A time for each pair, a quarter of an hour apart."""
    minutes = 15 * int(name.split("-")[0])
    return f"2026-01-{1 + minutes // 600 % 28:02d}T{8 + minutes // 60 % 10:02d}:{minutes % 60:02d}:00"
