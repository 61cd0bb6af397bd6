"""Recipe: an ordered list of stages; bound to a shot it makes a picture, and makes it again.

The document is TOML, `format = "recipe/1"`: what it was made for, how the picture is written, then one `[[stage]]` a
step.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import field
from pathlib import Path
from typing import Any, Literal

from twinlens import stages
from twinlens.core import document
from twinlens.core.errors import DocumentError, ParameterError
from twinlens.core.image import State
from twinlens.core.record import record
from twinlens.core.stage import Stage, stage_from
from twinlens.pipeline.look import read_tables

FORMAT = "recipe/1"
Strip = Literal["none", "gps", "all"]


@record(kw_only=True)
class Output:
    """How the picture is written; every field is part of the bytes."""

    bits: int = 8
    quality: int = 92
    strip: Strip = "none"

    def __post_init__(self) -> None:
        if type(self.bits) is not int or self.bits not in (8, 16):
            raise ParameterError(f"output bits = {self.bits!r}: expected 8 or 16")
        if type(self.quality) is not int or not 1 <= self.quality <= 100:
            raise ParameterError(f"output quality = {self.quality!r}: expected a whole number, 1 to 100")
        if self.strip not in ("none", "gps", "all"):
            raise ParameterError(f"output strip = {self.strip!r}: expected none, gps or all")


@record
class Recipe:
    """Stages in order, how the picture is written, and what it was made for (`made`: plain strings)."""

    stages: tuple[Stage, ...]
    output: Output = Output()
    made: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for before, after in zip(self.stages, self.stages[1:], strict=False):
            if before.returns is not after.accepts:
                raise DocumentError(
                    f"recipe: {after.name()} takes {after.accepts} but {before.name()} before it gives {before.returns}"
                )

    def __iter__(self) -> Iterator[Stage]:
        return iter(self.stages)

    def get(self, name: str) -> Stage | None:
        """The stage of this name, if it is in the recipe."""
        return next((stage for stage in self.stages if stage.name() == name), None)

    def changed(self, edits: dict[str, dict[str, Any]]) -> Recipe:
        """The recipe with other parameters: `{"exposure": {"stops": 1.0}}`; a stage that is not in it is an error."""
        names = [stage.name() for stage in self.stages]
        for name, values in edits.items():
            if name not in names:
                raise ParameterError(f"the recipe has no stage {name!r}; it has {', '.join(names)}")
            cls = stages.load()[name]
            document.only(values, (item.name for item in dataclasses.fields(cls)), f"stage {name}")
        return dataclasses.replace(
            self,
            stages=tuple(
                dataclasses.replace(stage, **edits[stage.name()]) if stage.name() in edits else stage
                for stage in self.stages
            ),
        )

    def replaced(self, *others: Stage) -> Recipe:
        """The recipe with these stages in the place of those of the same name."""
        named = {stage.name(): stage for stage in others}
        return dataclasses.replace(self, stages=tuple(named.get(stage.name(), stage) for stage in self.stages))

    def from_state(self, state: State) -> Recipe:
        """The part of the recipe that begins with an image of this state."""
        for index, stage in enumerate(self.stages):
            if stage.accepts is state:
                return dataclasses.replace(self, stages=self.stages[index:])
        raise ParameterError(f"the recipe has no stage that takes an image in state {state}")

    def dumps(self) -> str:
        """The document as text."""
        steps = []
        for stage in self.stages:
            kept = (item for item in dataclasses.fields(stage) if not item.metadata.get("transient"))
            values = {item.name: getattr(stage, item.name) for item in kept}
            steps.append({"name": stage.name(), "version": stage.version, **values})
        return document.dumps(FORMAT, {"made": self.made, "output": dataclasses.asdict(self.output), "stage": steps})

    @classmethod
    def loads(cls, text: str, *, origin: str = "") -> Recipe:
        """From the document's text; unknown keys, stages and values out of range are errors."""
        data = document.loads(text, FORMAT, origin=origin)
        begin = f"{origin}: " if origin else ""
        document.only(data, ("made", "output", "stage"), f"{begin}recipe")
        output, made, steps = document.table(data, "output", begin), _made(data, begin), data.get("stage", [])
        if not isinstance(steps, list) or not steps or not all(isinstance(one, dict) for one in steps):
            raise DocumentError(f"{begin}a recipe has at least one [[stage]]")
        document.only(output, (item.name for item in dataclasses.fields(Output)), f"{begin}[output]")
        stages.load()
        try:
            return cls(tuple(cls._stage(dict(one)) for one in steps), Output(**output), made)
        except (ParameterError, DocumentError) as error:
            raise DocumentError(f"{begin}{error}") from None

    @staticmethod
    def _stage(values: dict[str, Any]) -> Stage:
        name, version = values.pop("name", None), values.pop("version", 1)
        if not isinstance(name, str) or not isinstance(version, int):
            raise DocumentError("each [[stage]] has a name and a version")
        return stage_from(name, values, version)

    @classmethod
    def load(cls, path: str | Path) -> Recipe:
        """From a file."""
        try:
            text = Path(path).read_text("utf-8")
        except OSError as error:
            raise DocumentError(f"{path}: the recipe cannot be read: {error.strerror}") from None
        except UnicodeDecodeError:
            raise DocumentError(f"{path}: the recipe is not text") from None
        recipe = cls.loads(text, origin=str(path))
        read_tables(recipe.stages, Path(path).parent)
        return recipe


def _made(data: dict[str, Any], begin: str) -> dict[str, Any]:
    made = document.table(data, "made", begin)
    for key, value in made.items():
        if not isinstance(value, str):
            raise DocumentError(f"{begin}[made] {key} = {value!r}: text is wanted")
    return made
