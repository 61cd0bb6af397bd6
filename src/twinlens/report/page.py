"""Page: one self-contained HTML file: it needs no network, prints well, reads on a phone, and says in words what its
drawings show.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

STYLE = """
:root { color-scheme: light dark; --ink: #1c1c1c; --paper: #fff; --soft: #f2f2f2; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e6e6; --paper: #181818; --soft: #242424; } }
@media print { :root { --ink: #000; --paper: #fff; --soft: #eee; } section { break-inside: avoid; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 2rem auto;
  max-width: 62rem; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: 0.6rem 0; }
th, td { padding: 0.2rem 0.8rem 0.2rem 0; text-align: right; border-bottom: 1px solid var(--soft); }
th:first-child, td:first-child { text-align: left; }
.scroll { overflow-x: auto; }
figure { margin: 0.6rem 0; display: inline-block; vertical-align: top; max-width: 100%; }
figcaption { font-size: 0.9rem; max-width: 28rem; }
svg { max-width: 100%; height: auto; color: var(--ink); } svg text { font-size: 11px; fill: currentColor; }
svg .grid { stroke: currentColor; stroke-opacity: 0.12; }
img { max-width: 100%; height: auto; }
.lead { font-size: 1.1rem; } .note { background: var(--soft); padding: 0.6rem 0.9rem; }
.sign { margin-top: 3rem; display: flex; gap: 2rem; } .sign span { flex: 1; border-top: 1px solid currentColor; }
"""


def page(title: str, lead: str, sections: Sequence[tuple[str, str]], *, style: str = "", script: str = "") -> str:
    """The page: a title, a sentence that says the result, and sections of (heading, HTML).

    `style` is added to that of all pages; `script` runs at the end of a page that has to work without it too.
    """
    parts = [_section(heading, body) for heading, body in sections if body]
    code = f"<script>\n{script}</script>\n" if script else ""
    return (
        '<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}{style}</style></head>\n<body>\n"
        f'<h1>{escape(title)}</h1>\n<p class="lead">{escape(lead)}</p>\n'
        + "\n".join(parts)
        + f"\n{code}</body>\n</html>\n"
    )


def _section(heading: str, body: str) -> str:
    top = f"<h2>{escape(heading)}</h2>\n" if heading else ""
    return f"<section>{top}{body}</section>"


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table; numbers with a fraction are shown to two places."""
    if not rows:
        return ""
    top = "".join(f"<th>{escape(one)}</th>" for one in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(_text(one))}</td>" for one in row) + "</tr>" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'


def _text(value: object) -> str:
    if value is None:
        return "not measured"
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def plain(text: str) -> str:
    """Text as it is, for inside HTML."""
    return escape(text)


def figure(drawing: str, caption: str, legend: str = "") -> str:
    """A drawing with what it shows; `legend` is HTML."""
    below = f"{legend}<br>" if legend else ""
    return f"<figure>{drawing}<figcaption>{below}{escape(caption)}</figcaption></figure>"


def notes(sentences: Sequence[str]) -> str:
    """What a reader has to know, a paragraph each."""
    return "".join(f'<p class="note">{escape(one)}</p>' for one in sentences)


def picture(png: bytes, words: str) -> str:
    """A picture inside the page."""
    from base64 import b64encode

    return f'<img alt="{escape(words)}" src="data:image/png;base64,{b64encode(png).decode()}">'


def signature() -> str:
    """Lines to sign on paper."""
    return '<div class="sign"><span>name</span><span>date</span><span>signature</span></div>'
