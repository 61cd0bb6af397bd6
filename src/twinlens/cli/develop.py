"""`twinlens develop`: raw files in, finished pictures out."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import click

from twinlens.cli.options import edits as edits_of
from twinlens.cli.options import stage_options
from twinlens.cli.quiet import quiet_decoders
from twinlens.core.errors import FileError, ParameterError, TwinlensError

SUFFIXES = (".jpg", ".jpeg", ".tif", ".tiff", ".png", ".avif", ".jxl")


@stage_options
@click.command("develop", epilog="Every other setting: --set STAGE.PARAMETER=VALUE (see docs/reference.md).")
@click.argument("sources", nargs=-1, required=True, metavar="IN...", type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, metavar="OUT|DIR", type=click.Path(path_type=Path),
              help="A picture (jpg, tif, png, avif, jxl), or a folder for many.")  # fmt: skip
@click.option("--look", default="authentic", show_default=True, metavar="NAME|FILE",
              help="A shipped look, a look file, or 'profile' for the camera profile's own.")  # fmt: skip
@click.option(
    "--strength", type=float, default=1.0, show_default=True, help="0 neutral, 1 the look, more while it is valid."
)
@click.option("--exposure", metavar="EV|auto", help="Brighter or darker in stops; auto holds highlights.")
@click.option(
    "--profile", "profile_path", metavar="FILE", type=click.Path(path_type=Path), help="Camera profile: .dcp or TOML."
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
@click.option("--max-pixels", type=int, default=200_000_000, show_default=True, help="Refuse larger pictures.")
@click.option("--set", "settings", multiple=True, metavar="STAGE.PARAM=VALUE", help="Any parameter of any step.")
@click.option("--threads", type=click.IntRange(1, 256), help="Threads to use.  [default: all processors]")
@click.option("--overwrite", is_flag=True, help="Replace existing results (never an input).")
@click.option("--json", "as_json", is_flag=True, help="Print what was made as JSON.")
def command(sources: tuple[Path, ...], output: Path, as_json: bool, **options: Any) -> None:
    """Develop raw files, or give finished pictures a look.

    The recipe is written beside each picture; --recipe replays it to the same bytes.
    """
    targets = _targets(sources, output, options["suffix"])
    done: list[dict[str, Any]] = []
    failed: list[dict[str, str]] = []
    with _progress(len(sources), hidden=as_json) as bar:
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


def _targets(sources: tuple[Path, ...], output: Path, suffix: str) -> list[tuple[Path, Path]]:
    """Which file becomes which picture."""
    is_folder = output.is_dir() or len(sources) > 1 or str(output).endswith("/")
    if not is_folder:
        if output.suffix.lower() not in SUFFIXES:
            raise ParameterError(f"{output}: expected a picture ({', '.join(SUFFIXES)}) or an existing folder")
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
    profile = _profile(options["profile_path"], recipe)
    told = {name: options[name] for name in ("bits", "quality", "strip") if options[name] is not None}
    output = Output(**told)
    if recipe is not None and told:
        raise ParameterError("--recipe says how the picture is written: leave out --bits, --quality and --strip")
    picture = pipeline.develop(
        image,
        look=options["look"],
        strength=options["strength"],
        profile=profile,
        recipe=recipe,
        edits=edits,
        output=output,
        threads=options["threads"],
        progress=bar.part,
    )
    made = {"program": f"twinlens {_version()}", "source": source.name}
    if options["profile_path"] or (recipe and "profile" in recipe.made):
        path = options["profile_path"] or recipe.made["profile"]  # type: ignore[union-attr]
        made |= {"profile": str(path), "profile_sha256": pipeline.digest(path)}
    picture = pipeline.with_made(picture, **made)
    pipeline.write(picture, target, overwrite=options["overwrite"])
    for note in (*image.shot.notes, *picture.notes):
        click.echo(f"{source.name}: {note}", err=True)
    height, width = picture.pixels.shape[:2]
    bar.next(f"{source.name} -> {target}")
    return {"source": str(source), "output": str(target), "width": width, "height": height,
            "seconds": round(time.perf_counter() - began, 3), "notes": [*image.shot.notes, *picture.notes]}  # fmt: skip


def _version() -> str:
    from twinlens import __version__

    return __version__


def _profile(path: Path | None, recipe: Any) -> Any:
    from twinlens.pipeline import profile
    from twinlens.pipeline.develop import digest

    if path is None and recipe is not None and "profile" in recipe.made:
        path = Path(recipe.made["profile"])
        if not path.exists():
            raise FileError(f"the recipe was made with the profile {path}, which is not there; name it with --profile")
        if digest(path) != recipe.made.get("profile_sha256"):
            raise FileError(f"the profile {path} has changed since the recipe was made; name one with --profile")
    return None if path is None else profile.load(path)


class _Bar:
    """Progress on stderr: of the files, and within a file; silent when stderr is not a terminal."""

    def __init__(self, count: int, hidden: bool) -> None:
        self.count, self.index, self.rich, self.task = count, 0, None, None
        self.began = time.perf_counter()
        self.hidden = hidden or not click.get_text_stream("stderr").isatty()

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *_: object) -> None:
        if self.rich is not None:
            self.rich.stop()

    def part(self, share: float) -> None:
        """The finished share of the present file; the bar appears once the work has taken a second."""
        if self.hidden or (self.rich is None and time.perf_counter() - self.began < 1):
            return
        if self.rich is None:
            from rich.console import Console
            from rich.progress import Progress

            self.rich = Progress(console=Console(stderr=True), transient=True)
            self.rich.start()
            self.task = self.rich.add_task("developing", total=self.count)
        self.rich.update(self.task, completed=self.index + share)  # type: ignore[arg-type]

    def next(self, line: str) -> None:
        """A file is finished."""
        self.index += 1
        self.part(0)
        if not self.hidden:
            click.echo(line, err=True)


def _progress(count: int, hidden: bool) -> _Bar:
    return _Bar(count, hidden)
