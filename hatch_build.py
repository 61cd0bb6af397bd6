"""Build hook: compiles the kernels ahead of time and marks the wheel as `py3-none-<platform>`.

Where no kernels can be built (no linker, no Halide for the platform) the wheel is built without them, and says so:
NumPy answers in their place.
"""

import importlib.util
import sys
import sysconfig
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class KernelBuild(BuildHookInterface):
    """Compiles `src/twinlens/kernels/halide` into one shared library beside it."""

    def initialize(self, version, build_data):
        root = Path(self.root)
        path = root / "src" / "twinlens" / "kernels" / "build.py"
        spec = importlib.util.spec_from_file_location("twinlens_kernel_build", path)
        build = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = build
        spec.loader.exec_module(build)
        try:
            build.build(root / "build" / "kernels")
        except (RuntimeError, ImportError, OSError) as error:
            self.app.display_warning(f"twinlens is built without compiled kernels: {error}")
            return
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{sysconfig.get_platform().replace('-', '_').replace('.', '_')}"
        build_data["artifacts"] += [str(one.relative_to(root)) for one in (build.LIBRARY, build.MANIFEST)]
