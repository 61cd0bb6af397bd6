"""The documents tell the truth: public names, the generated reference, the README's commands."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import twinlens

ROOT = Path(__file__).resolve().parents[1]


def blocks() -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```$", (ROOT / "README.md").read_text(), re.S | re.M)


def test_every_public_name_is_there_and_documented() -> None:
    for name in twinlens.__all__:
        value = getattr(twinlens, name)
        assert value is not None
        assert name == "__version__" or value.__doc__, name


def test_the_first_two_blocks_of_the_readme_are_one_line_each() -> None:
    first, second = blocks()[:2]
    assert len(first.strip().splitlines()) == len(second.strip().splitlines()) == 1
    assert "twinlens demo" in first
    assert "pytest" in second


def test_the_python_example_of_the_readme_runs(tmp_path: Path) -> None:
    from twinlens.files import dng
    from twinlens.simulate import sample

    code = re.findall(r"^```python\n(.*?)^```$", (ROOT / "README.md").read_text(), re.S | re.M)[0]
    shot = sample.shoot(60, 80)
    dng.write(tmp_path / "IMG_0001.dng", shot.pixels, shot.shot)
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    assert (tmp_path / "IMG_0001.jpg").exists()


def test_every_command_of_the_readme_exists() -> None:
    from twinlens.cli import COMMANDS

    for command in re.findall(r"twinlens ([a-z]+)", "\n".join(blocks())):
        assert command in COMMANDS


def test_links_lead_somewhere() -> None:
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_import_is_light() -> None:
    """Nothing heavy is imported by `import twinlens` and the command line's start."""
    code = "import sys, twinlens.cli; print(' '.join(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    heavy = {"scipy", "cv2", "rawpy", "tifffile", "imagecodecs", "PIL", "rich", "matplotlib", "halide"}
    assert not heavy & set(loaded)
