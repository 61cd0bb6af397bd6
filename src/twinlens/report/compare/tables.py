"""Tables: all numbers of a comparison, and where each comes from."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from twinlens.report import page
from twinlens.report.compare import numbers
from twinlens.report.compare.content import ROLES, FeatureRow, FileFacts, Role

RELATIVE = (
    "Where before stands at 0, the other sets are given as their difference from it; ratios in percent more or less."
)


def feature_table(rows: Sequence[FeatureRow]) -> str:
    """Every feature with its level in each set, its change, and how far that is of the way to the reference."""
    roles: list[Role] = [role for role in ROLES if any(role in row.levels for row in rows)]
    has_way = any(row.moved is not None for row in rows)
    head = ["feature", "unit", *roles, "change", "95 % interval", "p (Holm)", *(["of the way"] if has_way else []),
            "scenes"]  # fmt: skip
    about = f"<p>{RELATIVE}</p>" if any(row.is_relative for row in rows) else ""
    return about + page.table(head, [_numbers(row, roles, has_way) for row in rows])


def _numbers(row: FeatureRow, roles: Sequence[Role], has_way: bool) -> list[object]:
    places = numbers.digits(row.floor)
    levels = [numbers.plain(row.levels[role].value, places) if role in row.levels else numbers.DASH for role in roles]
    way = numbers.percent(row.moved)
    if row.moved_interval is not None:
        way += f" ({' to '.join(numbers.plain(100 * one, 0) for one in row.moved_interval)})"
    change = [numbers.signed(row.change, places), numbers.span(row.interval, places, sign=True)]
    p_value = numbers.p_text(row.p_value).removeprefix("p ").removeprefix("= ")
    return [row.label, row.unit, *levels, *change, p_value, *([way] if has_way else []), row.scenes]


def by_reason(pairs: Sequence[tuple[str, str]]) -> str:
    """Reasons with the things that they hold for."""
    found: dict[str, list[str]] = {}
    for name, why in pairs:
        found.setdefault(why, []).append(name)
    return listed([(f"{why[:1].upper()}{why[1:]}", ", ".join(names)) for why, names in found.items()])


def listed(pairs: Sequence[tuple[str, str]]) -> str:
    """Things and what is said of them."""
    body = "".join(f"<dt>{escape(name)}</dt><dd>{escape(said)}</dd>" for name, said in pairs)
    return f"<dl>{body}</dl>" if pairs else ""


def files_table(files: Sequence[FileFacts], made: dict[str, str]) -> str:
    """The pictures with their digests, and the program that made the page."""
    facts = page.table(("", ""), list(made.items())) if made else ""
    if not files:
        return facts
    head = "".join(f"<th>{one}</th>" for one in ("picture", "set", "scene", "what it says of itself", "SHA-256"))
    body = "".join(map(_file, files))
    table = (
        f'<div class="scroll"><table class="facts"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
    )
    return f"{facts}<details open><summary>{len(files)} pictures</summary>{table}</details>"


def _file(one: FileFacts) -> str:
    told = "".join(f"<td>{escape(text)}</td>" for text in (one.name, one.role, one.scene, one.facts))
    return f'<tr>{told}<td class="hash">{escape(one.sha256[:16])}</td></tr>'
