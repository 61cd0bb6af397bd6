"""Verdict: what fingerprints of two or three sets of photographs say about a change of processing.

Three claims are tested and worded apart: after *changed* from before at all; it is *closer to the reference* than
before was; it *moved along the axis* from before to the reference. How much of that way it went is a fraction with an
interval over scenes. Only features that rendering alone can move count; the others have their own list.
"""

from __future__ import annotations

from dataclasses import replace

from twinlens.compare import claims, words
from twinlens.compare.by_feature import block_changes, feature_changes
from twinlens.compare.fraction import fraction
from twinlens.compare.limits import Limits
from twinlens.compare.limits import limits as default_limits
from twinlens.compare.model import Claim, Fingerprints, TakenAway, Verdict
from twinlens.compare.paired import FEWEST, Paired, paired, shared
from twinlens.compare.products import Products, products
from twinlens.compare.scale import repeats
from twinlens.compare.unpaired import unpaired_verdict
from twinlens.core.errors import ParameterError


def verdict(fingerprints: Fingerprints, *, limits: Limits | None = None, seed: int = 0) -> Verdict:
    """Judge the change from before to after, and how far it went towards the reference where there is one.

    `limits` are what sensors and conditions cannot help (see `limits.limits`); without it, before, after and reference
    are taken to be shot under the same conditions, the reference by another sensor. `seed` draws exchanges where there
    are too many scenes to try all. ParameterError where before or after is missing.
    """
    _check(fingerprints)
    fingerprints, notes = _with_usable_reference(fingerprints)
    limits = limits or default_limits(fingerprints.features)
    if "reference" in fingerprints.sets:
        notes += limits.notes
    scenes = int(shared(fingerprints).sum())
    if scenes == 0:
        return unpaired_verdict(fingerprints, notes)
    changes = feature_changes(fingerprints, limits, rendering=True)
    hardware = feature_changes(fingerprints, limits, rendering=False)
    pair = paired(fingerprints, limits)
    if scenes < FEWEST or not pair.index.size:
        return _undecided(fingerprints, scenes, changes, hardware, notes)
    found = products(pair)
    way = fraction(found) if pair.r is not None else None
    changed, closer, along = claims.three(pair, found, seed)
    taken = None if way is None else _taken(fingerprints, pair, found, limits)
    main = changed if along is None else along
    made = Verdict(
        statement="",
        moved=None if way is None else way.moved,
        interval=None if way is None else way.interval,
        p_value=main.p_value,
        detectable=None if way is None else way.detectable,
        changed=changed,
        closer=closer,
        along=along,
        features=changes,
        hardware=hardware,
        scenes=scenes,
        notes=(*notes, *words.notes(scenes, pair.r is not None, way is not None, taken.sensors if taken else 0.0)),
        blocks=block_changes(fingerprints, limits, changes),
        arrived=claims.arrived(found, way, along),
        taken=taken,
    )
    return replace(made, statement=words.statement(made))


def _taken(fingerprints: Fingerprints, pair: Paired, found: Products, limits: Limits) -> TakenAway | None:
    """What sensors, scenes and shots add to the squared distance between before and reference."""
    left = float(found.values[1])
    if pair.r is None or not left > 0:
        return None
    spread = pair.r.var(axis=0, ddof=1).sum() / len(pair.r)
    shots = 2 * float(repeats(fingerprints)[pair.index] @ pair.weights**2) / len(pair.r)  # of before and of reference
    return TakenAway(
        kind=limits.kind,
        origin=limits.origin,
        sensors=found.sensors / left,
        spread=float(spread) / left,
        shots=shots / left if shots > 0 else None,
    )


def _check(fingerprints: Fingerprints) -> None:
    missing = [role for role in ("before", "after") if role not in fingerprints.sets]
    if missing or len(set(fingerprints.sets)) != len(fingerprints.sets):
        found = ", ".join(fingerprints.sets) or "no set"
        raise ParameterError(f"a verdict needs one set before and one after, and at most one reference; found {found}")


def _with_usable_reference(fingerprints: Fingerprints) -> tuple[Fingerprints, tuple[str, ...]]:
    """Without the reference where it shares too few scenes with the others and those share more between them."""
    if "reference" not in fingerprints.sets:
        return fingerprints, ()
    kept = [at for at, role in enumerate(fingerprints.sets) if role != "reference"]
    without = replace(
        fingerprints,
        sets=tuple(fingerprints.sets[at] for at in kept),
        values=fingerprints.values[kept],
        repeat_variance=fingerprints.repeat_variance[kept],
    )
    all_three, two = int(shared(fingerprints).sum()), int(shared(without).sum())
    if all_three >= FEWEST or two <= all_three:
        return fingerprints, ()
    return without, (
        f"The reference shares {words.count(all_three, 'scene')} with before and after, too few to judge by:"
        " whether the change points to it cannot be said.",
    )


def _undecided(fingerprints: Fingerprints, scenes: int, changes: tuple, hardware: tuple, notes: tuple) -> Verdict:
    """The verdict where nothing can be tested: too few shared scenes, or no feature measured in enough of them."""
    reason = (
        f"{words.count(scenes, 'shared scene')}, and {FEWEST} are the fewest that can be judged"
        if scenes < FEWEST
        else f"no feature of the rendering was measured in {FEWEST} shared scenes"
    )
    asked = "reference" in fingerprints.sets
    claim = Claim(text="after differs from before", statistic=float("nan"), p_value=None, holds=False, reason=reason)
    made = Verdict(
        statement="",
        moved=None,
        interval=None,
        p_value=None,
        detectable=None,
        changed=claim,
        closer=replace(claim, text="after is closer to the reference than before was") if asked else None,
        along=replace(claim, text="after moved towards the reference") if asked else None,
        features=changes,
        hardware=hardware,
        scenes=scenes,
        notes=notes,
    )
    return replace(made, statement=words.too_little(made, reason))
