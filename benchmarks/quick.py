"""Quick: runs the small fixed share of every evidence benchmark and compares it with the committed figures.

Kernels of every x86 variant and the NumPy references give the same rounded figures; the tolerances leave room for other
mathematics libraries.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main() -> None:
    scripts = sorted(path for path in HERE.glob("*.py") if '"--quick"' in path.read_text() and path.name != "quick.py")
    failed = [
        path.name for path in scripts if subprocess.run([sys.executable, str(path), "--quick"], check=False).returncode
    ]
    print(f"{len(scripts) - len(failed)} of {len(scripts)} quick benchmarks agree with their committed figures")
    if failed:
        sys.exit(f"these do not: {', '.join(failed)}")


if __name__ == "__main__":
    main()
