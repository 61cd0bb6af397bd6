"""The page of the verdict's figures shows what the benchmark wrote."""

import subprocess
import sys
from pathlib import Path

import pytest

from twinlens.compare import scale
from twinlens.compare.features import FEATURES

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


def test_the_table_of_scales_is_of_features_that_count():
    counting = {one.key for one in FEATURES if one.cause == "rendering" and not one.is_derived}
    assert scale.table().keys() <= counting and len(scale.table()) > len(counting) // 2
    assert all(spread >= 0 and 0 < shown <= 1 for spread, shown in scale.table().values())
