"""Learning: what a learned look was made from, how it does on pictures that it was not made from, where it is weak."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import zip_longest

from twinlens.core.learned import Learned, PictureError
from twinlens.core.look_facts import PlacePicture
from twinlens.report import page
from twinlens.report.look import hues
from twinlens.report.look.swatch import pair, png

LINE, NAME, BARS, VALUES = 20.0, 130.0, 200.0, 80.0  # px
NAME_LETTERS = 20
MOST_PICTURES = 40
WORST = 5


def learning(found: Learned, places: Sequence[PlacePicture | None] = ()) -> list[tuple[str, str]]:
    """The sections of a learned look; `places` are pictures of where it fits worst, in the order of `found.worst`."""
    return [
        ("How near it comes", _held_out(found)),
        ("What it was shown", _coverage(found)),
        ("Where it fits worst", _worst(found, places)),
        ("What was noted while learning", page.notes(found.notes) + _left_out(found)),
    ]


def _held_out(found: Learned) -> str:
    table = _whole(found.held_out) if found.held_out else ""
    if not found.pictures:
        return table + _explained(found)
    how = "blind" if all(one.is_blind for one in found.pictures) else "matched"
    words = f"By picture, {how}, the worst first. The bar is the mean, the thin line the 95th percentile."
    return table + _explained(found) + page.figure(_bars(found.pictures), words)


def _explained(found: Learned) -> str:
    told = [
        "Of pictures that the look was not made from; matched: after one exposure gain and one white gain a picture."
    ]
    if found.residual is not None:
        told.append(f"On the samples that it was made from: {found.residual:.2f}.")
    if found.local_stops is not None:
        told.append(
            f"By place, {found.local_stops:.2f} EV of brightness are left that no global look explains (local tone, "
            "shading)."
        )
    return f"<p>{escape(' '.join(told))}</p>"


def _whole(one: PictureError) -> str:
    """The error of all pictures, of the kinds that were measured."""
    columns = [
        ("mean", one.mean),
        ("p95", one.p95),
        ("mean, matched", one.matched_mean),
        ("p95, matched", one.matched_p95),
    ]
    known = [(name, value) for name, value in columns if value is not None]
    return page.table(("held out, ΔE2000", *(name for name, _ in known)), [["all pictures", *(v for _, v in known)]])


def _bars(pictures: tuple[PictureError, ...]) -> str:
    """Bars of the held-out error by picture, the worst first."""
    rows = sorted(pictures, key=lambda one: -one.shown[0])[:MOST_PICTURES]
    most = max(max(one.shown[1] for one in rows), 1e-6)
    parts = []
    for index, one in enumerate(rows):
        y, (mean, high) = index * LINE, (value / most * BARS for value in one.shown)
        name = one.name if len(one.name) <= NAME_LETTERS else "…" + one.name[1 - NAME_LETTERS :]
        parts.append(f'<text x="{NAME - 8}" y="{y + 14}" text-anchor="end">{escape(name)}</text>')
        parts.append(f'<line class="way" x1="{NAME}" x2="{NAME + high:.1f}" y1="{y + 10}" y2="{y + 10}"/>')
        parts.append(f'<rect class="bar" x="{NAME}" y="{y + 5}" width="{mean:.1f}" height="10"/>')
        text = f"{one.shown[0]:.2f} / {one.shown[1]:.2f}"
        parts.append(f'<text class="soft" x="{NAME + max(mean, high) + 6:.1f}" y="{y + 14}">{text}</text>')
    width, height = NAME + BARS + VALUES, LINE * len(rows)
    title = "<title>Held-out error by picture, mean and 95th percentile</title>"
    return f'<svg role="img" viewBox="0 0 {width:g} {height:g}" width="{width:g}">{title}{"".join(parts)}</svg>'


def _coverage(found: Learned) -> str:
    if not found.coverage:
        return ""
    maps = "".join(page.figure(drawing, f"{band} colors") for band, drawing in hues.coverage_maps(found))
    greys = page.figure(hues.grey_coverage(found), "greys, black to white") if found.greys else ""
    words = (
        "Filled where samples lie, the fuller the more; empty where there are none. From the middle outwards: pale, "
        "colorful, strong. In the empty parts the look continues smoothly, but nothing has checked it."
    )
    return f'<p>{words}</p><div class="row">{maps}</div>{greys}'


def _worst(found: Learned, places: Sequence[PlacePicture | None]) -> str:
    rows = "".join(
        f"<tr><td>{escape(one.where)}</td><td>{pair(one.wanted, one.shown, 'reference and look')}</td>"
        f"<td>{one.delta_e:.1f}</td>{_place(place) if any(places) else ''}</tr>"
        for one, place in zip_longest(found.worst[:WORST], places[:WORST])
        if one is not None
    )
    if not rows:
        return ""
    seen = '<th class="words">the picture; around the place: reference, look</th>' if any(places) else ""
    head = f"<tr><th>where</th><th>reference | look</th><th>ΔE2000</th>{seen}</tr>"
    return f'<div class="scroll"><table><thead>{head}</thead><tbody>{rows}</tbody></table></div>'


def _place(place: PlacePicture | None) -> str:
    if place is None:
        return "<td></td>"
    shown = ((place.whole, "the place in the picture"), (place.reference, "reference"), (place.shown, "look"))
    return f'<td class="place words">{"".join(page.picture(png(one), words) for one, words in shown)}</td>'


def _left_out(found: Learned) -> str:
    if not found.left_out:
        return ""
    items = "".join(f"<li>{escape(one)}</li>" for one in found.left_out)
    return f"<p>Left out:</p><ul>{items}</ul>"
