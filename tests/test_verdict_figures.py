"""The page of the verdict's figures shows what the benchmark wrote."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "verdict.json"


@pytest.mark.skipif(not RESULTS.exists(), reason="the benchmark has not been run in this checkout")
def test_the_page_shows_the_committed_figures():
    done = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / "verdict.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
