"""`twinlens demo`: with nothing but the package: a sample raw, four looks, a contact sheet, the times."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import click

from twinlens.core.errors import FileError


@click.command("demo")
@click.option("-o", "--output", default="demo", show_default=True, metavar="DIR", type=click.Path(path_type=Path),
              help="Folder for the sample and the pictures.")  # fmt: skip
@click.option(
    "--megapixels", type=click.FloatRange(0.05, 60), default=3.0, show_default=True, help="Size of the sample."
)
@click.option("--overwrite", is_flag=True, help="Replace the results of an earlier demo.")
@click.option("--json", "as_json", is_flag=True, help="Print what was made as JSON.")
def command(output: Path, megapixels: float, overwrite: bool, as_json: bool) -> None:
    """Shoot a sample scene (made by formula), develop it with every look, write a contact sheet.

    Needs no file and no network. Open contact-sheet.jpg first.
    """
    from twinlens import files
    from twinlens.files import dng, photo
    from twinlens.pipeline import develop as pipeline
    from twinlens.pipeline import look
    from twinlens.report.contact_sheet import contact_sheet
    from twinlens.simulate import sample

    names = look.shipped()
    raw = output / "sample.dng"
    targets = [raw, output / "contact-sheet.jpg", *(output / f"sample-{name}.jpg" for name in names)]
    if not overwrite and (there := next((one for one in targets if one.exists()), None)):
        raise FileError(f"{there} exists already: choose another folder with -o, or say --overwrite")
    output.mkdir(parents=True, exist_ok=True)
    times: dict[str, float] = {}
    height = max(2 * round((megapixels * 1e6 * 3 / 4) ** 0.5 / 2), 2)

    shot = _timed(times, "shoot the scene", lambda: sample.shoot(height, 2 * round(height * 2 / 3)))
    _timed(times, "write sample.dng", lambda: dng.write(raw, shot.pixels, shot.shot, overwrite=overwrite))
    image = _timed(times, "read sample.dng", lambda: files.read(raw))
    shown = []
    for name in names:
        picture = _timed(times, f"develop {name}", lambda name=name: pipeline.develop(image, look=name))
        target = output / f"sample-{name}.jpg"
        _timed(times, f"write {target.name}", lambda p=picture, t=target: pipeline.write(p, t, overwrite=overwrite))
        shown.append((f"{name}: {look.load(name).description}", picture.pixels))
    photo.write(contact_sheet(shown), output / "contact-sheet.jpg", overwrite=overwrite)
    _tell(output, height, times, as_json)


def _timed(times: dict[str, float], name: str, work: Any) -> Any:
    began = time.perf_counter()
    result = work()
    times[name] = round(time.perf_counter() - began, 3)
    return result


def _tell(output: Path, height: int, times: dict[str, float], as_json: bool) -> None:
    from twinlens.kernels import library

    implementation = library.status()["implementation"]
    if as_json:
        click.echo(
            json.dumps({"folder": str(output), "height": height, "kernels": implementation, "seconds": times}, indent=1)
        )
        return
    for name, seconds in times.items():
        click.echo(f"{name:<32}{seconds * 1e3:8.0f} ms")
    click.echo(f"kernels: {implementation}. The pictures are in {output}; open {output / 'contact-sheet.jpg'} first.")
