"""Preview: the picture at screen size, quickly, and again quickly when a setting changes.

It starts from the raw averaged over blocks (no demosaic, no raw denoising) and keeps the scene light, so that another look
or exposure costs only the stages after it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twinlens import files, stages
from twinlens.core.image import SENSOR, Image
from twinlens.core.profile import CameraProfile
from twinlens.core.stage import Stage
from twinlens.pipeline import plan
from twinlens.pipeline.develop import DEFAULT_LOOK, Edits, Picture, build_recipe
from twinlens.pipeline.look import Look
from twinlens.pipeline.reduced import reduced
from twinlens.pipeline.resolve import Scans, resolve

LEFT_OUT = ("defects", "denoise", "resize")
AGAIN = "exposure"  # what comes before this stage is kept between renderings


class Preview:
    """A source opened for previews of `long_edge` pixels."""

    def __init__(
        self, source: Image | str | Path, *, long_edge: int = 1600, profile: CameraProfile | None = None
    ) -> None:
        self.source = source if isinstance(source, Image) else files.read(source)
        self.long_edge = long_edge
        self.profile = profile
        self._scans = Scans(self.source)
        self._kept: tuple[tuple[Stage, ...], Image] | None = None

    def render(
        self,
        *,
        look: str | Path | Look = DEFAULT_LOOK,
        strength: float = 1.0,
        edits: Edits | None = None,
        threads: int | None = None,
    ) -> Picture:
        """The picture with these settings: code values (h, w, 3) uint8, the longer side about `long_edge`."""
        recipe, notes = build_recipe(self.source, look=look, strength=strength, edits=edits)
        resolved = resolve(recipe, self.source, self.profile, self._scans)
        wanted = tuple(stage for stage in resolved.stages if stage.name() not in LEFT_OUT)
        names = [stage.name() for stage in wanted]
        again = names.index(AGAIN)
        if self._kept is None or self._kept[0] != wanted[:again]:
            self._kept = wanted[:again], self._run(wanted[:again], self._small(resolved.stages), threads)
        end = self._run(wanted[again:], self._kept[1], threads, bits=8)
        fields: dict[str, Any] = {name: getattr(end, name) for name in Image.__dataclass_fields__}
        return Picture(**fields, recipe=resolved, notes=notes)

    def _small(self, chosen: tuple[Stage, ...]) -> Image:
        """The source, averaged and brought to `long_edge` in linear light, in the state that the first stage left wants."""
        small, _ = reduced(self.source, chosen, self.long_edge)
        if small.state is not SENSOR and max(small.height, small.width) > self.long_edge:
            small = stages.load()["resize"](long_edge=self.long_edge)(small)
        return small

    def _run(self, chosen: tuple[Stage, ...], image: Image, threads: int | None, bits: int | None = None) -> Image:
        start = next((i for i, stage in enumerate(chosen) if stage.accepts is image.state), len(chosen))
        scans = Scans(image)

        def scan(index: int) -> Image:
            return scans.arriving(chosen[start:], index)

        made = plan.steps(chosen[start:], (image.height, image.width), scan)
        return plan.run(made, image, bits=bits, threads=threads)
