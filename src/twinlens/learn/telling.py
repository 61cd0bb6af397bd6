"""Telling: what learning found, as the provenance of the look, and as data for machines."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import numpy as np

import twinlens
from twinlens.core.learned import Learned
from twinlens.learn.evidence import Evidence
from twinlens.learn.look_fit import LookFit
from twinlens.measure.look import learned, not_covered, with_learned
from twinlens.pipeline.look import Look
from twinlens.pipeline.look.model import FINISH_RANGES

STRONG_LOCAL_TONE_EV = 0.12  # EV between areas of a picture: more is a rendering that depends on the place
FEW_PICTURES = 3


def told(evidence: Evidence, fit: LookFit, vignette: float = 0.0) -> Learned:
    """What the page of a look shows of its learning; `vignette` (EV at the corner) is that which the look asks for."""
    data: Any = fit
    found = learned(data, "", evidence.target)
    return replace(found, notes=(*notes(evidence, found), *_of_corners(fit, vignette), *found.notes))


def _of_corners(fit: LookFit, vignette: float) -> tuple[str, ...]:
    """What has to be said of a vignette that is sure."""
    if fit.corners is None or not fit.corners.is_sure:
        return ()
    how = f"the look has {vignette:+.2f} EV there" if vignette else "the look leaves that out without --keep-vignette"
    return (f"{fit.corners.said}: {how}",)


def finished(evidence: Evidence, fit: LookFit, name: str, *, keep_vignette: bool = False) -> Look:
    """The look with its provenance: program, a hash of what it was learned from, and how good it is.

    `keep_vignette` asks for darker corners where the pictures surely say that the reference has them.
    """
    provenance = {
        **fit.value.provenance,
        "program": f"twinlens {twinlens.__version__}",
        "evidence_sha256": digest(evidence),
        "residual": round(fit.residual, 3),
        "residual_unit": "CIEDE2000, after each picture's own gains",
    }
    look = replace(fit.value, name=name, provenance=provenance)
    if keep_vignette and fit.corners is not None and fit.corners.is_sure:
        darkest = -FINISH_RANGES["vignette"][0]
        look = replace(look, finish=replace(look.finish, vignette=-round(min(fit.corners.stops, darkest), 3)))
    return with_learned(look, told(evidence, fit, look.finish.vignette))


def digest(evidence: Evidence) -> str:
    """A hash of the corresponding colors."""
    parts = (evidence.source, evidence.target, evidence.picture)
    return hashlib.sha256(b"".join(np.ascontiguousarray(one, "<f4").tobytes() for one in parts)).hexdigest()


def notes(evidence: Evidence, found: Learned) -> tuple[str, ...]:
    """What has to be said of the evidence."""
    said = []
    pictures = sum(one.kind == "picture" for one in evidence.sources)
    if 1 < pictures < FEW_PICTURES:
        said.append(f"{pictures} pictures are few: the coverage tells for which colors the look is known")
    local = evidence.facts.get("local_tone_ev")
    if local is not None and local > STRONG_LOCAL_TONE_EV:
        said.append(
            f"the reference's brightness depends on the place ({local:.2f} EV): local tone, which one map of colors "
            "does not have; its mean is learned"
        )
    if missing := not_covered(found):
        said.append(f"not to be trusted, as no picture shows them: {'; '.join(missing)}")
    if any(one.kind == "samples" for one in evidence.sources):
        said.append("samples were taken as linear Rec. 2020 scene light and display codes")
    return tuple(said)


def as_json(evidence: Evidence, fit: LookFit, vignette: float = 0.0) -> dict[str, Any]:
    """All figures, for machines; `vignette` as in `told`."""
    found = told(evidence, fit, vignette)
    return {
        "residual": {"mean": fit.residual, "p95": fit.residual_p95, "unit": "CIEDE2000", "samples": fit.samples},
        "held_out": {"mean": fit.held_out, "p95": fit.held_out_p95},
        "blind": {"mean": fit.blind, "p95": fit.blind_p95},
        "local_stops": fit.local_stops,
        "vignette": list(fit.vignette),
        "corners": None if fit.corners is None else {**vars(fit.corners), "is_sure": fit.corners.is_sure},
        "lights_k": list(fit.lights),
        "facts": evidence.facts,
        "pairs": [_row(one) for one in fit.pictures],
        "left_out": [{"name": name, "reason": reason} for name, reason in evidence.left_out],
        "not_covered": list(not_covered(found)),
        "notes": list(found.notes),
        "worst": [
            {"picture": one.picture, "wanted": one.wanted, "shown": one.shown, "delta_e": one.delta_e}
            for one in fit.worst
        ],
    }


_COLUMNS = (
    "name", "kind", "cct", "samples", "mean", "p95", "held_out_mean", "held_out_p95", "blind_mean", "blind_p95",
    "gain_stops", "white", "local_stops", "notes",
)  # fmt: skip


def _row(one: Any) -> dict[str, Any]:
    return {name: getattr(one, name) for name in _COLUMNS}
