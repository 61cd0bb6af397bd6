"""DCP files: real ones are read, written ones come back unchanged, damaged ones are refused with a sentence."""

from __future__ import annotations

import dataclasses
import importlib
import shutil
import struct
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twinlens.core.camera_color import Calibration, CameraColor, GainTableMap, HueSatTable, RgbTable
from twinlens.core.errors import FileError, ParameterError
from twinlens.files import dcp

DEBIAN = Path("/usr/share/rawtherapee/dcpprofiles")  # package rawtherapee-data


def same(one: Any, other: Any) -> bool:
    """Equal down to the last bit of every array."""
    if isinstance(one, np.ndarray):
        return one.shape == other.shape and bool(np.array_equal(one, other))
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if dataclasses.is_dataclass(one):
        return all(same(getattr(one, item.name), getattr(other, item.name)) for item in dataclasses.fields(one))
    return one == other


def example() -> CameraColor:
    """A profile with everything that a DCP holds."""
    rng = np.random.default_rng(0)

    def matrix() -> np.ndarray:
        return np.round(np.eye(3) + rng.uniform(-0.3, 0.3, (3, 3)), 4)

    def table(*size: int) -> HueSatTable:
        return HueSatTable(rng.uniform(-1, 1, (*size, 3)).astype(np.float32).astype(float), "srgb")

    lights = tuple(
        Calibration(light, matrix(), matrix(), reduction_matrix=matrix(), white_xy=xy, hue_sat=table(4, 3, 2))
        for light, xy in ((17, None), (255, (0.38, 0.39)), (21, None))
    )
    line = rng.uniform(0, 1, (2, 2, 2, 3))
    return CameraColor(
        calibrations=lights,
        name="Größe",
        camera_model="Make Model",
        profile_signature="sign",
        copyright="CC0",
        embed_policy=3,
        look_table=table(6, 2, 1),
        tone_curve=np.array([[0.0, 0.0], [0.25, 0.5], [1.0, 1.0]]),
        baseline_exposure_offset=-0.35,
        default_black_render=1,
        gain_table_map=GainTableMap(
            rng.uniform(0, 2, (2, 3, 4)).astype(np.float32), (0.1, 0.2), (0.5, 0.25), (0.25, 0.5, 0.25, 0.0, 0.0), 0.5
        ),
        rgb_tables=tuple(
            RgbTable((np.rint(line * full) / full).astype(np.float32), 3, 1, 1, (1.0, 1.0), name, kind)
            for kind, full, name in ((1, np.float32(65535), ""), (0, np.float32(255), "Sky"), (2, 2.0**10, "Skin"))
        ),
        origin="dcp",
    )


def test_every_profile_of_rawtherapee_is_read_and_comes_back() -> None:
    paths = sorted(DEBIAN.glob("*.dcp"))
    if not paths:
        pytest.skip("Debian's rawtherapee-data is not installed")
    for path in paths:
        color = dcp.read(path)
        assert color.is_known
        assert color.name
        assert color.camera_model
        assert same(dcp.parse(dcp.dump(color)), color), path.name
    assert len(paths) == 139


def test_written_is_read_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "x.dcp"
    dcp.write(path, example())
    assert same(dcp.read(path), example())
    with pytest.raises(FileError, match="exists"):
        dcp.write(path, example())
    dcp.write(path, dataclasses.replace(example(), gain_table_map=None), overwrite=True)
    assert dcp.read(path).gain_table_map is None


@given(st.lists(st.floats(-1000, 1000), min_size=9, max_size=9))
@settings(max_examples=50, deadline=None)
def test_any_matrix_survives(values: list[float]) -> None:
    matrix = np.reshape(values, (3, 3)) + 2000 * np.eye(3)
    found = dcp.parse(dcp.dump(CameraColor((Calibration(21, matrix),)))).calibrations[0].color_matrix
    assert np.allclose(found, matrix, rtol=1e-9, atol=1e-6)


def test_big_endian_by_hand() -> None:
    # One directory of two entries: CalibrationIlluminant1 = 21 and ColorMatrix1 = diag(1, 1/2, 2).
    numbers = [1, 1, 0, 1, 0, 1, 0, 1, 1, 2, 0, 1, 0, 1, 0, 1, 2, 1]
    data = b"MMCR" + struct.pack(">IH", 8, 2)
    data += struct.pack(">HHII", 50721, 10, 9, 38) + struct.pack(">HHIHH", 50778, 3, 1, 21, 0) + struct.pack(">I", 0)
    color = dcp.parse(data + struct.pack(">18i", *numbers))
    assert color.calibrations[0].light == 21
    assert np.array_equal(color.calibrations[0].color_matrix, np.diag([1, 0.5, 2]))


@pytest.mark.parametrize(
    "data", [b"", b"II*\0" + bytes(40), b"IIRC", b"IIRC" + bytes(40), b"hello, this is not a profile"]
)
def test_what_is_not_a_profile_is_refused(data: bytes) -> None:
    with pytest.raises(FileError):
        dcp.parse(data)


def test_a_profile_that_is_cut_off_is_refused() -> None:
    whole = dcp.dump(example())
    with pytest.raises(FileError, match="cut off or damaged"):
        dcp.parse(whole[: len(whole) - 40])


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "empty.dcp").touch()
    for path in (tmp_path / "none.dcp", tmp_path / "empty.dcp", tmp_path):
        with pytest.raises(FileError):
            dcp.read(path)


def test_a_profile_has_one_to_three_calibrations() -> None:
    with pytest.raises(ParameterError):
        dcp.dump(CameraColor())


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_damaged_profiles_are_read_or_refused(data: st.DataObject) -> None:
    whole = bytearray(dcp.dump(example()))
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(whole)))
    try:
        dcp.parse(bytes(whole[:cut]))
    except FileError:
        return


def test_renders_like_rawtherapee(tmp_path: Path) -> None:
    """One profile with look table and curve, under daylight; all of them in `benchmarks/dcp_rawtherapee.py`."""
    if shutil.which("rawtherapee-cli") is None or not DEBIAN.is_dir():
        pytest.skip("rawtherapee-cli and its profiles are not installed")
    benchmarks = Path(__file__).parents[1] / "benchmarks"
    sys.path.insert(0, str(benchmarks))
    try:
        benchmark = importlib.import_module("dcp_rawtherapee")
    finally:
        sys.path.remove(str(benchmarks))
    found = benchmark.compare("LG Mobile LG-H815", tmp_path, ("daylight",))
    assert found["daylight"]["mean"] < 0.2
    assert found["daylight"]["worst"] < 1.0
