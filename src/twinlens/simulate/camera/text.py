"""The camera as a document: TOML, read strictly; every error names the file and the key."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from twinlens.core import document
from twinlens.core.errors import DocumentError, FileError, ParameterError
from twinlens.core.parameters import Parameters
from twinlens.simulate.camera.lens import Lens
from twinlens.simulate.camera.model import Camera, Spread, Stated
from twinlens.simulate.camera.sensitivity import sensitivities
from twinlens.simulate.camera.sensor import Sensor

Array = npt.NDArray[Any]
Part = TypeVar("Part", bound=Parameters)

KIND = "camera/1"
_TEXTS = ("name", "description", "make", "model")
_MOST_PSF = 257  # samples a side


def read(path: Path) -> Camera:
    """The camera in a TOML file, with the files that it names beside it."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise DocumentError(f"cannot read the camera {path}: {reason}") from None
    return loads(text, origin=str(path), folder=path.parent)


def loads(text: str, *, origin: str = "camera", folder: Path | None = None) -> Camera:
    """The camera in a document; files that it names are looked for in `folder`."""
    data = document.loads(text, KIND, origin=origin)
    document.only(data, (*_TEXTS, "sensor", "lens", "sensitivities", "spread", "stated"), origin)
    for key in _TEXTS:
        if not isinstance(data.get(key, ""), str):
            raise DocumentError(f"{origin}: {key} = {data[key]!r}: text is wanted")
    if not data.get("name"):
        raise DocumentError(f"{origin}: a camera needs a name")
    sensor, lens = _part(Sensor, data, "sensor", origin), _part(Lens, data, "lens", origin)
    where = folder or Path()
    seen, notes = sensitivities(document.table(data, "sensitivities", f"{origin}: "), origin, where, sensor.channels)
    return Camera(
        name=data["name"],
        description=data.get("description", ""),
        make=data.get("make", "Twinlens"),
        model=data.get("model", ""),
        sensor=sensor,
        lens=lens,
        sensitivities=seen,
        spread=_part(Spread, data, "spread", origin),
        stated=_part(Stated, data, "stated", origin),
        psf=_psf(where / lens.psf_file, origin) if lens.psf_file else None,
        notes=notes,
    )


def _part(kind: type[Part], data: dict[str, Any], key: str, origin: str) -> Part:
    section = document.table(data, key, f"{origin}: ")
    items = dataclasses.fields(kind)
    document.only(section, [item.name for item in items], f"{origin}: [{key}]")
    missing = [item for item in items if item.default is dataclasses.MISSING and item.name not in section]
    if missing:
        wanted = ", ".join(f"{item.name} ({item.metadata['doc']}, {item.metadata['unit']})" for item in missing)
        raise DocumentError(f"{origin}: [{key}] needs {wanted}")
    try:
        return kind(**section)
    except ParameterError as error:
        raise DocumentError(f"{origin}: {key}.{str(error).removeprefix(kind.__name__ + '.')}") from None


def _psf(path: Path, origin: str) -> Array:
    """A square of numbers, the sum scaled to 1: an odd number of rows, the center in the middle."""
    try:
        values = np.atleast_2d(np.loadtxt(path, delimiter=",", comments="#"))
    except (OSError, ValueError) as error:
        raise FileError(f"{origin}: lens.psf_file: cannot read {path}: {error}") from None
    side = values.shape[0]
    if values.shape != (side, side) or side % 2 == 0 or not 3 <= side <= _MOST_PSF:
        raise FileError(
            f"{path}: expected a square of numbers with an odd side of 3 to {_MOST_PSF}, got {values.shape}"
        )
    if not np.isfinite(values).all() or values.min() < 0 or values.sum() <= 0:
        raise FileError(f"{path}: expected numbers of 0 and more, with a sum above 0")
    return values / values.sum()
