"""Sample: a scene made by formula and an invented camera that photographs it; for the demo, tests and benchmarks.

The scene is linear Rec. 2020 light (0.18 = mid grey, 1 = a white paper in full light; lamps and the sun are brighter):
a sky with a low sun, hills with foliage texture, a color chart, skin-toned and coloured balls, blue and red lamps, a
fan of fine lines. The camera is invented; its colors are exactly linear in the scene's, so a right development returns
the scene.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.camera_color import Calibration, CameraColor
from twinlens.core.image import SENSOR, Image
from twinlens.core.noise import NoiseModel
from twinlens.core.record import record
from twinlens.core.shot import Cfa, Shot
from twinlens.numerics import color, colorchecker

Array = npt.NDArray[Any]

# An invented phone sensor: XYZ to camera under D65 and A, of the size that published matrices have.
CAMERA_FROM_XYZ_D65 = np.array([[0.880, -0.245, -0.085], [-0.390, 1.260, 0.145], [-0.070, 0.215, 0.560]])
CAMERA_FROM_XYZ_A = np.array([[1.010, -0.420, -0.010], [-0.420, 1.270, 0.175], [-0.035, 0.150, 0.640]])
ELECTRONS_AT_WHITE = 6000.0  # full well at ISO 100
READ_NOISE_ELECTRONS = 2.5


@record(eq=False)
class Scene:
    """`rgb` (H, W, 3) float32 linear Rec. 2020; `patches` (24, 4) of (top, left, bottom, right) of the chart's patches;
    `patch_rgb` (24, 3) their true colors; `edge` (top, left, bottom, right) of a slanted black and white edge."""

    rgb: Array
    patches: Array
    patch_rgb: Array
    edge: tuple[int, int, int, int]


def chart_rgb() -> Array:
    """The 24 ColorChecker patches (24, 3) as linear Rec. 2020 under D65, white paper at 1."""
    return color.xyz_from_lab(colorchecker.LAB) @ color.REC2020_FROM_XYZ_D50.T


def scene(height: int = 1512, width: int = 2016, *, seed: int = 0) -> Scene:
    """Light the sample scene at this size."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    u, v = x / width, y / height
    aspect = width / height
    rgb = _sky(u, v, aspect)
    _hills(rgb, u, v, rng)
    _ground(rgb, u, v, rng)
    _balls(rgb, u, v, aspect)
    _lamps(rgb, u, v, aspect)
    edge = _fan_and_edge(rgb, x, y, height, width)
    patches = _chart(rgb, height, width)
    return Scene(np.maximum(rgb, 0, out=rgb), patches, chart_rgb(), edge)


def _mix(rgb: Array, value: Any, weight: Array) -> None:
    rgb += weight[..., None] * (np.asarray(value, np.float32) - rgb)


def _rgb(red: float, green: float, blue: float) -> Array:
    """A color given in linear sRGB, as linear Rec. 2020 float32."""
    return (color.rgb_from_rgb("rec2020", "srgb") @ [red, green, blue]).astype(np.float32)


def _sky(u: Array, v: Array, aspect: float) -> Array:
    rgb = np.empty((*u.shape, 3), np.float32)
    rgb[:] = _rgb(0.24, 0.45, 0.95)
    _mix(rgb, _rgb(1.25, 0.92, 0.62), np.clip(v / 0.45, 0, 1) ** 2)
    distance = np.hypot((u - 0.80) * aspect, v - 0.30)
    rgb += (1.6 * np.exp(-((distance / 0.16) ** 2)))[..., None] * _rgb(1.0, 0.62, 0.28)
    _mix(rgb, _rgb(40.0, 33.0, 22.0), np.clip((0.035 - distance) * 200 + 0.5, 0, 1))
    return rgb


def _noise(shape: tuple[int, ...], cells: int, rng: np.random.Generator) -> Array:
    """Smooth noise of about `cells` cells a picture height, mean 0, in -1 to 1."""
    height, width = shape
    rows, columns = cells + 2, int(cells * width / max(height, 1)) + 2
    grid = rng.uniform(-1, 1, (rows, columns)).astype(np.float32)
    py, px = np.linspace(0, rows - 1.001, height), np.linspace(0, columns - 1.001, width)
    iy, ix = py.astype(int), px.astype(int)
    fy = (py - iy).astype(np.float32)[:, None]
    fx = (px - ix).astype(np.float32)[None, :]
    fy, fx = fy * fy * (3 - 2 * fy), fx * fx * (3 - 2 * fx)
    upper = grid[iy][:, ix] * (1 - fx) + grid[iy][:, ix + 1] * fx
    lower = grid[iy + 1][:, ix] * (1 - fx) + grid[iy + 1][:, ix + 1] * fx
    return upper * (1 - fy) + lower * fy


def _hills(rgb: Array, u: Array, v: Array, rng: np.random.Generator) -> None:
    for base, swing, green in ((0.40, 0.05, (0.16, 0.26, 0.20)), (0.50, 0.04, (0.07, 0.14, 0.045))):
        line = base + swing * np.sin(7 * u + 9 * base) + 0.02 * np.sin(23 * u)
        top = int((base - swing - 0.03) * u.shape[0])
        inside = np.clip((v[top:] - line[top:]) * u.shape[0] / 2 + 0.5, 0, 1)
        texture = 1 + 0.30 * _noise(inside.shape, 90, rng) + 0.30 * _noise(inside.shape, 260, rng)
        _mix(rgb[top:], _rgb(*green) * texture[..., None], inside)


def _ground(rgb: Array, u: Array, v: Array, rng: np.random.Generator) -> None:
    top = int(0.65 * u.shape[0])
    u, v, rgb = u[top:], v[top:], rgb[top:]
    inside = np.clip((v - 0.66) * (u.shape[0] / 0.35) / 2 + 0.5, 0, 1)
    texture = 1 + 0.12 * _noise(u.shape, 14, rng) + 0.22 * _noise(u.shape, 105, rng)
    shade = (0.35 + 0.9 * u) * (1 - 0.55 * np.clip(v - 0.66, 0, 1))
    _mix(rgb, _rgb(0.30, 0.245, 0.19) * (texture * shade)[..., None], inside)


BALLS = (  # x, y, radius (of the height), linear sRGB of the surface
    (0.585, 0.60, 0.085, (0.47, 0.26, 0.18)),  # light skin
    (0.685, 0.63, 0.065, (0.155, 0.075, 0.048)),  # dark skin
    (0.765, 0.61, 0.060, (0.52, 0.03, 0.035)),  # red
    (0.835, 0.64, 0.055, (0.60, 0.42, 0.03)),  # yellow
    (0.905, 0.62, 0.060, (0.03, 0.09, 0.42)),  # blue
)


def _box(u: Array, aspect: float, cx: float, cy: float, reach: float) -> tuple[slice, slice]:
    """The part of the picture within `reach` (of the height) of a place."""
    height, width = u.shape
    top, bottom = int((cy - reach) * height) - 1, int((cy + reach) * height) + 2
    left, right = int((cx - reach / aspect) * width) - 1, int((cx + reach / aspect) * width) + 2
    return slice(max(top, 0), max(bottom, 0)), slice(max(left, 0), max(right, 0))


def _balls(rgb: Array, u: Array, v: Array, aspect: float) -> None:
    height = u.shape[0]
    for cx, cy, radius, surface in BALLS:
        box = _box(u, aspect, cx, cy, radius)
        dx, dy = (u[box] - cx) * aspect / radius, (v[box] - cy) / radius
        r2 = dx * dx + dy * dy
        nz = np.sqrt(np.clip(1 - r2, 0, 1))
        light = np.clip(0.45 * dx - 0.55 * dy + 0.70 * nz, 0, None)
        gloss = np.clip(0.35 * dx - 0.42 * dy + 0.84 * nz, 0, 1) ** 90
        body = _rgb(*surface) * (0.10 + 1.1 * light)[..., None] + 2.2 * gloss[..., None]
        inside = np.clip((1 - np.sqrt(r2)) * radius * height + 0.5, 0, 1)
        _mix(rgb[box], body, inside)


LAMPS = (  # x, y, linear Rec. 2020 of a lamp: beyond sRGB, as LEDs are
    (0.06, 0.90, (0.02, 0.01, 4.5)),
    (0.11, 0.90, (5.0, 0.02, 0.01)),
    (0.16, 0.90, (0.05, 3.5, 0.02)),
    (0.21, 0.90, (4.0, 0.1, 3.0)),
)


def _lamps(rgb: Array, u: Array, v: Array, aspect: float) -> None:
    for cx, cy, light in LAMPS:
        box = _box(u, aspect, cx, cy, 0.25)
        distance = np.hypot((u[box] - cx) * aspect, v[box] - cy)
        glow = np.exp(-((distance / 0.012) ** 2)) + 0.06 * np.exp(-((distance / 0.05) ** 2))
        rgb[box] += glow[..., None] * np.asarray(light, np.float32)


def _fan_and_edge(rgb: Array, x: Array, y: Array, height: int, width: int) -> tuple[int, int, int, int]:
    """A fan of lines that become finer, and beside it a 5 degree edge of 0.02 and 0.9."""
    top, bottom = int(0.74 * height), int(0.97 * height)
    left, middle, right = int(0.56 * width), int(0.80 * width), int(0.97 * width)
    if bottom - top < 8 or right - left < 24:
        return top, left, bottom, right
    part = np.s_[top:bottom, left:middle]
    angle = np.arctan2(y[part] - bottom - 0.25 * height, x[part] - (left + middle) / 2)
    rgb[part] = (0.35 + 0.30 * np.sin(angle * 190))[..., None]
    part = np.s_[top:bottom, middle:right]
    position = (x[part] - (middle + right) / 2) + np.tan(np.radians(5)) * (y[part] - (top + bottom) / 2)
    rgb[part] = (0.02 + 0.88 * np.clip(position + 0.5, 0, 1))[..., None]
    return top, middle, bottom, right


def _chart(rgb: Array, height: int, width: int) -> Array:
    """Draws the 24 patches on a dark board; returns the inner rectangles of the patches."""
    side = max(int(0.058 * height), 1)
    gap = max(side // 7, 0)
    top, left = int(0.53 * height), int(0.03 * width) + gap
    board = (slice(top - gap, top + 4 * (side + gap)), slice(left - gap, left + 6 * (side + gap)))
    rgb[board] = 0.035
    inner = []
    for index, value in enumerate(chart_rgb().astype(np.float32)):
        row, column = divmod(index, colorchecker.COLUMNS)
        y, x = top + row * (side + gap), left + column * (side + gap)
        rgb[y : y + side, x : x + side] = value
        inset = side // 5
        inner.append((y + inset, x + inset, y + side - inset, x + side - inset))
    return np.array(inner)


def camera_matrix() -> Array:
    """camera_from_rec2020 (3, 3): what the invented sensor sees of the scene, clipping at 1 for its greenest white."""
    matrix = CAMERA_FROM_XYZ_D65 @ color.XYZ_FROM_REC2020
    return matrix / (matrix @ np.ones(3)).max()


def neutral() -> Array:
    """AsShotNeutral of the invented sensor under D65."""
    response = CAMERA_FROM_XYZ_D65 @ color.xyz_from_xy(color.D65_XY)
    return response / response.max()


def camera_color() -> CameraColor:
    """The DNG color tags of the invented sensor: A and D65."""
    lights = ((17, CAMERA_FROM_XYZ_A, color.A_XY), (21, CAMERA_FROM_XYZ_D65, color.D65_XY))
    return CameraColor(
        calibrations=tuple(
            Calibration(light, matrix, forward_matrix=_forward(matrix, color.xyz_from_xy(xy)))
            for light, matrix, xy in lights
        ),
        origin="dng",
    )


def _forward(camera_from_xyz: Array, white: Array) -> Array:
    balanced = camera_from_xyz @ white
    return color.adaptation(white, color.D50_XYZ) @ np.linalg.inv(camera_from_xyz) @ np.diag(balanced)


def noise_model(iso: float) -> NoiseModel:
    """Of the invented sensor, relative to white = 1."""
    gain = iso / 100 / ELECTRONS_AT_WHITE
    offset = (READ_NOISE_ELECTRONS * gain) ** 2
    return NoiseModel((gain, gain, gain), (offset, offset, offset))


def shoot(
    height: int = 1512,
    width: int = 2016,
    *,
    cfa: str = "RGGB",
    iso: float = 100,
    seed: int = 0,
    exposure: float = 1.0,
    bits: int = 12,
    light: Scene | Array | None = None,
    noisy: bool = True,
    **facts: Any,
) -> Image:
    """Photograph the sample scene (or `light`, linear Rec. 2020 (H, W, 3)): a raw image in state SENSOR, uint16.

    `exposure` multiplies the light: at 1 a grey of scene value 1 is exactly at the sensor's white. `facts` replace
    fields of the Shot (orientation, opcodes, ...).
    """
    if light is None:
        light = scene(height, width)
    rgb = light.rgb if isinstance(light, Scene) else np.asarray(light, np.float32)
    height, width = rgb.shape[:2]
    pattern = Cfa.bayer(cfa)
    matrix = (camera_matrix() * exposure).astype(np.float32)
    mosaic = np.empty((height, width), np.float32)
    for y in range(2):
        for x in range(2):
            mosaic[y::2, x::2] = rgb[y::2, x::2] @ matrix[pattern.indices[y, x]]
    model = noise_model(iso)
    if noisy:
        rng = np.random.default_rng(seed)
        sigma = np.sqrt(model.gain[0] * np.maximum(mosaic, 0) + model.offset[0])
        mosaic += sigma * rng.standard_normal(mosaic.shape, np.float32)
    white, black = float(2**bits - 1), float(2 ** (bits - 6))
    counts = np.clip(np.rint(mosaic * (white - black) + black), 0, white).astype(np.uint16)
    stated: dict[str, Any] = {
        "source": "sample",
        "make": "Twinlens",
        "model": "Sample One",
        "unique_camera_model": "Twinlens Sample One main",
        "lens": "Sample 6.8 mm f/1.9",
        "taken": "2026-05-04T18:32:10",
        "exposure_time_s": 1 / 250,
        "f_number": 1.9,
        "iso": float(iso),
        "focal_length_mm": 6.8,
        "width": width,
        "height": height,
        "bits": bits,
        "cfa": pattern,
        "black_level": np.full((1, 1, 1), black),
        "white_level": (white,),
        "noise": model,
        "color": camera_color(),
        "as_shot_neutral": tuple(float(one) for one in neutral()),
    }
    return Image(pixels=counts, state=SENSOR, shot=Shot(**{**stated, **facts}), cfa=pattern)
