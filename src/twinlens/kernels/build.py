"""Build of the kernels: every file of `kernels/halide` becomes a function of one shared library with several CPU
variants.

Run by the package's build (`hatch_build.py`) and by hand: `python -m twinlens.kernels.build [NAME ...]`. A kernel whose
source and shared sources did not change is not compiled again.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import json
import multiprocessing
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ALGORITHMS = HERE / "halide"
LIBRARY = HERE / "_twinlens_kernels.so"
MANIFEST = LIBRARY.with_suffix(".json")

X86 = {  # variant: Halide's features; best first
    "avx512": "avx512_skylake-avx512-avx2-avx-f16c-fma-sse41",
    "avx2": "avx2-avx-f16c-fma-sse41",
    "sse41": "sse41",
    "baseline": "",
}


def targets() -> list[str]:
    """The CPU variants of this platform, best first; the last is what every CPU of the platform can run."""
    system = {"linux": "linux", "darwin": "osx"}.get(sys.platform)
    machine = platform.machine().lower()
    if system is None or machine not in ("x86_64", "amd64", "aarch64", "arm64"):
        raise RuntimeError(f"no compiled kernels for {sys.platform} on {machine}; the NumPy references answer there")
    if machine in ("aarch64", "arm64"):
        return [f"arm-64-{system}"]
    return ["-".join(filter(None, (f"x86-64-{system}", features))) for features in X86.values()]


def variants() -> dict[str, int]:
    """The variants by name, with the CPU features that each needs as a bit mask of Halide's feature numbers."""
    hl: Any = importlib.import_module("halide")
    if len(targets()) == 1:
        return {"baseline": 0}
    numbers = {name.lower(): int(getattr(hl.TargetFeature, name)) for name in dir(hl.TargetFeature) if name[0] != "_"
               and name not in ("name", "value")}  # fmt: skip
    return {
        name: sum(1 << numbers[feature] for feature in features.split("-") if feature) for name, features in X86.items()
    }


def _load(name: str) -> Any:
    sys.path.insert(0, str(ALGORITHMS))
    spec = importlib.util.spec_from_file_location(f"_kernel_{name}", ALGORITHMS / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def compile_kernel(name: str, folder: str) -> list[dict[str, Any]]:
    """Compile one kernel for every target into `folder`; returns the description of its arguments in call order."""
    hl: Any = importlib.import_module("halide")

    function, arguments = _load(name).define()
    pipeline = function if isinstance(function, hl.Pipeline) else hl.Pipeline(function)
    names = targets()
    variants = [hl.Target(f"{one}-no_runtime") for one in names]
    prefix = str(Path(folder) / name)
    if len(variants) == 1:
        pipeline.compile_to_static_library(prefix, arguments, f"twinlens_{name}", variants[0])
    else:
        pipeline.compile_to_multitarget_static_library(prefix, arguments, variants)
    return [_described(one) for one in arguments] + [{"kind": "buffer"} for one in _outputs(pipeline)]


def _outputs(pipeline: Any) -> list[Any]:
    return [buffer for function in pipeline.outputs() for buffer in function.output_buffers()]


def _described(argument: Any) -> dict[str, Any]:
    if hasattr(argument, "dimensions"):
        return {"kind": "buffer"}
    kind = argument.type()
    code = "float" if kind.is_float() else "uint" if kind.is_uint() else "int"
    return {"kind": "scalar", "type": f"{code}{kind.bits()}"}


def _stamp(name: str) -> str:
    """A hash of everything that a kernel is made from."""
    hl: Any = importlib.import_module("halide")

    digest = hashlib.sha256(" ".join([*targets(), getattr(hl, "__version__", "21")]).encode())
    for path in [ALGORITHMS / f"{name}.py", *sorted(ALGORITHMS.glob("_*.py"))]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def sources_digest() -> str:
    """A hash of all that kernels are made from, for the manifest: by it a library knows whether it is theirs."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(ALGORITHMS.glob("*.py")))).hexdigest()


def build(work: Path, library: Path = LIBRARY, only: list[str] | None = None) -> None:
    """Compile what changed into `work` and link all into `library` with its manifest beside it."""
    hl: Any = importlib.import_module("halide")

    work.mkdir(parents=True, exist_ok=True)
    names = sorted(path.stem for path in ALGORITHMS.glob("[!_]*.py"))
    stale = [name for name in names if not _is_fresh(work, name) and (not only or name in only)]
    # a process for each kernel: Halide renames a Func whose name hashes like one that the process has used before
    with multiprocessing.Pool(min(len(stale) or 1, os.cpu_count() or 1), maxtasksperchild=1) as pool:
        made = pool.starmap(compile_kernel, [(name, str(work)) for name in stale], chunksize=1)
    for name, arguments in zip(stale, made, strict=True):
        (work / f"{name}.json").write_text(json.dumps({"stamp": _stamp(name), "arguments": arguments}))
    ready = [name for name in names if (work / f"{name}.json").exists()]
    runtime = work / "runtime.a"
    hl.compile_standalone_runtime(str(runtime), hl.Target(targets()[-1]))
    linker = os.environ.get("CC") or shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if linker is None:
        raise RuntimeError("no C linker found: install gcc or clang, or set CC")
    archives = [str(work / f"{name}.a") for name in ready] + [str(runtime)]
    whole = (
        [f"-Wl,-force_load,{one}" for one in archives]
        if sys.platform == "darwin"
        else ["-Wl,--whole-archive", *archives, "-Wl,--no-whole-archive"]
    )
    fresh = library.with_name(f".{library.name}.{os.getpid()}")
    subprocess.run([linker, "-shared", "-o", str(fresh), *whole, "-lpthread", "-ldl", "-lm"], check=True)
    kernels = {name: json.loads((work / f"{name}.json").read_text())["arguments"] for name in ready}
    manifest = library.with_suffix(".json")
    told = {"targets": targets(), "variants": variants(), "sources": sources_digest(), "kernels": kernels}
    manifest.write_text(json.dumps(told, indent=1))
    fresh.replace(library)


def _is_fresh(work: Path, name: str) -> bool:
    note = work / f"{name}.json"
    return note.exists() and json.loads(note.read_text())["stamp"] == _stamp(name)


if __name__ == "__main__":
    build(Path(__file__).resolve().parents[3] / "build" / "kernels", only=sys.argv[1:] or None)
