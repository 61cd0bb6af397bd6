"""Chart shot: a photograph of a color chart, made by formula, whose corners and colors are known.

A flat chart (patches on a dark board with print on its rim) is seen by a pinhole camera with radial distortion, before
a background, in uneven light, with a shadow's edge, fingers over its rim, blur and noise; as linear camera RGB or as
the codes of a rendered picture.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.chart import Chart
from twinlens.numerics import color

Array = npt.NDArray[Any]

TEXTURE_PX = 48  # pixels of the drawn chart from patch to patch
SUPERSAMPLING = 2
BOARD = 0.035  # reflectance
RIM = 0.75  # of a patch, around the grid
SKIN = np.array([0.42, 0.22, 0.14])


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """How a shot is taken. Angles in degrees, lengths in pixels or as shares."""

    tilt_deg: tuple[float, float] = (0.0, 0.0)  # about the picture's horizontal and vertical axis
    roll_deg: float = 0.0
    share: float = 0.6  # of the picture's width or height that the chart's grid takes
    place: tuple[float, float] = (0.0, 0.0)  # -1 to 1, within the room that is left
    field_deg: float = 55.0  # of view, along the longer side
    distortion: float = 0.0  # p = u (1 + k r²), r = 1 at the corner of the picture
    blur_px: float = 0.4
    noise: float = 0.004  # standard deviation at white; with the square root of light below
    gradient: tuple[float, float] = (0.0, 0.0)  # relative change of the light from side to side, and top to bottom
    shadow: float = 1.0  # light that is left beyond the shadow's edge
    shadow_line: tuple[float, float] = (0.0, 0.0)  # direction in degrees, offset in shares of the picture
    gains: tuple[float, float, float] = (1.0, 1.0, 1.0)
    matrix: tuple[tuple[float, float, float], ...] = ((1, 0, 0), (0, 1, 0), (0, 0, 1))
    exposure: float = 0.8
    contrast: float = 0.0  # of the rendered picture's S-curve
    veil: float = 0.0  # of white
    fingers: int = 0
    gap: float = 1.0  # width of the gaps between patches, relative to the chart's own
    patch_error: float = 0.0  # relative standard deviation of the patches' colors
    mirrored: bool = False
    is_rendered: bool = True


@dataclass(frozen=True, eq=False)
class ChartShot:
    """`pixels` (H, W, 3): linear float32, or sRGB codes uint8; `corners` (4, 2) as `ChartFound.corners`."""

    pixels: Array
    corners: Array
    conditions: Conditions
    light: Array = field(
        repr=False, default_factory=lambda: np.zeros(0)
    )  # (N, 3): linear RGB of the patches, even light


def draw_conditions(rng: np.random.Generator, *, is_rendered: bool = True) -> Conditions:
    """Conditions of a hand-held shot: any roll, tilts up to 45 degrees, a fifth of the frame to nearly all of it."""
    angle, tilt = rng.uniform(0, 2 * np.pi), 45 * np.sqrt(rng.uniform())
    mix = np.eye(3) + (0 if is_rendered else 0.18) * rng.uniform(-0.3, 1, (3, 3)) * (1 - np.eye(3))
    return Conditions(
        tilt_deg=(float(tilt * np.cos(angle)), float(tilt * np.sin(angle))),
        roll_deg=float(rng.uniform(0, 360)),
        share=float(rng.uniform(0.18, 0.9)),
        place=(float(rng.uniform(-1, 1)), float(rng.uniform(-1, 1))),
        field_deg=float(rng.uniform(25, 75)),
        distortion=float(rng.uniform(-0.06, 0.06)),
        blur_px=float(rng.choice([0.4, 0.7, 1.0, 1.6, 2.5])),
        noise=float(10 ** rng.uniform(-2.6, -1.4)),
        gradient=(float(rng.uniform(-0.35, 0.35)), float(rng.uniform(-0.35, 0.35))),
        shadow=float(rng.choice([1.0, 1.0, rng.uniform(0.4, 0.8)])),
        shadow_line=(float(rng.uniform(0, 360)), float(rng.uniform(-0.2, 0.2))),
        gains=tuple(rng.uniform(0.75, 1.3, 3) if is_rendered else rng.uniform(0.4, 1.0, 3)),
        matrix=tuple(tuple(row) for row in mix / mix.sum(1, keepdims=True)),
        exposure=float(2 ** rng.uniform(-1.6, 0.15)),
        contrast=float(rng.uniform(0, 0.8)),
        veil=float(rng.choice([0, 0, rng.uniform(0, 0.04)])),
        fingers=int(rng.choice([0, 0, 1, 2])),
        gap=float(rng.uniform(0.7, 1.25)),
        patch_error=0.03,
        is_rendered=is_rendered,
    )


def shoot_chart(
    chart: Chart,
    conditions: Conditions,
    *,
    height: int = 900,
    width: int = 1200,
    seed: int = 0,
    background: Array | None = None,
) -> ChartShot:
    """Photograph a chart. `background` (h, w, 3) is linear RGB of any size; without it clutter is made by formula."""
    rng = np.random.default_rng(seed)
    texture, lay, rgb = drawn(chart, conditions, rng)
    camera_from_mm = _camera(chart, conditions, height, width)
    light = _backdrop(background, height, width, rng) * SCENE_LEVEL
    seen, alpha = _seen(texture, np.linalg.inv(camera_from_mm), lay, conditions, height, width)
    light = light * (1 - alpha[..., None]) + seen
    outline = _outline(chart, conditions)
    corners = _lens(_project(camera_from_mm, outline), conditions.distortion, height, width)
    _fingers(light, corners, conditions.fingers, rng)
    light = _lit(light, conditions)
    light = light @ np.asarray(conditions.matrix, np.float32).T * np.asarray(conditions.gains, np.float32)
    light = light * conditions.exposure + conditions.veil * conditions.exposure
    pixels = _exposed(light.astype(np.float32), conditions, rng)
    plain = rgb @ np.asarray(conditions.matrix).T * conditions.gains * conditions.exposure
    return ChartShot(pixels, corners, conditions, plain)


def true_outlines(chart: Chart, conditions: Conditions, height: int, width: int) -> Array:
    """Where a shot under these conditions has the corners of every patch, (N, 4, 2)."""
    corners = _boxes(chart, conditions.gap)[:, [[0, 1], [2, 1], [2, 3], [0, 3]]]
    return _lens(_project(_camera(chart, conditions, height, width), corners), conditions.distortion, height, width)


SCENE_LEVEL = 0.9


def _boxes(chart: Chart, gap: float) -> Array:
    """The patches with gaps of another width."""
    boxes = chart.boxes
    pitch = np.array(chart.blocks[0].pitch)
    patch = np.array(chart.blocks[0].patch)
    grow = (pitch - patch) * (1 - gap) / 2
    return boxes + np.concatenate([-grow, grow])


def _outline(chart: Chart, conditions: Conditions) -> Array:
    boxes = _boxes(chart, conditions.gap)
    (left, top), (right, bottom) = boxes[:, :2].min(0), boxes[:, 2:].max(0)
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]])


def drawn(chart: Chart, conditions: Conditions, rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """The chart as it lies on a table: (h, w, 4) linear RGB and coverage, texture_from_mm (3, 3), patch RGB (N, 3)."""
    boxes = _boxes(chart, conditions.gap)
    scale = TEXTURE_PX / chart.blocks[0].pitch[0]
    rim = RIM * chart.blocks[0].pitch[0]
    low, high = boxes[:, :2].min(0) - rim, boxes[:, 2:].max(0) + rim
    size = np.ceil((high - low) * scale).astype(int)
    rgb = np.clip(color.xyz_from_lab(chart.lab) @ color.REC2020_FROM_XYZ_D50.T, 0.002, None)
    rgb = np.clip(rgb @ color.rgb_from_rgb("srgb", "rec2020").T, 0.002, 1.2)
    rgb = rgb * (1 + conditions.patch_error * rng.standard_normal(rgb.shape))
    texture = np.full((size[1], size[0], 4), BOARD, np.float32)
    texture[..., :3] *= 1 + 0.05 * rng.standard_normal((size[1], size[0], 1))
    texture[..., 3] = 1
    _print_marks(texture, rng)
    edges = (boxes - np.tile(low, 2)) * scale
    for (left, top, right, bottom), value in zip(edges, rgb, strict=True):
        _fill(texture, left, top, right, bottom, value)
    lay = np.array([[scale, 0, -low[0] * scale - 0.5], [0, scale, -low[1] * scale - 0.5], [0, 0, 1]])
    return texture, lay, rgb


def _fill(texture: Array, left: float, top: float, right: float, bottom: float, value: Array) -> None:
    """A rectangle with borders between pixels drawn as shares."""
    columns, rows = np.arange(int(left), int(right) + 1), np.arange(int(top), int(bottom) + 1)
    across = np.clip(np.minimum(columns + 1, right) - np.maximum(columns, left), 0, 1)
    down = np.clip(np.minimum(rows + 1, bottom) - np.maximum(rows, top), 0, 1)
    part = texture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1, :3]
    share = (down[:, None] * across)[: part.shape[0], : part.shape[1], None].astype(np.float32)
    part += share * (value.astype(np.float32) - part)


def _print_marks(texture: Array, rng: np.random.Generator) -> None:
    """A line of print and a ruler on the rim."""
    height, width = texture.shape[:2]
    for _ in range(14):
        x = int(rng.uniform(0.05, 0.5) * width)
        texture[int(0.22 * TEXTURE_PX) : int(0.40 * TEXTURE_PX), x : x + int(rng.uniform(2, 8)), :3] = 0.8
    texture[height - TEXTURE_PX // 3 : height - TEXTURE_PX // 5, width // 3 : width // 2 : 6, :3] = 0.7


def _camera(chart: Chart, conditions: Conditions, height: int, width: int) -> Array:
    """camera_from_mm (3, 3): chart coordinates to undistorted pixels, the whole grid in the picture."""
    around_x, around_y = np.radians(conditions.tilt_deg)
    roll = np.radians(conditions.roll_deg)
    turn = _rotation(0, around_x) @ _rotation(1, around_y) @ _rotation(2, roll)
    if conditions.mirrored:
        turn = turn @ np.diag([-1.0, 1, 1])
    outline = chart.outline
    middle, reach = outline.mean(0), np.hypot(*np.ptp(outline, axis=0)) / 2
    focal = max(height, width) / 2 / np.tan(np.radians(conditions.field_deg) / 2)
    flat = np.array([[1, 0, -middle[0]], [0, 1, -middle[1]], [0, 0, 0], [0, 0, 1]]) / [[reach], [reach], [1], [1]]
    at = np.zeros(2)
    distance = 2 * focal / (conditions.share * min(height, width))
    made = np.eye(3)
    for _ in range(12):
        shift = np.array([at[0] * distance / focal, at[1] * distance / focal, distance])
        made = np.diag([focal, focal, 1]) @ np.concatenate([turn, shift[:, None]], 1) @ flat
        made = np.array([[1, 0, (width - 1) / 2], [0, 1, (height - 1) / 2], [0, 0, 1]]) @ made
        corners = _lens(_project(made, outline), conditions.distortion, height, width)
        low, high = corners.min(0), corners.max(0)
        extent = (high - low) / np.array([width, height])
        if extent.max() > 0.97 or distance < 1.6:
            distance *= max(extent.max() / 0.94, 1.02)
        else:
            distance *= extent.max() / conditions.share
        room = np.maximum(np.array([width, height]) * 0.985 - (high - low), 0) / 2
        wanted = np.array([width, height]) / 2 + np.array(conditions.place) * room
        at = at + wanted - (low + high) / 2
    return made / made[2, 2]


def _rotation(axis: int, angle: float) -> Array:
    made = np.eye(3)
    one, two = [index for index in range(3) if index != axis]
    made[one, one] = made[two, two] = np.cos(angle)
    made[one, two], made[two, one] = -np.sin(angle), np.sin(angle)
    return made


def _project(homography: Array, points: Array) -> Array:
    made = points @ homography[:, :2].T + homography[:, 2]
    return made[..., :2] / made[..., 2:]


def _lens(points: Array, k: float, height: int, width: int) -> Array:
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    away = (points - middle) / (np.hypot(height, width) / 2)
    return middle + (points - middle) * (1 + k * (away**2).sum(-1, keepdims=True))


def _unlens(points: Array, k: float, height: int, width: int) -> Array:
    """The inverse of `_lens`, by Newton's steps on the radius."""
    middle = np.array([(width - 1) / 2, (height - 1) / 2], points.dtype)
    away = points - middle
    squared = (away**2).sum(-1, keepdims=True) / np.asarray(height**2 + width**2, points.dtype) * 4
    factor = np.ones_like(squared)  # of the radius: factor (1 + k r² factor²) = 1
    for _ in range(4):
        factor = factor - (factor * (1 + k * squared * factor**2) - 1) / (1 + 3 * k * squared * factor**2)
    return middle + away * factor


def _seen(
    texture: Array, mm_from_camera: Array, lay: Array, conditions: Conditions, height: int, width: int
) -> tuple[Array, Array]:
    """The chart's light (premultiplied by its coverage) and the coverage, at the picture's size."""
    import cv2

    seen = np.zeros((height, width, 4), np.float32)
    texture_from_camera = lay @ mm_from_camera
    size = texture.shape[:2]
    rim = np.array([[0, 0], [size[1], 0], [size[1], size[0]], [0, size[0]]], float)
    ends = _lens(_project(np.linalg.inv(texture_from_camera), rim), conditions.distortion, height, width)
    (left, top), (right, bottom) = (np.clip(edge, 0, [width, height]).astype(int) for edge in
                                    (ends.min(0) - 0.02 * width, ends.max(0) + 0.02 * width))  # fmt: skip
    finer = SUPERSAMPLING
    y, x = np.mgrid[top * finer : bottom * finer, left * finer : right * finer].astype(np.float32)
    flat = _unlens(
        np.stack([(x + 0.5) / finer - 0.5, (y + 0.5) / finer - 0.5], -1), conditions.distortion, height, width
    )
    at = _project(texture_from_camera.astype(np.float32), flat)
    big = cv2.remap(texture, at, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0)  # type: ignore[arg-type]
    seen[top:bottom, left:right] = cv2.resize(big, (right - left, bottom - top), interpolation=cv2.INTER_AREA)
    return seen[..., :3], seen[..., 3]


def _backdrop(background: Array | None, height: int, width: int, rng: np.random.Generator) -> Array:
    import cv2

    if background is not None:
        return cv2.resize(np.asarray(background, np.float32), (width, height), interpolation=cv2.INTER_AREA)
    coarse = rng.uniform(0.02, 0.7, (6, 8, 3)).astype(np.float32)
    made = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    for _ in range(int(rng.integers(10, 60))):  # boxes, papers, discs
        x, y = rng.uniform(0, width), rng.uniform(0, height)
        size = rng.uniform(0.02, 0.25, 2) * height
        value = tuple(float(v) for v in rng.uniform(0.02, 0.9, 3))
        if rng.uniform() < 0.6:
            box = cv2.boxPoints(((x, y), (size[0], size[1]), float(rng.uniform(0, 180))))
            cv2.fillPoly(made, [np.round(box).astype(np.int32)], value)
        else:
            cv2.ellipse(made, (int(x), int(y)), (int(size[0] / 2) + 1, int(size[1] / 2) + 1), 0, 0, 360, value, -1)
    grain = cv2.GaussianBlur(rng.standard_normal((height, width, 1)).astype(np.float32), (0, 0), 1.2)
    return np.clip(made * (1 + 0.25 * grain.reshape(height, width, 1)), 0.005, 1.5)


def _fingers(light: Array, corners: Array, count: int, rng: np.random.Generator) -> None:
    """Fingers that hold the chart's rim, over the edge by up to a third of a patch."""
    import cv2

    middle = corners.mean(0)
    for _ in range(count):
        side, along = int(rng.integers(4)), rng.uniform(0.15, 0.85)
        edge = corners[side] * (1 - along) + corners[(side + 1) % 4] * along
        away = (edge - middle) / max(np.hypot(*(edge - middle)), 1)
        size = 0.09 * np.hypot(*(corners[2] - corners[0]))
        tip, root = edge + away * 0.6 * size, edge + away * 8 * size
        value = tuple(float(v) for v in SKIN * rng.uniform(0.5, 1.6))
        ends = [tuple(int(v) for v in np.clip(one, -1e5, 1e5)) for one in (tip, root)]
        cv2.line(light, ends[0], ends[1], value, max(int(size), 1), cv2.LINE_AA)


def _lit(light: Array, conditions: Conditions) -> Array:
    height, width = light.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    u, v = x / width - 0.5, y / height - 0.5
    field = (1 + conditions.gradient[0] * u) * (1 + conditions.gradient[1] * v)
    if conditions.shadow < 1:
        direction = np.radians(conditions.shadow_line[0])
        over = (u * np.cos(direction) + v * np.sin(direction) - conditions.shadow_line[1]) * 40
        field = field * (1 - (1 - conditions.shadow) / (1 + np.exp(-over)))
    return light * field[..., None].astype(np.float32)


def _exposed(light: Array, conditions: Conditions, rng: np.random.Generator) -> Array:
    import cv2

    if conditions.blur_px > 0:
        light = cv2.GaussianBlur(light, (0, 0), conditions.blur_px)
    sigma = conditions.noise * np.sqrt(np.clip(light, 0.01, None))
    noisy = np.clip(light + sigma * rng.standard_normal(light.shape, np.float32), 0, 1)
    if not conditions.is_rendered:
        return noisy.astype(np.float32)
    code = color.encode(noisy, "srgb")
    code = code + conditions.contrast * (code * code * (3 - 2 * code) - code)
    bgr = np.ascontiguousarray((code * 255 + 0.5).astype(np.uint8)[..., ::-1])
    packed = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(70, 96))])[1]
    return np.ascontiguousarray(np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR))[..., ::-1])
