"""Invented comparisons for tests of the page: no measuring, only plausible records."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from twinlens.report.compare import content

HUES = ("pink", "red", "orange", "yellow", "lime", "green", "turquoise", "cyan", "azure", "blue", "violet", "magenta")


def jpeg(seed: int, gain: float = 1.0, size: tuple[int, int] = (90, 120)) -> bytes:
    """A small picture of soft shapes."""
    from PIL import Image

    y, x = np.mgrid[0 : size[0], 0 : size[1]]
    rng = np.random.default_rng(seed)
    waves = [np.sin(x * rng.uniform(0.01, 0.1) + y * rng.uniform(0.01, 0.1) + k) for k in range(3)]
    pixels = np.clip((np.stack(waves, -1) * 0.3 + 0.5) * gain, 0, 1)
    file = io.BytesIO()
    Image.fromarray((255 * pixels).astype(np.uint8)).save(file, "JPEG", quality=80)
    return file.getvalue()


def row(label: str, block: str, unit: str, floor: float, change: float, way: float | None = 0.4, **more: Any):
    """A feature that moved by `change`, with the reference at `change / way`."""
    half = 0.6 * floor
    levels = {
        "before": content.Level(value=0.0, interval=(-half, half)),
        "after": content.Level(value=change, interval=(change - half, change + half)),
    }
    if way:
        levels["reference"] = content.Level(value=change / way, interval=(change / way - half, change / way + half))
    facts = {
        "label": label, "unit": unit, "block": block, "cause": "rendering", "floor": floor, "is_relative": True,
        "levels": levels, "change": change, "interval": (change - half, change + half), "p_value": 0.01,
        "is_sure": abs(change) > floor, "moved": way, "moved_interval": (way - 0.1, way + 0.1) if way else None,
        "scenes": 9,
    }  # fmt: skip
    return content.FeatureRow(**{**facts, **more})


def plot(words: str, x: Any, lift: float):
    """Three curves that differ a little."""
    lines = [
        content.Series(role=role, x=x, y=np.tanh(x) + k * lift, low=np.tanh(x) + k * lift - 0.03,
                       high=np.tanh(x) + k * lift + 0.03)
        for k, role in enumerate(content.ROLES)
    ]  # fmt: skip
    return content.Plot(words=words, x_label="scene light, EV from mid grey", y_label="picture", series=tuple(lines))


def sample(**changes: Any) -> content.CompareContent:
    """A comparison with everything in it."""
    rng = np.random.default_rng(3)
    rows = [
        row("exposure", "exposure", "EV", 0.05, 0.24),
        row("contrast at mid grey", "tone", "%", 2.0, 9.0),
        row("shadow depth", "tone", "EV", 0.1, -0.31),
        row("highlight roll-off", "tone", "EV", 0.05, 0.02, None),
        row("warmth of greys", "white balance", "mired", 5.0, 3.0),
        *[row(f"chroma of {name}", "chroma", "%", 2.0, float(rng.normal(-6, 3))) for name in HUES],
        *[row(f"hue of {name}", "hue", "°", 1.0, float(rng.normal(0, 3))) for name in HUES],
        row("edge overshoot", "sharpness", "% of the step", 1.0, -4.0, is_relative=False),
        row("noise", "noise", "%", 10.0, -12.0, cause="mixed"),
        row("light in the corners", "shading", "EV", 0.05, -0.2, cause="mixed"),
    ]
    angles = np.radians(np.arange(0, 360, 30))
    hues = [
        content.HueArrow(
            label=name,
            places={
                role: (float(np.cos(a + 0.05 * k) * (0.1 - 0.008 * k)), float(np.sin(a + 0.05 * k) * (0.1 - 0.008 * k)))
                for k, role in enumerate(content.ROLES)
            },
        )
        for name, a in zip(HUES, angles, strict=True)
    ]
    pictures = [
        content.ScenePictures(
            name=f"scene {index}",
            jpegs={role: jpeg(index, 1 - 0.15 * k) for k, role in enumerate(content.ROLES)},
            why="the largest change in tone", is_aligned=index != 1,
        )
        for index in range(3)
    ]  # fmt: skip
    values: dict[str, Any] = {
        "title": "Comparison of the rendering of <Phone 12> and Phone 13",
        "statement": "The rendering moved 41 % of the way to the reference (33 to 49), in tone and saturation; "
        "sharpening unchanged.",
        "sets": tuple(
            content.SetFacts(role=role, name=name, cameras=camera, pictures=18)
            for role, name, camera in zip(
                content.ROLES,
                ("Phone 12", "Phone 13", "Reference"),
                ("Maker P12", "Maker P13", "Other R"),
                strict=True,
            )
        ),
        "claims": (
            content.ClaimLine(name="Changed", text="the rendering is not the same", holds=True, p_value=0.0020),
            content.ClaimLine(name="Closer to the reference", text="its distance fell", holds=True, p_value=0.004),
            content.ClaimLine(name="Moved along the axis", text="", holds=None, reason="four scenes are too few"),
        ),
        "rows": tuple(rows),
        "moved": 0.41, "interval": (0.33, 0.49), "p_value": 0.002, "detectable": 0.12, "scenes": 9,
        "tones": (plot("Tone curves", np.linspace(-4, 3, 30), 0.1), plot("Contrast", np.linspace(-4, 3, 30), 0.2)),
        "hues": tuple(hues),
        "hue_unit": "Oklab chroma over lightness",
        "edges": (plot("Edge profiles", np.linspace(-4, 4, 40), 0.05),),
        "pictures": tuple(pictures),
        "not_measured": (("skin", "no scene shows it in both sets"), ("distortion", "no straight lines")),
        "left_out": (("IMG_1.jpg", "edited: made by another program"), ("IMG_2.jpg", "the file is damaged")),
        "notes": ("There are no repeats of a scene: the spread from shot to shot is a prior.",),
        "methods": (("sharpness", "ISO 12233:2023"), ("noise", "ISO 15739:2023")),
        "files": tuple(
            content.FileFacts(role=role, name=f"IMG_{k}.jpg", scene=f"scene {k}", sha256="ab" * 32, facts="ISO 100")
            for k, role in enumerate(content.ROLES)
        ),
        "made": {"program": "twinlens 0.1.0", "made": "2026-11-27T12:00:00Z"},
    }  # fmt: skip
    return content.CompareContent(**{**values, **changes})
