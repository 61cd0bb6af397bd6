"""Numbers: values as a reader wants them: as many digits as matter, a true minus, units apart."""

from __future__ import annotations

from math import ceil, isfinite, log10

MINUS, DASH = "\u2212", "\u2013"  # the sign that is as wide as a plus; what stands for no number
FINEST = 4  # of the smallest difference that matters: digits beyond a quarter of it say nothing


def digits(floor: float) -> int:
    """How many decimals are worth showing where differences below `floor` do not matter."""
    return min(max(ceil(-log10(floor / FINEST)), 0), 5) if floor > 0 and isfinite(floor) else 2


def plain(value: float | None, places: int) -> str:
    """A number with so many decimals, and a minus that is one."""
    if value is None or not isfinite(value):
        return DASH
    text = f"{value:.{places}f}"
    return f"{0.0:.{places}f}" if float(text) == 0 else text.replace("-", MINUS)


def signed(value: float | None, places: int) -> str:
    """The same with a plus."""
    text = plain(value, places)
    return text if value is None or text[0] in MINUS + DASH or float(text) == 0 else "+" + text


def span(interval: tuple[float, float] | None, places: int, *, sign: bool = False) -> str:
    """An interval in words."""
    if interval is None or not all(map(isfinite, interval)):
        return ""
    shown = [(signed if sign else plain)(one, places) for one in interval]
    return f"{shown[0]} to {shown[1]}"


def percent(share: float | None) -> str:
    """A share in percent."""
    return DASH if share is None or not isfinite(share) else plain(100 * share, 0) + "\u202f%"


def p_text(value: float | None) -> str:
    """A p-value: never nought."""
    if value is None or not isfinite(value):
        return ""
    return "p < 0.001" if value < 0.001 else f"p = {value:.3f}" if value < 0.1 else f"p = {value:.2f}"


def with_unit(text: str, unit: str) -> str:
    """A number with its unit; degrees and percent stand close."""
    return text if not unit or unit in ("1", "ratio") else f"{text}{unit}" if unit == "°" else f"{text}\u202f{unit}"
