"""Registration: pictures of one scene are laid on each other, and what does not agree is found."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import cv2
import numpy as np
import pytest

from twinlens.core.errors import ParameterError
from twinlens.measure.registration import groups, match, register, warp

HEIGHT, WIDTH = 480, 640


@lru_cache
def scene(seed: int, height: int = 2 * HEIGHT, width: int = 2 * WIDTH) -> Any:
    """Overlapping discs and boxes of many sizes and colors, (H, W, 3) uint8."""
    rng = np.random.default_rng(seed)
    canvas = np.full((height, width, 3), 128, np.uint8)
    for size in np.sort(rng.uniform(8, 160, 700))[::-1]:
        center = rng.uniform((0, 0), (width, height)).astype(int).tolist()
        color = rng.integers(20, 236, 3).tolist()
        if rng.random() < 0.5:
            cv2.circle(canvas, center, int(size), color, -1, cv2.LINE_AA)
        else:
            cv2.rectangle(canvas, center, (center[0] + int(size), center[1] + int(size / 2)), color, -1)
    canvas.flags.writeable = False
    return canvas


def seen(picture: Any, matrix: Any, size: tuple[int, int] = (HEIGHT, WIDTH)) -> Any:
    """The view of a scene by a camera: view from scene is `matrix`."""
    blurred = cv2.GaussianBlur(picture, (0, 0), 0.8)
    return cv2.warpPerspective(blurred, matrix, size[::-1], flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REFLECT)


def view(scale: float, degrees: float = 0.0, shift: tuple[float, float] = (0, 0), tilt: float = 0.0) -> Any:
    """View from scene, about the scene's middle."""
    angle = np.radians(degrees)
    turned = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = np.eye(3)
    matrix[:2, :2] = turned
    matrix[:2, 2] = np.array([WIDTH / 2, HEIGHT / 2]) + shift - turned @ [WIDTH, HEIGHT]
    matrix[2, 0] = tilt
    return matrix


def rendered(picture: Any, seed: int = 0) -> Any:
    """Another exposure, white, contrast, saturation and vignette, and noise."""
    rng = np.random.default_rng(seed)
    light = (picture / 255.0) ** 2.2 * [0.75, 0.6, 0.45]
    light = light @ np.array([[1.25, -0.2, -0.05], [-0.1, 1.2, -0.1], [0, -0.25, 1.25]]).T
    y, x = np.mgrid[: picture.shape[0], : picture.shape[1]]
    radius = ((x - WIDTH / 2) ** 2 + (y - HEIGHT / 2) ** 2) / (WIDTH**2 + HEIGHT**2) * 4
    codes = np.clip(light * (1 - 0.4 * radius)[..., None], 0, 1) ** (1 / 2.6) * 255
    return np.clip(codes + rng.normal(0, 3, codes.shape), 0, 255).astype(np.uint8)


def errors(registration: Any, truth: Any) -> Any:
    """How far sure places are from the truth (3x3, moving from fixed), px of the moving picture."""
    y, x = np.mgrid[10 : HEIGHT - 10 : 12, 10 : WIDTH - 10 : 12]
    points = np.stack([x, y], -1).reshape(-1, 2).astype(float)
    wanted = np.c_[points, np.ones(len(points))] @ truth.T
    away = np.linalg.norm(registration.place(points) - wanted[:, :2] / wanted[:, 2:], axis=1)
    return away[registration.is_sure(points)]


@pytest.mark.parametrize(
    ("other", "limit"),
    [
        (view(0.55, 2, (12, -7), 3e-5), 0.3),
        (view(0.5, 90), 0.3),
        (view(0.5, -180, (5, 5)), 0.3),
        (view(1.0, -3, (20, 10)), 0.5),
        (view(0.3, 4), 0.3),
    ],
    ids=["handheld", "quarter turn", "upside down", "longer lens", "wider lens"],
)
def test_two_views_are_laid_on_each_other(other: Any, limit: float) -> None:
    here = view(0.52)
    found = register(seen(scene(1), here), rendered(seen(scene(1), other)))
    assert found is not None
    away = errors(found, other @ np.linalg.inv(here))
    assert np.median(away) < limit * max(other[0, 0] / 0.5, 1)
    assert found.residual_px < 0.5


def test_other_scenes_are_refused() -> None:
    assert register(seen(scene(1), view(0.5)), seen(scene(2), view(0.5))) is None


def test_pictures_without_structure_are_refused() -> None:
    plain = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    noise = np.random.default_rng(0).integers(0, 255, (HEIGHT, WIDTH, 3)).astype(np.uint8)
    assert register(plain, plain) is None
    assert register(noise, rendered(seen(scene(1), view(0.5)))) is None


def test_a_moved_thing_is_not_sure_and_the_rest_is() -> None:
    here = seen(scene(3), view(0.5)).copy()
    there = rendered(seen(scene(3), view(0.51, 1, (4, 3))))
    for picture, place in ((here, (180, 240)), (there, (420, 250))):
        cv2.ellipse(picture, place, (45, 90), 0, 0, 360, (200, 60, 40), -1, cv2.LINE_AA)
    found = register(here, there)
    assert found is not None
    sure = found.is_sure(np.stack(np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT)), -1))
    thing = cv2.ellipse(np.zeros((HEIGHT, WIDTH), np.uint8), (180, 240), (45, 90), 0, 0, 360, 1, -1).astype(bool)
    assert sure[thing].mean() < 0.05
    assert sure[~thing].mean() > 0.6  # most of the rest


def test_what_is_near_is_followed() -> None:
    """A board before the scene, moved by 9 px against it: parallax."""
    far, near = scene(4), scene(5)
    pictures = []
    for shift, matrix in ((0, view(0.5)), (9, view(0.5, 1))):
        picture = seen(far, matrix).copy()
        picture[140:380, 200 + shift : 440 + shift] = seen(near, view(0.5))[140:380, 200:440]
        pictures.append(picture)
    found = register(pictures[0], rendered(pictures[1]))
    assert found is not None
    inner = np.stack(np.meshgrid(np.arange(220, 420, 10), np.arange(160, 360, 10)), -1).reshape(-1, 2).astype(float)
    away = np.linalg.norm(found.place(inner) - inner - [9, 0], axis=1)
    assert np.median(away[found.is_sure(inner)]) < 0.5


def test_a_warped_picture_lies_on_the_fixed_one_at_any_size() -> None:
    here, there = seen(scene(6), view(0.5)), seen(scene(6), view(1.0, 3), (2 * HEIGHT, 2 * WIDTH))
    found = register(here, there)
    assert found is not None
    for shape in ((HEIGHT, WIDTH), (HEIGHT // 2, WIDTH // 2)):
        laid = warp(there, found, shape)
        wanted = cv2.resize(here, shape[::-1], interpolation=cv2.INTER_AREA).astype(float)
        inner = slice(shape[0] // 3, -shape[0] // 3), slice(shape[1] // 3, -shape[1] // 3)
        assert np.median(np.abs(laid - wanted)[inner]) < 4


def test_pairs_are_found_by_content_in_any_order() -> None:
    one = [seen(scene(seed), view(0.5)) for seed in (1, 2, 3, 4)]
    other = [rendered(seen(scene(seed), view(0.55, 3, (9, 0)))) for seed in (3, 9, 1)]
    assert [(found.one, found.other) for found in match(one, other)] == [(0, 2), (2, 0)]
    assert groups([*one[:2], other[2]]) == [[0, 2], [1]]


def test_arrays_are_not_changed_and_the_same_arrays_give_the_same_places() -> None:
    here, there = seen(scene(7), view(0.5)), rendered(seen(scene(7), view(0.52, 2)))
    kept = here.copy(), there.copy()
    found, again = register(here, there), register(here, there)
    assert found is not None and again is not None
    assert (here == kept[0]).all() and (there == kept[1]).all()
    assert (found.matrix == again.matrix).all() and (found.field == again.field).all()


def test_what_is_no_picture_is_refused_in_words() -> None:
    with pytest.raises(ParameterError, match="pictures"):
        register(np.zeros((3, 3, 3)), np.zeros((100, 100, 4)))
