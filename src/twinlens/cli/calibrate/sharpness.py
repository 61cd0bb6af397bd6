"""`twinlens calibrate sharpness`: a slanted edge tells what a lens, a sensor and a processing keep of detail."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from twinlens.cli.calibrate import reports
from twinlens.cli.quiet import quiet_decoders
from twinlens.core.errors import ParameterError


@click.command("sharpness")
@click.argument("picture", metavar="PICTURE", type=click.Path(path_type=Path))
@click.option(
    "--box", required=True, metavar="L,T,R,B", help="The part with the edge: left, top, right, bottom in pixels."
)
@click.option("--raw-layout", metavar="LAYOUT", help="Of a headerless raw: 1920x1080:uint16le:BGGR:black=..:white=..")
@click.option("--json", "as_json", is_flag=True, help="For machines; with the whole response.")
@reports.with_report
def command(picture: Path, box: str, raw_layout: str | None, as_json: bool, **options: Any) -> None:
    """Measure the spatial frequency response of a slanted edge (ISO 12233:2023).

    The part shows nothing but one straight edge between a darker and a lighter field, tilted by some 5 degrees. A raw
    file is measured color by color before any demosaic, a rendered picture in its luminance.
    """
    from twinlens.calibrate import module_report, sharpness

    reports.check(options["report"], [picture], options["overwrite"])
    with quiet_decoders():
        found = sharpness.sharpness_from(picture, box_of(box), raw_layout=raw_layout)
    reports.write(options["report"], lambda: module_report.sharpness_page(found, [picture]), options["overwrite"])
    if as_json:
        click.echo(json.dumps({name: _as_dict(one) for name, one in found.items()}, indent=1))
        return
    for name, one in found.items():
        click.echo(
            f"{name:<10} MTF50 {one.mtf50:.3f}  MTF10 {one.mtf10:.3f} cycles/px   at Nyquist/2 {one.at(0.25):.2f}   "
            f"overshoot {one.overshoot:.1%}  undershoot {one.undershoot:.1%}   10-90 % in {one.rise_px:.2f} px   "
            f"{one.angle_deg:.1f} degrees"
        )


def _as_dict(one: Any) -> dict[str, Any]:
    numbers = {name: getattr(one, name) for name in ("mtf50", "mtf10", "overshoot", "undershoot", "rise_px",
                                                     "angle_deg", "contrast")}  # fmt: skip
    told: dict[str, Any] = {name: value if value == value else None for name, value in numbers.items()}
    for name in ("frequency", "sfr", "distance_px", "profile"):
        told[name] = [round(float(value), 6) for value in getattr(one, name)]
    return told


def box_of(text: str, option: str = "--box") -> tuple[int, int, int, int]:
    """The part of a picture that an option says."""
    try:
        left, top, right, bottom = (int(one) for one in text.split(","))
    except ValueError:
        raise ParameterError(
            f"{option} {text}: expected left,top,right,bottom in pixels, like 400,300,520,460"
        ) from None
    return left, top, right, bottom
