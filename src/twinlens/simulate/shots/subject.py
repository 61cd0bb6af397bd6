"""Subject: the scene that is to be photographed, by name or file, at a size that fits the camera."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twinlens.core.errors import ParameterError
from twinlens.simulate import camera as cameras
from twinlens.simulate import scenes
from twinlens.simulate.camera import Camera
from twinlens.simulate.scene import Scene

PICTURES = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".heic", ".avif", ".jxl", ".webp")
ALIASES = {"LED": "LED-B3", "tungsten": "A", "daylight": "D65", "fluorescent": "FL11"}  # lights by everyday names
_SPECTRA = (".csv", ".json", ".txt")
SHARP = ("slanted-edge", "siemens-star")  # scenes for measuring sharpness, without options in pixels ...
FINER, FINER_UP_TO = 2, 4e6  # ... have twice as many pixels a side as a picture of so many pixels at most
_STEP = 4  # pixels: sides are multiples, for every kind of filter array


def light_of(name: str) -> str:
    """The illuminant meant by an everyday name; other names as they are."""
    return ALIASES.get(name, name)


def frame_size(camera: Camera, megapixels: float | None) -> tuple[int, int]:
    """Height and width of the active area for a picture of that many megapixels; the sensor's own for None."""
    sensor = camera.sensor
    if megapixels is None:
        return sensor.height, sensor.width
    if not 0.01 <= megapixels <= 200:
        raise ParameterError(f"megapixels = {megapixels:g} is outside 0.01 to 200")
    scale = (megapixels * 1e6 / (sensor.height * sensor.width)) ** 0.5
    height, width = (max(round(side * scale / _STEP), 8) * _STEP for side in (sensor.height, sensor.width))
    return height, width


def upright_size(height: int, width: int, orientation: int) -> tuple[int, int]:
    """Height and width of the scene in front of a camera held in that orientation (the TIFF tag)."""
    return (width, height) if orientation >= 5 else (height, width)


def subject(
    scene: Scene | str | Path,
    size: tuple[int, int],
    *,
    light: str = "D65",
    seed: int = 0,
    **options: Any,
) -> Scene:
    """The scene: made already, by its name, or of a photograph's file; `size` is (height, width) of the picture.

    Scenes for measuring sharpness are drawn finer, so that the picture has the lens' MTF within 0.02 (a scene of the
    picture's own size costs a sharp lens up to 0.05, see `simulate/camera/blur.py`).
    """
    if isinstance(scene, Scene):
        return scene
    told = str(scene)
    if Path(told).suffix.lower() in PICTURES:
        return scenes.make("photograph", *size, light=light_of(light), seed=seed, picture=Path(told), **options)
    finer = FINER if told in SHARP and size[0] * size[1] <= FINER_UP_TO else 1
    return scenes.make(told, size[0] * finer, size[1] * finer, light=light_of(light), seed=seed, **options)


def named(scene: Scene | str | Path, light: str) -> str:
    """How files of this scene in this light are called."""
    told = scene.name if isinstance(scene, Scene) else Path(str(scene)).stem
    word = scene.light_name if isinstance(scene, Scene) else light
    word = Path(word).stem if Path(word).suffix.lower() in _SPECTRA else word
    return file_name(f"{told}-{word}")


def file_name(words: str) -> str:
    """Words as a file can be called everywhere."""
    return "".join(letter if letter.isalnum() or letter in "-+." else "_" for letter in words)


def loaded(camera: Camera | str | Path) -> Camera:
    """A camera by name, file, or as it is."""
    return camera if isinstance(camera, Camera) else cameras.load(camera)
