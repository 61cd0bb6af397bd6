"""Lens: an invented warp comes back from points, from lines, and from a drawn checkerboard mosaic."""

import numpy as np
import pytest

from twinlens.calibrate.lens import View, fit_distortion, lateral_px, most_px, recorded
from twinlens.calibrate.lens.lines import fit_distortion_from_lines
from twinlens.core.errors import ParameterError
from twinlens.core.lens import LensWarp
from twinlens.measure import target

FRAME = (1200, 1600)
GREEN = [1.0, -0.06, 0.02, -0.004, 0.0008, -0.0005]
RED = [1.0012, -0.0605, 0.0202, -0.004, 0.0008, -0.0005]
BLUE = [0.9990, -0.0597, 0.02, -0.0041, 0.0008, -0.0005]
TRUE = LensWarp(np.array([RED, GREEN, BLUE]), (0.503, 0.496), FRAME, 1.0)


def views(noise=0.02, planes=(0, 1, 2), seed=0):
    rng = np.random.default_rng(seed)
    out = []
    for tilt in (0.0, 0.12, -0.1):
        plane = target.grid((15, 11))
        at = (plane - [7, 5]) / 14
        depth = 1 + tilt * at[:, :1] + 0.08 * at[:, 1:]
        corrected = np.array([800.0, 600.0]) + 1560 * at * [1.0, 1.02] / depth + [5, -8]
        seen = np.stack([recorded(TRUE, corrected, k) for k in planes], 1)
        out.append(View(plane, seen + rng.normal(0, noise, seen.shape)))
    return out


def rms_difference(found, plane=1, own=1):
    """Between two warps over the frame, apart from a homography that no calibration can see."""
    import cv2

    x, y = np.meshgrid(np.linspace(40, 1560, 23), np.linspace(30, 1170, 17))
    grid = np.stack([x.ravel(), y.ravel()], 1)
    goal = recorded(TRUE, grid, plane)
    start = goal.copy()
    for _ in range(30):  # where the fitted warp thinks these points come from
        start -= recorded(found, start, own) - goal
    h = cv2.findHomography(grid, start)[0]
    seen = cv2.perspectiveTransform(grid[None], h)[0]
    return np.sqrt(np.mean(np.sum((seen - start) ** 2, 1)))


@pytest.fixture(scope="module")
def fit():
    return fit_distortion(views(), FRAME)


def test_the_warp_comes_back_within_a_tenth_of_a_pixel(fit):
    assert rms_difference(fit.value) < 0.1
    assert most_px(fit.value) == pytest.approx(most_px(TRUE), rel=0.1)
    assert fit.residual == pytest.approx(0.02 * np.sqrt(2), rel=0.15)
    assert fit.held_out < 1.3 * fit.residual


def test_red_and_blue_are_as_far_from_green_as_they_were(fit):
    assert np.allclose(lateral_px(fit.value), lateral_px(TRUE), atol=0.05)


def test_one_color_makes_one_plane():
    found = fit_distortion([View(v.target, v.recorded[:, 0]) for v in views(planes=(1,))], FRAME).value
    assert found.coefficients.shape == (1, 6) and lateral_px(found) == (0.0, 0.0)
    assert rms_difference(found, own=0) < 0.15


def test_the_opcode_is_the_warp():
    from twinlens.numerics.lens import source_of, step_from

    row = step_from(TRUE.opcode(), FRAME)[1]
    y, x = source_of(row, np.array([[100.0]]), np.array([200.0]), FRAME)
    assert np.allclose(recorded(TRUE, np.array([[200.0, 100.0]]), 1), [[x.item(), y.item()]])


def test_straight_lines_tell_the_distortion():
    radial = LensWarp(np.array([[1.0, -0.08, 0.015, 0, 0, 0]]), (0.5, 0.5), FRAME, 1.0)
    rng = np.random.default_rng(0)
    lines = []
    for place in np.linspace(0.04, 0.96, 8):
        along = np.linspace(60, 1540, 40)
        lines.append(recorded(radial, np.stack([along, np.full(40, place * 1200)], 1)))
        lines.append(recorded(radial, np.stack([np.full(40, place * 1600), 0.75 * along], 1)))
    lines = [one + rng.normal(0, 0.05, one.shape) for one in lines]
    fit = fit_distortion_from_lines(lines, FRAME)
    assert np.allclose(fit.value.coefficients[0, 1:3], [-0.08, 0.015], atol=0.003)
    assert fit.residual < 0.08 and fit.held_out < 0.08


def test_a_drawn_checkerboard_mosaic_gives_its_corners_color_by_color():
    import cv2

    size, tile = (9, 6), np.array([[0, 1], [1, 2]])
    x, y = np.meshgrid(np.arange(800.0), np.arange(600.0))
    mosaic = np.empty((600, 800))
    for color, scale in enumerate((70.3, 70.0, 69.8)):  # a scale of its own for each color
        across, down = (  # edges a pixel wide, where a pixel's mean goes through zero
            np.clip(2 * scale / np.pi * np.sin(np.pi * (at - start) / scale), -1, 1)
            for at, start in ((x, 120.4), (y, 90.7))
        )
        board = across * down
        inside = (x > 120.4 - scale) & (y > 90.7 - scale) & (x < 120.4 + 9 * scale) & (y < 90.7 + 6 * scale)
        drawn = cv2.GaussianBlur(np.where(inside, 0.5 + 0.4 * board, 0.9), (0, 0), 1.0)
        where = np.tile(tile == color, (300, 400))
        mosaic[where] = drawn[where]
    found = target.points_by_color(mosaic, tile, size)
    for color, scale in enumerate((70.3, 70.0, 69.8)):
        expected = np.array([120.4, 90.7]) + scale * target.grid(size)
        error = found[:, color] - expected
        error = min(error, found[::-1, color] - expected, key=lambda e: np.abs(e).mean())
        assert np.sqrt(np.mean(np.sum(error**2, 1))) < 0.2


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ([], "no view"),
        ([View(target.grid((4, 4)), target.grid((4, 4)))], "points or more"),
        ([View(target.grid((6, 5)), 700 + 20 * target.grid((6, 5)))], "way to the corners"),
        ([View(target.grid((6, 5)), target.grid((6, 5))[:-1])], "expected target"),
    ],
)
def test_points_that_cannot_tell_are_refused_in_words(given, says):
    with pytest.raises(ParameterError, match=says):
        fit_distortion(given, FRAME)


def test_a_picture_without_a_target_is_refused():
    for picture in (np.full((100, 120), 0.4), np.random.default_rng(0).random((100, 120))):
        with pytest.raises(ParameterError, match="target"):
            target.points(picture, (9, 6))
