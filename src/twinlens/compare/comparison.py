"""Comparison: a verdict with all that it rests on: fingerprints, sets, files."""

from __future__ import annotations

from dataclasses import field
from typing import Any

from twinlens.compare.model import Fingerprints, Role, Verdict
from twinlens.core.record import record


@record(kw_only=True)
class ComparedSet:
    """One set: its role, what the user called it, the cameras that its files name, how many pictures counted."""

    role: Role
    name: str
    cameras: tuple[str, ...] = ()
    pictures: int = 0


@record(kw_only=True)
class ComparedFile:
    """One picture that numbers come from: where it is, in which scene, its SHA-256, what it says of itself."""

    role: Role
    path: str
    scene: str
    sha256: str
    facts: str = ""


@record(kw_only=True, eq=False)
class Comparison:
    """What `compare` returns. `made`: program, time, options."""

    sets: tuple[ComparedSet, ...]
    fingerprints: Fingerprints
    verdict: Verdict
    files: tuple[ComparedFile, ...] = ()
    made: dict[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Everything in plain numbers, as `--json` prints it."""
        from twinlens.compare.json_form import as_dict

        return as_dict(self)

    def page(self) -> str:
        """The report as one HTML page; the pictures that it shows are read from their files."""
        from twinlens.compare.page_form import page

        return page(self)
