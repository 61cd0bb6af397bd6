"""`twinlens develop`: raw files in, finished pictures out."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from twinlens.cli.chosen_look import ORIENTATION, chosen
from twinlens.cli.options import edits as edits_of
from twinlens.cli.options import stage_options
from twinlens.cli.progress import Progress
from twinlens.cli.quiet import quiet_decoders
from twinlens.core.errors import FileError, ParameterError, TwinlensError

if TYPE_CHECKING:
    from twinlens.pipeline.develop import Picture
    from twinlens.pipeline.recipe import Recipe

OUTPUT = ("bits", "quality", "strip")
REPLAYED = ("look", "strength", "orientation", *OUTPUT)  # a recipe says these
SUFFIXES = (".jpg", ".jpeg", ".tif", ".tiff", ".png", ".avif", ".jxl")


@stage_options
@click.command("develop", epilog="Every other setting: --set STAGE.PARAMETER=VALUE (see docs/reference.md).")
@click.argument("sources", nargs=-1, required=True, metavar="IN...", type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, metavar="OUT|DIR", type=click.Path(),
              help="A picture (jpg, tif, png, avif, jxl), or a folder for many.")  # fmt: skip
@click.option("--look", default="authentic", show_default=True, metavar="NAME|FILE",
              help="A shipped look, a look file, or 'profile' for the camera profile's own.")  # fmt: skip
@click.option(
    "--strength", type=float, default=1.0, show_default=True, help="0 neutral, 1 the look, more while it is valid."
)
@ORIENTATION
@click.option("--exposure", metavar="EV|auto", help="Brighter or darker in stops; auto holds highlights.")
@click.option(
    "--profile",
    "profile_path",
    metavar="FILE|DIR",
    type=click.Path(path_type=Path),
    help="Camera profile: .dcp or TOML; of a folder the one made for this module.",
)
@click.option(
    "--recipe",
    "recipe_path",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Replay a recipe to the same bytes.",
)
@click.option("--format", "suffix", metavar="EXT", default="jpg", show_default=True, help="For pictures in a folder.")
@click.option("--quality", type=int, help="Of JPEG, AVIF, JPEG XL: 1 to 100.  [default: 92]")
@click.option("--bits", type=int, help="8, or 16 for TIFF, PNG and JPEG XL.  [default: 8]")
@click.option("--strip", metavar="none|gps|all", help="Leave out EXIF: the place, or everything.")
@click.option("--raw-layout", metavar="LAYOUT", help="Of a headerless raw: 1920x1080:uint16le:BGGR:black=..:white=..")
@click.option(
    "--max-pixels", type=click.IntRange(1), default=200_000_000, show_default=True, help="Refuse larger pictures."
)
@click.option("--set", "settings", multiple=True, metavar="STAGE.PARAM=VALUE", help="Any parameter of any step.")
@click.option("--threads", type=click.IntRange(1, 256), help="Threads to use.  [default: all processors]")
@click.option("--overwrite", is_flag=True, help="Replace existing results (never an input).")
@click.option("--json", "as_json", is_flag=True, help="Print what was made as JSON.")
def command(sources: tuple[Path, ...], output: str, as_json: bool, **options: Any) -> None:
    """Develop raw files, or give finished pictures a look.

    The recipe is written beside each picture; --recipe replays it to the same bytes.
    """
    _check_replay(options)
    targets = _targets(sources, output, options["suffix"])
    done: list[dict[str, Any]] = []
    failed: list[dict[str, str]] = []
    with Progress(len(sources), hidden=as_json) as bar:
        for source, target in targets:
            try:
                done.append(_one(source, target, options, bar))
            except TwinlensError as error:
                if len(sources) == 1:
                    raise
                failed.append({"source": str(source), "error": str(error)})
                click.echo(f"twinlens: {error}", err=True)
    if as_json:
        click.echo(json.dumps({"developed": done, "failed": failed}, indent=1))
    if failed:
        raise TwinlensError(f"{len(failed)} of {len(sources)} files could not be developed")


def _targets(sources: Sequence[Path], told: str, suffix: str) -> list[tuple[Path, Path]]:
    """Which file becomes which picture; `told` with a slash at its end is a folder to be made."""
    output = Path(told)
    is_folder = output.is_dir() or len(sources) > 1 or told.endswith(("/", os.sep))
    if not is_folder:
        if output.suffix.lower() not in SUFFIXES:
            raise ParameterError(f"{output}: expected a picture ({', '.join(SUFFIXES)}) or a folder (NAME/)")
        return [(sources[0], output)]
    if output.exists() and not output.is_dir():
        raise FileError(f"{output} is a file, but {len(sources)} pictures need a folder")
    if f".{suffix.lstrip('.').lower()}" not in SUFFIXES:
        raise ParameterError(f"--format {suffix}: expected one of {', '.join(one[1:] for one in SUFFIXES)}")
    targets = [(one, output / f"{one.stem}.{suffix.lstrip('.')}") for one in sources]
    seen: dict[Path, Path] = {}
    for source, target in targets:
        if target in seen:
            raise ParameterError(
                f"{seen[target]} and {source} would both become {target}; develop them into two folders"
            )
        seen[target] = source
    output.mkdir(parents=True, exist_ok=True)
    return targets


def _one(source: Path, target: Path, options: dict[str, Any], bar: Any) -> dict[str, Any]:
    from twinlens import files
    from twinlens.pipeline import develop as pipeline
    from twinlens.pipeline import profile
    from twinlens.pipeline.recipe import Output, Recipe

    began = time.perf_counter()
    if target.exists() and source.exists() and target.samefile(source):
        raise FileError(f"{target} is the input itself; inputs are never overwritten")
    for path in (target, pipeline.recipe_path(target)):
        if path.exists() and not options["overwrite"]:
            raise FileError(f"{path} exists already: choose another name, or say --overwrite")
    edits = edits_of(options, options["exposure"], options["settings"])
    with quiet_decoders():
        image = files.read(source, raw_layout=options["raw_layout"], max_pixels=options["max_pixels"])
    recipe = Recipe.load(options["recipe_path"]) if options["recipe_path"] else None
    profile_path = options["profile_path"] or _recipes_profile(recipe, options["recipe_path"])
    if profile_path is not None and profile_path.is_dir():
        profile_path = profile.choose(profile_path, image.shot)
    camera = None if profile_path is None else profile.load(profile_path)
    told = {name: options[name] for name in OUTPUT if options[name] is not None}
    load_writers = threading.Thread(target=_load_writers, daemon=True)

    def progress(share: float) -> None:
        if load_writers.ident is None:  # from now on the pixels' threads seldom need the interpreter
            load_writers.start()
        bar.part(share)

    picture = pipeline.develop(
        image,
        look=_look(options),
        strength=options["strength"],
        profile=camera,
        recipe=recipe,
        edits=edits,
        output=Output(**told) if told else None,
        threads=options["threads"],
        progress=progress,
    )
    picture = _with_profile(picture, profile_path)
    pipeline.write(picture, target, overwrite=options["overwrite"])
    notes = (*image.shot.notes, *picture.notes, *_another_camera(camera, image))
    for note in notes:
        click.echo(f"{source.name}: {note}", err=True)
    height, width = picture.pixels.shape[:2]
    bar.next(f"{source.name} -> {target}")
    return {"source": str(source), "output": str(target), "width": width, "height": height,
            "seconds": round(time.perf_counter() - began, 3), "notes": notes}  # fmt: skip


def _look(options: dict[str, Any]) -> Any:
    """The look by name, or turned."""
    if not options["orientation"]:
        return options["look"]
    if options["look"] == "profile":
        raise ParameterError("--orientation turns a look; the camera profile's own is shown as it is")
    return chosen(options["look"], options["orientation"])


def _another_camera(camera: Any, image: Any) -> tuple[str, ...]:
    """A note where the profile was made for another module."""
    from twinlens.core.profile import mismatch

    told = "" if camera is None else mismatch(camera, image.shot)
    return (f"the profile was made for another module: {told}",) if told else ()


def _check_replay(options: dict[str, Any]) -> None:
    """ParameterError for options whose place a recipe takes."""
    context = click.get_current_context()
    default = click.core.ParameterSource.DEFAULT
    taken = [name for name in REPLAYED if context.get_parameter_source(name) is not default]
    if options["recipe_path"] and taken:
        told = ", ".join(f"--{name}" for name in taken)
        raise ParameterError(f"--recipe says the look and how the picture is written: leave out {told}")


def _with_profile(picture: Picture, path: Path | None) -> Picture:
    """The picture with its camera profile as provenance in the recipe."""
    from twinlens.pipeline.develop import digest, with_made

    if path is None:
        return picture
    name = str(path.absolute()).encode("utf-8", "replace").decode("utf-8")
    return with_made(picture, profile=name, profile_sha256=digest(path))


def _load_writers() -> None:
    """What writing a picture needs is loaded while its pixels are computed."""
    import imagecodecs
    import tomli_w

    from twinlens.files import icc, photo

    icc.profile("srgb")
    # the codec itself is loaded when it is first looked at
    assert photo.write and imagecodecs.jpeg8_encode and tomli_w.dumps


def _recipes_profile(recipe: Recipe | None, recipe_path: Path | None) -> Path | None:
    """The camera profile that a recipe was made with: where it was, or beside the recipe."""
    from twinlens.pipeline.develop import digest

    if recipe is None or recipe_path is None or "profile" not in recipe.made:
        return None
    path = Path(recipe.made["profile"])
    places = [one for one in (path, recipe_path.parent / path.name) if one.is_file()]
    if not places:
        raise FileError(f"the recipe was made with the profile {path}, which is not there; name it with --profile")
    if digest(places[0]) != recipe.made.get("profile_sha256"):
        raise FileError(f"the profile {places[0]} has changed since the recipe was made; name one with --profile")
    return places[0]
