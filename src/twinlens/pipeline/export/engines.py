"""Engines: the programs that people load an exported file into, each applied to a list of colors.

Every function takes the file and codes (N, 3), 0 to 1 (scene light for linear inputs), and returns codes (N, 3); None
where the program is not installed. Nothing here computes a look: it is the other program that reads the file.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import FileError

Array = npt.NDArray[Any]

FULL = 65535
PATIENCE_S = 120  # for another program
WIDTH = 256  # pixels in a row of the picture that stands for a list of colors


def has_ocio() -> bool:
    """Whether OpenColorIO's Python binding is installed."""
    import importlib.util

    return importlib.util.find_spec("PyOpenColorIO") is not None


def _ocio_library() -> Any:
    """OpenColorIO's binding, whose names no type checker knows, with nothing kept of earlier files."""
    import importlib

    library = importlib.import_module("PyOpenColorIO")
    library.ClearAllCaches()
    return library


def ocio(path: Path, codes: Array, interpolation: str = "linear") -> Array | None:
    """OpenColorIO's CPU processor; `interpolation` "linear" (its default, trilinear), "tetrahedral" or "best"."""
    if not has_ocio():
        return None
    library = _ocio_library()
    kinds = {
        "linear": library.INTERP_LINEAR, "tetrahedral": library.INTERP_TETRAHEDRAL, "best": library.INTERP_BEST,
    }  # fmt: skip
    transform = library.FileTransform(src=str(path), interpolation=kinds[interpolation])
    return _processed(library, library.Config.CreateRaw(), (transform,), codes)


def ocio_view(config_path: Path, codes: Array, source: str, display: str, view: str) -> Array | None:
    """A view of an OCIO config, from the color space `source`."""
    if not has_ocio():
        return None
    library = _ocio_library()
    config = library.Config.CreateFromFile(str(config_path))
    config.validate()
    return _processed(library, config, (source, display, view, library.TRANSFORM_DIR_FORWARD), codes)


def _processed(library: Any, config: Any, asked: tuple[Any, ...], codes: Array) -> Array:
    try:
        processor = config.getProcessor(*asked).getDefaultCPUProcessor()
    except library.Exception as error:
        raise FileError(f"OpenColorIO does not read what was written: {error}") from None
    values = np.ascontiguousarray(codes, np.float32).copy()
    processor.applyRGB(values)
    return values.astype(float)


def ffmpeg(path: Path, codes: Array, interpolation: str = "tetrahedral") -> Array | None:
    """FFmpeg's lut3d filter on 16-bit RGB; tetrahedral is its default."""
    if shutil.which("ffmpeg") is None:
        return None
    pixels = _as_picture(codes)
    height, width = pixels.shape[:2]
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb48le"]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "look.cube").symlink_to(path.absolute())
        command = ["ffmpeg", "-v", "error", "-nostdin", *raw, "-s", f"{width}x{height}", "-i", "in.raw",
                   "-vf", f"lut3d=file=look.cube:interp={interpolation}", *raw, "out.raw"]  # fmt: skip
        (Path(folder) / "in.raw").write_bytes(pixels.astype("<u2").tobytes())
        _run(command, folder)
        shown = np.fromfile(Path(folder) / "out.raw", "<u2").reshape(height, width, 3)
    return _as_codes(shown, len(codes))


def magick() -> str | None:
    """ImageMagick's command: `magick` of version 7, else `convert`."""
    return next((one for one in ("magick", "convert") if shutil.which(one)), None)


def imagemagick(path: Path, codes: Array) -> Array | None:
    """ImageMagick's -hald-clut on a 16-bit PNG."""
    command = magick()
    if command is None:
        return None
    import imagecodecs

    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "in.png").write_bytes(imagecodecs.png_encode(_as_picture(codes)))
        (Path(folder) / "clut.png").symlink_to(path.absolute())
        _run([command, "in.png", "clut.png", "-hald-clut", "-depth", "16", "PNG48:out.png"], folder)
        shown = imagecodecs.png_decode((Path(folder) / "out.png").read_bytes())
    return _as_codes(shown, len(codes))


def has_rawtherapee() -> bool:
    """Whether RawTherapee's command line is installed."""
    return shutil.which("rawtherapee-cli") is not None


def rawtherapee_film(recipe: str, codes: Array) -> Array | None:
    """RawTherapee on a 16-bit sRGB TIFF of the colors, with the text of a `.pp3`."""
    if not has_rawtherapee():
        return None
    import tifffile

    with tempfile.TemporaryDirectory() as folder:
        tifffile.imwrite(Path(folder) / "in.tif", _as_picture(codes), photometric="rgb")
        shown = rawtherapee(Path(folder) / "in.tif", recipe, folder)
    return _as_codes(shown, len(codes))


def rawtherapee(picture: Path, recipe: str, folder: str) -> Array:
    """What RawTherapee makes of a picture or raw with a `.pp3`: 16-bit pixels of the output profile in it."""
    import tifffile

    (Path(folder) / "look.pp3").write_text(recipe, "utf-8")
    _run(["rawtherapee-cli", "-q", "-Y", "-t", "-b16", "-o", "out.tif", "-p", "look.pp3", "-c", str(picture)], folder)
    return tifffile.imread(Path(folder) / "out.tif")


def _run(command: list[str], folder: str) -> None:
    """Run another program; FileError with its last words when it fails."""
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, timeout=PATIENCE_S, check=False, env={**os.environ, "LC_ALL": "C"}
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise FileError(f"{command[0]} could not be run: {error}") from None
    if done.returncode:
        told = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise FileError(f"{command[0]} does not take what was written: {told[-1] if told else 'it gives no reason'}")


def _as_picture(codes: Array) -> Array:
    """Colors as 16-bit pixels (H, WIDTH, 3), padded with black."""
    rows = -(-len(codes) // WIDTH)
    pixels = np.zeros((rows * WIDTH, 3), np.uint16)
    pixels[: len(codes)] = np.rint(np.clip(codes, 0, 1) * FULL)
    return pixels.reshape(rows, WIDTH, 3)


def _as_codes(pixels: Array, count: int) -> Array:
    return pixels.reshape(-1, 3)[:count] / float(np.iinfo(pixels.dtype).max)
