"""Look: what a look does, in measured terms: tone, color, the checks that hold, and what is known of its origin."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from twinlens.core.learned import Learned, learned_from
from twinlens.core.look import IDENTITY, PLAIN_SECTOR
from twinlens.core.look_facts import Check, LookFacts
from twinlens.measure import gradients
from twinlens.measure.look import colors, words
from twinlens.measure.look.coverage import coverage, not_covered
from twinlens.measure.look.fitted import counted, learned, with_learned
from twinlens.measure.look.tone import tone_facts
from twinlens.numerics import colorchecker, curve
from twinlens.pipeline.look import Look, load, problems, shipped
from twinlens.pipeline.look.orientation import chroma_ratio, grey_gain
from twinlens.stages.look_map import LookMap

__all__ = ["checks", "counted", "coverage", "learned", "look_facts", "not_covered", "with_learned"]

Array = npt.NDArray[Any]

PICTURE_STRIP = 20  # px: rows of neutral above each strip of the look in the pictures of a page


def look_facts(found: Look, learning: Learned | None = None) -> LookFacts:
    """Measure a look. What learning found is read from its provenance, or is `learning`."""
    stage = gradients.under_daylight(found.map)
    learning = learning or learned_from(found.provenance)
    gain = grey_gain(gradients.display(stage, colors.scene(colorchecker.LAB[colorchecker.GREYS])))
    return LookFacts(
        name=found.name,
        description=found.description,
        reasons=found.reasons,
        origin=_origin(found, learning),
        settings=_settings(found),
        tone=tone_facts(stage),
        chroma_ratio=chroma_ratio(stage),
        grey_gain=float(np.log2(gain)),
        sectors=colors.sectors(stage),
        wheels=colors.wheels(stage),
        memory=colors.memory_colors(stage, gain),
        checks=checks(found.map),
        lights=_lights(found.map),
        learned=learning,
        provenance=_flat(found.provenance),
        cannot_say=_cannot_say(found, learning),
        ramp=_beside_neutral(stage, gradients.grey_ramp()),
        sweep=_beside_neutral(stage, gradients.hue_sweep()),
    )


def checks(stage: LookMap) -> tuple[Check, ...]:
    """Whether the guarantees hold for a look at its strength, under each light that it knows: the worst is told."""
    under = [replace(stage, cct=row[0]) for row in stage.lights] if stage.cct is None and stage.lights else [stage]
    found = [gradients.gradients(one) for one in under]
    folded = max(found, key=lambda one: one.folded)
    falling, step = max(one.grey_inversions for one in found), max(one.grey_step for one in found)
    bend, said = max(one.p99 for one in found), problems(stage)
    return (
        Check(name="order of colors", passed=not folded.folded, limit="0 folded cells",
              measured=f"{folded.folded} of {folded.cells} cells" if folded.cells else "no table"),
        Check(name="order of greys", passed=not falling, limit="0 steps that get darker",
              measured=f"{falling} of {gradients.GREY_LEVELS - 1} steps"),
        Check(name="hues, slopes", passed=not said, limit="no hue turned over, no slope that shows noise",
              measured="; ".join(said) or "none"),
        Check(name="steps of grey", passed=step <= gradients.LARGEST_STEP_ERROR,
              limit=f"{gradients.LARGEST_STEP_ERROR:g} code of 16 bits outside the look's own",
              measured=f"{step:.2f} codes"),
        Check(name="bends along 200 smooth ramps", passed=bend <= gradients.VISIBLE_BEND,
              limit=f"{gradients.VISIBLE_BEND:g} codes of 8 bits in 99 of 100 places", measured=f"{bend:.3f} codes"),
    )  # fmt: skip


def _origin(found: Look, learning: Learned | None) -> str:
    if found.name in shipped() and found == load(found.name):
        return "A look that comes with the program, written by hand."
    if learning is not None:
        count = f"{len(learning.pictures)} pictures" if len(learning.pictures) > 1 else "photographs"
        return f"Learned from {learning.source or count}."
    parts = found.provenance.get("blend")
    if isinstance(parts, list) and len(parts) == 2:
        share = found.provenance.get("share")
        told = f", {share:.0%} of the way" if isinstance(share, float) else ""
        return f"Blended from {parts[0]} to {parts[1]}{told}."
    return "Written by hand, or made by another program; it keeps nothing of how it was learned."


def _settings(found: Look) -> tuple[tuple[str, str], ...]:
    """What the look consists of, in words."""
    stage, finish = found.map, found.finish
    kinds = {"none": "none: light as in the scene", "film": "film curve", "nodes": f"{len(stage.nodes or ((),))} nodes"}
    if stage.curve == "nodes":
        channels = "one for all channels" if len(stage.nodes) == 2 else "one for each channel"
        kinds["nodes"] = f"through {len(stage.nodes[0])} nodes, {channels}"
    terms = len(stage.lights[0]) // 3 if stage.lights else len(stage.transform[0])
    moved = sum(row != PLAIN_SECTOR for row in stage.sectors)
    pairs = [
        ("exposure", f"{stage.exposure:+.2f} EV" if stage.exposure else ""),
        ("scene color", f"{terms} terms" if stage.lights or stage.transform != IDENTITY else ""),
        ("lights", ", ".join(f"{row[0]:.0f} K" for row in stage.lights)),
        ("tone curve", kinds[stage.curve] + (f", in {stage.space}" if stage.curve != "none" else "")),
        ("residual table", stage.table[:8]),
        ("color controls", _controls(stage.saturation, moved, stage.skin)),
        ("vignette", f"{finish.vignette:+.2f} EV at the corner" if finish.vignette else ""),
        *((name.replace("_", " "), f"{getattr(finish, name):g}") for name in ("acutance", "grain", "local_tone")
          if getattr(finish, name)),
    ]  # fmt: skip
    return tuple((name, text) for name, text in pairs if text)


def _controls(saturation: float, moved: int, skin: float) -> str:
    told = [f"chroma x {saturation:g}"] if saturation != 1 else []
    told += [f"{moved} of 12 hue sectors"] if moved else []
    told += [f"skin spared by {skin:.0%}"] if told and skin else []
    return ", ".join(told)


def _lights(stage: LookMap) -> tuple[tuple[float, float, float], ...]:
    """What mid grey looks like under each light that a look knows: CCT, a*, b*."""
    rows = []
    for cct in sorted(row[0] for row in stage.lights):
        grey = colors.lab(replace(stage, cct=cct).grey(np.array([curve.MID_GREY])))[0]
        rows.append((float(cct), float(grey[1]), float(grey[2])))
    return tuple(rows)


def _flat(provenance: dict[str, Any], head: str = "") -> tuple[tuple[str, str], ...]:
    """Provenance as (name, text), the names of tables in tables joined; of what learning found, which has a section of
    its own, only the error where the look is a part of another."""
    pairs: list[tuple[str, str]] = []
    for key, value in provenance.items():
        name = f"{head}{key}"
        if key == "learned":
            found = learned_from(provenance)
            if head and found and found.held_out:
                pairs.append((name, f"held-out dE2000 {words.error(found.held_out)}"))
        elif isinstance(value, dict):
            pairs += _flat(value, f"{name}, ")
        elif isinstance(value, list) and any(isinstance(one, dict) for one in value):
            for index, one in enumerate(value, 1):
                pairs += _flat(one, f"{name} {index}, ") if isinstance(one, dict) else [(name, _short(one))]
        elif value not in ("", [], None):
            pairs.append((name, _short(value)))
    return tuple(pairs)


def _short(value: Any) -> str:
    if isinstance(value, list):
        items = [_short(one) for one in value]
        return ", ".join(items[:12]) + (f" and {len(items) - 12} more" if len(items) > 12 else "")
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 300 else text[:297] + "..."


def _cannot_say(found: Look, learning: Learned | None) -> tuple[str, ...]:
    """What these figures do not tell."""
    told = [
        "The figures are those of colors by themselves: what a look does by place (local tone, vignette, sharpening, "
        "grain) is not in them."
    ]
    if learning is None:
        told.append(
            "Nothing is known of how near it comes to any camera: that takes pictures that it was not made from."
        )
    else:
        if learning.held_out is None:
            told.append("No picture was held out, so how it does on others is not known.")
        if missing := not_covered(learning):
            told.append(f"It was not shown {'; '.join(missing)}: there it continues smoothly, unchecked.")
        if learning.coverage == ():
            told.append("Where its samples lie in color space was not kept.")
    if found.map.lights:
        low, high = (pick(row[0] for row in found.map.lights) for pick in (min, max))
        told.append(
            f"It knows lights of {low:.0f} to {high:.0f} K; beyond, the nearest one is used. Measured at daylight."
        )
    elif learning is not None:
        seen = " and ".join(f"{one:.0f} K" for one in learning.lights)
        told.append(f"It knows one light{f', {seen}' if seen else ''}; under others it has not been checked.")
    return tuple(told)


def _beside_neutral(stage: LookMap, scene: Array) -> Array:
    """8-bit sRGB picture (H, W, 3): the neutral rendering above that of the look."""
    line = np.full((4, scene.shape[1], 3), 255, np.uint8)
    return np.concatenate([gradients.shown(LookMap(), scene), line, gradients.shown(stage, scene)])
