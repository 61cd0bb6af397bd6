"""Learn's peers: camera-match and color-matcher on the colors of `learn.py`; run by a Python that has them.

Reads the arrays that `learn.py` wrote, writes what each method shows beside them (`.out.npz`) and prints what failed.
camera-match is fitted to the training colors and shows the test colors; color-matcher transfers the statistics of a
picture, so it is given the pair itself: the training source as picture, its own target as reference.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

MOST = 6000  # colors that camera-match is fitted to
MOST_RBF = 1000  # ... its radial basis functions: 11 s a look; 200 and 500 gave the same mean error, 6000 took minutes


def encoded(light: Any) -> Any:
    light = np.clip(light, 0, 1)
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * np.maximum(light, 1e-9) ** (1 / 2.4) - 0.055)


def fitted(method: str, source: Any, target: Any, test: Any) -> Any:
    """What a method of camera-match shows: tables between codes, root-polynomials in light and then encoded."""
    import camera_match  # pyright: ignore[reportMissingImports]

    keep = np.random.default_rng(0).permutation(len(source))[: MOST_RBF if method == "RBF" else MOST]
    if method == "root-polynomial":
        node: Any = camera_match.RootPolynomialMatrix(degree=3)
        light = np.where(target <= 0.04045, target / 12.92, ((target + 0.055) / 1.055) ** 2.4)
        node.solve(source[keep], light[keep])
        return encoded(node(test))
    node = {"LUT3D": camera_match.LUT3D, "RBF": camera_match.RBF}[method]()
    node.solve(encoded(source[keep]), target[keep])
    return np.clip(node(encoded(test)), 0, 1)


def transferred(method: str, source: Any, target: Any) -> Any:
    from color_matcher import ColorMatcher  # pyright: ignore[reportMissingImports]

    side = int(len(source) ** 0.5)
    whole = [values[: side * side].reshape(side, side, 3) * 255 for values in (encoded(source), target)]
    shown = ColorMatcher().transfer(src=whole[0], ref=whole[1], method=method)
    rest = np.full((len(source), 3), np.nan)
    rest[: side * side] = np.clip(np.asarray(shown, float).reshape(-1, 3) / 255, 0, 1)
    rest[side * side :] = rest[: len(source) - side * side]
    return rest


def main(path: Path) -> None:
    data = np.load(path)
    names = sorted({key.split("|")[0] for key in data.files})
    shown: dict[str, Any] = {}
    failed: dict[str, str] = {}
    for name in names:
        source, target, test = (data[f"{name}|{key}"] for key in ("source", "target", "test"))
        jobs = [
            (f"camera-match {one}", fitted, (one, source, target, test)) for one in ("LUT3D", "RBF", "root-polynomial")
        ]
        methods = ("default", "hm", "reinhard", "mvgd", "mkl", "hm-mvgd-hm", "hm-mkl-hm")
        jobs += [(f"color-matcher {one}", transferred, (one, source, target)) for one in methods]
        for label, job, given in jobs:
            try:
                found = job(*given)
                if not np.isfinite(found).all():
                    raise ValueError("values that are not numbers")
                shown[f"{label}|{name}"] = found
            except Exception as error:  # a peer's failure is a result, whatever it is
                failed[f"{label}, {name}"] = f"{type(error).__name__}: {error}"[:200]
    np.savez(path.with_suffix(".out.npz"), **shown)
    print(json.dumps({"failed": failed}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
