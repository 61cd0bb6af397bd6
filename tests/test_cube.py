"""Tables of other programs: .cube files, good and bad."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twinlens.core.errors import FileError
from twinlens.core.look import Table
from twinlens.files import cube
from twinlens.numerics.lut import identity_table

SMALL = "LUT_3D_SIZE 2\n" + "0 0 0\n1 0 0\n0 1 0\n1 1 0\n0 0 1\n1 0 1\n0 1 1\n1 1 1\n"


def test_red_changes_fastest():
    table = cube.loads(SMALL)
    assert isinstance(table, Table)
    assert np.array_equal(table.values, identity_table(2))


@settings(max_examples=25)
@given(size=st.integers(2, 6), seed=st.integers(0, 10_000), scale=st.sampled_from([1e-6, 1.0, 1e3]))
def test_tables_read_back_equal(size, seed, scale):
    values = np.random.default_rng(seed).normal(0, scale, (size, size, size, 3)).astype(np.float32)
    table = Table(values, (-1.0, 0.0, 0.25), (1.0, 2.0, 4.0), "a title")
    again = cube.loads(cube.dumps(table, comments=("made by a test",)))
    assert isinstance(again, Table)
    assert np.array_equal(again.values, table.values)
    assert (again.low, again.high, again.title, again.hash) == (table.low, table.high, table.title, table.hash)


def test_curves_read_back_equal(tmp_path):
    values = np.linspace(0, 1, 3 * 65).reshape(65, 3).astype(np.float32) ** 2
    cube.write(values, tmp_path / "curve.cube", title="curve")
    again = cube.read(tmp_path / "curve.cube")
    assert isinstance(again, np.ndarray) and np.array_equal(again, values)
    assert [path.name for path in tmp_path.iterdir()] == ["curve.cube"]


def test_comments_blank_lines_and_windows_line_ends_are_read():
    text = '\ufeff# a comment\r\nTITLE "x y"\r\n\r\n' + SMALL.replace("\n", "\r\n") + "# end\r\n"
    table = cube.loads(text.removeprefix("\ufeff"))
    assert isinstance(table, Table) and table.title == "x y"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "one of LUT_1D_SIZE and LUT_3D_SIZE"),
        ("LUT_1D_SIZE 2\nLUT_3D_SIZE 2\n0 0 0\n1 1 1\n", "found 2"),
        (SMALL + "0 0 0\n", "means 8 rows of numbers, found 9"),
        (SMALL.replace("1 0 1\n", ""), "found 7"),
        (SMALL.replace("1 0 1", "1 0"), "line 7: a row is three numbers"),
        (SMALL.replace("1 0 1", "1 0 x"), "three numbers"),
        (SMALL.replace("1 0 1", "1 0 nan"), "not finite"),
        (SMALL.replace("SIZE 2", "SIZE 1"), "2 to 256"),
        (SMALL.replace("SIZE 2", "SIZE 100000"), "2 to 256"),
        (SMALL.replace("SIZE 2", "SIZE two"), "2 to 256"),
        ("LUT_3D_INPUT_RANGE 0 1\n" + SMALL, "line 1: unknown keyword LUT_3D_INPUT_RANGE"),
        (SMALL + "TITLE late\n", "keywords come first"),
        ("TITLE a\nTITLE b\n" + SMALL, "given twice"),
        ("DOMAIN_MIN 0 0\n" + SMALL, "DOMAIN_MIN is three numbers"),
        ("DOMAIN_MIN 0 0 a\n" + SMALL, "DOMAIN_MIN is three numbers"),
        ("DOMAIN_MIN 2 0 0\n" + SMALL, "must be below"),
        ("DOMAIN_MAX 2 2 2\nLUT_1D_SIZE 2\n0 0 0\n1 1 1\n", "another domain"),
    ],
)
def test_malformed_tables_are_refused_with_the_place(text, said):
    with pytest.raises(FileError, match=said):
        cube.loads(text)


def test_missing_and_binary_files_are_refused(tmp_path):
    with pytest.raises(FileError, match="cannot read the table"):
        cube.read(tmp_path / "absent.cube")
    (tmp_path / "binary.cube").write_bytes(b"\xff\xfe\x00\x01" * 9)
    with pytest.raises(FileError, match="it is not text"):
        cube.read(tmp_path / "binary.cube")
