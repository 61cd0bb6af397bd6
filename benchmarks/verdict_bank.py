"""Verdict, bank: fingerprints of simulated shots, scene by scene, from which `verdict.py` draws its experiments.

Every scene is photographed several times by a phone (two units and more, two lights) and by a reference camera, each
shot with its own noise, framing and exposure. Each raw picture is rendered in three looks, and looks part of the way
between are made by mixing the finished pictures' codes, which is no axis of the fingerprint. Every picture is written
as a JPEG and read back. The shots of a scene are laid on each other once; then each experiment's three sets are
measured in their own joint frame.

    python benchmarks/verdict_bank.py tuning|report FOLDER [SCENES]   makes FOLDER/NAME.npz, one processor
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from twinlens.compare import fingerprint_scene, frame, scenes, sets, sets_read
from twinlens.compare.features import FEATURES, KEYS
from twinlens.compare.frame_joint import joint
from twinlens.numerics import color
from twinlens.simulate import camera as cameras
from twinlens.simulate import maker as makers
from twinlens.simulate.photograph import Pose, metered, photograph
from twinlens.simulate.shots.subject import frame_size, subject

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
BACKGROUNDS, WALLPAPERS = Path("/usr/share/backgrounds"), Path("/usr/share/wallpapers")
MEGAPIXELS = 0.75
REPEATS, LOGO_REPEATS = 2, 4
PARTS = (0.0, 0.25, 0.5, 1.0)  # of the way
OFF = ((0.0, 1.0), (0.25, 1.0))  # of the way, and beside it
DISTANCES = (5.0, 2.5)  # mean CIEDE2000 between before and reference
UNITS = (2, 3, 4, 5, 6, 7)
LIGHTS = ("D50", "FL11", "LED-B3", "A")
EXPOSURE_SPREAD, SHIFT, TURN_DEG, ZOOM = 0.03, 0.012, 0.8, 0.05
QUALITY = 92


class Plan(NamedTuple):
    """What a bank is made of: looks (before, reference, beside), sensors, where its scenes come from."""

    looks: tuple[tuple[str, str, str], ...]
    sensors: tuple[str, str]
    still_life_seed: int
    photographs: tuple[str, ...]


PLANS = {
    "tuning": Plan(
        looks=(("random:1", "random:2", "random:3"), ("random:4", "random:5", "random:6")),
        sensors=("", ""),
        still_life_seed=100,
        photographs=("wallpapers",),
    ),
    "report": Plan(
        looks=(("smartphone", "natural", "cinematic"), ("random:11", "smartphone", "natural")),
        sensors=("Samsung_Galaxy-S20_Tominaga_etal_2021", "Leica_M8_Mauer-2009"),
        still_life_seed=500,
        photographs=("backgrounds", "shared"),
    ),
}


def camera_of(role: str, sensitivity: str) -> cameras.Camera:
    """The bundled camera of this role, with measured sensitivities where a name is given."""
    made = cameras.load(role)
    if not sensitivity:
        return made
    rows = np.loadtxt(SHARED / "spectral" / "sensitivities" / f"{sensitivity}.csv", delimiter=",", skiprows=1)
    wanted = np.stack([np.interp(np.arange(400.0, 701.0, 10.0), rows[:, 0], column) for column in rows[:, 1:4].T], 1)
    return replace(made, name=f"{role} {sensitivity}", sensitivities=np.maximum(wanted, 0) / wanted.max())


def pictures(plan: Plan) -> list[tuple[str, Any]]:
    """Parts of photographs, (H, W, 3) uint8, with their names; no two share a pixel."""
    from PIL import Image

    files: list[Path] = []
    if "wallpapers" in plan.photographs:
        files += sorted(WALLPAPERS.glob("*/contents/images/2560x1600.jpg"))
    if "backgrounds" in plan.photographs:
        files += sorted((BACKGROUNDS / "mate" / "nature").glob("*.jpg"))
    if "shared" in plan.photographs:
        names = ("leica_t_typ701", "samsung_galaxy_s7_edge", "apple_iphone_6", "nokia_lumia_800", "canon_sx60_hdr_off")
        files += [SHARED / "photos" / f"{name}.jpg" for name in names]
    found = []
    for file in files:
        with Image.open(file) as image:
            whole = np.asarray(image.convert("RGB"))
        parts = 2 if min(whole.shape[:2]) >= 1000 else 1
        for number, part in enumerate(np.array_split(whole, parts, axis=1)):
            if part.shape[1] * 3 < part.shape[0] * 4:  # to 4:3, its middle
                rows = part.shape[1] * 3 // 4
                top = (part.shape[0] - rows) // 2
                part = part[top : top + rows]
            found.append((f"{file.stem}-{number}", part))
    return found


def subjects(plan: Plan, count: int) -> list[tuple[str, Any]]:
    """Names of scenes with what they are made of: photographs and still lifes by turns, until there are enough."""
    photos = pictures(plan)
    still = [(f"still-life-{plan.still_life_seed + at}", "still-life") for at in range(count)]
    return (photos + still[: max(count - len(photos), count // 3)])[:count] if len(photos) < count else photos[:count]


class Raw(NamedTuple):
    """A raw picture and what took it: "phone", "unit", "light" or "reference", and its number."""

    kind: str
    number: int
    image: Any


def raws(what: Any, name: str, phone: cameras.Camera, reference: cameras.Camera, seed: int) -> list[Raw]:
    """Every shot of a scene."""
    rng = np.random.default_rng([seed, 77])
    size = frame_size(phone, MEGAPIXELS)
    options = {} if isinstance(what, str) else {"picture": what}
    kind = what if isinstance(what, str) else "photograph"

    def scene_in(light: str) -> Any:
        from twinlens.simulate import scenes as makes

        return makes.make(kind, *size, light=light, seed=seed, **options)

    day = scene_in("D65")
    exposure = {id(one): metered(day, one) for one in (phone, reference)}
    other = LIGHTS[seed % len(LIGHTS)]

    def take(seen: Any, camera: cameras.Camera, role: str, number: int, unit: int, level: float) -> Raw:
        own = frame_size(camera, MEGAPIXELS)
        pose = Pose(
            shift_px=tuple((rng.uniform(-SHIFT, SHIFT, 2) * (own[1], own[0])).tolist()),
            rotation_deg=float(rng.uniform(-TURN_DEG, TURN_DEG)),
            scale=float(1.08 + rng.uniform(0, ZOOM)),
        )
        shot = photograph(
            seen, camera, height=own[0], width=own[1], pose=pose, module=unit, seed=int(rng.integers(2**31)),
            exposure=level * float(np.exp(EXPOSURE_SPREAD * rng.uniform(-1, 1))),
        )  # fmt: skip
        return Raw(role, number, shot.image)

    level = exposure[id(phone)]
    made = [take(day, phone, "phone", at, 1, level) for at in range(LOGO_REPEATS)]
    made += [take(day, phone, "unit", unit, unit, level) for unit in UNITS]
    evening = scene_in(other)
    made += [take(evening, phone, "light", LIGHTS.index(other), 1, metered(evening, phone))]
    return made + [take(day, reference, "reference", at, 1, exposure[id(reference)]) for at in range(REPEATS)]


def distance(one: np.ndarray, other: np.ndarray) -> float:
    """Mean CIEDE2000 of means of blocks between two pictures (H, W, 3) of codes, display white."""
    labs = []
    for codes in (one, other):
        linear = color.decode(frame.block_means(codes.astype(np.float32)) / 255)
        xyz = linear @ color.XYZ_FROM_SRGB.T
        labs.append(color.lab_from_xyz(xyz, color.XYZ_FROM_SRGB.sum(1)))
    return float(np.mean(color.delta_e_2000(*labs)))


class Laid:
    """The shots of a scene, laid on the first of them once; renderings of one raw picture lie where it does."""

    def __init__(self, made: list[Raw], renderings: list[dict[str, np.ndarray]], folder: Path) -> None:
        self.raws, self.renderings, self.folder = made, renderings, folder
        first = next(iter(renderings[0]))
        self.pictures = [self.write(one[first], f"{at}") for at, one in enumerate(renderings)]
        self.points = [scenes.keypoints(one) for one in self.pictures]
        self.anchor = self.pictures[0]
        self.target = frame.luma(frame.view_of(self.anchor)[0].linear)
        self.shots: dict[tuple[int, str], Any] = {}
        self.places: dict[int, Any] = {}
        for at in range(len(made)):
            self.places[at] = self.placed(at)

    def write(self, codes: np.ndarray, name: str) -> sets.Picture:
        from PIL import Image

        path = self.folder / f"{name}.jpg"
        Image.fromarray(codes).save(path, quality=QUALITY)
        return sets.scan(path)

    def placed(self, at: int) -> Any:
        """Where the shot lies on the anchor's grid, or None where that cannot be found."""
        size, picture = frame.working_size(self.anchor), self.pictures[at]
        if at == 0:
            return np.eye(3), frame.Correction(size=size)
        found = scenes.agreement(self.points[0], self.points[at])
        if found is None:
            return None
        own = frame.working_size(picture)
        to_grid = frame.scaling(size, self.anchor.grey.shape) @ found.homography
        to_grid = to_grid @ np.linalg.inv(frame.scaling(own, picture.grey.shape))
        view = frame.view_of(picture)[0]
        to_grid, correction, left = frame._corrected(view, self.target, to_grid, own)
        return (to_grid, correction) if left <= frame.MOST_SHIFT_PX else None

    def shot(self, at: int, look: str, role: Any, codes: np.ndarray) -> Any:
        """The shot rendered in this look."""
        key = at, look
        if key not in self.shots:
            picture = self.write(codes, "look")
            view = frame.view_of(picture)[0]
            to_grid, correction = self.places[at]
            own, size = frame.working_size(picture), frame.working_size(self.anchor)
            places = correction.places(np.linalg.inv(to_grid))
            from_grid = np.linalg.inv(frame.scaling(own, (picture.height, picture.width))) @ np.linalg.inv(to_grid)
            self.shots[key] = frame.Shot(
                picture=picture, radius=frame._radius(places, own), shift=0.0, radial=correction.radial,
                from_grid=from_grid, grid=size, whole=frame._whole(view), **frame._blocks(view, places, size),
            )  # fmt: skip
        found = self.shots[key]
        return replace(found, picture=replace(found.picture, role=role))


def values_of(shots: list[Any]) -> np.ndarray | None:
    """(n, K): the features of the shots of one scene, as a fingerprint has them."""
    found = joint(shots, ("before", "after", "reference"))
    if found is None:
        return None
    told = fingerprint_scene.tone.features(found, fingerprint_scene.tone.fits(found))
    told |= fingerprint_scene.color.features(found) | fingerprint_scene.shading.features(found)
    told |= fingerprint_scene.of_pictures(shots)
    return np.stack([told.get(key, np.full(len(shots), np.nan)) for key in KEYS], axis=1)


def mixed(one: np.ndarray, other: np.ndarray, share: float) -> np.ndarray:
    """Codes part of the way from one rendering to the other."""
    if share == 0:
        return one
    return np.rint(np.clip(one + share * (other.astype(np.float32) - one), 0, 255)).astype(np.uint8)


def shares(renderings: dict[str, np.ndarray], looks: tuple[str, str, str], wanted: float) -> tuple[float, float]:
    """How much of the way to the reference look, and to the one beside, is the wanted distance (CIEDE2000)."""
    before = renderings[looks[0]]
    return tuple(min(wanted / max(distance(before, renderings[name]), 0.1), 2.0) for name in looks[1:])  # type: ignore


def measured(laid: Laid, looks: tuple[str, str, str], part: tuple[float, float]) -> dict[str, np.ndarray]:
    """The values (n, K) of every experiment's shots: before first, then after, then reference."""
    at = {kind: [n for n, one in enumerate(laid.raws) if one.kind == kind and laid.places[n] is not None]
          for kind in ("phone", "unit", "light", "reference")}  # fmt: skip
    if len(at["phone"]) < LOGO_REPEATS or len(at["reference"]) < REPEATS:
        return {}

    def shot(number: int, way: float, beside: float, role: str) -> Any:
        own = laid.renderings[number]
        codes = own[looks[0]].astype(np.float32)
        codes = codes + way * part[0] * (own[looks[1]] - codes) + beside * part[1] * (own[looks[2]] - codes)
        name = f"{looks} {part} {way} {beside}"
        return laid.shot(number, name, role, np.rint(np.clip(codes, 0, 255)).astype(np.uint8))

    before = [shot(number, 0, 0, "before") for number in at["phone"][:REPEATS]]
    reference = [shot(number, 1, 0, "reference") for number in at["reference"]]
    found: dict[str, np.ndarray] = {}

    def keep(name: str, after: list[Any]) -> None:
        values = values_of([*before, *after, *reference])
        if values is not None:
            found[name] = values

    for way, beside in (*((one, 0.0) for one in PARTS), *OFF):
        keep(f"{way:g} {beside:g}", [shot(number, way, beside, "after") for number in at["phone"][REPEATS:]])
    for way in (0.0, 0.5):
        for number in at["unit"]:
            keep(f"unit {laid.raws[number].number} {way:g}", [shot(number, way, 0, "after")])
        for number in at["light"]:
            keep(f"light {laid.raws[number].number} {way:g}", [shot(number, way, 0, "after")])
    return found


def make(name: str, folder: Path, count: int) -> Path:
    """The bank: arrays named "look distance experiment", (scenes, shots, K), nan where a scene has none."""
    plan = PLANS[name]
    phone, reference = camera_of("phone", plan.sensors[0]), camera_of("reference", plan.sensors[1])
    looks = sorted({look for three in plan.looks for look in three})
    ready = {look: makers.load(look) for look in looks}
    rows: dict[str, dict[int, np.ndarray]] = {}
    names, parts = [], {}
    folder.mkdir(parents=True, exist_ok=True)
    start = time.process_time()
    for scene, (told, what) in enumerate(subjects(plan, count)):
        made = raws(what, told, phone, reference, plan.still_life_seed + scene)
        laid = Laid(made, [{look: ready[look].render(one.image) for look in looks} for one in made], folder)
        names.append(told)
        for pair, three in enumerate(plan.looks):
            for far in DISTANCES:
                parts.setdefault((pair, far), []).append(shares(laid.renderings[0], three, far))
                part = parts[pair, far][0] if len(parts[pair, far]) < 8 else tuple(np.median(parts[pair, far][:8], 0))
                for key, values in measured(laid, three, part).items():
                    rows.setdefault(f"{pair} {far:g} {key}", {})[scene] = values
        print(f"{scene + 1} {told} {time.process_time() - start:.0f} s", flush=True)
    arrays = {}
    for key, by_scene in rows.items():
        shape = next(iter(by_scene.values())).shape
        arrays[key] = np.full((len(names), *shape), np.nan, np.float32)
        for scene, values in by_scene.items():
            arrays[key][scene] = values
    path = folder / f"{name}.npz"
    np.savez_compressed(path, names=np.array(names), keys=np.array(KEYS), **arrays)
    return path


if __name__ == "__main__":
    print(make(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 60), len(FEATURES))
