"""Checks: the faults that raw files of phones really have, each with a sentence and a remedy.

A check is a function of the image (state SENSOR) that yields findings; saving one in a file of this folder under a name
that begins with `check_` is adding it.
"""

from __future__ import annotations

from twinlens.core.image import Image
from twinlens.measure.doctor.checks import color, levels, tags
from twinlens.measure.doctor.findings import Finding

FILES = (color, levels, tags)


def all_findings(image: Image) -> tuple[Finding, ...]:
    """What every check says, errors first."""
    checks = [value for file in FILES for name, value in vars(file).items() if name.startswith("check_")]
    found = [finding for check in checks for finding in check(image)]
    return tuple(sorted(found, key=lambda one: ("error", "warning", "note").index(one.severity)))
