"""Gamut mapping and the codes of finished pictures: what must hold, and the kernels against their references."""

from __future__ import annotations

import numpy as np
import pytest

from twinlens.core.image import DISPLAY, ENCODED, OUTPUT, Image, empty_rgb, planar
from twinlens.core.shot import Shot
from twinlens.core.stage import Facts
from twinlens.kernels import encode as encode_kernel
from twinlens.kernels import output_color
from twinlens.numerics import color, gamut, quantize
from twinlens.stages.encode import Encode
from twinlens.stages.output_color import OutputColor

SPACES = ("srgb", "p3", "adobe", "rec2020")
HUES = np.radians(np.arange(0, 360, 3.0))


def wide_colors(count: int = 4000, seed: int = 1) -> np.ndarray:
    """Linear Rec. 2020 (1, count, 3), half of them near the edges of its gamut, some above 1."""
    rng = np.random.default_rng(seed)
    colors = rng.uniform(0, 1.3, (count, 3))
    colors[::2] **= 5
    return colors[None].astype(np.float32)


def hue_deg(rec2020: np.ndarray) -> np.ndarray:
    lab = color.oklab_from_rec2020(rec2020)
    return np.degrees(np.arctan2(lab[..., 2], lab[..., 1]))


@pytest.mark.parametrize("space", SPACES)
def test_every_color_comes_inside(space):
    for mapped in (gamut.map_gamut(wide_colors(), space), output_color.map_gamut(planar(wide_colors()), space)):
        assert np.isfinite(mapped).all() and mapped.min() >= 0 and mapped.max() <= 1 + 1e-6


@pytest.mark.parametrize("space", SPACES)
def test_colors_below_the_knee_only_change_primaries(space):
    inside = np.random.default_rng(2).uniform(0.3, 0.9, (1, 3000, 3))
    inside = inside @ color.rgb_from_rgb("rec2020", space).T
    expected = inside @ color.rgb_from_rgb(space, "rec2020").T
    assert np.abs(output_color.map_gamut(planar(inside.astype(np.float32)), space) - expected).max() < 1e-6


@pytest.mark.parametrize("space", SPACES)
def test_grey_stays_grey_and_ends_at_one(space):
    grey = np.repeat(np.linspace(0, 2, 501, dtype=np.float32)[None, :, None], 3, axis=2)
    for mapped in (gamut.map_gamut(grey, space), output_color.map_gamut(planar(grey), space)):
        assert np.abs(mapped - np.clip(grey, 0, 1)).max() < 1e-6


@pytest.mark.parametrize("space", ("srgb", "p3", "adobe"))
def test_hue_stays_but_for_blue_at_the_edge(space):
    """Oklab hue: exact inside the gamut, within 3 degrees on average outside; never more than 19 degrees, at blue."""
    a, b = np.cos(HUES)[:, None], np.sin(HUES)[:, None]
    saturation = np.linspace(0.05, 0.6, 60)
    tint = (
        1
        + saturation[:, None]
        * (a * np.linalg.inv(color.OKLAB_FROM_LMS)[:, 1] + b * gamut._LMS_FROM_OKLAB[:, 2])[:, None]
    )
    source = (0.5 * tint) ** 3 @ np.linalg.inv(color.LMS_FROM_REC2020).T
    source = source[(source >= 0).all(-1) & (source <= 1).all(-1)]
    mapped = gamut.map_gamut(source, space) @ color.rgb_from_rgb("rec2020", space).T
    turn = np.abs((hue_deg(mapped) - hue_deg(source) + 180) % 360 - 180)
    outside = (source @ color.rgb_from_rgb(space, "rec2020").T).min(-1) < 0
    assert turn.max() < 19
    assert np.mean(turn[outside]) < 3
    assert np.median(turn[~outside]) < 0.001


@pytest.mark.parametrize("space", ("srgb", "p3"))
def test_gradients_out_of_the_gamut_are_smooth_and_monotone(space):
    """From grey to each edge of Rec. 2020: chroma never falls, and no step is much larger than its neighbours."""
    grid = np.random.default_rng(3).uniform(0, 1, (60, 3))
    grid[np.arange(60), np.arange(60) % 3] = 0
    grey = grid @ color.XYZ_FROM_REC2020[1]
    along = np.linspace(0, 1, 2001)[:, None, None]
    path = grey[:, None] + along * (grid - grey[:, None])
    mapped = gamut.map_gamut(path, space)
    lab = color.oklab_from_rec2020(mapped @ color.rgb_from_rgb("rec2020", space).T)
    step = np.linalg.norm(np.diff(lab, axis=0), axis=-1)
    assert step.max() < 0.01, "a break of the gradient"
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    bright = mapped.max(-1) > 0.999
    assert np.diff(chroma, axis=0)[~bright[1:]].min() > -1e-3


def test_brighter_never_becomes_darker():
    orange = np.array([1.0, 0.45, 0.1])
    light = np.linspace(0, 12, 2000)[:, None] * orange
    mapped = gamut.map_gamut(light, "srgb")
    assert np.diff(mapped @ color.XYZ_FROM_SRGB[1]).min() > -1e-4
    assert np.allclose(mapped[-1], 1, atol=1e-6), "far above white everything is white"


@pytest.mark.parametrize("shape", [(1, 1), (1, 17), (5, 3), (33, 131)])
@pytest.mark.parametrize("space", ("srgb", "rec2020"))
def test_kernel_equals_reference(shape, space):
    colors = wide_colors(shape[0] * shape[1]).reshape(*shape, 3)
    colors[..., 0] -= 0.05
    difference = np.abs(output_color.map_gamut(planar(colors), space) - gamut.map_gamut(colors, space))
    assert difference.max() < 1e-4 and np.median(difference) < 2e-6


def test_knee_one_clips_only():
    edge = np.array([[[1.0, 0, 0], [0, 1, 0], [0, 0, 1], [0.9, 0.9, 0.05]]]) @ color.rgb_from_rgb("rec2020", "srgb").T
    mapped = output_color.map_gamut(planar(edge.astype(np.float32)), "srgb", 1.0)
    assert np.abs(mapped - [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0.9, 0.9, 0.05]]).max() < 0.012


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("bits", (8, 16))
def test_codes_are_within_half_a_code(space, bits):
    light = planar(np.linspace(-0.1, 1.1, 61 * 67 * 3, dtype=np.float32).reshape(61, 67, 3))
    out = np.empty(light.shape, np.uint8 if bits == 8 else np.uint16)
    encode_kernel.quantize(light, space, bits, out)
    exact = color.encode(np.clip(light.astype(float), 0, 1), space) * (2**bits - 1)
    assert np.abs(out - exact).max() < (0.501 if bits == 8 else 0.52)


@pytest.mark.parametrize("bits", (8, 16))
def test_finish_is_output_color_then_encode(bits):
    colors = planar(wide_colors().reshape(50, 80, 3))
    out, fused = (np.empty(colors.shape, np.uint8 if bits == 8 else np.uint16) for _ in range(2))
    output_color.finish(colors, "p3", bits, fused)
    encode_kernel.quantize(output_color.map_gamut(colors, "p3"), "p3", bits, out)
    difference = np.abs(out.astype(int) - fused)
    assert difference.max() <= (1 if bits == 8 else 3) and np.mean(difference > 0) < 0.01


@pytest.mark.parametrize("view", ["plain", "upside down", "mirrored", "transposed", "both"])
def test_any_view_of_the_picture_can_be_written(view):
    colors = planar(wide_colors().reshape(40, 100, 3))
    plain = encode_kernel.quantize(colors, "srgb", 8, np.empty((40, 100, 3), np.uint8))
    shape = (100, 40, 3) if view in ("transposed", "both") else (40, 100, 3)
    frame = np.zeros(shape, np.uint8)
    out = {
        "plain": lambda: frame,
        "upside down": lambda: frame[::-1],
        "mirrored": lambda: frame[:, ::-1],
        "transposed": lambda: frame.swapaxes(0, 1),
        "both": lambda: frame.swapaxes(0, 1)[::-1, ::-1],
    }[view]()
    encode_kernel.quantize(colors, "srgb", 8, out)
    assert (out == plain).all() and frame.any()


def test_dither_keeps_the_mean_and_does_not_know_tiles():
    light = planar(np.full((64, 64, 3), 0.2003, np.float32))
    exact = color.encode(np.array(0.2003)) * 255
    out = encode_kernel.quantize(light, "srgb", 8, np.empty(light.shape, np.uint8), dither=1.0)
    assert abs(out.mean() - exact) < 0.02 and np.ptp(out) == 1
    assert (out[..., 0] == out[..., 2]).all()
    part = encode_kernel.quantize(
        light[20:, 30:], "srgb", 8, np.empty((44, 34, 3), np.uint8), dither=1.0, top=20, left=30
    )
    assert (part == out[20:, 30:]).all()
    reference = quantize.quantize(light, "srgb", 8, dither=1.0)
    assert np.mean(reference != out) < 0.01


def test_stages_declare_what_they_return():
    image = Image(pixels=planar(wide_colors(100)), state=DISPLAY, shot=Shot(), primaries="rec2020")
    out = OutputColor(space="p3")(image)
    assert out.state == OUTPUT and out.primaries == "p3"
    coded = Encode()(out)
    assert coded.state == ENCODED and coded.primaries == "p3" and coded.pixels.dtype == np.float32
    assert np.abs(coded.pixels - color.encode(out.pixels, "p3")).max() < 1e-6


def test_a_finished_picture_in_the_space_keeps_its_colors():
    codes = np.random.default_rng(6).integers(0, 256, (40, 50, 3))
    codes[::2, :, 0] = 0
    codes[1::4, :, 1] = 255
    source = Image(pixels=planar((codes / 255).astype(np.float32)), state=ENCODED, shot=Shot(), primaries="srgb")
    stage = OutputColor().resolve(Facts(source.shot, source, lambda: source))
    assert stage.knee == 1 and OutputColor(space="p3").resolve(Facts(source.shot, source, lambda: source)).knee == 0.85
    light = planar((color.decode(codes / 255) @ color.rgb_from_rgb("rec2020", "srgb").T).astype(np.float32))
    again = output_color.finish(light, "srgb", 8, np.empty(codes.shape, np.uint8), knee=stage.knee)
    difference = np.abs(again.astype(int) - codes)
    assert difference.max() <= 4 and np.mean(difference > 1) < 0.01


def test_references_answer_without_the_library(monkeypatch):
    from twinlens.kernels import library

    colors = planar(wide_colors(200))
    compiled = output_color.finish(colors, "srgb", 8, np.empty(colors.shape, np.uint8))
    monkeypatch.setattr(library, "find", lambda name: None)
    assert (
        np.abs(output_color.finish(colors, "srgb", 8, np.empty(colors.shape, np.uint8)).astype(int) - compiled).max()
        <= 1
    )
    assert output_color.map_gamut(colors, "srgb").dtype == empty_rgb(1, 1).dtype
