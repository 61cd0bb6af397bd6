"""Where the real files for tests lie; a test that wants one is skipped where they are absent."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2] / "shared" / "data"


def shared(name: str) -> Path:
    """The path of a real file, or a skip that says which file is missing."""
    path = ROOT / name
    if not path.exists():
        pytest.skip(f"the real file {name} is not here ({ROOT})")
    return path
