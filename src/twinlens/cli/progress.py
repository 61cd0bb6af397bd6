"""Progress: how far long work is, on stderr."""

from __future__ import annotations

import sys
import time
from typing import Any

import click


class Progress:
    """Progress on stderr: of the files, and within a file; silent when stderr is not a terminal."""

    def __init__(self, count: int, hidden: bool, doing: str = "developing") -> None:
        self.count, self.index, self.doing = count, 0, doing
        self.rich: Any = None
        self.task: Any = None
        self.began = time.perf_counter()
        self.hidden = hidden or sys.stderr is None or not sys.stderr.isatty()

    def __enter__(self) -> Progress:
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
            from rich.progress import Progress as Rich

            self.rich = Rich(console=Console(stderr=True), transient=True)
            self.rich.start()
            self.task = self.rich.add_task(self.doing, total=self.count)
        self.rich.update(self.task, completed=self.index + share)

    def next(self, line: str) -> None:
        """A file is finished."""
        self.index += 1
        self.part(0)
        if not self.hidden:
            click.echo(line, err=True)
