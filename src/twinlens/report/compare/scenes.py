"""Scenes: pictures of one scene beside each other; a slider lays one over the other where a script may run."""

from __future__ import annotations

from base64 import b64encode
from html import escape
from importlib.resources import files

from twinlens.report.compare.content import ROLES, Role, ScenePictures

TOLD: dict[Role, str] = {"before": "before", "after": "after", "reference": "reference"}


def scenes(given: tuple[ScenePictures, ...]) -> str:
    """The pictures, the scene's name and why it is shown; without a script they stand side by side."""
    return "".join(map(_scene, given))


def _scene(one: ScenePictures) -> str:
    pictures = "".join(_picture(role, one) for role in ROLES if role in one.jpegs)
    slides = ' data-slides="1"' if one.is_aligned and {"before", "after"} <= one.jpegs.keys() else ""
    caption = f"<figcaption><b>{escape(one.name)}</b> {escape(one.why)}</figcaption>"
    return f'<figure class="scene"><div class="pair"{slides}>{pictures}</div>{caption}</figure>'


def _picture(role: Role, one: ScenePictures) -> str:
    source = f"data:image/jpeg;base64,{b64encode(one.jpegs[role]).decode()}"
    words = escape(f"{one.name}, {TOLD[role]}", quote=True)
    return (
        f'<div class="shot {role}" data-role="{role}"><img alt="{words}" src="{source}">'
        f'<span class="tag">{TOLD[role]}</span></div>'
    )


def script() -> str:
    """The slider: a few lines that need nothing else."""
    return files("twinlens.report.compare").joinpath("slider.js").read_text()


def style() -> str:
    """The page's own style, added to that of all pages."""
    return files("twinlens.report.compare").joinpath("compare.css").read_text()
