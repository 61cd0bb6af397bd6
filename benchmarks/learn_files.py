"""Learn files: simulated photographs of two cameras and many makers, as a user has them, for the benchmarks of learn.

Every scene is photographed once (raws of phone and reference, handheld, with parallax); each maker renders the same
raws. Training and test share no scene. A third of the pairs can have something in them that moved between the shots.

The pictures have fewer pixels than the cameras, to be made quickly. With the sensor "whole" each pixel is as large as
those that it stands for, so that a part of the scene has the light and the noise that the camera's own size gives it;
with "cut" they are the camera's own pixels, of which a part of the scene then gets a sixth (phone) or a twelfth;
"quiet" is "whole" without noise worth the name.
"""

from __future__ import annotations

import os
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.files import dng, exif, photo
from twinlens.simulate import camera as cameras
from twinlens.simulate import maker as makers
from twinlens.simulate import pair, tags
from twinlens.simulate.camera import Camera
from twinlens.simulate.maker import Maker
from twinlens.simulate.scenes.picture import linear_srgb
from twinlens.simulate.shots.subject import frame_size

Array = npt.NDArray[Any]

MEGAPIXELS = 2.0
LIGHT = "D65"
SENSORS = ("whole", "cut", "quiet")
QUIET_E = 1e7  # electrons at saturation of a pixel without noise worth the name
MODULE = 1  # the unit of both cameras
SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "photos"
MATE, PLASMA = "usr/share/backgrounds/mate/nature", "usr/share/wallpapers"
TRAINING = (  # in this order: the first three, the first ten
    "leica_t_typ701.jpg", f"{MATE}/Garden.jpg", "apple_iphone_6.jpg", f"{MATE}/LadyBird.jpg", "still-life:11",
    "canon_sx60_hdr_off.jpg", f"{MATE}/FreshFlower.jpg", "still-life:12", "samsung_galaxy_s7_edge.jpg",
    f"{MATE}/YellowFlower.jpg",
)  # fmt: skip
TEST = (
    *(f"{PLASMA}/{name}/contents/images/2560x1600.jpg" for name in (
        "BytheWater", "ColorfulCups", "EveningGlow", "FallenLeaf", "Kite", "OneStandsOut", "Path",
    )),
    f"{MATE}/GreenMeadow.jpg", f"{MATE}/Storm.jpg", f"{MATE}/Aqua.jpg", "still-life:91", "still-life:92",
)  # fmt: skip
MOVED = "nokia_lumia_800.jpg"  # what of this picture moves through others
MOVED_EVERY = 3


class Files:
    """The simulated photographs in a folder, made when they are first asked for. `root` is where the packages
    mate-backgrounds and plasma-workspace-wallpapers are installed or unpacked; `metamerism` is that of `photograph`,
    `sensor` one of SENSORS."""

    def __init__(
        self, work: Path, root: Path = Path("/"), megapixels: float = MEGAPIXELS, metamerism: float = 1.0,
        sensor: str = SENSORS[0],
    ) -> None:  # fmt: skip
        self.work, self.root, self.megapixels, self.metamerism = work / sensor, root, megapixels, metamerism
        if metamerism != 1:
            self.work = self.work / f"metamerism-{metamerism:g}"
        self.kept: dict[Any, Any] = {}
        self.laid: dict[str, Any] = {}  # by scene, where the phone's raw lies in the makers' pictures
        self.cameras = {name: camera_of(name, megapixels, sensor) for name in ("phone", "reference")}

    def own(self, role: str, maker: str, count: int) -> Path:
        """Raws of a camera with the maker's JPEG beside them: the first `count` training scenes."""
        folder = self.work / "own" / f"{role}-{_plain(maker)}-{count}"
        for index, scene in enumerate(TRAINING[:count]):
            self._put(scene, role, maker, folder, index, raw=True, picture=True)
        return folder

    def handheld(self, maker: str, count: int, *, moving: bool = False) -> tuple[Path, Path]:
        """Raws of the phone, and JPEGs of the reference under names of their own."""
        kind = "moving" if moving else "still"
        folders = tuple(self.work / kind / f"{_plain(maker)}-{count}" / name for name in ("phone", "reference"))
        for index, scene in enumerate(TRAINING[:count]):
            moved = moving and index % MOVED_EVERY == 0
            self._put(scene, "phone", maker, folders[0], index, raw=True, picture=False, moved=moved)
            self._put(scene, "reference", maker, folders[1], count - index, raw=False, picture=True, moved=moved)
        return folders  # type: ignore[return-value]

    def frames(self, scene: str, *, moved: bool = False) -> dict[str, Any]:
        """The simulated frames of both cameras, kept as pickles."""
        path = self.work / "frames" / f"{_plain(scene)}{'-moved' * moved}.pickle"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            made = self._photographed(scene, moved)
            path.with_suffix(".part").write_bytes(pickle.dumps(made))
            os.replace(path.with_suffix(".part"), path)
        return pickle.loads(path.read_bytes())

    def _photographed(self, scene: str, moved: bool) -> dict[str, Any]:
        name, _, told = scene.partition(":")
        seed = int(told) if told else 1000 + (*TRAINING, *TEST).index(scene)
        asked: dict[str, Any] = {
            "light": LIGHT, "megapixels": self.megapixels, "seed": seed, "name": "shot", "modules": (MODULE, MODULE),
            **self.cameras,
        }  # fmt: skip
        if name == "still-life":
            both = pair("still-life", **asked)
            return {"phone": both.phone.image, "reference": both.reference.image}
        path = self._picture(scene)
        asked["options"] = {"metamerism": self.metamerism}
        if not moved:
            both = pair(path, **asked)
            return {"phone": both.phone.image, "reference": both.reference.image}
        shots = {}
        for role, place in (("phone", 0.3), ("reference", 0.62)):
            picture = _with_thing(path, self._picture(MOVED), place)
            options = {**asked, "options": {"picture": picture, "metamerism": self.metamerism}}
            both = pair("photograph", **options)
            shots[role] = getattr(both, role).image
        return shots

    def _picture(self, scene: str) -> Path:
        path = (self.root if scene.startswith("usr/") else SHARED) / scene
        if not path.exists():
            raise SystemExit(f"{path} is not here: see TRAINING and TEST for the photographs that are needed")
        return path

    def _put(
        self,
        scene: str,
        role: str,
        maker: str,
        folder: Path,
        number: int,
        *,
        raw: bool,
        picture: bool,
        moved: bool = False,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / f"IMG_{number:04d}.dng"
        wanted = [target.with_suffix(".dng")] * raw + [target.with_suffix(".jpg")] * picture
        if all(one.exists() for one in wanted):
            return
        image = self.frames(scene, moved=moved)[role]
        if raw:
            dng.write(target, image.pixels, image.shot, overwrite=True)
        if picture:
            write_picture(rendered(image, maker), image, maker, target.with_suffix(".jpg"))


def camera_of(name: str, megapixels: float, sensor: str) -> Camera:
    """A shipped camera; unless its sensor is "cut", on so many pixels that each gathers what those it stands for do."""
    camera = cameras.load(name)
    if sensor == "cut":
        return camera
    own = camera.sensor
    height, width = frame_size(camera, megapixels)
    side = own.height / height
    more = {key: getattr(own, key) * side**2 for key in ("full_well_e", "dark_current_e_s")}
    more |= {key: getattr(own, key) * side for key in ("pixel_um", "read_noise_e", "dsnu_e", "row_noise_e")}
    more |= {key: getattr(own, key) / side for key in ("adc_noise_dn", "prnu")}
    if sensor == "quiet":
        more |= {"full_well_e": QUIET_E, **dict.fromkeys(("dsnu_e", "prnu", "adc_noise_dn"), 0.0)}
    return replace(camera, sensor=replace(own, height=height, width=width, **more))


def flattened(image: Any, camera: Camera) -> Any:
    """A raw whose file states the shading of its lens, so that a maker can correct it; cameras seldom state it."""
    top, left, bottom, right = image.shot.area
    maps = tags.gain_maps(camera, camera.module(MODULE), (bottom - top, right - left))
    lists = image.shot.opcodes
    return replace(image, shot=replace(image.shot, opcodes=(lists[0], maps, lists[2])))


def rendered(image: Any, maker: str, *, flat: bool = False) -> Array:
    """The maker's picture (H, W, 3) uint8 of a raw; `flat`: with what of the lens's shading the file states corrected
    in full (see `flattened`)."""
    chosen = makers.load(maker)
    if flat:
        parameters = chosen.parameters
        chosen = Maker(replace(parameters, raw=replace(parameters.raw, vignette=1.0)))
    return chosen.render(image)


def write_picture(codes: Array, image: Any, maker: str, path: Path) -> None:
    """As the maker's file."""
    file = makers.load(maker).parameters.file
    photo.write(
        codes, path, quality=file.quality, subsampling=file.subsampling, exif=exif.made(image.shot), overwrite=True
    )


def _with_thing(scene: Path, thing: Path, place: float) -> Array:
    """The picture (H, W, 3) in sRGB codes with an oval piece of another one, `place` of the width from its left."""
    import cv2

    from twinlens.numerics.color import encode

    back, front = (np.clip(encode(np.clip(linear_srgb(one), 0, 1)), 0, 1).astype(np.float32) for one in (scene, thing))
    height, width = back.shape[:2]
    tall, wide = round(0.55 * height), round(0.16 * width)
    piece = cv2.resize(front, (wide, tall), interpolation=cv2.INTER_AREA)
    mask = np.zeros((height, width), np.float32)
    center = (round(place * width), round(0.55 * height))
    cv2.ellipse(mask, center, (wide // 2 - 2, tall // 2 - 2), 0, 0, 360, 1.0, -1, cv2.LINE_AA)
    layer = np.zeros_like(back)
    top, left = center[1] - tall // 2, center[0] - wide // 2
    layer[top : top + tall, left : left + wide] = piece[: height - top, : width - left]
    return back * (1 - mask[..., None]) + layer * mask[..., None]


def _plain(word: str) -> str:
    """As the name of a file."""
    return word.replace(":", "-").replace("/", "-")
