"""Quiet: native decoders print to stderr by themselves; a user of the command line reads our one sentence instead."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def quiet_decoders() -> Iterator[None]:
    """While a file is read: what LibRaw, libjpeg and tifffile print goes nowhere."""
    logging.getLogger("tifffile").setLevel(logging.CRITICAL)
    if sys.stderr is None:  # closed by the shell
        yield
        return
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        sys.stderr.flush()
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
