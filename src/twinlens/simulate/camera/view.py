"""View: which place of the scene each pixel of a picture looks at, for every channel, and the way back.

A pixel at (x, y) of the picture (pixel centers at whole numbers) records what an ideal lens would have put elsewhere:
distortion and lateral chromatic aberration (`Lens`). The ideal picture is a projective image of the scene (`Pose`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import ParameterError
from twinlens.numerics.opcodes import frame_center
from twinlens.simulate.camera.lens import Lens, ideal_radius, recorded_radius

Array = npt.NDArray[Any]
Matrix = tuple[tuple[float, float, float], tuple[float, float, float], tuple[float, float, float]]

_BORDER_POINTS = 65  # a side, where the picture must lie inside the scene


@dataclass(frozen=True, kw_only=True)
class Pose:
    """Where the camera stands: how the scene lies in the (upright) picture of an ideal lens.

    Without anything the scene fills the picture: as much of it is seen as fits, centered; of a scene of the picture's
    size and a lens without distortion each pixel sees its own. `homography` (3x3, picture from scene, pixel centers at
    whole numbers) takes the place of that. Then the picture is scaled (2: twice as large) and turned (clockwise, in
    degrees) about its center and shifted by `shift_px` (right, down). `moved_mm` (right, down) moves the camera
    sideways: parallax by the scene's depth (`facts["depth_m"]`, (H, W) in m), none at `focus_m`.
    """

    shift_px: tuple[float, float] = (0.0, 0.0)
    rotation_deg: float = 0.0
    scale: float = 1.0
    homography: Matrix | None = None
    moved_mm: tuple[float, float] = (0.0, 0.0)
    focus_m: float | None = None

    def __post_init__(self) -> None:
        numbers = [*self.shift_px, self.rotation_deg, self.scale, *self.moved_mm, self.focus_m or 1.0]
        if not np.isfinite(numbers).all() or self.scale <= 0 or (self.focus_m or 1.0) <= 0:
            raise ParameterError(f"{self}: finite numbers are wanted, scale and focus_m above 0")
        if self.homography is not None:
            matrix = np.asarray(self.homography, float)
            if matrix.shape != (3, 3) or not np.isfinite(matrix).all() or abs(np.linalg.det(matrix)) < 1e-12:
                raise ParameterError("Pose.homography: a 3x3 matrix with an inverse is wanted")


@dataclass(frozen=True, kw_only=True, eq=False)
class View:
    """The geometry of one shot. `frame` and `scene` are (height, width), both as stored; points are (..., 2) of (x, y).

    `picture_from_scene` is 3x3 and of an ideal lens; `radial` (channels, 4) as `Lens.radial`.
    """

    frame: tuple[int, int]
    scene: tuple[int, int]
    picture_from_scene: Array
    radial: Array
    center: tuple[float, float] = (0.5, 0.5)

    @cached_property
    def scene_from_picture_matrix(self) -> Array:
        return np.linalg.inv(self.picture_from_scene)

    def scene_from_picture(self, points: Array, channel: int = 1) -> Array:
        """The scene's points that the picture's points look at."""
        return project(self.scene_from_picture_matrix, self.ideal(points, channel))

    def picture_from_scene_points(self, points: Array, channel: int = 1) -> Array:
        """Where the picture records the scene's points."""
        return self._radially(project(self.picture_from_scene, points), channel, recorded_radius)

    def ideal(self, points: Array, channel: int = 1) -> Array:
        """Where an ideal lens would have put what the picture records at its points."""
        return self._radially(points, channel, ideal_radius)

    def _radially(self, points: Array, channel: int, radius_of: Any) -> Array:
        radial = self.radial[min(channel, len(self.radial) - 1)]
        if np.array_equal(radial, (1, 0, 0, 0)):
            return np.asarray(points, float)
        cx, cy, reach = frame_center(self.center, self.frame)
        offset = (np.asarray(points, float) - (cx, cy)) / reach
        radius = np.hypot(offset[..., 0], offset[..., 1])
        ratio = radius_of(radius, radial) / np.maximum(radius, 1e-12)
        return offset * np.where(radius > 1e-9, ratio, radial[0])[..., None] * reach + (cx, cy)

    @cached_property
    def scale(self) -> float:
        """Scene pixels a picture pixel, at the middle of the picture."""
        height, width = self.frame
        middle = np.array([(width - 1) / 2, (height - 1) / 2])
        across, down = (self.scene_from_picture(middle + d) - self.scene_from_picture(middle - d) for d in np.eye(2))
        return float(np.sqrt(abs(across[0] * down[1] - across[1] * down[0]))) / 2


def project(matrix: Array, points: Array) -> Array:
    """Points (..., 2) through a 3x3 homography."""
    moved = np.asarray(points, float) @ matrix[:, :2].T + matrix[:, 2]
    return moved[..., :2] / moved[..., 2:]


def view(lens: Lens, pose: Pose, frame: tuple[int, int], scene: tuple[int, int], center: Any, orientation: int) -> View:
    """The view of a camera whose stored picture is `frame`, turned by `orientation`, of an upright scene."""
    radial = np.stack([lens.radial(channel) for channel in range(3)])
    stored_scene = scene if orientation < 5 else (scene[1], scene[0])
    own = View(frame=frame, scene=stored_scene, picture_from_scene=np.eye(3), radial=radial, center=center)
    upright, upright_scene = (upright_from_stored(size, orientation) for size in (frame, stored_scene))
    upright_frame = frame if orientation < 5 else (frame[1], frame[0])
    fitted = _fit(own, scene, upright, upright_frame) if pose.homography is None else np.asarray(pose.homography)
    placed = _moved(pose, upright_frame) @ fitted
    matrix = np.linalg.inv(upright) @ placed @ upright_scene
    return View(frame=frame, scene=stored_scene, picture_from_scene=matrix, radial=radial, center=center)


def _fit(own: View, scene: tuple[int, int], upright: Array, frame: tuple[int, int]) -> Array:
    """Picture from scene, both upright: the center on the center, as large as the picture's border needs it."""
    height, width = own.frame
    x, y = np.linspace(-0.5, width - 0.5, _BORDER_POINTS), np.linspace(-0.5, height - 0.5, _BORDER_POINTS)
    sides = [(x, np.full_like(x, edge)) for edge in (y[0], y[-1])] + [(np.full_like(y, edge), y) for edge in x[[0, -1]]]
    border = np.concatenate([np.stack(side, -1) for side in sides])
    middle = np.array([frame[1] - 1, frame[0] - 1]) / 2
    moved = [project(upright, own.ideal(border, channel)) for channel in range(3)]
    reach = np.abs(np.concatenate(moved) - middle).max(0)
    scale = float(max(reach[0] / (scene[1] / 2), reach[1] / (scene[0] / 2)))
    shift = middle - scale * (np.array([scene[1] - 1, scene[0] - 1]) / 2)
    return np.array([[scale, 0, shift[0]], [0, scale, shift[1]], [0, 0, 1]])


def _moved(pose: Pose, frame: tuple[int, int]) -> Array:
    angle = np.radians(pose.rotation_deg)
    cosine, sine = pose.scale * np.cos(angle), pose.scale * np.sin(angle)
    turn = np.array([[cosine, -sine], [sine, cosine]])
    middle = np.array([frame[1] - 1, frame[0] - 1]) / 2
    matrix = np.eye(3)
    matrix[:2, :2], matrix[:2, 2] = turn, middle - turn @ middle + pose.shift_px
    return matrix


def upright_from_stored(frame: tuple[int, int], orientation: int) -> Array:
    """The 3x3 from a stored picture's (x, y) to those of `core.image.upright`; `frame` is (height, width) as stored."""
    height, width = frame
    matrix = np.eye(3)
    if orientation >= 5:
        matrix, height, width = matrix[[1, 0, 2]], width, height
    if orientation in (3, 4, 7, 8):
        matrix = np.array([[1, 0, 0], [0, -1, height - 1], [0, 0, 1.0]]) @ matrix
    if orientation in (2, 3, 6, 7):
        matrix = np.array([[-1, 0, width - 1], [0, 1, 0], [0, 0, 1.0]]) @ matrix
    return matrix
