"""OCIO config: a self-contained OpenColorIO configuration with one look, as text.

Its reference is linear Rec. 2020. The look is there twice: as a color space of the display ("NAME - sRGB", used by the
display's first view) and as a Look whose process space is the reference, for programs that put looks into views.
Source: OpenColorIO 2 documentation, "Config syntax". Log encodings are LogCameraTransforms of the makers' constants.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.numerics.encoding import ENCODINGS, Encoding, LogCurve

Array = npt.NDArray[Any]

REFERENCE = "Linear Rec. 2020"
DISPLAY, DISPLAY_SPACE, NEUTRAL = "sRGB", "sRGB", "Neutral"
ROLES = {
    "default": DISPLAY_SPACE, "scene_linear": REFERENCE, "reference": REFERENCE, "rendering": REFERENCE,
    "compositing_linear": REFERENCE, "compositing_log": "ACEScct", "color_timing": "ACEScct",
    "color_picking": DISPLAY_SPACE, "texture_paint": DISPLAY_SPACE, "matte_paint": DISPLAY_SPACE, "data": "Raw",
}  # fmt: skip
TITLES = {"linear-srgb": "Linear sRGB", "acescg": "ACEScg", "aces2065-1": "ACES2065-1", "acescct": "ACEScct"}
_SRGB = "{gamma: [2.4, 2.4, 2.4, 1], offset: [0.055, 0.055, 0.055, 0], direction: DIRECTION}"


def plain_name(text: str) -> str:
    """A name without the signs that YAML or OCIO give a meaning to."""
    kept = "".join(one if one.isalnum() or one in " -_.%" else "-" for one in text)
    return " ".join(kept.split())[:60] or "look"


def title_of(encoding: Encoding) -> str:
    """The name of an encoding's color space in the config."""
    return TITLES.get(encoding.name, encoding.title.replace("/", "-"))


def display_space(name: str) -> str:
    """The name of the look's own color space."""
    return f"{plain_name(name)} - sRGB"


def dumps(name: str, clf_file: str, srgb_to_rec2020: Array, comments: tuple[str, ...] = ()) -> str:
    """The text of `config.ocio` for a look whose CLF (linear Rec. 2020 to sRGB codes) is `luts/clf_file`."""
    name = plain_name(name)
    roles = [f"  {role}: {_quoted(space)}" for role, space in ROLES.items()]
    views = [(name, display_space(name), ""), (f"{name} as look", DISPLAY_SPACE, name), (NEUTRAL, DISPLAY_SPACE, "")]
    lines = [
        "ocio_profile_version: 2", "", *(f"# {one}" for one in comments), "search_path: luts", "strictparsing: true",
        "", "roles:", *roles, "", "file_rules:", "  - !<Rule> {name: Default, colorspace: default}", "", "displays:",
        f"  {DISPLAY}:", *(_view(*one) for one in views), "", f"active_displays: [{DISPLAY}]", "active_views: []", "",
        "looks:", *_look(name, clf_file, srgb_to_rec2020), "", "colorspaces:", *_spaces(name, clf_file),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', "'") + '"'


def _view(view: str, space: str, look: str) -> str:
    looks = f", looks: {_quoted(look)}" if look else ""
    return f"    - !<View> {{name: {_quoted(view)}, colorspace: {_quoted(space)}{looks}}}"


def _look(name: str, clf_file: str, matrix: Array) -> list[str]:
    """Codes of the look's CLF become display light in the reference's primaries again."""
    steps = [
        _file(clf_file),
        "!<ExponentWithLinearTransform> " + _SRGB.replace("DIRECTION", "forward"),
        _matrix(matrix),
    ]
    head = ["  - !<Look>", f"    name: {_quoted(name)}", f"    process_space: {_quoted(REFERENCE)}"]
    return [*head, "    transform: !<GroupTransform>", "      children:", *(f"        - {one}" for one in steps)]


def _file(name: str) -> str:
    return f"!<FileTransform> {{src: {_quoted(name)}, interpolation: tetrahedral}}"


def _matrix(matrix: Array) -> str:
    whole = np.eye(4)
    whole[:3, :3] = matrix
    return f"!<MatrixTransform> {{matrix: [{', '.join(f'{one:.10g}' for one in whole.ravel())}]}}"


def _log(curve: LogCurve) -> str:
    numbers = {
        "base": 10, "log_side_slope": curve.log_slope, "log_side_offset": curve.log_offset,
        "lin_side_slope": curve.slope, "lin_side_offset": curve.offset, "lin_side_break": curve.cut,
        "linear_slope": curve.line_slope,
    }  # fmt: skip
    told = [f"{key}: {value:.12g}" if key == "base" else f"{key}: [{', '.join([f'{value:.12g}'] * 3)}]"
            for key, value in numbers.items()]  # fmt: skip
    return f"!<LogCameraTransform> {{{', '.join(told)}, direction: inverse}}"


def _spaces(name: str, clf_file: str) -> list[str]:
    srgb = ENCODINGS["srgb"]
    to_srgb = [_matrix(np.linalg.inv(srgb.rec2020_from)),
               "!<ExponentWithLinearTransform> " + _SRGB.replace("DIRECTION", "inverse")]  # fmt: skip
    found = [
        *_space(REFERENCE, "Scene", "scene-linear"),
        *_space(display_space(name), "Look", "sdr-video", [_file(clf_file)], "from_scene_reference"),
        *_space(DISPLAY_SPACE, "Display", "sdr-video", to_srgb, "from_scene_reference"),
    ]
    for one in ENCODINGS.values():
        if one.kind == "linear" and one.primaries != "rec2020":
            found += _space(title_of(one), "Scene", "scene-linear", [_matrix(one.rec2020_from)])
        elif one.curve is not None:
            found += _space(title_of(one), "Camera", "log", [_log(one.curve), _matrix(one.rec2020_from)])
    return [*found, "  - !<ColorSpace>", '    name: "Raw"', "    isdata: true"]


def _space(
    name: str, family: str, encoding: str, steps: list[str] | None = None, direction: str = "to_scene_reference"
) -> list[str]:
    head = ["  - !<ColorSpace>", f"    name: {_quoted(name)}", f"    family: {family}", f"    encoding: {encoding}",
            "    isdata: false"]  # fmt: skip
    if not steps:
        return head
    return [*head, f"    {direction}: !<GroupTransform>", "      children:", *(f"        - {one}" for one in steps)]
