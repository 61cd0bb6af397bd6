"""Losses: what of a look a kind of file cannot carry, in sentences for the file and for the screen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from twinlens.numerics import color
from twinlens.numerics.encoding import ENCODINGS
from twinlens.pipeline.export.camera import TINTED, grey_tint
from twinlens.pipeline.export.rendering import display_light
from twinlens.pipeline.export.request import Request
from twinlens.pipeline.export.shaper import HIGHEST
from twinlens.pipeline.look import Look
from twinlens.stages.look_map import DAYLIGHT_CCT

FINISH = {
    "vignette": "a vignette of {:+.2f} EV at the corner",
    "acutance": "output sharpening of {:.2f}",
    "grain": "film grain of {:.2f}",
    "local_tone": "local tone mapping of {:.2f}",
}
WHITE_CODE = 0.985  # of display: above it white counts as reached


def losses(look: Look, kind: str, request: Request) -> tuple[str, ...]:
    """What is left out, most important first; empty where nothing is."""
    asked = [said.format(value) for key, said in FINISH.items() if (value := getattr(look.finish, key))]
    found = [f"left out, because a table of colors knows no place in the picture: {', '.join(asked)}"] if asked else []
    source = ENCODINGS[request.source]
    if source.kind == "display":
        found.append(_above_white(look))
    elif kind != "dcp" and source.kind == "linear":
        found.append(f"scene light above {HIGHEST:g} (6.5 stops above mid grey) is shown as if it were {HIGHEST:g}")
    if look.map.lights:
        found.append(_lights(look, kind, request))
    if kind == "dcp":
        found += _of_dcp(look)
    return tuple(found)


def _above_white(look: Look) -> str:
    stage = replace(look.map, cct=DAYLIGHT_CCT) if look.map.lights else look.map
    code = float(color.encode(display_light(stage, np.ones((1, 3)))).mean())
    said = "highlights above white: the input is a finished picture, so this is the look after neutral was undone"
    return said if code > WHITE_CODE else f"{said}; its white comes out at {code:.0%} of the output's"


def _lights(look: Look, kind: str, request: Request) -> str:
    known = ", ".join(f"{row[0]:.0f} K" for row in sorted(look.map.lights))
    if kind == "dcp":
        return f"the look's lights ({known}) are in the hue/saturation maps of the camera's own lights, greys untinted"
    return f"the look knows several lights ({known}); this file is for {request.light or DAYLIGHT_CCT:.0f} K"


def _of_dcp(look: Look) -> list[str]:
    stage = replace(look.map, cct=DAYLIGHT_CCT) if look.map.lights else look.map
    tint = grey_tint(stage)
    found = ["colors outside the output's space are brought in by the program that reads the profile, not by twinlens"]
    if tint > TINTED:
        found.insert(0, f"greys cannot be tinted: the look's differ from neutral by up to {tint * 255:.1f} of 255")
    return found
