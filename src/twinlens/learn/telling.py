"""Telling: what learning found, as the provenance of the look, as data, and as sentences."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

import twinlens
from twinlens.core.look import SECTORS
from twinlens.core.look_facts import BAND_NAMES, CHROMA_NAMES, FEWEST_SAMPLES, Learned, PictureError, WorstPlace
from twinlens.learn.evidence import Evidence
from twinlens.learn.look_fit import LookFit

STRONG_LOCAL_TONE_EV = 0.25  # EV: more is a rendering that depends on the place
FEW_PICTURES = 3


def provenance(evidence: Evidence, fit: LookFit) -> dict[str, Any]:
    """The look's `[provenance]`: program, what it was learned from, and `[provenance.learned]`."""
    return {
        "program": f"twinlens {twinlens.__version__}",
        "evidence_sha256": digest(evidence),
        "residual": round(fit.residual, 3),
        "residual_unit": "CIEDE2000, after each picture's own exposure and white gain",
        "learned": learned(evidence, fit).as_dict(),
    }


def digest(evidence: Evidence) -> str:
    """A hash of the corresponding colors."""
    parts = (evidence.source, evidence.target, evidence.picture)
    return hashlib.sha256(b"".join(np.ascontiguousarray(one, "<f4").tobytes() for one in parts)).hexdigest()


def learned(evidence: Evidence, fit: LookFit) -> Learned:
    """What the page of a look shows of its learning."""
    from twinlens.measure.look import coverage

    rows, greys = coverage(evidence.target)
    return Learned(
        source=", ".join(dict.fromkeys(one.kind for one in evidence.sources)),
        pictures=tuple(_picture(one) for one in fit.pictures if one.held_out_mean is not None),
        held_out=_held_out(fit),
        residual=fit.residual,
        local_stops=fit.local_stops,
        vignette=fit.vignette,
        coverage=rows,
        greys=greys,
        worst=tuple(WorstPlace(where=one.picture, wanted=one.wanted, shown=one.shown, delta_e=one.delta_e)
                    for one in fit.worst),
        notes=notes(evidence, fit),
        left_out=tuple(f"{name}: {reason}" for name, reason in evidence.left_out),
    )  # fmt: skip


def _picture(one: Any) -> PictureError:
    return PictureError(
        name=one.name, matched_mean=one.held_out_mean, matched_p95=one.held_out_p95, samples=one.samples, cct=one.cct,
        kind=one.kind, gain_stops=one.gain_stops, local_stops=one.local_stops,
    )  # fmt: skip


def _held_out(fit: LookFit) -> PictureError | None:
    if fit.held_out is None or fit.held_out_p95 is None:
        return None
    return PictureError(name="held out", matched_mean=fit.held_out, matched_p95=fit.held_out_p95, samples=fit.samples)


def notes(evidence: Evidence, fit: LookFit) -> tuple[str, ...]:
    """What has to be said of the look."""
    told = list(fit.notes)
    pictures = sum(one.kind == "picture" for one in evidence.sources)
    if 1 < pictures < FEW_PICTURES:
        told.append(f"{pictures} pictures are few: the coverage tells for which colors the look is known")
    local = evidence.facts.get("local_tone_ev")
    if local is not None and local > STRONG_LOCAL_TONE_EV:
        told.append(
            f"the reference's brightness depends on the place ({local:.2f} EV): it is local tone, which a look for all "
            "places does not have; its mean is learned"
        )
    if missing := uncovered(fit, evidence):
        told.append(f"no data for {missing}: there the look goes smoothly to what is near")
    if any(one.kind == "samples" for one in evidence.sources):
        told.append("samples are taken as linear Rec. 2020 scene light and sRGB display codes")
    return tuple(dict.fromkeys(told))


def uncovered(fit: LookFit, evidence: Evidence) -> str:
    """The colorful hues that no sample shows, in words; "" where all are."""
    from twinlens.measure.look import coverage

    rows = np.array(coverage(evidence.target)[0]).reshape(len(BAND_NAMES), len(CHROMA_NAMES), len(SECTORS))
    known = rows[:, 1:].sum(axis=(0, 1)) >= FEWEST_SAMPLES
    return ", ".join(name for name, has in zip(SECTORS, known, strict=True) if not has)


def as_json(evidence: Evidence, fit: LookFit) -> dict[str, Any]:
    """All figures, for machines."""
    return {
        "residual": fit.residual,
        "residual_p95": fit.residual_p95,
        "held_out": fit.held_out,
        "held_out_p95": fit.held_out_p95,
        "samples": fit.samples,
        "lights_k": list(fit.lights),
        "vignette": list(fit.vignette),
        "local_stops": fit.local_stops,
        "facts": evidence.facts,
        "pairs": [_row(one) for one in fit.pictures],
        "left_out": [{"name": name, "reason": reason} for name, reason in evidence.left_out],
        "not_covered": uncovered(fit, evidence),
        "notes": list(notes(evidence, fit)),
        "worst": [
            {"picture": one.picture, "wanted": one.wanted, "shown": one.shown, "delta_e": one.delta_e}
            for one in fit.worst
        ],
    }


def _row(one: Any) -> dict[str, Any]:
    names = ("name", "kind", "cct", "samples", "mean", "p95", "held_out_mean", "held_out_p95", "gain_stops", "white",
             "local_stops", "notes")  # fmt: skip
    return {name: getattr(one, name) for name in names}
