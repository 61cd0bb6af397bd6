"""Files of exported looks: each comes back as it was written, and what is none of them is refused in one sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twinlens.core.errors import DocumentError, FileError, ParameterError
from twinlens.core.look import Table
from twinlens.files import clf, hald_clut, shaped_cube
from twinlens.numerics.lut import identity_table, tetrahedral
from twinlens.numerics.lut_weights import tetrahedral_weights, trilinear_weights


def table(size: int, seed: int = 0) -> Table:
    values = np.random.default_rng(seed).uniform(0, 1, (size, size, size, 3)).astype(np.float32)
    return Table(values)


@settings(max_examples=20, deadline=None)
@given(size=st.integers(2, 5), steps=st.integers(2, 40), high=st.sampled_from([0.5, 1.0, 16.0]))
def test_a_shaper_and_its_table_read_back_equal(size: int, steps: int, high: float) -> None:
    shaper = np.sort(np.random.default_rng(steps).uniform(0, 1, (steps, 3)).astype(np.float32), axis=0)
    written = shaped_cube.ShapedTable(shaper, 0.0, high, table(size))
    again = shaped_cube.loads(shaped_cube.dumps(written, comments=("a comment",)))
    assert np.array_equal(again.shaper, written.shaper)
    assert np.array_equal(again.table.values, written.table.values)
    assert (again.low, again.high) == (0.0, high)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "LUT_1D_SIZE 2\nLUT_1D_INPUT_RANGE 0 1\nLUT_3D_SIZE 2\n0 0 0\n1 1 1\n",
        "LUT_1D_SIZE 2\nLUT_3D_SIZE 2\n" + "0 0 0\n" * 10,
        "LUT_1D_SIZE 2\nLUT_1D_INPUT_RANGE 1 0\nLUT_3D_SIZE 2\n" + "0 0 0\n" * 10,
        "LUT_1D_SIZE x\nLUT_1D_INPUT_RANGE 0 1\nLUT_3D_SIZE 2\n" + "0 0 0\n" * 10,
        "LUT_1D_SIZE 2\nLUT_1D_INPUT_RANGE 0 1\nLUT_3D_SIZE 2\n" + "0 0 nan\n" * 10,
    ],
)
def test_what_is_no_shaped_table_is_refused(text: str) -> None:
    with pytest.raises(FileError, match="a shaper and a table are wanted"):
        shaped_cube.loads(text)


def test_a_shaper_is_checked() -> None:
    with pytest.raises(DocumentError, match="a shaper is"):
        shaped_cube.ShapedTable(np.zeros((1, 3)), 0, 1, table(2))
    with pytest.raises(DocumentError, match="range that rises"):
        shaped_cube.ShapedTable(np.zeros((2, 3)), 1, 1, table(2))


@pytest.mark.parametrize("level", [2, 3])
def test_a_hald_clut_reads_back_equal(tmp_path: Path, level: int) -> None:
    written = table(hald_clut.size_of(level))
    hald_clut.write(written, tmp_path / "look.png", comments=("größer", "than that"))
    again = hald_clut.read(tmp_path / "look.png")
    assert np.abs(again.values - written.values).max() <= 0.51 / 65535
    assert "größer".encode() in (tmp_path / "look.png").read_bytes()


def test_red_changes_fastest_in_a_hald_clut(tmp_path: Path) -> None:
    import imagecodecs

    hald_clut.write(Table(identity_table(4)), tmp_path / "look.png")
    pixels = imagecodecs.png_decode((tmp_path / "look.png").read_bytes())
    assert pixels.shape == (8, 8, 3)
    assert pixels[0, :4, 0].tolist() == [0, 21845, 43690, 65535]
    assert pixels[0, 4].tolist() == [0, 21845, 0]


def test_what_is_no_hald_clut_is_refused(tmp_path: Path) -> None:
    import imagecodecs

    with pytest.raises(ParameterError, match="a level of 2 to 16"):
        hald_clut.size_of(1)
    with pytest.raises(ParameterError, match="square number"):
        hald_clut.write(table(5), tmp_path / "look.png")
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "small.png").write_bytes(imagecodecs.png_encode(np.zeros((7, 7, 3), np.uint8)))
    for name in ("absent.png", "text.png", "small.png"):
        with pytest.raises(FileError, match=name):
            hald_clut.read(tmp_path / name)


def process() -> clf.Process:
    rng = np.random.default_rng(3)
    nodes = (
        clf.Matrix(np.eye(3) + rng.uniform(-0.1, 0.1, (3, 3))), clf.Clamp(0.0, 16.0), clf.Log(2.0**-8, 16.0),
        clf.Curves(np.sort(rng.uniform(0, 1, (32, 3)), axis=0)), clf.Cube(table(5)),
    )  # fmt: skip
    return clf.Process("a <name> & more", nodes, "input", "output", ("a comment",))


def test_a_clf_reads_back_equal(tmp_path: Path) -> None:
    written = process()
    clf.write(written, tmp_path / "look.clf")
    again = clf.read(tmp_path / "look.clf")
    values = np.random.default_rng(0).uniform(-0.2, 20, (500, 3))
    assert np.abs(again(values) - written(values)).max() < 1e-5
    assert (again.name, again.source, again.target, again.comments) == (
        written.name, written.source, written.target, written.comments,
    )  # fmt: skip


def test_a_clf_does_in_opencolorio_what_it_says(tmp_path: Path) -> None:
    pytest.importorskip("PyOpenColorIO")
    from twinlens.pipeline.export import engines

    clf.write(process(), tmp_path / "look.clf")
    values = np.random.default_rng(0).uniform(-0.2, 20, (500, 3))
    shown = engines.ocio(tmp_path / "look.clf", values)
    assert shown is not None
    assert np.abs(shown - process()(values)).max() < 2e-4


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "damaged"),
        ("<LUT/>", "begins with ProcessList"),
        ("<!DOCTYPE x><ProcessList/>", "no document type"),
        ('<ProcessList><ASC_CDL style="Fwd"/></ProcessList>', "ASC_CDL node"),
        ('<ProcessList><Matrix><Array dim="3 3">1 2</Array></Matrix></ProcessList>', "damaged"),
        ("<ProcessList><Matrix/></ProcessList>", "damaged"),
        ('<ProcessList><Log style="linToLog"><LogParams base="10"/></Log></ProcessList>', "damaged"),
        ("<ProcessList><Range><minInValue>0</minInValue></Range></ProcessList>", "damaged"),
    ],
)
def test_what_is_no_clf_is_refused(text: str, said: str) -> None:
    with pytest.raises(FileError, match=said):
        clf.loads(text)


@settings(max_examples=20, deadline=None)
@given(size=st.integers(2, 9), seed=st.integers(0, 999))
def test_weights_of_nodes_are_the_interpolation(size: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    values, codes = table(size, seed).values.astype(float), rng.random((200, 3))
    nodes, weights = tetrahedral_weights(codes, size)
    found = np.sum(values.reshape(-1, 3)[nodes] * weights[..., None], axis=1)
    assert np.abs(found - tetrahedral(codes * (size - 1), values)).max() < 1e-9
    for make in (tetrahedral_weights, trilinear_weights):
        nodes, weights = make(codes, size)
        assert np.allclose(weights.sum(1), 1) and weights.min() > -1e-12
        straight = np.sum(identity_table(size).reshape(-1, 3)[nodes] * weights[..., None], axis=1)
        assert np.abs(straight - codes).max() < 1e-6
