"""Verdict, bank: fingerprints of simulated shots, scene by scene, from which `verdict.py` draws its experiments.

Every scene is photographed by a phone and by a reference camera, each shot with its own noise, framing and exposure;
banks of conditions have the phone's other units and other lights too. Each raw picture is rendered in three looks, and
looks part of the way between are made by mixing the finished pictures' codes, which is no axis of the fingerprint.
Every picture is written as a JPEG and read back. The shots of a scene are laid on each other once; then each
experiment's three sets are measured in their own joint frame.

    python benchmarks/verdict_bank.py PLAN FOLDER [SCENES]  makes FOLDER/PLAN.npz; PLAN: `verdict_plans.py`
"""

from __future__ import annotations

import hashlib
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from verdict_plans import LOCAL, PLANS, SHARED, Ask, Plan, subjects

from twinlens.compare import frame, sets_read
from twinlens.compare.features import KEYS, edges, shading, sites, tone
from twinlens.compare.features import color as features_color
from twinlens.compare.fingerprint_scene import of_pictures
from twinlens.compare.frame_joint import joint
from twinlens.measure.registration import register_described
from twinlens.numerics import color
from twinlens.simulate import camera as cameras
from twinlens.simulate import maker as makers
from twinlens.simulate import scenes as makes
from twinlens.simulate.maker.model import LocalTone
from twinlens.simulate.photograph import Pose, metered, photograph
from twinlens.simulate.shots.subject import frame_size

SCENES_BETWEEN_FILES = 6
MEGAPIXELS = 0.4
EXPOSURE_SPREAD, SHIFT, TURN_DEG, ZOOM = 0.03, 0.012, 0.8, 0.05
QUALITY = 92
SCENES_OF_SHARES = 6  # whose distances between looks set how far the reference look lies; the same for all later ones


def camera_of(role: str, sensitivity: str) -> cameras.Camera:
    """The bundled camera of this role, with measured sensitivities where a name is given."""
    made = cameras.load(role)
    if not sensitivity:
        return made
    rows = np.loadtxt(SHARED / "spectral" / "sensitivities" / f"{sensitivity}.csv", delimiter=",", skiprows=1)
    wanted = np.stack([np.interp(np.arange(400.0, 701.0, 10.0), rows[:, 0], column) for column in rows[:, 1:4].T], 1)
    return replace(made, name=f"{role} {sensitivity}", sensitivities=np.maximum(wanted, 0) / wanted.max())


class Raw(NamedTuple):
    """A raw picture, what took it: "phone", "unit", "light" or "reference", and the number of shot, unit or light."""

    kind: str
    number: int
    image: Any


def raws(what: Any, plan: Plan, seed: int) -> list[Raw]:
    """Every shot of a scene: the phone's for before and after, those of its other units and in other lights, the
    reference camera's."""
    phone, reference = (camera_of(role, name) for role, name in zip(("phone", "reference"), plan.sensors, strict=True))
    rng = np.random.default_rng([seed, 77])
    size = frame_size(phone, MEGAPIXELS)
    kind, options = (what, {}) if isinstance(what, str) else ("photograph", {"picture": what})

    def take(seen: Any, camera: cameras.Camera, role: str, number: int, unit: int, level: float) -> Raw:
        own = frame_size(camera, MEGAPIXELS)
        pose = Pose(
            shift_px=tuple((rng.uniform(-SHIFT, SHIFT, 2) * (own[1], own[0])).tolist()),
            rotation_deg=float(rng.uniform(-TURN_DEG, TURN_DEG)),
            scale=float(1.08 + rng.uniform(0, ZOOM)),
        )
        shot = photograph(
            seen, camera, height=own[0], width=own[1], pose=pose, module=unit, seed=int(rng.integers(2**31)),
            exposure=level * float(np.exp(EXPOSURE_SPREAD * rng.uniform(-1, 1))), least_resolution=0.3,
            noisy=plan.noisy,
        )  # fmt: skip
        return Raw(role, number, shot.image)

    day = makes.make(kind, *size, light="D65", seed=seed, **options)
    level = metered(day, phone)
    made = [take(day, phone, "phone", at, 1, level) for at in range(2 * plan.repeats)]
    made += [take(day, phone, "unit", unit, unit, level) for unit in plan.units]
    for at, light in enumerate(plan.lights):
        other = makes.make(kind, *size, light=light, seed=seed, **options)
        made.append(take(other, phone, "light", at, 1, metered(other, phone)))
    return made + [take(day, reference, "reference", at, 1, metered(day, reference)) for at in range(plan.repeats)]


def distance(one: np.ndarray, other: np.ndarray) -> float:
    """Mean CIEDE2000 of means of blocks between two pictures (H, W, 3) of codes, display white."""
    labs = []
    for codes in (one, other):
        linear = color.decode(frame.block_means(codes.astype(np.float32)) / 255)
        xyz = linear @ color.XYZ_FROM_SRGB.T
        labs.append(color.lab_from_xyz(xyz, color.XYZ_FROM_SRGB.sum(1)))
    return float(np.mean(color.delta_e_2000(*labs)))


class Laid:
    """The shots of a scene, each laid on the first of them once; renderings of one raw picture lie where it does."""

    def __init__(self, made: list[Raw], renderings: list[dict[str, np.ndarray]]) -> None:
        self.raws, self.renderings = made, renderings
        views = [self.view(next(iter(one.values())))[0] for one in renderings]
        self.size = views[0].linear.shape[:2]
        self.where = sites.chosen(frame.luma(views[0].linear))
        self.shots: dict[tuple[int, bytes], Any] = {}
        target = frame.described(views[0])
        self.places: list[Any] = [(np.eye(3), frame.grid_places(self.size), 0.0)]
        self.places += [self.placed(target, view) for view in views[1:]]

    @staticmethod
    def view(codes: np.ndarray) -> tuple[sets_read.View, np.ndarray]:
        """A picture as it is read from its JPEG."""
        import cv2

        data = cv2.imencode(".jpg", codes[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1]
        pixels: Any = cv2.imdecode(data, cv2.IMREAD_COLOR)
        read = pixels[..., ::-1].astype(np.uint16) * 257
        return sets_read.reduced(np.ascontiguousarray(read), "srgb", codes.shape[:2]), read

    def placed(self, target: Any, view: sets_read.View) -> Any:
        """Grid to picture (3, 3), where the grid lies in it, the radial term; None: not found, as in `frame.laid`."""
        found = register_described(target, frame.described(view))
        if found is None:
            return None
        found = found.scaled(self.size, view.linear.shape[:2])
        if found.residual_px > frame.MOST_SHIFT_PX:
            return None
        return found.matrix, found.place(frame.grid_places(self.size)), frame.radial_of(found)

    def shot(self, at: int, codes: np.ndarray, role: str) -> Any:
        """The shot rendered so."""
        key = at, hashlib.blake2b(codes.tobytes(), digest_size=16).digest()
        if key not in self.shots:
            view, read = self.view(codes)
            matrix, places, radial = self.places[at]
            own, blocks = codes.shape[:2], frame.blocks_of(view, places, self.size)
            picture: Any = Rendered(role, own[0], own[1])
            self.shots[key] = frame.Shot(
                picture=picture, radius=frame.radius_of(places, own), shift=0.0, radial=radial,
                from_grid=matrix, grid=self.size, whole=frame.whole_of(view),
                crops=sites.cut(read, "srgb", matrix, self.where), **blocks,
            )  # fmt: skip
        found = self.shots[key]
        return replace(found, picture=found.picture._replace(role=role))


class Rendered(NamedTuple):
    """What of a picture the features ask for."""

    role: Any
    height: int
    width: int
    quality: float = float(QUALITY)
    is_mono: bool = False
    space: str = "srgb"

    @property
    def short_edge(self) -> int:
        return min(self.height, self.width)


def values_of(shots: list[Any]) -> np.ndarray | None:
    """(n, K): the features of the shots of one scene, as a fingerprint has them, without noise and texture (which are
    no matter of the verdict)."""
    found = joint(shots, ("before", "after", "reference"))
    if found is None:
        return None
    told = tone.features(found, tone.fits(found)) | features_color.features(found) | shading.features(found)
    told |= of_pictures(shots)
    if all(one.crops is not None for one in shots):
        told |= edges.measured([one.crops for one in shots], [one.picture.short_edge for one in shots])[0]
    return np.stack([told.get(key, np.full(len(shots), np.nan)) for key in KEYS], axis=1)


def shares(renderings: dict[str, np.ndarray], looks: tuple[str, str, str], wanted: float) -> tuple[float, float]:
    """How much of the way to the reference look, and to the one beside, is the wanted distance (CIEDE2000)."""
    before = renderings[looks[0]]
    return tuple(min(wanted / max(distance(before, renderings[name]), 0.1), 2.0) for name in looks[1:])  # type: ignore


def parts_of(plan: Plan) -> list[tuple[float, float]]:
    """For every ask, the parts of the ways to the reference look and beside it that make its distance."""
    looks = {look: maker_of(look) for ask in plan.asks for look in ask.looks}
    plain = plan._replace(units=(), lights=(), repeats=1)
    found: list[list[tuple[float, float]]] = [[] for _ in plan.asks]
    for scene, (_, what) in enumerate(subjects(plan, SCENES_OF_SHARES)):
        first = raws(what, plain, plan.still_life_seed + scene)[0].image
        renderings = {look: maker.render(first) for look, maker in looks.items()}
        for ask, own in zip(plan.asks, found, strict=True):
            own.append(shares(renderings, ask.looks, ask.distance))
    return [tuple(np.median(own, axis=0).tolist()) for own in found]


def measured(laid: Laid, plan: Plan, ask: Ask, part: tuple[float, float]) -> dict[str, np.ndarray]:
    """The values (n, K) of every experiment's shots: before first, then after, then reference."""
    looks, repeats = ask.looks, plan.repeats
    at = {kind: [n for n, one in enumerate(laid.raws) if one.kind == kind and laid.places[n] is not None]
          for kind in ("phone", "unit", "light", "reference")}  # fmt: skip
    if len(at["phone"]) < 2 * repeats or len(at["reference"]) < repeats:
        return {}

    def shot(number: int, way: float, beside: float, role: str) -> Any:
        own = laid.renderings[number]
        codes = start = own[looks[0]].astype(np.float32)
        for look, share in zip(looks[1:], (way * part[0], beside * part[1]), strict=True):
            if share:  # other units and lights have no look beside the way
                codes = codes + share * (own[look] - start)
        return laid.shot(number, np.rint(np.clip(codes, 0, 255)).astype(np.uint8), role)

    before = [shot(number, 0, 0, "before") for number in at["phone"][:repeats]]
    reference = [shot(number, 1, 0, "reference") for number in at["reference"]]
    found: dict[str, np.ndarray] = {}

    def keep(name: str, sets: tuple[list[Any], list[Any], list[Any]]) -> None:
        values = values_of([one for shots in sets for one in shots])
        if values is not None:
            found[name] = values

    for way, beside in ask.ways:
        keep(f"{way:g} {beside:g}", (before, [shot(n, way, beside, "after") for n in at["phone"][repeats:]], reference))
    for number in at["unit"] + at["light"]:
        for way in (0.0, 0.5):
            name = f"{laid.raws[number].kind} {laid.raws[number].number} {way:g}"
            keep(name, (before[:1], [shot(number, way, 0, "after")], reference[:1]))
    return found


def make(name: str, folder: Path, count: int) -> Path:
    """The bank: arrays "look distance experiment", (scenes, shots, K), nan where a scene has none."""
    plan = PLANS[name]
    looks = {look: maker_of(look) for ask in plan.asks for look in ask.looks}
    parts = parts_of(plan)
    told = subjects(plan, count)
    start = time.process_time()
    path = folder / f"{name}.npz"
    folder.mkdir(parents=True, exist_ok=True)
    rows = kept(path, [one for one, _ in told])
    measured_before = {scene for by_scene in rows.values() for scene in by_scene}
    for scene, (what_name, what) in enumerate(told):
        if scene in measured_before:
            continue
        made = raws(what, plan, plan.still_life_seed + scene)
        laid = Laid(made, [{look: looks[look].render(raw.image) for look in asked_of(raw, plan)} for raw in made])
        for number, (ask, part) in enumerate(zip(plan.asks, parts, strict=True)):
            for key, values in measured(laid, plan, ask, part).items():
                rows.setdefault(f"{number} {key}", {})[scene] = values
        print(f"{scene + 1} {what_name} {time.process_time() - start:.0f} s", flush=True)
        if (scene + 1) % SCENES_BETWEEN_FILES == 0:
            write(path, rows, [one for one, _ in told])
    write(path, rows, [one for one, _ in told])
    return path


def kept(path: Path, names: list[str]) -> dict[str, dict[int, np.ndarray]]:
    """What a stopped run has made: by experiment, the values of scenes, numbered as in `names`."""
    if not path.exists():
        return {}
    file = np.load(path)
    place = {name: scene for scene, name in enumerate(names)}
    found: dict[str, dict[int, np.ndarray]] = {}
    for key in file.files:
        for name, values in zip(file["names"], file[key] if key not in ("names", "keys") else (), strict=False):
            if str(name) in place and np.isfinite(values).any():
                found.setdefault(key, {})[place[str(name)]] = values
    return found


def maker_of(look: str) -> makers.Maker:
    """The maker of this name, with tone by place where the name says so."""
    made = makers.load(look.removesuffix(LOCAL))
    if not look.endswith(LOCAL):
        return made
    return makers.Maker(replace(made.parameters, local_tone=LocalTone(strength=0.5, tiles=5, limit=2.0)))


def asked_of(raw: Raw, plan: Plan) -> list[str]:
    """The looks in which a raw picture is rendered; other units and lights have no look beside the way."""
    asks = plan.asks if raw.kind in ("phone", "reference") else [one._replace(looks=one.looks[:2]) for one in plan.asks]
    return list(dict.fromkeys(look for one in asks for look in one.looks))


def write(path: Path, rows: dict[str, dict[int, np.ndarray]], names: list[str]) -> None:
    """The bank so far."""
    arrays = {}
    for key, by_scene in rows.items():
        shape = next(iter(by_scene.values())).shape
        arrays[key] = np.full((len(names), *shape), np.nan, np.float32)
        for scene, values in by_scene.items():
            arrays[key][scene] = values
    np.savez_compressed(path, names=np.array(names), keys=np.array(KEYS), **arrays)


if __name__ == "__main__":
    print(make(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 60))
