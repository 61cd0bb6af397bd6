"""Small raw files for tests: shots with every field set, and DNGs put together tag by tag."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np

from twinlens.core.camera_color import Calibration, CameraColor, GainTableMap, HueSatTable, RgbTable
from twinlens.core.noise import NoiseModel
from twinlens.core.opcodes import FixBadPixelsConstant, FixVignetteRadial, GainMap
from twinlens.core.shot import Cfa, Shot
from twinlens.files import tiff_write as tw
from twinlens.files.tags import NUMBERS

Array = np.ndarray[Any, Any]


def mosaic(height: int, width: int, seed: int = 0) -> Array:
    """(height, width) uint16 that rises smoothly and has noise."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:height, 0:width]
    return (3000 + 20 * rows + 31 * columns + rng.normal(0, 40, (height, width))).clip(0, 16383).astype(np.uint16)


def plain_shot(cfa: str = "RGGB", **fields: Any) -> Shot:
    """A shot with levels, one matrix and a neutral."""
    stated: dict[str, Any] = {
        "make": "Test",
        "model": "One",
        "cfa": Cfa.bayer(cfa),
        "black_level": np.full((1, 1, 1), 512.0),
        "white_level": (16383.0,),
        "color": CameraColor(calibrations=(Calibration(21, np.diag([0.8, 1.0, 0.7])),)),
        "as_shot_neutral": (0.5, 1.0, 0.625),
    }
    return Shot(**{**stated, **fields})


def full_shot(height: int, width: int) -> Shot:
    """A shot with a value in every field that a DNG can hold."""
    rng = np.random.default_rng(7)
    table = HueSatTable(rng.random((6, 4, 2, 3)).astype(np.float32).astype(np.float64), "srgb")
    matrix = np.array([[0.6461, -0.1164, -0.0857], [-0.3825, 1.1597, 0.2534], [-0.0416, 0.154, 0.6039]])
    calibrations = tuple(
        Calibration(
            light=light,
            color_matrix=matrix * scale,
            forward_matrix=matrix.T * 0.5 * scale,
            camera_calibration=np.diag([1.0, 0.99, 1.01]),
            white_xy=white,
            hue_sat=HueSatTable(table.values * scale, "linear"),
        )
        for light, scale, white in ((17, 0.5, None), (21, 1.0, None), (255, 2.0, (0.3127, 0.329)))
    )
    color = CameraColor(
        calibrations=calibrations,
        name="Test profile",
        signature="com.example.unit",
        profile_signature="com.example.unit",
        copyright="nobody",
        embed_policy=3,
        analog_balance=np.array([1.0, 1.25, 0.75]),
        look_table=table,
        tone_curve=np.array([[0.0, 0.0], [0.25, 0.5], [1.0, 1.0]]),
        baseline_exposure_offset=0.25,
        default_black_render=1,
        gain_table_map=GainTableMap(
            rng.random((2, 3, 5)).astype(np.float32), (0.25, 0.125), (0.5, 0.375), (0.25, 0.5, 0.125, 0.0, 0.125)
        ),
        rgb_tables=(RgbTable(rng.random((2, 2, 2, 3)).astype(np.float32), 3, 1, 1, (1.0, 1.0), "sky", 2),),
        origin="dng",
    )
    area = (2, 3, height - 1, width - 2)
    gain = GainMap(area=(0, 0, 10, 10), gains=np.ones((2, 2, 1), np.float32), spacing=(1.0, 1.0), origin=(0.0, 0.0))
    vignette = FixVignetteRadial(coefficients=(0.5, 0.25, 0.0, 0.0, 0.0), center=(0.5, 0.5))
    return Shot(
        make="Test",
        model="One",
        unique_camera_model="Test One wide",
        lens="Test 24mm f/1.8",
        serial="0042",
        software="twinlens tests",
        taken="2024-05-06T07:08:09+02:00",
        exposure_time_s=1 / 125,
        f_number=1.8,
        iso=400.0,
        focal_length_mm=6.8,
        focus_distance_m=2.5,
        orientation=6,
        cfa=Cfa.bayer("GBRG"),
        active_area=area,
        masked_areas=((0, 0, 2, width), (2, 0, height - 1, 3)),
        default_crop_origin=(4.0, 2.5),
        default_crop_size=(20.0, 16.0),
        default_scale=(1.0, 2.0),
        black_level=np.array([[[64.0], [65.5]], [[66.0], [67.25]]]),
        black_delta_h=np.arange(area[3] - area[1]) / 4 - 2.0,
        black_delta_v=np.arange(area[2] - area[0]) / 8 - 1.0,
        white_level=(4000.0,),
        linearization_table=np.arange(0, 8192, 2, np.uint16),
        noise=NoiseModel((1e-4, 2e-4, 3e-4), (1e-6, 2e-6, 3e-6)),
        opcodes=((FixBadPixelsConstant(constant=0, bayer_phase=1),), (gain,), (vignette,)),
        color=color,
        as_shot_neutral=(0.5, 1.0, 0.625),
        baseline_exposure=-0.5,
        baseline_sharpness=1.5,
        baseline_noise=0.75,
        xmp=b"<x:xmpmeta/>",
    )


def picture_tags(pixels: Array, **changes: Any) -> dict[int, tw.Value]:
    """The tags of a plain uncompressed Bayer DNG of `pixels` without those that say where its bytes lie."""
    kinds = {"compression": 1, "photometric": 32803, "bits": 16, "samples": 1, "predictor": 1, "sample_format": 1}
    kinds |= changes
    return {
        254: tw.numbers(tw.LONG, [0]),
        256: tw.numbers(tw.LONG, [pixels.shape[1]]),
        257: tw.numbers(tw.LONG, [pixels.shape[0]]),
        258: tw.numbers(tw.SHORT, [kinds["bits"]] * kinds["samples"]),
        259: tw.numbers(tw.SHORT, [kinds["compression"]]),
        262: tw.numbers(tw.SHORT, [kinds["photometric"]]),
        277: tw.numbers(tw.SHORT, [kinds["samples"]]),
        317: tw.numbers(tw.SHORT, [kinds["predictor"]]),
        339: tw.numbers(tw.SHORT, [kinds["sample_format"]]),
        NUMBERS["DNGVersion"]: tw.numbers(tw.BYTE, [1, 7, 1, 0]),
        NUMBERS["CFARepeatPatternDim"]: tw.numbers(tw.SHORT, [2, 2]),
        NUMBERS["CFAPattern"]: tw.numbers(tw.BYTE, [0, 1, 1, 2]),
    }


def write_strips(path: Path, tags: dict[int, tw.Value], strips: list[bytes], rows: int) -> Path:
    """A DNG whose picture is these strips of `rows` rows."""
    values = tags | {278: tw.numbers(tw.LONG, [rows])}
    path.write_bytes(tw.encode([tw.Directory(values, segments=strips, segment_tags=(273, 279))]))
    return path


def write_tiles(path: Path, tags: dict[int, tw.Value], tiles: list[bytes], shape: tuple[int, int]) -> Path:
    """A DNG whose picture is these tiles of `shape` (rows, columns)."""
    values = tags | {322: tw.numbers(tw.LONG, [shape[1]]), 323: tw.numbers(tw.LONG, [shape[0]])}
    path.write_bytes(tw.encode([tw.Directory(values, segments=tiles)]))
    return path


def set_tag(path: Path, tag: int, value: int) -> None:
    """Change the inline value of a tag of the first directory in place."""
    data = bytearray(path.read_bytes())
    place = struct.unpack_from("<I", data, 4)[0]
    for entry in range(place + 2, place + 2 + 12 * struct.unpack_from("<H", data, place)[0], 12):
        if struct.unpack_from("<H", data, entry)[0] == tag:
            struct.pack_into("<I", data, entry + 8, value)
            path.write_bytes(data)
            return
    raise AssertionError(f"tag {tag} is not there")
