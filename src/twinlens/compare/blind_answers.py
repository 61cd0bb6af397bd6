"""Blind answers: the files that the page of a blind test saves become answers that can be scored.

A file holds no truth: each answer names its trial and carries the page's token, and only the two possible truths are
tried against it. A file whose tokens fit neither was changed, or is of something else, and is refused.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from twinlens.compare.blind import BlindAnswer, BlindScore, blind_score
from twinlens.core.errors import FileError, ParameterError
from twinlens.core.record import record
from twinlens.files.atomic import reason
from twinlens.report.blind import token

FORMAT = "blind-answers/1"
LARGEST_BYTES = 10_000_000
MOST_ANSWERS = 10_000
TRUTHS = ("a", "b")
ONE_MIND = (
    "Several people who see the same pair may all take the same one for A, by one idea of what A should look like: the "
    "pooled answers are less independent than their number says."
)


@record(kw_only=True)
class BlindResult:
    """The score of all answers together, and of each person."""

    pooled: BlindScore
    observers: dict[str, BlindScore]
    files: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def score_files(paths: Sequence[str | os.PathLike[str]]) -> BlindResult:
    """Score the answers in files that the page saved. Raises FileError for a file that is not such a file."""
    if not paths:
        raise ParameterError("name the files of answers that the blind test's page saved")
    told: list[BlindAnswer] = []
    by_observer: dict[str, list[BlindAnswer]] = {}
    seen: dict[tuple[str, str], str] = {}
    notes: list[str] = []
    for path in map(Path, paths):
        document = _document(path)
        answers = _answers(document, path)
        who = _observer(document, path, by_observer)
        same = json.dumps(document["answers"], sort_keys=True), document["salt"]
        if same in seen:
            notes.append(f"{path} holds the same answers as {seen[same]}; they were counted once")
            continue
        seen[same] = str(path)
        answers = [_named(one, who) for one in answers]
        by_observer[who] = answers
        told += answers
    if len(by_observer) > 1 and told[0].method == "two":
        notes.append(ONE_MIND)
    scores = {who: blind_score(answers) for who, answers in by_observer.items()}
    return BlindResult(pooled=blind_score(told), observers=scores, files=tuple(map(str, paths)), notes=tuple(notes))


def _document(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise FileError(f"{path}: {path.stat().st_size} bytes are too many for answers of a blind test")
        document = json.loads(path.read_bytes())
    except OSError as error:
        raise FileError(f"cannot read {path}: {reason(error)}") from error
    except (ValueError, RecursionError) as error:
        raise FileError(f"{path} is not a file of answers: it is not JSON") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        found = document.get("format") if isinstance(document, dict) else None
        raise FileError(f'{path} is not a file of answers: expected format = "{FORMAT}", found {found!r}')
    for name, kind in (("method", str), ("salt", str), ("answers", list)):
        if not isinstance(document.get(name), kind):
            raise FileError(f"{path}: {name} is missing or of the wrong kind; save the answers from the page again")
    if not document["answers"]:
        raise FileError(f"{path} holds no answers: the test was not begun")
    if len(document["answers"]) > MOST_ANSWERS:
        raise FileError(f"{path} holds {len(document['answers'])} answers; {MOST_ANSWERS} is the most")
    return document


def _answers(document: dict[str, Any], path: Path) -> list[BlindAnswer]:
    names = [one.get("trial") if isinstance(one, dict) else None for one in document["answers"]]
    if len(set(map(str, names))) != len(names):
        raise FileError(f"{path}: a trial was answered twice; save the answers from the page again")
    return [_answer(one, document, path) for one in document["answers"]]


def _answer(one: Any, document: dict[str, Any], path: Path) -> BlindAnswer:
    if not isinstance(one, dict) or not all(isinstance(one.get(key), str) for key in ("trial", "token", "answer")):
        raise FileError(f"{path}: an answer without trial, token or answer; save the answers from the page again")
    truth = next((one_of for one_of in TRUTHS if token(document["salt"], one["trial"], one_of) == one["token"]), None)
    if truth is None:
        raise FileError(f"{path}: the answer to {one['trial']!r} does not belong to this test; the file was changed")
    try:
        return BlindAnswer(
            method=document["method"], truth=truth, answer=one["answer"], scene=str(one.get("scene", ""))
        )
    except ParameterError as error:
        raise FileError(f"{path}: {error}") from error


def _observer(document: dict[str, Any], path: Path, known: Iterable[str]) -> str:
    """The person's name as he wrote it, else the file's; a number where two are called alike."""
    name = str(document.get("observer") or path.stem)[:60]
    number, given = 2, name
    while name in known:
        name, number = f"{given} ({number})", number + 1
    return name


def _named(one: BlindAnswer, who: str) -> BlindAnswer:
    return BlindAnswer(method=one.method, truth=one.truth, answer=one.answer, scene=one.scene, observer=who)


def result_dict(result: BlindResult) -> dict[str, Any]:
    """The scores in plain numbers, for JSON."""
    import dataclasses

    scores = {who: dataclasses.asdict(one) for who, one in result.observers.items()}
    return {
        "format": "blind-score/1",
        "pooled": dataclasses.asdict(result.pooled),
        "observers": scores,
        "files": list(result.files),
        "notes": list(result.notes),
    }
