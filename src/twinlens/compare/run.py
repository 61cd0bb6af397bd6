"""Run: photographs of two or three sets become a comparison: a verdict, and where each of its numbers comes from."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import twinlens
from twinlens.compare.comparison import ComparedFile, ComparedSet, Comparison
from twinlens.compare.features import FEATURES
from twinlens.compare.fingerprint import of_sets
from twinlens.compare.limits import limits
from twinlens.compare.model import Fingerprints, Role
from twinlens.compare.set_sensors import metamerism, sensors_of
from twinlens.compare.sets import Picture, Sets, gather
from twinlens.compare.sets_files import Source
from twinlens.compare.verdict import verdict
from twinlens.core.errors import FileError, ParameterError
from twinlens.files.atomic import reason
from twinlens.measure.sensors import KnownSensor, sensor_of

Progress = Callable[[int, int, str], None]


def compare(
    before: Source,
    after: Source,
    reference: Source | None = None,
    *,
    same_sensor: bool | None = None,
    differs: dict[Role, str] | None = None,
    profiles: Mapping[Role, str | os.PathLike[str]] | None = None,
    keep_edited: bool = False,
    threads: int = 2,
    seed: int = 0,
    progress: Progress | None = None,
) -> Comparison:
    """Compare photographs: what changed from `before` to `after`, and how far it went towards `reference`.

    A source is a folder, a file, or a list of both. Scenes are found by what the pictures show. `same_sensor`: all sets
    come from one sensor, so that metamerism takes nothing away; None: where all pictures name one camera and no profile
    is given. `differs` says which whole set was shot with another "module" or under another "light"; intervals grow by
    a stated prior. `profiles` say what took a set: a camera profile, a table of sensitivities or a raw file; without
    one a raw file among the set's pictures tells, where there is one (`set_sensors.py`). `keep_edited` keeps pictures
    that name an editing program. `progress` is called with steps done, steps in all, and a name; the result does not
    depend on `threads`. Raises FileError where a set holds no picture, ParameterError where nothing can be said at all.
    """
    sources: dict[Role, Source] = {"before": before, "after": after}
    if reference is not None:
        sources["reference"] = reference
    limits(FEATURES, differs=differs)  # a wrong option costs no measuring
    given: dict[Role, KnownSensor] = {role: sensor_of(path) for role, path in (profiles or {}).items()}
    found = gather(before, after, reference, keep_edited=keep_edited, threads=threads, progress=_first_half(progress))
    _check(found)
    digests = {one.path: digest(Path(one.path)) for one in found.pictures}
    found = without_copies(found, digests)
    prints = of_sets(found, threads=threads, progress=progress)
    is_one = names_one_camera(found) and not given if same_sensor is None else same_sensor
    known = {} if is_one else sensors_of(sources, given)
    within = limits(FEATURES, same_sensor=is_one, differs=differs, **metamerism(known))
    judged = verdict(prints, limits=within, seed=seed)
    return Comparison(
        sets=tuple(_set(role, source, found, prints) for role, source in sources.items()),
        fingerprints=prints,
        verdict=judged,
        files=_files(found, prints, digests),
        made=_made(is_one, same_sensor is None, differs or {}, keep_edited, seed)
        | {f"sensor of {role}": one.origin for role, one in known.items()},
    )


def _first_half(progress: Progress | None) -> Progress | None:
    """Reading is the first half of the steps."""
    if progress is None:
        return None
    return lambda done, count, name: progress(done, 2 * count, name)


def _check(found: Sets) -> None:
    """Refuse what nothing can be said about: a set of which no file is sound."""
    for role in ("before", "after"):
        if not found.of(role):
            why = "; ".join(f"{Path(name).name}: {told}" for name, told in found.left_out[:3])
            raise ParameterError(
                f"no picture of {role} can be used, so nothing can be compared ({why or 'none found'})"
            )


def names_one_camera(found: Sets) -> bool:
    """Whether every picture names the same camera: then no difference comes from two sensors."""
    names = {one.camera for one in found.pictures}
    return len(names) == 1 and bool(names.pop())


def without_copies(found: Sets, digests: dict[str, str]) -> Sets:
    """The sets without files that a set has twice, which are no repeats; files that two sets share are told."""
    kept: list[Picture] = []
    left_out, first = list(found.left_out), {}
    for one in found.pictures:
        known = first.setdefault((one.role, digests[one.path]), one)
        if known is one:
            kept.append(one)
        else:
            left_out.append((one.path, f"the same file as {known.name}, which is no repeat of the scene"))
    sets_of = {digest: {one.role for one in kept if digests[one.path] == digest} for digest in set(digests.values())}
    count = sum(len(roles) > 1 for roles in sets_of.values())
    told = "one file is" if count == 1 else f"{count} files are"
    notes = [f"{told} in more than one set, byte for byte: there a file is compared with itself"] if count else []
    return replace(found, pictures=tuple(kept), left_out=tuple(left_out), notes=(*found.notes, *notes))


def _set(role: Role, source: Source, found: Sets, prints: Fingerprints) -> ComparedSet:
    used = _used(prints)
    pictures = [one for one in found.of(role) if one.path in used] if used else found.of(role)
    cameras = tuple(sorted({one.camera for one in found.of(role) if one.camera}))
    return ComparedSet(role=role, name=name_of(source), cameras=cameras, pictures=len(pictures))


def name_of(source: Source) -> str:
    """What a set is called: its folder, its file, or the first of its files and how many more."""
    places = [source] if isinstance(source, str) or not isinstance(source, Sequence) else list(source)
    first = Path(places[0]).resolve().name if places else ""
    return first if len(places) < 2 else f"{first} and {len(places) - 1} more"


def _used(prints: Fingerprints) -> dict[str, int]:
    """The scene of each picture that was measured, by its path."""
    paths, scenes = prints.shots.get("paths", ()), prints.shots.get("scene", ())
    return {str(path): int(scene) for path, scene in zip(paths, scenes, strict=True)}


def _files(found: Sets, prints: Fingerprints, digests: dict[str, str]) -> tuple[ComparedFile, ...]:
    used = _used(prints)
    return tuple(
        ComparedFile(
            role=one.role,
            path=one.path,
            scene=prints.scenes[used[one.path]],
            sha256=digests[one.path],
            facts=_facts(one),
        )
        for one in found.pictures
        if one.path in used
    )


def digest(path: Path) -> str:
    """The SHA-256 of a file. Raises FileError."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise FileError(f"cannot read {path}: {reason(error)}") from error


def _facts(one: Picture) -> str:
    size = f"{one.width} x {one.height}"
    return ", ".join(filter(None, (one.camera, one.software, one.taken, size, *one.notes)))


def _made(is_one: bool, by_names: bool, differs: dict[Role, str], keep_edited: bool, seed: int) -> dict[str, str]:
    told = {"program": f"twinlens {twinlens.__version__}", "made": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
    if is_one:
        told["same sensor"] = "yes, as all pictures name one camera" if by_names else "yes, as stated by the user"
    told |= {f"{role} differs in": f"{what}, as stated by the user" for role, what in differs.items()}
    if keep_edited:
        told["edited pictures"] = "kept"
    return told | {"seed": str(seed)}
