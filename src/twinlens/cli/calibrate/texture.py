"""`twinlens calibrate texture`: a dead-leaves target tells what a processing keeps of fine structure."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from twinlens.cli.calibrate import reports
from twinlens.cli.calibrate.sharpness import box_of
from twinlens.cli.quiet import quiet_decoders
from twinlens.core.errors import ParameterError


@click.command("texture")
@click.argument("picture", metavar="PICTURE", type=click.Path(path_type=Path))
@click.option("--box", required=True, metavar="L,T,R,B", help="The dead leaves: left, top, right, bottom in pixels.")
@click.option("--flat", metavar="L,T,R,B", help="An even grey part of like brightness, whose noise is taken away.")
@click.option("--target", metavar="FILE", type=click.Path(path_type=Path),
              help="The target without loss, as large as PICTURE or the box, on it but for a shift.")  # fmt: skip
@click.option("--exponent", type=float, metavar="E",
              help="Of the target's power spectrum, power ~ frequency^-E, where it is not at hand (about 2; its maker "
              "states it).")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="For machines; with the whole response.")
@reports.with_report
def command(picture: Path, box: str, flat: str | None, as_json: bool, **options: Any) -> None:
    """Measure the texture response of a dead-leaves target (ISO 19567-2) in a rendered picture.

    With --target structure that is invented and noise count as loss; with --exponent they count as kept texture, but
    for the noise that --flat takes away.
    """
    from twinlens.calibrate import module_report
    from twinlens.calibrate.texture import texture_from

    target, exponent = options["target"], options["exponent"]
    if (target is None) == (exponent is None):
        raise ParameterError("say what the target is: either --target FILE or --exponent E")
    if target is not None and flat is not None:
        raise ParameterError("--flat belongs to --exponent: with --target noise does not count anyway")
    reports.check(options["report"], [picture, target], options["overwrite"])
    with quiet_decoders():
        found = texture_from(
            picture, box_of(box), flat=None if flat is None else box_of(flat, "--flat"), reference=target,
            exponent=exponent,
        )  # fmt: skip
    sources = [picture] if target is None else [picture, target]
    reports.write(options["report"], lambda: module_report.texture_page(found, sources), options["overwrite"])
    half = found.mtf50 if found.mtf50 == found.mtf50 else None
    if as_json:
        curves = {name: [round(float(one), 6) for one in getattr(found, name)] for name in ("frequency", "mtf")}
        click.echo(json.dumps({"mtf50": half, "acutance": found.acutance, **curves}, indent=1))
        return
    reached = f"MTF50 {half:.3f} cycles/px" if half is not None else "more than half is kept up to Nyquist"
    click.echo(f"texture  {reached}   at Nyquist/2 {found.at(0.25):.2f}   acutance {found.acutance:.2f}")
