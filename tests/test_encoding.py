"""Encodings: curves and primaries against a second library, and against themselves."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from twinlens.numerics import color
from twinlens.numerics.encoding import ENCODINGS, PRIMARIES

LIGHT = np.concatenate([np.linspace(0.0, 0.02, 200), np.geomspace(0.02, 12, 200)])
CURVES = {
    "acescct": "ACEScct", "slog3": "S-Log3", "logc3": "ARRI LogC3", "logc4": "ARRI LogC4", "vlog": "V-Log",
    "clog3": "Canon Log 3", "flog2": "F-Log2", "llog": "L-Log", "apple-log": "Apple Log Profile",
}  # fmt: skip
GAMUTS = {
    "acescct": "ACEScg", "aces2065-1": "ACES2065-1", "slog3": "S-Gamut3", "slog3-cine": "S-Gamut3.Cine",
    "logc3": "ARRI Wide Gamut 3", "logc4": "ARRI Wide Gamut 4", "vlog": "V-Gamut", "clog3": "Cinema Gamut",
}  # fmt: skip


@pytest.mark.parametrize("name", ENCODINGS)
def test_decoding_undoes_encoding(name: str) -> None:
    encoding = ENCODINGS[name]
    light = LIGHT if encoding.kind == "log" else LIGHT[LIGHT <= 1]
    error = np.abs(encoding.decode(encoding.encode(light)) - light)
    assert error.max() < (2e-4 if name == "llog" else 1e-9)  # the published line and curve of L-Log do not quite meet


@pytest.mark.parametrize("name", ENCODINGS)
def test_grey_stays_grey_and_codes_rise(name: str) -> None:
    encoding = ENCODINGS[name]
    grey = np.repeat(LIGHT[LIGHT <= 1][:, None], 3, 1)
    assert np.ptp(encoding.from_scene(grey), axis=1).max() < 1e-3 * 1e-6 + 1e-9
    codes = encoding.encode(np.linspace(0.0, 1.0, 1000))
    assert np.all(np.diff(codes) > (-1e-3 if name == "llog" else 0))


@pytest.mark.parametrize("name", CURVES)
def test_curves_are_those_of_a_second_library(name: str) -> None:
    colour = pytest.importorskip("colour")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wanted = colour.cctf_encoding(LIGHT, function=CURVES[name])
    assert np.allclose(ENCODINGS[name].encode(LIGHT), wanted, atol=1e-12)


@pytest.mark.parametrize("name", GAMUTS)
def test_primaries_are_those_of_a_second_library(name: str) -> None:
    colour = pytest.importorskip("colour")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        space = colour.RGB_COLOURSPACES[GAMUTS[name]]
    own = PRIMARIES[ENCODINGS[name].primaries]
    assert np.allclose(own[:3], space.primaries, atol=1e-9)
    assert np.allclose(own[3], space.whitepoint, atol=1e-9)


def test_the_matrices_agree_with_those_of_the_stages() -> None:
    for name in ("srgb", "p3", "adobe"):
        assert np.allclose(ENCODINGS[name].rec2020_from, color.rgb_from_rgb("rec2020", name), atol=1e-12)
