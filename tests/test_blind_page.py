"""The page of a blind test tells nobody which is which; what it saves is scored, and nothing else is."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from compare_samples import jpeg
from twinlens.compare.blind_answers import result_dict, score_files
from twinlens.core.errors import TwinlensError
from twinlens.report import blind


def page_content(method: blind.Method = "two", trials: int = 4) -> blind.BlindContent:
    pictures = tuple(jpeg(k // 2, 1 - 0.2 * (k % 2), (30, 40)) for k in range(2 * trials + 2))
    asked = []
    for k in range(trials):
        truth: blind.Side = "a" if k % 3 else "b"
        left, right = (2 * k, 2 * k + 1) if truth == "a" else (2 * k + 1, 2 * k)
        middle = 2 * k if method == "abx" else None
        asked.append(blind.Trial(name=f"t{k}", scene=f"scene {k}", left=left, right=right, truth=truth, middle=middle))
    last = 2 * trials
    return blind.BlindContent(
        title="Blind <test>", method=method, salt="0123abcd", pictures=pictures, trials=tuple(asked),
        examples=((last, last + 1),),
    )  # fmt: skip


def saved(content: blind.BlindContent, said: list[str], observer: str = "Ann") -> dict[str, Any]:
    """What the page saves when its trials are answered so."""
    answers = [
        {"trial": one.name, "scene": one.scene, "token": blind.token(content.salt, one.name, one.truth),
         "answer": answer, "seconds": 2.5}
        for one, answer in zip(content.trials, said, strict=True)
    ]  # fmt: skip
    return {
        "format": "blind-answers/1", "method": content.method, "salt": content.salt, "observer": observer,
        "answers": answers,
    }  # fmt: skip


def written(folder: Path, name: str, document: Any) -> Path:
    path = folder / name
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


def test_the_page_stands_alone_and_names_no_truth() -> None:
    text = blind.blind_page(page_content())
    assert not re.search(r'(src|href)="(?!data:)', text) and not re.search(r"https?://", text)
    assert "Blind &lt;test&gt;" in text and "truth" not in text


@pytest.mark.parametrize("method", ["two", "abx"])
def test_tokens_do_not_show_the_sides(method: blind.Method) -> None:
    content = page_content(method, 12)
    tokens = {blind.token(content.salt, one.name, one.truth) for one in content.trials}
    assert len(tokens) == 12
    assert not tokens & {blind.token("other", one.name, one.truth) for one in content.trials}


def test_all_right_is_scored_as_all_right(tmp_path: Path) -> None:
    content = page_content(trials=8)
    path = written(tmp_path, "one.json", saved(content, [one.truth for one in content.trials]))
    result = score_files([path])
    assert (result.pooled.right, result.pooled.trials) == (8, 8)
    assert result.pooled.p_value == pytest.approx(0.5**8)
    assert json.loads(json.dumps(result_dict(result)))["observers"]["Ann"]["right"] == 8


def test_people_are_scored_apart_and_together(tmp_path: Path) -> None:
    content = page_content(trials=8)
    right = [one.truth for one in content.trials]
    wrong = ["b" if one == "a" else "a" for one in right]
    paths = [
        written(tmp_path, "one.json", saved(content, right)),
        written(tmp_path, "two.json", saved(content, wrong, observer="")),
    ]
    result = score_files(paths)
    assert {name: one.right for name, one in result.observers.items()} == {"Ann": 8, "two": 0}
    assert result.pooled.trials == 16 and not result.pooled.can_tell
    assert any("one idea" in note for note in result.notes)


def test_the_same_answers_count_once(tmp_path: Path) -> None:
    content = page_content()
    path = written(tmp_path, "one.json", saved(content, ["a"] * 4))
    again = written(tmp_path, "copy.json", path.read_text())
    for paths in ([path, path], [path, again]):
        result = score_files(paths)
        assert result.pooled.trials == 4 and "counted once" in result.notes[0]


def changed(**facts: Any) -> dict[str, Any]:
    return {**saved(page_content(), ["a"] * 4), **facts}


def with_answer(**facts: Any) -> dict[str, Any]:
    document = saved(page_content(), ["a"] * 4)
    document["answers"][0] |= facts
    return document


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ("not JSON", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ([1], "expected format"),
        ({"format": "other/1"}, "other/1"),
        (changed(salt=3), "salt"),
        (changed(answers=[]), "no answers"),
        (changed(answers=[1]), "an answer without"),
        (changed(salt="another"), "does not belong"),
        (changed(method="guess"), "expected two"),
        (with_answer(token="00"), "does not belong"),
        (with_answer(answer="c"), "a or b"),
        (with_answer(trial="t1"), "twice"),
    ],
)
def test_what_the_page_did_not_save_is_refused_in_a_sentence(tmp_path: Path, document: Any, told: str) -> None:
    with pytest.raises(TwinlensError, match=told):
        score_files([written(tmp_path, "bad.json", document)])


def test_no_files_and_files_that_are_not_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TwinlensError, match="name the files"):
        score_files([])
    with pytest.raises(TwinlensError, match=r"cannot read .*nothing\.json"):
        score_files([tmp_path / "nothing.json"])
