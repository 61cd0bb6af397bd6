"""Words: the verdict in one or two sentences, never surer than the data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from twinlens.compare.fraction import FEWEST_ONE_SIDED, FEWEST_TWO_SIDED, LEVEL
from twinlens.compare.levels import shown, shown_interval
from twinlens.compare.model import BlockChange, FeatureChange, Verdict
from twinlens.report.compare import numbers

BLOCKS = {"chroma": "saturation"}  # a block's name in a sentence, where that is not its own
WHOLE = 9.95  # from here on a number is told without decimals
MOST_NAMED, MOST_SEEN = 3, 4  # features in a sentence of what is sure, of what was seen
LEAST_SHARE = 0.05  # of the squared distance, from which the sensors' part is told
FAR = 0.1  # a fraction whose interval stays below it is not a move towards the reference


def count(number: int, noun: str) -> str:
    """As in: no scene, one scene, 3 scenes."""
    told = {0: "no", 1: "one"}.get(number, str(number))
    return f"{told} {noun}" + ("" if number in (0, 1) else "s")


def listed(names: Iterable[str]) -> str:
    """As in: tone, hue and noise."""
    *rest, last = list(names)
    return f"{', '.join(rest)} and {last}" if rest else last


def statement(made: Verdict) -> str:
    """The sentences of a verdict on shared scenes."""
    return _without_reference(made) if made.along is None else _with_reference(made)


def _with_reference(made: Verdict) -> str:
    if made.along and made.along.holds:
        return _moved(made)
    if made.changed.holds:
        return _sentence(_changed_elsewhere(made), _states(made.blocks))
    if made.scenes < FEWEST_TWO_SIDED:
        return _too_few(made)
    return _sentence("No measurable change", _would_have_been_found(made))


def _too_few(made: Verdict) -> str:
    """Where the number of scenes alone forbids a claim: no claim of sameness either."""
    scenes = count(made.scenes, "shared scene").capitalize()
    if made.along is not None and made.scenes >= FEWEST_ONE_SIDED:
        head = f"Not measurably moved towards the reference; whether it changed at all takes {FEWEST_TWO_SIDED} scenes"
    elif made.along is not None:
        head = f"{scenes} cannot show a move towards the reference: {FEWEST_ONE_SIDED} are needed"
    else:
        head = f"{scenes} cannot show a change as a whole: {FEWEST_TWO_SIDED} are needed"
    named = [feature_change(one) for one in largest(sure(made.features))]
    if named:
        return _sentence(head, f"by itself, {listed(named)} surely changed")
    seen = [one for one in made.features if abs(one.change) >= one.feature.floor and not one.feature.is_derived]
    named = [feature_change(one) for one in largest(seen)]
    return _sentence(head, f"seen, but not surely: {', '.join(named)}" if named else "")


def sure(changes: Sequence[FeatureChange]) -> list[FeatureChange]:
    """Features that surely changed (Holm), without those that say others again."""
    return [one for one in changes if not one.feature.is_derived and one.p_value is not None and one.p_value < LEVEL]


def largest(changes: Sequence[FeatureChange], most: int = MOST_NAMED) -> list[FeatureChange]:
    """The largest changes, in floors, one of each block."""
    ranked = sorted(changes, key=lambda one: -abs(one.change) / max(one.feature.floor, 1e-12))
    first = {one.feature.block: one for one in reversed(ranked)}
    return [one for one in ranked if first[one.feature.block] is one][:most]


def _moved(made: Verdict) -> str:
    if made.moved is None or made.interval is None:
        return _sentence(
            "Changed in the direction of the reference, but before and reference are not surely apart in these scenes,"
            " so how much of the way cannot be said",
            _states(made.blocks),
        )
    told = f"oved {made.moved * 100:.0f} % of the way ({made.interval[0] * 100:.0f} to {made.interval[1] * 100:.0f})"
    towards = [_name(one) for one in made.blocks if one.state == "towards"]
    place = f", in {listed(towards)}" if towards else ""
    if made.arrived is not None and made.arrived.holds:
        return _sentence(f"Indistinguishable from the reference within the limits of this data: m{told}{place}", "")
    nearer = "" if made.closer is None or made.closer.holds else (
        ", but is not surely closer to the reference than before was"
    )  # fmt: skip
    return _sentence(f"M{told}{place}{nearer}", _states(made.blocks, but="towards"))


def _changed_elsewhere(made: Verdict) -> str:
    if made.interval is None:
        return "Changed; before and reference are not surely apart in these scenes, so no direction can be given"
    low, high = (f"{end * 100:.0f}" for end in made.interval)
    if made.interval[1] < FAR:
        return f"Changed, but not towards the reference ({low} to {high} % of the way)"
    return f"Changed, but not measurably towards the reference ({low} to {high} % of the way)"


def _would_have_been_found(made: Verdict) -> str:
    if made.detectable is None:
        return ""
    if made.detectable > 1:
        return "these data would have missed even a move of all the way more than once in ten times"
    return f"a move of {made.detectable * 100:.0f} % of the way would have been found nine times in ten"


def _without_reference(made: Verdict) -> str:
    certain = sure(made.features)
    if not made.changed.holds and made.scenes < FEWEST_TWO_SIDED:
        return _too_few(made)
    if not made.changed.holds:
        return _sentence("No measurable change", "")
    if not certain:
        return _sentence("Changed as a whole, though no single feature surely did", _states(made.blocks))
    named = [feature_change(one) for one in largest(certain)]
    more = len(certain) - len(named)
    rest = f" and {count(more, 'more feature')}" if more else ""
    return _sentence(f"Changed: {', '.join(named)}{rest}", _states(made.blocks, but="changed"))


def feature_change(one: FeatureChange) -> str:
    """As in: contrast at mid grey +12 % (+9 to +15); ratios are told in per cent more or less."""
    feature = one.feature
    change, unit = shown(feature, one.change), "°" if feature.unit == "degrees" else feature.unit
    places = 0 if abs(change) >= WHOLE else numbers.digits(feature.floor)
    interval = numbers.span(shown_interval(feature, one.interval), places, sign=True)
    told = numbers.with_unit(numbers.signed(change, places), unit)
    return f"{feature.label} {told}" + (f" ({interval})" if interval else "")


def _states(blocks: Sequence[BlockChange], but: str = "") -> str:
    """As in: hue changed; sharpening unchanged. Of the blocks whose state is sure."""
    parts = []
    for state, told in (("towards", "moved towards it"), ("changed", "changed"), ("unchanged", "unchanged")):
        names = [_name(one) for one in blocks if one.state == state and state != but]
        if names:
            parts.append(f"{listed(names)} {told}")
    return "; ".join(parts)


def _name(one: BlockChange) -> str:
    return BLOCKS.get(one.block, one.block)


def _sentence(head: str, rest: str) -> str:
    return f"{head}; {rest}." if rest else f"{head}."


def notes(scenes: int, reference: bool, fraction: bool, sensors: float = 0.0) -> tuple[str, ...]:
    """What the number of scenes allows, why there is no fraction, and what share of the squared distance between before
    and reference is expected of the two sensors alone (`sensors`).
    """
    told = []
    if scenes < FEWEST_TWO_SIDED:
        told.append(
            f"{count(scenes, 'shared scene').capitalize()}: a one-sided p below 0.05 needs {FEWEST_ONE_SIDED},"
            f" a two-sided one {FEWEST_TWO_SIDED}."
        )
    if fraction and sensors >= LEAST_SHARE:
        told.append(
            f"About {min(sensors, 1) * 100:.0f} % of the squared distance between before and reference is expected of"
            " two sensors that see colors differently: a processing that arrived may read that much less than 100 %."
        )
    if reference and not fraction:
        told.append("The distance between before and reference is not surely above zero: no fraction is given.")
    return tuple(told)


def too_little(made: Verdict, reason: str) -> str:
    """Where nothing could be tested: what was seen, and that it proves nothing."""
    seen = [one for one in made.features if abs(one.change) >= one.feature.floor and not one.feature.is_derived]
    head = f"Nothing can be said surely: {reason}."
    if not seen:
        return head
    named = ", ".join(map(feature_change, largest(seen, MOST_SEEN)))
    return f"{head} Seen there: {named}; whether other scenes show the same is not known."
