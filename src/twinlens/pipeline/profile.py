"""Profile: the document profile/1, and how a camera profile of any kind (TOML, DCP) is loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from twinlens.core import document
from twinlens.core.camera_color import Calibration, CameraColor
from twinlens.core.document import numbers
from twinlens.core.errors import DocumentError, FileError
from twinlens.core.lens import LensWarp
from twinlens.core.noise import NoiseModel
from twinlens.core.profile import CameraProfile, mismatch
from twinlens.core.shading import TERMS as SHADING_TERMS
from twinlens.core.shading import LensShading
from twinlens.core.shot import Shot
from twinlens.pipeline import sensor_document

FORMAT = "profile/1"
_CAMERA = ("name", "make", "model", "unique_camera_model", "lens")
_COLORS = ("red", "green", "blue")
_WARP = ("frame", "center", "covered", "coefficients")
_LIGHT = ("light", "white_xy", "color_matrix", "forward_matrix", "camera_calibration")


def dumps(profile: CameraProfile) -> str:
    """The document as text: camera, provenance, color light by light, noise by ISO."""
    color = profile.color
    data: dict[str, Any] = {name: getattr(profile, name) or None for name in _CAMERA}
    data["provenance"] = profile.provenance
    data["color"] = {
        "analog_balance": color.analog_balance,
        "light": [{key: getattr(one, key) for key in _LIGHT} for one in color.calibrations],
        "sensor": sensor_document.dumped(color.sensor),
    }
    data["noise"] = [
        {"iso": iso, "gain": model.gain, "offset": model.offset} for iso, model in sorted(profile.noise.items())
    ]
    data["shading"] = [
        {"light": one.light, "kelvin": one.kelvin, **dict(zip(_COLORS, one.coefficients, strict=True))}
        for one in profile.shading
    ] or None
    if (warp := profile.warp) is not None:
        data["lens_warp"] = {key: getattr(warp, key) for key in _WARP}
    return document.dumps(FORMAT, data)


def loads(text: str, *, origin: str = "") -> CameraProfile:
    """From the document's text; unknown keys and impossible values are errors that name the key."""
    data = document.loads(text, FORMAT, origin=origin)
    begin = f"{origin}: " if origin else ""
    document.only(data, (*_CAMERA, "provenance", "color", "noise", "shading", "lens_warp"), f"{begin}profile")
    color = document.table(data, "color", begin)
    document.only(color, ("analog_balance", "light", "sensor"), f"{begin}[color]")
    given = document.tables(color, "light", f"{begin}[color] ")
    lights = tuple(_light(one, f"{begin}[[color.light]] {number}") for number, one in enumerate(given, 1))
    if not 0 < len(lights) <= 3:
        raise DocumentError(f"{begin}a profile has one to three [[color.light]], got {len(lights)}")
    noise = {}
    for number, one in enumerate(document.tables(data, "noise", begin), 1):
        place = f"{begin}[[noise]] {number}"
        document.only(one, ("iso", "gain", "offset"), place)
        gain, offset = (tuple(numbers(one.get(key), (3,), f"{place} {key}").tolist()) for key in ("gain", "offset"))
        noise[float(numbers(one.get("iso"), (), f"{place} iso"))] = NoiseModel(gain, offset)  # type: ignore[arg-type]
    balance = color.get("analog_balance")
    return CameraProfile(
        **{name: str(data.get(name, "")) for name in _CAMERA},
        color=CameraColor(
            calibrations=lights,
            name=str(data.get("name", "")),
            analog_balance=None if balance is None else numbers(balance, (3,), f"{begin}analog_balance"),
            sensor=sensor_document.loaded(color["sensor"], f"{begin}[color.sensor]") if "sensor" in color else None,
            origin="profile",
        ),
        noise=noise,
        shading=tuple(
            _shading(one, f"{begin}[[shading]] {number}")
            for number, one in enumerate(document.tables(data, "shading", begin), 1)
        ),
        warp=_warp(data["lens_warp"], f"{begin}[lens_warp]") if "lens_warp" in data else None,
        provenance=document.table(data, "provenance", begin),
    )


def _light(values: dict[str, Any], place: str) -> Calibration:
    document.only(values, _LIGHT, place)
    matrices = {
        key: numbers(values[key], (3, 3), f"{place} {key}")
        for key in ("color_matrix", "forward_matrix", "camera_calibration")
        if key in values
    }
    if "color_matrix" not in matrices:
        raise DocumentError(f"{place}: color_matrix (camera from XYZ, three rows of three) is missing")
    if not np.linalg.det(matrices["color_matrix"]):
        raise DocumentError(f"{place}: color_matrix is singular")
    code = values.get("light", 255)
    if not isinstance(code, int) or not 0 <= code <= 255:
        raise DocumentError(f"{place}: light = {code!r}: expected an EXIF LightSource code, 0 to 255")
    white = values.get("white_xy")
    xy = None if white is None else tuple(numbers(white, (2,), f"{place} white_xy").tolist())
    return Calibration(light=code, white_xy=xy, **matrices)  # type: ignore[arg-type]


def _shading(values: Any, place: str) -> LensShading:
    document.only(values, ("light", "kelvin", *_COLORS), place)
    rows = [numbers(values.get(color), (SHADING_TERMS,), f"{place} {color}") for color in _COLORS]
    return LensShading(
        np.array(rows),
        str(values.get("light", "")),
        float(numbers(values.get("kelvin", 0.0), (), f"{place} kelvin")),
    )


def _warp(values: Any, place: str) -> LensWarp:
    document.only(values, _WARP, place)
    height, width = (int(one) for one in numbers(values.get("frame"), (2,), f"{place} frame"))
    if min(height, width) < 2:
        raise DocumentError(f"{place} frame: expected height and width in pixels, found {values['frame']!r}")
    x, y = numbers(values.get("center", (0.5, 0.5)), (2,), f"{place} center").tolist()
    given = values.get("coefficients")
    planes = len(given) if isinstance(given, list) and len(given) in (1, 3) else 1
    covered = float(numbers(values.get("covered", 1.0), (), f"{place} covered"))
    return LensWarp(numbers(given, (planes, 6), f"{place} coefficients"), (x, y), (height, width), covered)


def choose(folder: Path, shot: Shot) -> Path:
    """The profile in a folder that was made for a shot's module. FileError where none or several were."""
    found = [(one, load(one)) for one in sorted(folder.iterdir()) if _is_profile(one)]
    named = [(path, one) for path, one in found if one.unique_camera_model or one.model]
    fitting = [path for path, one in named if not mismatch(one, shot) and _same_camera(one, shot)]
    module = f"{shot.unique_camera_model or shot.model or 'a camera without a name'}, {shot.lens or 'lens not stated'}"
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        told = ", ".join(path.name for path in fitting)
        raise FileError(f"{folder}: {len(fitting)} profiles are for {module} ({told}): name one of them")
    raise FileError(f"{folder}: none of {len(found)} profiles is for {module}: name one, or make it")


def _is_profile(path: Path) -> bool:
    """Whether a file of a folder is a camera profile, by its content: recipes and looks may lie beside them."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        head = file.read(256)
    return head[:4] in (b"IIRC", b"MMCR") or b'format = "profile/' in head


def _same_camera(profile: CameraProfile, shot: Shot) -> bool:
    """Whether at least one name of the camera is stated by both (and so the same, where nothing contradicts)."""
    pairs = ((profile.unique_camera_model, shot.unique_camera_model), (profile.model, shot.model))
    return any(one and other for one, other in pairs)


def load(path: str | Path) -> CameraProfile:
    """A camera profile from a profile/1 TOML or a .dcp file (by content)."""
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FileError(f"{path}: the profile cannot be read: {error.strerror}") from None
    if data[:4] in (b"IIRC", b"MMCR"):
        from twinlens.files import dcp

        color = dcp.read(path)
        return CameraProfile(name=color.name or path.stem, unique_camera_model=color.camera_model, color=color)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise FileError(f"{path}: neither a {FORMAT} document nor a DCP file") from None
    return loads(text, origin=str(path))
