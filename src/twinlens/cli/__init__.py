"""The command line: reads arguments, calls the public API, shows results; no maths."""

from __future__ import annotations

import gc
import os
import signal
import sys

import click

import twinlens
from twinlens.cli.lazy import LazyGroup

COMMANDS = {
    "develop": "Turn raw files (or finished pictures) into pictures with a look.",
    "inspect": "Say what a file holds and what is wrong in it; mend phone DNGs.",
    "calibrate": "Measure a camera module: color, noise, shading, lens, sharpness.",
    "learn": "Learn the rendering of a camera from its photographs.",
    "compare": "Say what changed between two renderings, and whether it came nearer to a reference.",
    "simulate": "Photograph invented scenes with invented cameras; the truth beside every file.",
    "looks": "List the looks, or print one as a document to edit.",
    "export": "Write a look for other programs, read it back by them, show the difference.",
    "demo": "Shoot a sample scene, develop it with every look, show the times.",
    "completion": "Print the shell's completion script.",
}
SMALL_MATRICES = ("develop", "calibrate")  # commands whose linear algebra is faster on one thread


class Commands(LazyGroup):
    """The program's commands."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in SMALL_MATRICES:
            _without_blas_threads()
        return super().get_command(ctx, cmd_name)


@click.group(cls=Commands, lines=COMMANDS, package=__name__, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(twinlens.__version__, "--version", prog_name="twinlens")
def group() -> None:
    """Pictures from one camera with the rendering of another.

    Start with:  twinlens develop IMG_0001.dng -o IMG_0001.jpg
    """


COLLECT_EVERY = 200_000  # new objects; Python's 700 would look for garbage dozens of times while modules are loaded


class Terminated(BaseException):
    """The system asks the program to end (SIGTERM): like ctrl-C, what is half-written is removed on the way out."""


def main() -> None:
    """Run the command line: one sentence on stderr and a non-zero exit code for whatever goes wrong."""
    gc.set_threshold(COLLECT_EVERY)
    if hasattr(signal, "SIGTERM"):
        signal.signal(signal.SIGTERM, _terminated)
    from twinlens.core.errors import TwinlensError

    try:
        group(standalone_mode=False)
        _leave()
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.UsageError as error:
        place = error.ctx.command_path if error.ctx else "twinlens"
        _fail(f"{error.format_message().rstrip('.')}; see {place} --help", 2)
    except click.ClickException as error:
        _fail(error.format_message())
    except (KeyboardInterrupt, click.Abort, Terminated):
        _fail("stopped; nothing half-written was left", 130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except TwinlensError as error:
        _fail(str(error))
    except MemoryError:
        _fail("the memory is not enough for this picture; set a limit with --max-pixels or use a smaller one")
    except OSError as error:
        _fail(f"{error.filename or 'a file'}: {error.strerror or error}")
    except Exception as error:  # a fault of ours: still one sentence; TWINLENS_DEBUG=1 shows where
        if os.environ.get("TWINLENS_DEBUG"):
            raise
        _fail(
            f"an error inside twinlens ({type(error).__name__}: {error});"
            " set TWINLENS_DEBUG=1 to see where, and report it"
        )


def _without_blas_threads() -> None:
    """Before NumPy is loaded: its linear algebra starts threads, which spin for a tenth of a second of processor time
    that a development needs elsewhere; its 3x3 matrices do not use them. A color calibration solves hundreds of small
    systems: threads that wait for each other there cost more than they bring, on a busy machine many times as much.
    """
    if "numpy" not in sys.modules:
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def _leave() -> None:
    """End at once: everything is written, and taking the interpreter apart costs a tenth of a development."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # the shell may have closed it
            stream.flush()
    os._exit(0)


def _terminated(*_: object) -> None:
    raise Terminated


def _fail(sentence: str, code: int = 1) -> None:
    click.echo(f"twinlens: {' '.join(sentence.split())}", err=True)
    sys.exit(code)
