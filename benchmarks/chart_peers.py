"""Chart peers: how often `cv2.mcc` and colour-checker-detection find a Classic chart in the same pictures as ours.

Counted is whether a chart is found at all: the peers return the board or the patches' bounds, not the same corners.
colour-checker-detection runs in a Python of its own, and answers in pixels of its working picture: 1440 wide, a
standing picture first turned clockwise.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from twinlens.calibrate import find_charts

Case = tuple[np.ndarray, np.ndarray]  # sRGB codes (H, W, 3) uint8, true corners (4, 2)
WORKING_WIDTH = 1440  # of colour-checker-detection
SEGMENTATION = """
import json, sys
import numpy as np
from colour_checker_detection import detect_colour_checkers_segmentation
told = []
for path in sys.argv[1:]:
    try:
        made = detect_colour_checkers_segmentation(np.load(path), additional_data=True)
        told.append([np.asarray(one.quadrilateral).tolist() for one in made])
    except (ValueError, IndexError, ZeroDivisionError) as error:
        print(path, repr(error), file=sys.stderr)
        told.append([])
print(json.dumps(told))
"""


def compare(
    cases: Sequence[Case], peer_python: str | None, wilson: Callable[[int, int], list[float]]
) -> dict[str, Any]:
    """Rates of the three with intervals."""
    hits = {"ours": [_hit([one.corners for one in find_charts(pixels, kinds=["classic"])], truth)
                     for pixels, truth in cases],
            "opencv_mcc": [_hit(opencv_corners(pixels), truth) for pixels, truth in cases]}  # fmt: skip
    told: dict[str, Any] = {"pictures": len(cases)}
    answers = "no --peer PYTHON that has it" if peer_python is None else segmentation_corners(cases, peer_python)
    if isinstance(answers, str):
        told["colour_checker_detection"] = f"skipped: {answers}"
    else:
        hits["colour_checker_detection"] = [
            _hit(found, truth) for found, (_, truth) in zip(answers, cases, strict=True)
        ]
    for name, each in hits.items():
        told[name] = {
            "found": sum(each),
            "rate": round(sum(each) / len(each), 4),
            "interval": wilson(sum(each), len(each)),
        }
    return told


def opencv_corners(pixels: np.ndarray) -> list[np.ndarray]:
    """What `cv2.mcc` finds of Classic charts: corners (4, 2) of the board that it draws around the patches."""
    import cv2

    detector = cv2.mcc.CCheckerDetector.create()
    detector.setColorChartType(cv2.mcc.MCC24)
    if not detector.process(np.ascontiguousarray(pixels[..., ::-1]), 1):
        return []
    return [np.asarray(one.getBox()).reshape(4, 2) for one in detector.getListColorChecker()]


def segmentation_corners(cases: Sequence[Case], peer_python: str) -> list[list[np.ndarray]] | str:
    """What colour-checker-detection finds in each picture, in the picture's own pixels; or why it did not run."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [f"{folder}/{number}.npy" for number in range(len(cases))]
        for path, (pixels, _) in zip(paths, cases, strict=True):
            np.save(Path(path), pixels.astype(np.float32) / 255)
        ran = subprocess.run(
            [peer_python, "-W", "ignore", "-c", SEGMENTATION, *paths], capture_output=True, text=True, check=False
        )
    if ran.returncode:
        return ran.stderr.strip().splitlines()[-1][:120]
    answers = json.loads(ran.stdout.splitlines()[-1])
    return [
        [_from_working(np.array(one, float), pixels.shape) for one in found]
        for found, (pixels, _) in zip(answers, cases, strict=True)
    ]


def _from_working(corners: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    height, width = shape[:2]
    own = corners * max(height, width) / WORKING_WIDTH
    return own if width >= height else np.stack([own[:, 1], height - 1 - own[:, 0]], 1)


def _hit(found: Sequence[np.ndarray], truth: np.ndarray) -> bool:
    """Whether a quadrilateral lies on the chart: its middle within about a patch, its diagonal 0.7 to 1.5 times."""
    diagonal = np.hypot(*(truth[2] - truth[0]))
    return any(
        np.hypot(*(corners.mean(0) - truth.mean(0))) < diagonal / 7
        and 0.7 < np.hypot(*(corners[2] - corners[0])) / diagonal < 1.5
        for corners in found
    )
