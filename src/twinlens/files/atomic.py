"""Atomic writing: a file appears under its final name whole, or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

from twinlens.core.errors import FileError

_REASONS = {
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.EROFS: "the file system is read-only",
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "the file system does not take a file of this size",
    errno.ENOENT: "no such file or folder",
    errno.ENOTDIR: "a part of the path is not a folder",
    errno.EISDIR: "it is a folder",
    errno.ENAMETOOLONG: "the name is too long",
    errno.EIO: "the device reports an input/output error",
}


def reason(error: OSError) -> str:
    """Why the system refused, in words."""
    return _REASONS.get(error.errno or 0) or error.strerror or str(error)


@contextlib.contextmanager
def atomic(path: str | os.PathLike[str], overwrite: bool = False) -> Iterator[Path]:
    """Give a temporary path in the folder of `path`; when the block ends well, that file becomes `path` in one step.

    After any exception, ctrl-C included, the temporary file is removed and `path` is as it was. Without `overwrite` an
    existing file is never replaced, also when it appears meanwhile. Raises FileError with the reason.
    """
    final = Path(path)
    _check_target(final, overwrite)
    temporary = final.with_name(f".{final.name[:40]}.{os.getpid()}-{os.urandom(4).hex()}.part")
    try:
        yield temporary
        _publish(temporary, final, overwrite)
    except OSError as error:
        raise FileError(f"cannot write {final}: {reason(error)}") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def _check_target(final: Path, overwrite: bool) -> None:
    if not final.parent.is_dir():
        raise FileError(f"cannot write {final}: the folder {final.parent} does not exist; make it first")
    if final.is_dir():
        raise FileError(f"cannot write {final}: it is a folder; name a file in it")
    if final.exists() and not overwrite:
        raise _exists(final)


def _exists(final: Path) -> FileError:
    return FileError(f"{final} exists already; choose another name or ask for it to be overwritten (--overwrite)")


def _publish(temporary: Path, final: Path, overwrite: bool) -> None:
    if overwrite:
        os.replace(temporary, final)
        return
    try:
        os.link(temporary, final)  # fails when the name is taken, unlike a rename
    except FileExistsError as error:
        raise _exists(final) from error
    except OSError:  # file systems without hard links: claim the name, then replace the empty claim
        try:
            os.close(os.open(final, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        except FileExistsError as error:
            raise _exists(final) from error
        os.replace(temporary, final)
