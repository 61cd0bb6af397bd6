"""Write the tables of docs/looks.md that tell what the shipped looks are: where they come from, what they do, how they
treat gradients.

`--check` only says whether they are as written. The first two are made from the looks themselves, as `twinlens inspect`
measures them; the third from `benchmarks/results/gradients.json`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from twinlens.core.look_facts import LookFacts
from twinlens.measure.look import look_facts
from twinlens.pipeline.look import load, shipped

DOCS = Path(__file__).parent
PAGE = DOCS / "looks.md"
RESULTS = DOCS.parent / "benchmarks" / "results" / "gradients.json"
MEMORY = ("light skin", "dark skin", "blue sky", "foliage", "grass", "orange")
MINUS = "\u2212"


def rows(head: list[str], body: list[list[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def origins() -> str:
    """Where each look comes from, as its document says."""
    body = []
    for name in shipped():
        found = load(name).provenance
        document = f"[{name}.toml](../src/twinlens/looks/{name}.toml)"
        body.append([name, found["made_by"], document, found["license"]])
    return rows(["look", "made", "document", "license"], body)


def signed(value: float, places: int = 1) -> str:
    text = f"{value:+.{places}f}"
    return f"{0:.{places}f}" if float(text) == 0 else text.replace("-", MINUS)


def measured(looks: list[LookFacts]) -> str:
    """What each look does."""
    told = {
        "mid grey, 8-bit code": [f"{one.tone.middle:.0f}" for one in looks],
        "contrast at mid grey, stops a stop": [f"{one.tone.contrast:.2f}" for one in looks],
        "shadow depth: code at 5 stops under mid grey": [f"{one.tone.shadow:.0f}" for one in looks],
        "code at the sensor's clipping point": [f"{one.tone.clipping:.0f}" for one in looks],
        "roll-off: stops from code 200 to white": [f"{one.tone.roll_off or 0:.1f}" for one in looks],
        "brightness: gain that matches the grey row, EV": [signed(-one.grey_gain, 2) for one in looks],
        "chroma ratio": [f"{one.chroma_ratio:.2f}" for one in looks],
        "chroma by hue, at equal lightness": [span([s.chroma for s in one.sectors], one) for one in looks],
        "turns of hue, degrees": [span([s.turn_deg for s in one.sectors], one, True) for one in looks],
    }
    for name in MEMORY:
        found = [next(color for color in one.memory if color.name == name) for one in looks]
        told[f"{name}: ΔE2000, and with greys matched"] = [f"{one.delta_e:.1f}, {one.matched:.1f}" for one in found]
    told["checks that hold"] = [f"{sum(c.passed for c in one.checks)} of {len(one.checks)}" for one in looks]
    return rows(["", *(one.name for one in looks)], [[name, *values] for name, values in told.items()])


def span(values: list[float], look: LookFacts, is_turn: bool = False) -> str:
    if look.chroma_ratio < 0.01:
        return ""
    low, high = min(values), max(values)
    return f"{signed(low)} to {signed(high)}" if is_turn else f"{low:.2f} to {high:.2f}"


def gradients() -> str:
    """How smooth light comes out, from the benchmark."""
    figures = json.loads(RESULTS.read_text())["figures"]
    looks, after = figures["looks"], figures["developed"]
    told = {
        "folded cells of the color map": [f"{one['folded']} of {one['cells']}" for one in looks.values()],
        "steps of a fine grey ramp that get darker": [f"{one['grey_inversions']}" for one in looks.values()],
        "bends along 200 ramps, p99, codes of 8 bits": [f"{one['p99']:.3f}" for one in looks.values()],
        "the same without tables": [f"{one['reference_p99']:.3f}" for one in looks.values()],
        "developed grey ramp, 16384 steps: largest step, codes of 16 bits (the look's own)": [
            f"{one['grey_largest_step']:.0f} ({one['grey_largest_step_of_look']:.1f})" for one in after.values()
        ],
        "the same in 8 bits": [f"{one['largest_step_8_bit']:.0f}" for one in after.values()],
        "developed hue sweep, 4096 steps: largest step, codes of 16 bits (the look's own)": [
            f"{one['hue_largest_step']:.0f} ({one['hue_largest_step_of_look']:.1f})" for one in after.values()
        ],
    }
    return rows(["", *looks], [[name, *values] for name, values in told.items()])


def filled(text: str) -> str:
    """The page with its tables."""
    made = {
        "origins": origins(),
        "measured": measured([look_facts(load(name)) for name in shipped()]),
        "gradients": gradients(),
    }
    for mark, body in made.items():
        begin, end = f"<!-- {mark}: written by docs/make_looks.py -->", f"<!-- end of {mark} -->"
        head, rest = text.split(begin)
        text = f"{head}{begin}\n{body}\n{end}{rest.split(end)[1]}"
    return text


def main() -> None:
    text = PAGE.read_text("utf-8")
    made = filled(text)
    if sys.argv[1:] != ["--check"]:
        PAGE.write_text(made, "utf-8")
    elif made != text:
        sys.exit("docs/looks.md does not tell what the looks do: run `python docs/make_looks.py` and commit it")


if __name__ == "__main__":
    main()
