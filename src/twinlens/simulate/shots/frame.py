"""Frame: one simulated shot as its owner finds it: the raw file, the maker's picture beside it, and the truth.

`write` makes three files of one name: `.dng` (with the maker's picture as preview), `.jpg` and `.json`. The truth is
written last, so that a shot whose truth is there is whole.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import twinlens
from twinlens.core.errors import FileError
from twinlens.core.image import Image, upright
from twinlens.files import exif, photo
from twinlens.files.atomic import atomic, reason
from twinlens.numerics import color, spectra
from twinlens.numerics.temperature import temperature_from_xy
from twinlens.simulate import camera as cameras
from twinlens.simulate import maker as makers
from twinlens.simulate.camera import Camera
from twinlens.simulate.camera.view import View, upright_from_stored
from twinlens.simulate.maker import Maker, text
from twinlens.simulate.photograph import photograph
from twinlens.simulate.scene import Scene

Array = npt.NDArray[Any]

KIND = "truth/1"
SUFFIXES = (".dng", ".jpg", ".json")
PREVIEW_LONG_EDGE = 1600  # pixels of the picture inside the DNG
_RADIANCE_ROWS = 64  # of the scene, for its statistics


@dataclass(frozen=True, kw_only=True, eq=False)
class Frame:
    """`image` (state SENSOR); `picture` (H, W, 3) uint8 the maker's, upright; `truth` plain numbers; `view` the
    geometry."""

    name: str
    image: Image
    picture: Array
    maker: Maker
    truth: dict[str, Any]
    view: View

    @property
    def notes(self) -> list[str]:
        """What was assumed of camera and light."""
        return self.truth["notes"]

    def write(self, folder: str | os.PathLike[str], *, overwrite: bool = False) -> list[Path]:
        """Write NAME.dng, NAME.jpg and NAME.json into a folder, which is made; their paths. Raises FileError."""
        from twinlens.files import dng

        paths = [made_folder(folder) / f"{self.name}{suffix}" for suffix in SUFFIXES]
        if not overwrite:
            refuse_existing(paths)
        file = self.maker.parameters.file
        shot = self.image.shot
        dng.write(paths[0], self.image.pixels, shot, preview=self._preview(), overwrite=overwrite)
        told = {"quality": file.quality, "subsampling": file.subsampling, "exif": exif.made(shot)}
        photo.write(self.picture, paths[1], **told, software=shot.software, overwrite=overwrite)
        write_json(self.truth, paths[2], overwrite=overwrite)
        return paths

    def _preview(self) -> Array:
        """The picture as the sensor lies, reduced."""
        import cv2

        height, width = self.picture.shape[:2]
        scale = min(PREVIEW_LONG_EDGE / max(height, width), 1.0)
        size = max(round(width * scale), 1), max(round(height * scale), 1)
        small = cv2.resize(self.picture, size, interpolation=cv2.INTER_AREA)
        turned = {6: 8, 8: 6}.get(self.image.shot.orientation, self.image.shot.orientation)
        return np.ascontiguousarray(upright(small, turned))


def no_files_of(folder: str | os.PathLike[str], overwrite: bool = False) -> Callable[[str], None]:
    """What `before` of the shots takes to refuse a name that cannot be written into the folder before it is shot."""

    def check(name: str) -> None:
        place = Path(folder)
        there = next(one for one in (place, *place.absolute().parents) if one.exists())
        if not there.is_dir():
            raise FileError(f"{there} is a file; name a folder for what is written")
        if not os.access(there, os.W_OK | os.X_OK):
            raise FileError(f"cannot write into the folder {there}: permission denied; name another one")
        if not overwrite:
            refuse_existing([place / f"{name}{suffix}" for suffix in (*SUFFIXES, "-pair.json")])

    return check


def take(scene: Scene, camera: Camera | str, maker: Maker | str, *, name: str, seed: int = 0, **taking: Any) -> Frame:
    """Photograph a scene and render it as the maker does. `taking` are the keywords of `photograph`."""
    camera = cameras.load(camera) if isinstance(camera, str) else camera
    maker = makers.load(maker) if isinstance(maker, str) else maker
    shot = photograph(scene, camera, seed=seed, **taking)
    stated = replace(shot.image.shot, source=f"{name}.dng")
    image = replace(shot.image, shot=stated)
    truth = {
        "format": KIND,
        "program": f"twinlens {twinlens.__version__}",
        "name": name,
        **shot.truth,
        "taken": stated.taken,
        "orientation": stated.orientation,
        "as_shot_neutral": None if stated.as_shot_neutral is None else list(stated.as_shot_neutral),
        "radiance": radiance(scene),
        "maker": {
            **json.loads(json.dumps(text.as_data(maker.parameters))),
            "has_local_tone": maker.has_local_tone,
        },
        "jpeg": _jpeg(image, maker),
    }
    truth["illuminant"] = {**shot.truth["illuminant"], **_light(scene)}
    if camera.sensor.channels == 3:
        truth["patches"] = [_displayed(one, truth, maker) for one in shot.truth["patches"]]
    return Frame(name=name, image=image, picture=maker.render(image), maker=maker, truth=truth, view=shot.view)


def _light(scene: Scene) -> dict[str, Any]:
    white = spectra.white_xyz(scene.light)
    kelvin, tint = temperature_from_xy(color.xy_from_xyz(white))
    return {"kelvin": float(kelvin), "tint": float(tint), "spectrum": np.asarray(scene.light).tolist()}


def radiance(scene: Scene) -> dict[str, float]:
    """Statistics of the scene's luminance (a perfect white is 1), from evenly spaced rows."""
    picked = np.unique(np.linspace(0, scene.height - 1, min(_RADIANCE_ROWS, scene.height)).round().astype(int))
    rows = np.concatenate([scene.xyz(slice(row, row + 1))[..., 1].ravel() for row in picked.tolist()])
    levels = {f"p{share:g}": float(np.percentile(rows, share)) for share in (0.1, 1, 10, 50, 90, 99, 99.9)}
    return {"least": float(rows.min()), "mean": float(rows.mean()), "most": float(rows.max()), **levels}


def _displayed(patch: Mapping[str, Any], truth: Mapping[str, Any], maker: Maker) -> dict[str, Any]:
    """The patch with its scene light as developing finds it (linear Rec. 2020, a neutral's clipping point at 1), and
    what the maker's map of colors makes of it."""
    adapt = color.adaptation(np.array(truth["illuminant"]["white_xyz"]), color.xyz_from_xy(color.D65_XY))
    light = color.REC2020_FROM_XYZ @ adapt @ np.array(patch["xyz"]) * truth["exposure"]
    return {**patch, "scene_rgb": light.tolist(), "maker_rgb": maker.color(np.maximum(light, 0)).tolist()}


def _jpeg(image: Image, maker: Maker) -> dict[str, Any]:
    """Where the JPEG's pixels lie in the active area: of an ideal lens when the maker corrects distortion."""
    return {
        "jpeg_from_active": jpeg_from_active(image).tolist(),
        "is_without_distortion": maker.parameters.raw.distortion == "corrected",
    }


def jpeg_from_active(image: Image) -> Array:
    """The 3x3 from (x, y) of the active area as stored to (x, y) of the JPEG, which is cropped and upright."""
    top, left, bottom, right = image.shot.crop
    moved = np.array([[1.0, 0, -left], [0, 1, -top], [0, 0, 1]])
    return upright_from_stored((bottom - top, right - left), image.shot.orientation) @ moved


def made_folder(folder: str | os.PathLike[str]) -> Path:
    """The folder, made where it is missing; FileError when it cannot be."""
    path = Path(folder)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(f"cannot make the folder {path}: {reason(error)}") from error
    return path


def refuse_existing(paths: list[Path]) -> None:
    """FileError when one of the files is there."""
    if there := next((one for one in paths if one.exists()), None):
        raise FileError(f"{there} exists already; choose another folder, or ask for it to be overwritten (--overwrite)")


def write_json(data: Mapping[str, Any], path: Path, *, overwrite: bool = False) -> None:
    """A JSON file, whole or not at all."""
    with atomic(path, overwrite) as temporary:
        temporary.write_text(json.dumps(data, indent=1, allow_nan=False) + "\n", encoding="utf-8")
