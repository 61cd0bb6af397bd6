"""DNG fields: a Shot as the tags of a DNG file.

Source: Digital Negative Specification 1.7.1, chapter 4. The counterpart of `levels` and `color`, which read
the same tags.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from twinlens.core.camera_color import Calibration, CameraColor, GainTableMap, HueSatTable, RgbTable
from twinlens.core.shot import Shot
from twinlens.files import tiff_write as tw
from twinlens.files.dng.color import OTHER_LIGHT
from twinlens.files.tags import NUMBERS

Values = dict[int, tw.Value]
_RGB_TYPES = {0: ("<u1", 255), 1: ("<u2", 65535), 2: ("<f4", 1)}


def _named(**values: tw.Value | None) -> Values:
    return {NUMBERS[name]: value for name, value in values.items() if value is not None}


def _numbers(kind: int, values: Any) -> tw.Value | None:
    return None if values is None else tw.numbers(kind, values)


def _whole_or_rational(values: Any) -> tw.Value:
    """LONG when all are whole numbers, else RATIONAL: older readers do not know fractions everywhere."""
    array = np.asarray(values, np.float64)
    return tw.numbers(tw.LONG if np.all(array == np.rint(array)) else tw.RATIONAL, array)


def geometry(shot: Shot) -> Values:
    """Active and masked areas, crop, scale and color filters."""
    masked = np.array(shot.masked_areas).ravel() if shot.masked_areas else None
    values = _named(
        ActiveArea=_numbers(tw.LONG, shot.active_area),
        MaskedAreas=_numbers(tw.LONG, masked),
        DefaultScale=tw.numbers(tw.RATIONAL, shot.default_scale),
        DefaultCropOrigin=None if shot.default_crop_origin is None else _whole_or_rational(shot.default_crop_origin),
        DefaultCropSize=None if shot.default_crop_size is None else _whole_or_rational(shot.default_crop_size),
    )
    if shot.cfa is not None:
        top, left = shot.area[:2]
        indices = shot.cfa.shifted(top, left).indices
        values |= _named(
            CFARepeatPatternDim=tw.numbers(tw.SHORT, indices.shape),
            CFAPattern=tw.numbers(tw.BYTE, indices),
            CFAPlaneColor=tw.numbers(tw.BYTE, [0, 1, 2]),
            CFALayout=tw.numbers(tw.SHORT, [1]),
        )
    return values


def levels(shot: Shot) -> Values:
    """Black, white, linearization table, noise and opcode lists."""
    values = _named(
        BlackLevelDeltaH=_numbers(tw.SRATIONAL, shot.black_delta_h),
        BlackLevelDeltaV=_numbers(tw.SRATIONAL, shot.black_delta_v),
        WhiteLevel=None if shot.white_level is None else tw.numbers(tw.LONG, np.rint(shot.white_level)),
        LinearizationTable=_numbers(tw.SHORT, shot.linearization_table),
    )
    if shot.black_level is not None:
        values |= _named(
            BlackLevelRepeatDim=tw.numbers(tw.SHORT, shot.black_level.shape[:2]),
            BlackLevel=_whole_or_rational(np.clip(shot.black_level, 0, None)),
        )
    if shot.noise is not None:
        pairs = np.stack([shot.noise.gain, shot.noise.offset], -1)
        values |= _named(NoiseProfile=tw.numbers(tw.DOUBLE, pairs))
    for number, opcodes in enumerate(shot.opcodes, 1):
        if opcodes:
            from twinlens.files.opcodes import encode

            values |= _named(**{f"OpcodeList{number}": tw.undefined(encode(opcodes))})
    return values


def exposure(shot: Shot) -> Values:
    """As-shot white, baselines and the camera's names."""
    neutral = shot.as_shot_neutral
    return _named(
        UniqueCameraModel=tw.text(shot.unique_camera_model or f"{shot.make} {shot.model}".strip() or "Unknown"),
        CameraSerialNumber=tw.text(shot.serial) if shot.serial else None,
        AsShotNeutral=_numbers(tw.RATIONAL, neutral),
        AsShotWhiteXY=None if neutral is not None else _numbers(tw.RATIONAL, shot.as_shot_white_xy),
        BaselineExposure=tw.numbers(tw.SRATIONAL, [shot.baseline_exposure]),
        BaselineSharpness=tw.numbers(tw.RATIONAL, [shot.baseline_sharpness]),
        BaselineNoise=tw.numbers(tw.RATIONAL, [shot.baseline_noise]),
    )


def color(part: CameraColor) -> Values:
    """Matrices and profile tables."""
    values = _named(
        ProfileName=tw.text(part.name) if part.name else None,
        CameraCalibrationSignature=tw.text(part.signature) if part.signature else None,
        ProfileCalibrationSignature=tw.text(part.profile_signature) if part.profile_signature else None,
        ProfileCopyright=tw.text(part.copyright) if part.copyright else None,
        ProfileEmbedPolicy=tw.numbers(tw.LONG, [part.embed_policy]) if part.name else None,
        AnalogBalance=_numbers(tw.RATIONAL, part.analog_balance),
        ProfileToneCurve=_numbers(tw.FLOAT, part.tone_curve),
        BaselineExposureOffset=_unless(part.baseline_exposure_offset, tw.SRATIONAL),
        DefaultBlackRender=_unless(part.default_black_render, tw.LONG),
        RGBTables=tw.undefined(rgb_tables(part.rgb_tables)) if part.rgb_tables else None,
    )
    for number, item in enumerate(part.calibrations[:3], 1):
        values |= _calibration(item, number)
    values |= _hue_sat(part.look_table, "ProfileLookTableDims", "ProfileLookTableData", "ProfileLookTableEncoding")
    if part.gain_table_map is not None:
        data = gain_table_map(part.gain_table_map)
        name = "ProfileGainTableMap" if part.gain_table_map.gamma == 1 else "ProfileGainTableMap2"
        values |= _named(**{name: tw.undefined(data)})
    return values


def _unless(value: float, kind: int) -> tw.Value | None:
    """The value as a tag unless it is the default 0."""
    return tw.numbers(kind, [value]) if value else None


def _calibration(item: Calibration, number: int) -> Values:
    light = OTHER_LIGHT if item.white_xy is not None else item.light
    values = {
        "ColorMatrix": tw.numbers(tw.SRATIONAL, item.color_matrix),
        "ForwardMatrix": _numbers(tw.SRATIONAL, item.forward_matrix),
        "CameraCalibration": _numbers(tw.SRATIONAL, item.camera_calibration),
        "ReductionMatrix": _numbers(tw.SRATIONAL, item.reduction_matrix),
        "CalibrationIlluminant": tw.numbers(tw.SHORT, [light]) if light else None,
    }
    if item.white_xy is not None:
        pairs = tw.numbers(tw.RATIONAL, item.white_xy).data
        values["IlluminantData"] = tw.undefined(struct.pack("<H", 0) + pairs)
    named = _named(**{f"{name}{number}": value for name, value in values.items()})
    return named | _hue_sat(
        item.hue_sat, "ProfileHueSatMapDims", f"ProfileHueSatMapData{number}", "ProfileHueSatMapEncoding"
    )


def _hue_sat(table: HueSatTable | None, dims: str, data: str, encoding: str) -> Values:
    if table is None:
        return {}
    stored = table.values.transpose(2, 0, 1, 3)
    is_srgb = table.encoding == "srgb"
    values = {dims: tw.numbers(tw.LONG, table.values.shape[:3]), data: tw.numbers(tw.FLOAT, stored)}
    return _named(**values, **({encoding: tw.numbers(tw.LONG, [1])} if is_srgb else {}))


def gain_table_map(table: GainTableMap) -> bytes:
    """The bytes of ProfileGainTableMap, or of ProfileGainTableMap2 (32-bit floats) when there is a gamma."""
    gains = np.asarray(table.gains, "<f4")
    head = struct.pack(
        "<2I4dI5f", *gains.shape[:2], *table.spacing, *table.origin, gains.shape[2], *table.input_weights
    )
    if table.gamma != 1:
        head += struct.pack("<I3f", 3, table.gamma, 1.0, 1.0)
    return head + gains.tobytes()


def rgb_tables(tables: tuple[RgbTable, ...]) -> bytes:
    """The bytes of RGBTables, weighted-sum method."""
    data = struct.pack("<2I", len(tables), 0)
    for table in tables:
        name = table.semantic_name.encode("ascii", "replace")
        dtype, full = _RGB_TYPES[table.pixel_type]
        stored = table.values * full if full == 1 else np.rint(table.values * full)
        data += struct.pack("<H", len(name)) + name
        data += struct.pack("5B", table.values.shape[0], table.pixel_type, table.gamma, table.primaries, table.gamut)
        data += stored.astype(dtype).tobytes()
    return data
