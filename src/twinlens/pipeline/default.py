"""Default: the stages that `develop` starts from, by what the source is."""

from __future__ import annotations

from twinlens import stages
from twinlens.core.errors import ParameterError
from twinlens.core.image import ENCODED, SENSOR, State
from twinlens.core.stage import Stage

MOSAIC_STEPS = ("linearize", "shading", "remosaic", "defects", "denoise", "demosaic", "color_noise")
CAMERA_STEPS = ("lens", "crop", "white_balance", "highlights", "camera_color")
SCENE_STEPS = ("exposure", "sharpen", "local_tone", "vignette")
OUTPUT_STEPS = ("output_color", "resize", "acutance", "grain", "encode", "orient")


def default_stages(state: State, *, from_profile: bool = False) -> tuple[Stage, ...]:
    """The stages with their defaults for a source in state SENSOR or ENCODED.

    `from_profile` puts the camera profile's own look table and tone curve in the place of the look's map.
    """
    look = "dcp_look" if from_profile else "look_map"
    if state is SENSOR:
        names = (*MOSAIC_STEPS, *CAMERA_STEPS, "profile_gain_table", *SCENE_STEPS, look, *OUTPUT_STEPS)
    elif state is ENCODED:
        names = ("from_display", *(name for name in SCENE_STEPS if name != "sharpen"), look, *OUTPUT_STEPS)
    else:
        raise ParameterError(f"develop takes a raw or a finished picture, not an image in state {state}")
    known = stages.load()
    return tuple(known[name]() for name in names)
