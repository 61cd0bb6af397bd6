"""Preview: the picture at screen size, quickly, and again quickly when a setting changes.

It starts from the raw averaged over blocks (no demosaic, no raw denoising) and keeps the scene light, so that another
look or exposure costs only the stages after it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from twinlens import files
from twinlens.core.image import Image
from twinlens.core.profile import CameraProfile
from twinlens.core.stage import Stage
from twinlens.pipeline import plan
from twinlens.pipeline.develop import DEFAULT_LOOK, Edits, Picture, build_recipe
from twinlens.pipeline.look import Look
from twinlens.pipeline.reduced import behind_mosaic, in_parts
from twinlens.pipeline.resolve import Scans, resolve
from twinlens.pipeline.steps import Step, steps
from twinlens.stages.resize import Resize

LEFT_OUT = ("remosaic", "defects", "denoise", "color_noise", "resize")
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
        chosen = resolved.stages
        again = [stage.name() for stage in chosen].index(AGAIN)
        if self._kept is None or self._kept[0] != chosen[:again]:
            self._kept = chosen[:again], self._first_part(chosen, again, threads)
        image = self._kept[1]
        made = steps(chosen, image.window.frame, self._bound(chosen), start=again, leave_out=LEFT_OUT)
        end = plan.run(made, image, bits=8, threads=threads)
        fields: dict[str, Any] = {name: getattr(end, name) for name in Image.__dataclass_fields__}
        return Picture(**fields, recipe=resolved, notes=notes)

    def _first_part(self, chosen: tuple[Stage, ...], again: int, threads: int | None) -> Image:
        """The source, averaged and brought to `long_edge` in linear light, through the stages before `again`."""
        small = in_parts(self.source, chosen, self.long_edge)
        frame, before = small.window.frame, ()
        if max(frame) > self.long_edge:
            resize = Resize(long_edge=self.long_edge)
            before = (Step(resize, resize, frame),)
            frame = resize.frame(*frame)
        ready = behind_mosaic(chosen)
        made = (*before, *steps(chosen[:again], frame, self._bound(chosen), start=ready, leave_out=LEFT_OUT))
        return plan.run(made, small, threads=threads)

    def _bound(self, chosen: tuple[Stage, ...]) -> Callable[[int], Callable[[Image], Image]]:
        return partial(self._scans.bound, chosen)
