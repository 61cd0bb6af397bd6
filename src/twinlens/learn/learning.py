"""Learning: photographs in, a look out, with everything that has to be said of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from twinlens.core.errors import ParameterError
from twinlens.core.profile import CameraProfile
from twinlens.core.record import record
from twinlens.learn.consistency import consistent
from twinlens.learn.evidence import Evidence
from twinlens.learn.gather import gathered
from twinlens.learn.look_fit import LookFit
from twinlens.learn.pairs import LeftOut, Outcome, Pair, Progress, profile_for, split
from twinlens.pipeline.look import Look

PathLike = str | Path
LOOKING = 0.8  # share of the time that the photographs take, before anything is fitted


@record(kw_only=True, eq=False)
class Learned:
    """A look, the fit that it came from, what it was fitted on, and the seconds that it took."""

    look: Look
    fit: LookFit
    evidence: Evidence
    seconds: float


def learn(
    *,
    from_raws: PathLike | None = None,
    source: PathLike | None = None,
    reference: PathLike | None = None,
    samples: PathLike | None = None,
    chart_pairs: Sequence[tuple[PathLike, PathLike]] = (),
    profile: PathLike | CameraProfile | None = None,
    reference_profile: PathLike | CameraProfile | None = None,
    name: str = "learned",
    keep_edited: bool = False,
    keep_vignette: bool = False,
    progress: Progress | None = None,
) -> Learned:
    """A look from photographs: the one source, or several together.

    `from_raws`: a folder of raws with their maker's pictures beside or inside them. `source`, `reference`: folders of
    two cameras at the same scenes. `samples`: a table of corresponding colors. `chart_pairs`: a chart photographed by
    both (source, reference). `profile` is of the camera whose raws the look will be used on, a file or a folder of
    them; `reference_profile` of the reference. Edited pictures are left out unless `keep_edited`. `keep_vignette`
    asks the look for the reference's darker corners where they are sure. `progress` is told the finished share and a
    file's name. Raises TwinlensError in one sentence where nothing can be learned.
    """
    began = time.perf_counter()
    evidence = evidence_of(
        from_raws=from_raws, source=source, reference=reference, samples=samples, chart_pairs=chart_pairs,
        profile=profile, reference_profile=reference_profile, keep_edited=keep_edited,
        progress=None if progress is None else lambda done, told: progress(LOOKING * done, told),
    )  # fmt: skip
    if progress is not None:
        progress(LOOKING, "fitting")
    from twinlens.learn.look_fit import fit_look
    from twinlens.learn.telling import finished

    fit = fit_look(evidence, name=name)
    look = finished(evidence, fit, name, keep_vignette=keep_vignette)
    return Learned(look=look, fit=fit, evidence=evidence, seconds=time.perf_counter() - began)


def evidence_of(
    *,
    from_raws: PathLike | None = None,
    source: PathLike | None = None,
    reference: PathLike | None = None,
    samples: PathLike | None = None,
    chart_pairs: Sequence[tuple[PathLike, PathLike]] = (),
    profile: PathLike | CameraProfile | None = None,
    reference_profile: PathLike | CameraProfile | None = None,
    keep_edited: bool = False,
    progress: Progress | None = None,
) -> Evidence:
    """What a look would be learned from; the parameters are those of `learn`."""
    _check_asked(from_raws, source, reference, samples, chart_pairs)
    began = time.perf_counter()
    camera, other = _profile(profile), _profile(reference_profile)
    parts: list[Pair] = []
    left_out: list[LeftOut] = []
    facts: dict[str, float] = {}
    if from_raws is not None:
        from twinlens.learn.pairs import from_raws as own_pictures

        found = own_pictures(Path(from_raws), profile=camera, keep_edited=keep_edited, progress=progress)
        _add(found, parts, left_out, facts, handheld=False)
    if source is not None and reference is not None:
        from twinlens.learn.two_cameras import from_folders

        found = from_folders(
            Path(source), Path(reference), source_profile=camera, reference_profile=other, keep_edited=keep_edited,
            progress=progress,
        )  # fmt: skip
        _add(found, parts, left_out, facts, handheld=True)
    parts += _charts(chart_pairs, camera)
    if samples is not None:
        from twinlens.learn.samples import from_samples

        parts.append(from_samples(Path(samples)))
    return gathered(parts, left_out, {**facts, "seconds": time.perf_counter() - began})


def _check_asked(
    from_raws: object, source: object, reference: object, samples: object, chart_pairs: Sequence[object]
) -> None:
    if (source is None) != (reference is None):
        raise ParameterError("--source and --reference belong together: folders of both cameras at the same scenes")
    if all(one is None for one in (from_raws, source, samples)) and not chart_pairs:
        raise ParameterError(
            "name what to learn from: --from-raws DIR, --source and --reference DIR, --samples FILE or --chart-pair"
        )


def _profile(profile: PathLike | CameraProfile | None) -> Path | CameraProfile | None:
    return Path(profile) if isinstance(profile, str) else profile


def _add(
    outcomes: list[Outcome], parts: list[Pair], left_out: list[LeftOut], facts: dict[str, float], *, handheld: bool
) -> None:
    kept, local = consistent(outcomes, handheld=handheld)
    pairs, others = split(kept)
    parts += pairs
    left_out += others
    if local is not None:
        facts["local_tone_ev"] = local


def _charts(chart_pairs: Sequence[tuple[PathLike, PathLike]], profile: Path | CameraProfile | None) -> list[Pair]:
    from twinlens import files
    from twinlens.learn.chart_pair import from_chart_pair

    choose = profile_for(profile)
    found = []
    for phone, reference in chart_pairs:
        camera = None if profile is None else choose(files.read(phone).shot)
        found.append(from_chart_pair(Path(phone), Path(reference), profile=camera))
    return found
