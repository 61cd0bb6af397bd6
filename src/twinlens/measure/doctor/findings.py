"""Findings: what the doctor reports, as plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True)
class Finding:
    """One fault: a stable `code`, what is so, what to do; `repairable` when `repair` writes a mended copy."""

    code: str
    severity: Severity
    sentence: str
    remedy: str
    repairable: bool = False


@dataclass(frozen=True)
class Section:
    """Facts under a heading: (name, text) in the order of reading."""

    title: str
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Report:
    """What a file is, what it says and what is wrong in it."""

    path: str
    kind: str
    sections: tuple[Section, ...]
    findings: tuple[Finding, ...] = ()
    data: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """For machines: kind, facts by section, findings."""
        return {
            "path": self.path,
            "kind": self.kind,
            "facts": {section.title: dict(section.facts) for section in self.sections},
            "findings": [vars(one) for one in self.findings],
            **self.data,
        }
