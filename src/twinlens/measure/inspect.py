"""Inspect: what any file says, and what is wrong in a raw one; a corrected copy on request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twinlens import files
from twinlens.core.errors import FileError, ParameterError, TwinlensError
from twinlens.core.image import SENSOR, Image
from twinlens.files import dng
from twinlens.measure import profiles
from twinlens.measure.doctor import checks, facts
from twinlens.measure.doctor import repair as repairs
from twinlens.measure.doctor.findings import Report, Section

if TYPE_CHECKING:
    from twinlens.core.look_facts import LookFacts

DOCUMENTS = ("look", "recipe", "profile")


def inspect(path: str | Path, *, raw_layout: str | None = None, against: str | Path | None = None) -> Report:
    """What a file says: raw files with findings; pictures, camera profiles, looks, recipes and tables with their facts.

    The name of a look that comes with the program stands for its document.
    `against` is a second camera profile (TOML or DCP); how far the two are apart is told with the first one's facts.
    Raises FileError when the file cannot be read at all, ParameterError for what cannot be compared.
    """
    path = Path(path)
    special = _special(path)
    if against is not None:
        if special is None or special not in (profiles.dcp_report, profiles.profile_report):
            raise ParameterError(f"{path} is no camera profile (TOML or DCP): only those are compared")
        report = special(path)
        return replace(report, sections=(*report.sections, profiles.differences(path, Path(against))))
    if special is not None:
        return special(path)
    image = files.read(path, raw_layout=raw_layout)
    if image.state is SENSOR:
        sizes = [size for size, _ in _previews(path)]
        notes = tuple(("note", note) for note in image.shot.notes)
        sections = (*facts.sections(image, sizes), *([Section("Reader", notes)] if notes else []))
        return Report(str(path), "raw", sections, checks.all_findings(image))
    return _picture(path, image)


def repair(
    path: str | Path,
    out: str | Path,
    *,
    only: tuple[str, ...] = (),
    raw_layout: str | None = None,
    overwrite: bool = False,
) -> tuple[str, ...]:
    """Write a corrected copy of a raw file as DNG and return what was changed, a sentence each.

    The counts of the sensor stay bit for bit; the input is never touched. `only` names the findings to mend.
    Raises FileError when `out` exists (unless `overwrite`), ParameterError for an unknown finding or nothing to mend.
    """
    path, out = Path(path), Path(out)
    if absent := repairs.unknown(only):
        raise ParameterError(
            f"no repair for {', '.join(absent)}; there is one for {', '.join(sorted(repairs.REPAIRS))}"
        )
    if out.suffix.lower() != ".dng":
        raise ParameterError(f"{out}: the corrected copy is a DNG file: give it a name that ends in .dng")
    if out.exists() and path.exists() and out.samefile(path):
        raise FileError(f"{out} is the input itself; inputs are never overwritten")
    image = files.read(path, raw_layout=raw_layout)
    if image.state is not SENSOR:
        raise ParameterError(f"{path} is a finished picture; only raw files are mended")
    shot, told = repairs.mended(image, checks.all_findings(image), only)
    if not told:
        raise ParameterError(f"{path}: nothing to mend" + (f" of {', '.join(only)}" if only else ""))
    dng.write(out, image.pixels, shot, overwrite=overwrite, **repairs.write_arguments(image))
    return told


def _previews(path: Path) -> list[tuple[tuple[int, int], Any]]:
    try:
        return files.previews(path)
    except TwinlensError:
        return []


def _special(path: Path) -> Callable[[Path], Report] | None:
    """How a file that is not an image is inspected."""
    if _is_shipped_look(path):
        return _look
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError as error:
        raise FileError(f"{path}: cannot be read: {error.strerror}") from None
    if head[:4] in (b"IIRC", b"MMCR"):
        return profiles.dcp_report
    if head[36:40] == b"acsp":
        return profiles.icc_report
    if path.suffix.lower() == ".cube":
        return _cube
    return _document(path, head) if path.suffix.lower() == ".toml" else None


def _document(path: Path, head: bytes) -> Callable[[Path], Report]:
    """How a TOML document is inspected, by its `format`."""
    for kind in DOCUMENTS:
        if f'"{kind}/'.encode() in head or f"'{kind}/".encode() in head:
            return {"look": _look, "recipe": _recipe, "profile": profiles.profile_report}[kind]
    kinds = ", ".join(f'"{kind}/1"' for kind in DOCUMENTS)
    raise FileError(f"{path}: no document that is described here: its first line says none of format = {kinds}")


def _picture(path: Path, image: Image) -> Report:
    shot = image.shot
    pairs = (
        ("size", f"{image.width} x {image.height} px"),
        ("color space", image.primaries),
        ("ICC profile", f"{len(shot.icc)} bytes" if shot.icc else f"none; {_without_icc(image)}"),
        ("camera", shot.model if shot.model.startswith(shot.make) else f"{shot.make} {shot.model}".strip()),
        ("lens", shot.lens),
        ("exposure", facts.exposure_time(shot.exposure_time_s) or ""),
        ("ISO", f"{shot.iso:g}" if shot.iso else ""),
        ("taken", shot.taken),
        ("orientation", str(shot.orientation)),
        *(("note", note) for note in shot.notes),
    )
    return Report(str(path), "picture", (Section("Picture", tuple(pair for pair in pairs if pair[1])),))


def _without_icc(image: Image) -> str:
    return "sRGB is taken" if image.primaries == "srgb" else f"the file names {image.primaries} in its own way"


def look_facts(path: str | Path) -> LookFacts:
    """All that is measured and known of a look: a file, or the name of one that comes with the program."""
    from twinlens.measure import look
    from twinlens.pipeline.look import load

    return look.look_facts(load(path))


def _look(path: Path) -> Report:
    from twinlens.measure.look import words

    facts = look_facts(path)
    return Report(str(path), "look", words.sections(facts), figures=words.figures(facts))


def _is_shipped_look(path: Path) -> bool:
    """Whether this is no file, but the name of a look that comes with the program."""
    if path.suffix or len(path.parts) != 1 or path.exists():
        return False
    from twinlens.pipeline.look import shipped

    return str(path) in shipped()


def _recipe(path: Path) -> Report:
    from twinlens.pipeline.recipe import Recipe

    found = Recipe.load(path)
    made = Section("Made", tuple((key, str(value)) for key, value in found.made.items()))
    steps = Section("Steps", tuple((stage.name(), _changed(stage)) for stage in found.stages))
    return Report(str(path), "recipe", tuple(one for one in (made, steps) if one.facts))


def _changed(stage: Any) -> str:
    """The parameters that differ from the defaults."""
    plain = type(stage)()
    pairs = [(name, getattr(stage, name)) for name in stage.__dataclass_fields__]
    told = [f"{name} = {value}" for name, value in pairs if value != getattr(plain, name)]
    return ", ".join(one if len(one) < 60 else one[:57] + "..." for one in told) or "as by default"


def _cube(path: Path) -> Report:
    from twinlens.files import cube

    found = cube.read(path)
    return Report(str(path), "table", (Section("Table", (("size", str(getattr(found, "size", "1D"))),)),))
