"""Request: what is asked of an export, and what came of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twinlens.core.camera_color import CameraColor
from twinlens.core.errors import ParameterError
from twinlens.core.record import record
from twinlens.pipeline.export.table import SIZES
from twinlens.pipeline.export.verify import Reading

KINDS = {  # kind: suffix, and what it is
    "cube": (".cube", "3D table as text"),
    "hald": (".png", "HaldCLUT picture"),
    "dcp": (".dcp", "camera profile"),
    "clf": (".clf", "Common LUT Format"),
    "ocio": ("", "folder with an OpenColorIO config"),
    "rawtherapee": ("", "folder for RawTherapee"),
    "darktable": ("", "folder for darktable"),
}
FOLDERS = tuple(kind for kind, (suffix, _) in KINDS.items() if not suffix)
DISPLAY_ONLY = ("hald", "rawtherapee", "darktable")  # tables over sRGB codes


@record(kw_only=True)
class Request:
    """How a look is to be written; `kind` "" goes by the file's suffix."""

    kind: str = ""
    source: str = ""  # encoding of the input; "": sRGB for tables over display codes, else linear Rec. 2020
    target: str = "srgb"
    size: int = 33
    level: int = 8
    shaper: bool | None = None  # None: for linear inputs only
    light: float | None = None  # K; None: daylight
    camera: CameraColor | None = None
    verify: bool = True
    overwrite: bool = False


@record(eq=False)
class Exported:
    """What was written, what it cannot carry, and what programs make of it."""

    path: Path
    kind: str
    files: tuple[str, ...]
    losses: tuple[str, ...]
    readings: tuple[Reading, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """For machines."""
        told = [
            {
                "program": one.program,
                "own_reader": one.is_own,
                "failed": one.failed,
                "sets": {k: dict(vars(v)) for k, v in one.figures.items()},
            }
            for one in self.readings
        ]
        return {"path": str(self.path), "kind": self.kind, "files": list(self.files), "cannot_carry": list(self.losses),
                "read_back": told}  # fmt: skip


def kind_of(path: Path, kind: str) -> str:
    """The kind that a name's suffix says, or that was asked for; ParameterError where they do not fit."""
    suffix = path.suffix.lower()
    if kind and kind not in KINDS:
        raise ParameterError(f"--kind {kind}: expected one of {', '.join(KINDS)}")
    if not kind:
        by_suffix = {ending: name for name, (ending, _) in KINDS.items() if ending}
        if suffix not in by_suffix:
            raise ParameterError(
                f"{path}: what is to be written? Name a file that ends in {', '.join(by_suffix)}, or say --kind "
                "ocio, rawtherapee or darktable for a folder"
            )
        return by_suffix[suffix]
    wanted = KINDS[kind][0]
    if wanted and suffix != wanted:
        raise ParameterError(f"{path}: a {KINDS[kind][1]} (--kind {kind}) ends in {wanted}")
    if not wanted and suffix and suffix != ".zip":
        raise ParameterError(f"{path}: --kind {kind} writes a folder: name one without an ending, or a .zip")
    return kind


def default_source(kind: str) -> str:
    """The encoding of the input where none is named."""
    return "srgb" if kind in ("cube", *DISPLAY_ONLY) else "linear-rec2020"


def check(request: Request, kind: str) -> None:
    """ParameterError for numbers that a kind cannot have."""
    if kind in ("cube", "clf", "ocio") and request.size not in SIZES:
        raise ParameterError(f"--size {request.size}: tables have {', '.join(map(str, SIZES))} nodes a side")
    if kind in DISPLAY_ONLY and request.source != "srgb":
        raise ParameterError(
            f"--input {request.source}: a {kind} table is read over sRGB codes; use --kind cube for it"
        )
    if kind in ("ocio", "dcp") and request.source != "linear-rec2020":
        raise ParameterError(f"--input {request.source}: --kind {kind} takes scene light; leave --input out")
    if kind in (*DISPLAY_ONLY, "ocio", "dcp") and request.target != "srgb":
        raise ParameterError(
            f"--output-space {request.target}: --kind {kind} shows sRGB; use --kind cube or clf for it"
        )
    if request.light is not None and not 1000 <= request.light <= 100_000:
        raise ParameterError(f"--light {request.light:g} K: expected 1000 to 100000")
    if kind == "dcp" and (request.camera is None or not request.camera.is_known):
        raise ParameterError(
            "a .dcp is for one camera: name it with --camera FILE, a DNG of that camera, its .dcp or its TOML profile"
        )
