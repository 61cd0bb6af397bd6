"""Reads damaged raw files, one after the other: `fuzz_worker.py FOLDER FIRST COUNT`.

Each case prints its number before it runs, so the number that was printed last names the case that ended the process.
Ends with code 0 when every file was read or refused with a TwinlensError.
"""

from __future__ import annotations

import faulthandler
import resource
import sys
import traceback
import warnings
from pathlib import Path

import numpy as np

from twinlens import files
from twinlens.core.errors import TwinlensError

LONGEST_S = 10
MEMORY = 6 << 30  # bytes of address space; a damaged file of some kilobytes must not need them
MAX_PIXELS = 20_000_000
_INTERESTING = (0, 1, 2, 7, 255, 256, 32767, 32768, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 1)
_HEAD = 4000  # bytes at the start of a file, where its tags lie


def damaged(data: bytes, rng: np.random.Generator) -> bytes:
    """The bytes with one to six faults: changed bytes and numbers, a cut, a piece removed or doubled."""
    out = bytearray(data)
    for _ in range(rng.integers(1, 7)):
        if not out:
            break
        limit = min(_HEAD, len(out)) if rng.random() < 0.7 else len(out)
        place = int(rng.integers(0, limit))
        kind = rng.integers(0, 10)
        if kind < 4:
            out[place] = rng.integers(0, 256)
        elif kind < 6:
            out[place] ^= 1 << int(rng.integers(0, 8))
        elif kind < 8:
            size = int(rng.choice([2, 4]))
            number = int(rng.choice(_INTERESTING)) & (2 ** (8 * size) - 1)
            place -= place % 2
            out[place : place + size] = number.to_bytes(size, "little" if rng.random() < 0.8 else "big")
        elif kind == 8:
            length = int(rng.integers(1, 64))
            piece = bytes(out[place : place + length])
            out[place : place + (length if rng.random() < 0.5 else 0)] = piece if rng.random() < 0.5 else b""
        elif rng.random() < 0.3:
            del out[int(rng.integers(0, len(out))) :]
    return bytes(out)


def run(folder: Path, first: int, count: int) -> int:
    """The cases `first` to `first + count`; 0 when all went well."""
    sources = [path.read_bytes() for path in sorted(folder.glob("base-*.dng"))]
    target = folder / f"case-{first}.dng"
    for number in range(first, first + count):
        print(number, flush=True)
        rng = np.random.default_rng(number)
        target.write_bytes(damaged(sources[number % len(sources)], rng))
        faulthandler.dump_traceback_later(LONGEST_S, exit=True)
        for act in (lambda: files.read(target, max_pixels=MAX_PIXELS).pixels.max(), lambda: files.previews(target)):
            try:
                act()
            except TwinlensError as error:
                if "\n" in str(error):
                    print(f"case {number}: the message has several lines: {error}", file=sys.stderr)
                    return 2
            except BaseException:
                print(f"case {number}", file=sys.stderr)
                traceback.print_exc()
                return 2
        faulthandler.cancel_dump_traceback_later()
    return 0


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    warnings.simplefilter("error")
    faulthandler.enable()
    sys.exit(run(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
