"""Develop: a raw file (or a finished picture) becomes a picture with a look."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import twinlens
from twinlens.core.errors import DocumentError, ParameterError, TwinlensError
from twinlens.core.image import ENCODED, SENSOR, Image
from twinlens.core.profile import CameraProfile, color_in_use
from twinlens.core.record import record
from twinlens.core.stage import Stage
from twinlens.files.atomic import atomic
from twinlens.kernels.memory import Reserved
from twinlens.numerics.temperature import temperature_from_xy
from twinlens.pipeline import plan
from twinlens.pipeline.default import default_stages
from twinlens.pipeline.look import Look, at_strength, unseen_light, write_tables
from twinlens.pipeline.look import load as load_look
from twinlens.pipeline.recipe import Output, Recipe
from twinlens.pipeline.resolve import Scans, resolve, scan_ahead
from twinlens.pipeline.steps import Step
from twinlens.pipeline.steps import steps as stage_steps
from twinlens.stages.linearize import Linearize
from twinlens.stages.shading import Shading

DEFAULT_LOOK = "authentic"
Edits = dict[str, dict[str, Any]]


@record(kw_only=True, eq=False, repr=False)
class Picture(Image):
    """A developed picture: code values (H, W, 3) uint8 or uint16, with the resolved recipe that made it."""

    recipe: Recipe
    notes: tuple[str, ...] = ()


def build_recipe(
    source: Image,
    *,
    look: str | Path | Look = DEFAULT_LOOK,
    strength: float = 1.0,
    edits: Edits | None = None,
    output: Output | None = None,
) -> tuple[Recipe, tuple[str, ...]]:
    """The recipe for this source before anything is measured, and what has to be said about it.

    `look` is a shipped name, a path, a `Look`, or "profile" for the look table and tone curve of the camera profile.
    """
    if not 0 <= strength <= 2:
        raise ParameterError(f"strength = {strength:g} is outside 0 to 2: 0 is neutral, 1 the look")
    if look == "profile" and strength != 1:
        raise ParameterError(f"strength = {strength:g}: the camera profile's own look is shown at strength 1 only")
    notes: tuple[str, ...] = ()
    recipe = Recipe(default_stages(source.state, from_profile=look == "profile"), output or Output())
    names = {stage.name() for stage in recipe.stages}
    if look != "profile":
        chosen = look if isinstance(look, Look) else load_look(look)
        look_map, note = at_strength(chosen, strength)
        notes = (note,) if note else ()
        finish = chosen.finish.scaled(look_map.strength)
        recipe = recipe.replaced(look_map)
        settings = {
            "vignette": {"amount": -finish.vignette},
            "local_tone": {"strength": finish.local_tone},
            "acutance": {"amount": finish.acutance},
            "grain": {"amount": finish.grain},
        }
        recipe = recipe.changed({name: values for name, values in settings.items() if name in names})
    wanted = edits or {}
    if absent := sorted(set(wanted) - names):
        raise ParameterError(
            f"{', '.join(absent)}: not a step for this kind of source; steps are {', '.join(sorted(names))}"
        )
    return _one_local_tone(recipe.changed(wanted), source, wanted), notes


def _one_local_tone(recipe: Recipe, source: Image, edits: Edits) -> Recipe:
    """One switch for local tone: a file's own gain table map is used in place of ours, and only where it is wanted."""
    if recipe.get("profile_gain_table") is None or "profile_gain_table" in edits:
        return recipe
    wanted = getattr(recipe.get("local_tone"), "strength", 0.0) > 0
    if wanted and source.shot.color.gain_table_map is not None:
        return recipe.changed({"profile_gain_table": {"amount": 1.0}, "local_tone": {"strength": 0.0}})
    return recipe.changed({"profile_gain_table": {"amount": 0.0}})


FOLLOWS_WHITE: Edits = {  # what was measured for the white balance of a resolved recipe
    "white_balance": {"gains": None, "white_xy": None, "neutral": None, "kelvin": None, "tint": None, "spot": None},
    "camera_color": {"matrix": None, "polynomial": None, "table_hash": ""},
    "highlights": {"levels": None, "chroma": None},
    "demosaic": {"balance": None},
}


def _edited(recipe: Recipe, edits: Edits) -> Recipe:
    """A resolved recipe with edits; another white balance makes what follows from it automatic again."""
    if "white_balance" in edits:
        names = {stage.name() for stage in recipe.stages}
        recipe = recipe.changed({name: values for name, values in FOLLOWS_WHITE.items() if name in names})
    return recipe.changed(edits)


def develop(
    source: Image | str | Path,
    *,
    look: str | Path | Look = DEFAULT_LOOK,
    strength: float = 1.0,
    profile: CameraProfile | None = None,
    recipe: Recipe | None = None,
    edits: Edits | None = None,
    output: Output | None = None,
    threads: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> Picture:
    """Develop a raw image (state SENSOR) or a finished picture (ENCODED) with a look.

    `edits` sets parameters of stages: `{"exposure": {"stops": 0.5}, "denoise": {"amount": 0.8}}`. A `recipe` replaces
    look and defaults (`edits` and `output` still apply). Returns code values with the resolved recipe. The source is
    not changed. Raises TwinlensError with one sentence.
    """
    if threads is not None and threads < 1:
        raise ParameterError(f"threads = {threads}: a number of 1 or more is wanted")
    image = _read(source)
    scans = Scans(image)
    chosen = None
    if recipe is not None:
        recipe = replace(_edited(recipe, edits or {}), output=output or recipe.output)
    memory = _begun(image, scans, profile, edits or {}, recipe, output or Output())
    if recipe is None:
        look = chosen = look if isinstance(look, Look) or look == "profile" else load_look(look)
        recipe, notes = build_recipe(image, look=look, strength=strength, edits=edits, output=output)
        if look == "profile" and not color_in_use(image.shot, profile).has_look:
            notes = (*notes, "the camera profile has neither look table nor tone curve: the light is shown as it is")
    else:
        notes = ()
        if recipe.stages[0].accepts is not image.state:
            raise DocumentError(f"the recipe begins with {recipe.stages[0].accepts}, the source is {image.state}")
    _check_end(recipe)
    _prepare(recipe)
    resolved = _with_made(resolve(recipe, image, profile, scans), image)
    notes = (*notes, *_other_light(chosen, resolved))
    made = steps(resolved, image, scans)
    end = plan.run(made, image, bits=resolved.output.bits, threads=threads, progress=progress, memory=memory)
    fields = {name: getattr(end, name) for name in Image.__dataclass_fields__}
    return Picture(**fields, recipe=resolved, notes=notes)


def _other_light(look: Any, resolved: Recipe) -> tuple[str, ...]:
    """What has to be said where a look was not seen under the picture's light."""
    white = getattr(resolved.get("white_balance"), "white_xy", None)
    if not isinstance(look, Look) or white is None:
        return ()
    said = unseen_light(look, float(temperature_from_xy(white)[0]))
    return (said,) if said else ()


def _begun(
    image: Image, scans: Scans, profile: CameraProfile | None, edits: Edits, recipe: Recipe | None, output: Output
) -> Reserved | None:
    """Memory for the result; it is touched, and the reduced picture made, while the stages are loaded and resolved."""
    resize = recipe.get("resize") if recipe else None
    resizes = "resize" in edits or (resize is not None and not resize.is_identity)
    bits = recipe.output.bits if recipe else output.bits
    memory = None if resizes else Reserved(image.height * image.width * 3 * bits // 8)

    def work() -> None:
        if image.state is SENSOR:
            with contextlib.suppress(Exception):  # resolving meets it again, and says it
                scan_ahead(_acting_first(recipe, edits), image, profile, scans)
        if memory is not None:
            memory.touch()

    threading.Thread(target=work, daemon=True).start()
    return memory


def _acting_first(recipe: Recipe | None, edits: Edits) -> tuple[Stage, ...]:
    """The stages on the mosaic that act on a reduced picture."""
    if recipe is not None:
        return tuple(stage for stage in recipe.stages if isinstance(stage, Linearize | Shading))
    return Linearize(**edits.get("linearize", {})), Shading(**edits.get("shading", {}))


def _prepare(recipe: Recipe) -> None:
    """Starts making what stages keep from picture to picture, beside what is measured first."""

    def work() -> None:
        for stage in recipe.stages:
            with contextlib.suppress(TwinlensError):  # the stage says it again when it runs
                stage.prepare()

    threading.Thread(target=work, daemon=True).start()


def _check_end(recipe: Recipe) -> None:
    names = [stage.name() for stage in recipe.stages]
    if names[-1:] != ["encode"] and names[-2:] != ["encode", "orient"]:
        raise DocumentError(
            f"the recipe ends with {names[-1]}: a picture needs encode, or encode and orient, at its end"
        )


def _with_made(recipe: Recipe, image: Image) -> Recipe:
    """With program and source as provenance; what is not text in a file's name becomes a question mark."""
    source = image.shot.source.encode("utf-8", "replace").decode("utf-8")
    made = {"program": f"twinlens {twinlens.__version__}", "source": source}
    return replace(recipe, made={**recipe.made, **{key: value for key, value in made.items() if value}})


def steps(recipe: Recipe, source: Image, scans: Scans | None = None) -> tuple[Step, ...]:
    """The steps of a resolved recipe for this source, ready to run."""
    scans = scans or Scans(source)
    return stage_steps(recipe.stages, (source.height, source.width), partial(scans.bound, recipe.stages))


def _read(source: Image | str | Path) -> Image:
    if isinstance(source, Image):
        if source.state not in (SENSOR, ENCODED):
            raise ParameterError(f"develop takes a raw or a finished picture, not an image in state {source.state}")
        return source
    from twinlens import files

    return files.read(source)


def write(picture: Image, path: str | Path, *, overwrite: bool = False, recipe_beside: bool = True) -> Path:
    """Write a picture in the format that the name's ending says, and its recipe as `NAME.recipe.toml` beside it.

    Raises FileError when the file exists already (unless `overwrite`) or cannot be written; nothing half-written is
    left.
    """
    path = Path(path)
    if picture.state is not ENCODED:
        raise ParameterError(f"only a developed picture can be written as {path.suffix}, this one is {picture.state}")
    recipe = picture.recipe if isinstance(picture, Picture) else None
    if recipe is None or not recipe_beside:
        _write_pixels(picture, path, recipe.output if recipe else Output(), overwrite)
        return path
    with atomic(recipe_path(path), overwrite=overwrite) as temporary:  # it appears once the picture is there
        temporary.write_text(recipe.dumps(), "utf-8")
        _write_pixels(picture, path, recipe.output, overwrite)
        write_tables(recipe.stages, path.parent)
    return path


def _write_pixels(picture: Image, path: Path, output: Output, overwrite: bool) -> None:
    from twinlens.files import photo

    photo.write(
        picture.pixels,
        path,
        space=picture.primaries,
        bits=output.bits,
        quality=output.quality,
        strip=output.strip,
        exif=picture.shot.exif,
        xmp=picture.shot.xmp,
        overwrite=overwrite,
    )


def recipe_path(path: str | Path) -> Path:
    """Where the recipe of a picture lies."""
    path = Path(path)
    return path.with_name(f"{path.name}.recipe.toml")


def digest(path: str | Path) -> str:
    """SHA-256 of a file, as provenance."""
    import hashlib

    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def with_made(picture: Picture, **facts: str) -> Picture:
    """The picture with provenance in its recipe's `[made]`."""
    return replace(picture, recipe=replace(picture.recipe, made={**picture.recipe.made, **facts}))
