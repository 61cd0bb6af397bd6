"""Findings: what the doctor reports, as plain data."""

from __future__ import annotations

from dataclasses import field
from typing import Any, Literal

from twinlens.core.record import record

Severity = Literal["error", "warning", "note"]


@record
class Finding:
    """One fault: a stable `code`, what is so, what to do; `repairable` when `repair` writes a mended copy."""

    code: str
    severity: Severity
    sentence: str
    remedy: str
    repairable: bool = False


@record
class Section:
    """Facts under a heading: (name, text) in the order of reading."""

    title: str
    facts: tuple[tuple[str, str], ...]


@record
class Report:
    """What a file is, what it says and what is wrong in it; `figures` are measured numbers, for machines."""

    path: str
    kind: str
    sections: tuple[Section, ...]
    findings: tuple[Finding, ...] = ()
    figures: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """For machines: kind, facts by section (a list where a name comes more than once), findings, figures."""
        told = {
            "path": self.path,
            "kind": self.kind,
            "facts": {section.title: _by_name(section.facts) for section in self.sections},
            "findings": [vars(one) for one in self.findings],
        }
        return {**told, "figures": self.figures} if self.figures else told


def _by_name(facts: tuple[tuple[str, str], ...]) -> dict[str, str | list[str]]:
    texts: dict[str, list[str]] = {}
    for name, text in facts:
        texts.setdefault(name, []).append(text)
    return {name: several[0] if len(several) == 1 else several for name, several in texts.items()}
