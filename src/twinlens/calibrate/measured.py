"""Measured: what was measured of a module, put into its camera profile, with how well it was measured."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

import twinlens
from twinlens.calibrate.module import NoiseReport
from twinlens.calibrate.noise import SensorNoise
from twinlens.core.fit import Fit
from twinlens.core.lens import LensWarp
from twinlens.core.profile import CameraProfile
from twinlens.core.shading import LensShading
from twinlens.core.shot import Shot


def made_from(sources: Sequence[Path]) -> dict[str, Any]:
    """When and by what program a measurement was made, and from which files (names and hashes)."""
    hashes = [hashlib.sha256(path.read_bytes()).hexdigest()[:16] for path in sources]
    return {
        "made": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "program": f"twinlens {twinlens.__version__}",
        "inputs": [f"{path.name} sha256:{digits}" for path, digits in zip(sources, hashes, strict=True)],
    }


def blank_profile(shot: Shot) -> CameraProfile:
    """A profile that knows the module's names and the color that its files state, and nothing measured yet."""
    return CameraProfile(
        name=shot.unique_camera_model or f"{shot.make} {shot.model}".strip() or "unnamed",
        make=shot.make,
        model=shot.model,
        unique_camera_model=shot.unique_camera_model,
        lens=shot.lens,
        color=replace(shot.color, origin="profile") if shot.color.is_known else shot.color,
    )


def with_noise(profile: CameraProfile, report: NoiseReport) -> CameraProfile:
    """The profile with the noise by ISO in place of what it had for these ISOs."""
    told = {f"{iso:g}": _noise_provenance(fit) for iso, fit in report.fits.items()}
    models = {iso: fit.value.model() for iso, fit in report.fits.items()}
    provenance = {**profile.provenance, "noise": {**profile.provenance.get("noise", {}), **told}}
    return replace(profile, noise={**profile.noise, **models}, provenance=provenance)


def _noise_provenance(fit: Fit[SensorNoise]) -> dict[str, Any]:
    """What was measured, in the units that engineers compare."""
    value = fit.value
    told: dict[str, Any] = {
        "electrons_per_dn": _digits(value.electrons_per_dn),
        "read_noise_e": _digits(value.read_noise_e),
        "full_well_e": _digits(value.full_well_e) if np.isfinite(value.full_well_dn).all() else None,
        "row_noise_dn": _digits([value.row_noise_dn])[0] if np.isfinite(value.row_noise_dn) else None,
        "prnu": _digits([value.prnu])[0] if np.isfinite(value.prnu) else None,
        "defects": len(value.defects),
        "residual": _digits([fit.residual])[0],
        "held_out": None if fit.held_out is None else _digits([fit.held_out])[0],
        "unit": fit.unit,
        "samples": fit.samples,
    }
    return {key: one for key, one in told.items() if one is not None}


def _digits(values: Sequence[float]) -> list[float]:
    return [float(f"{one:.4g}") for one in values]


def with_shading(profile: CameraProfile, fit: Fit[LensShading]) -> CameraProfile:
    """The profile with the shading of one light in place of what it had for this light."""
    others = [one for one in profile.shading if one.light != fit.value.light or not one.light]
    told = {fit.value.light or f"{fit.value.kelvin:.0f} K": _told(fit)}
    provenance = {**profile.provenance, "shading": {**profile.provenance.get("shading", {}), **told}}
    return replace(profile, shading=(*others, fit.value), provenance=provenance)


def with_lens(profile: CameraProfile, fit: Fit[LensWarp]) -> CameraProfile:
    """The profile with the lens's warp."""
    return replace(profile, warp=fit.value, provenance={**profile.provenance, "lens": _told(fit)})


def _told(fit: Fit[Any]) -> dict[str, Any]:
    told = {"residual": _digits([fit.residual])[0], "unit": fit.unit, "samples": fit.samples}
    return told if fit.held_out is None else {**told, "held_out": _digits([fit.held_out])[0]}
