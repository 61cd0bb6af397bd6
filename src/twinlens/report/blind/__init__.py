"""Blind: a page that shows pairs of pictures to people who do not know which is which, and keeps what they say.

The page holds no word of who made which picture. What is right is kept as a salted, slow hash of each trial, which the
program checks the saved answers against: a look at the page's text does not give it away.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from html import escape
from importlib.resources import files
from typing import Literal

from twinlens.core.record import record
from twinlens.report import page

FORMAT = "blind/1"
ROUNDS = 20_000  # of PBKDF2: some ten milliseconds a guess
TOKEN_CHARACTERS = 20
Method = Literal["two", "abx"]
Side = Literal["a", "b"]

QUESTIONS: dict[Method, str] = {
    "two": "One of these is of kind A, the other of kind B. Which one is A?",
    "abx": "Which of the two is of the same kind as the one in the middle?",
}
ABOUT: dict[Method, str] = {
    "two": "Two ways of making a picture are compared, A and B. Look at the examples as long as you like: what is the "
    "same in all A, and in all B? Then you see pairs of other scenes and say which one is A. Guess when you do not "
    "know; some guesses are right.",
    "abx": "Two ways of making a picture are compared. You see two pictures of a scene, left and right, and a third in "
    "the middle, which is of the same kind as one of them. Say which. Guess when you do not know.",
}


@record(kw_only=True)
class Trial:
    """One question: which pictures (indices) stand left, right and, in ABX, in the middle; `truth`: "a" is the left."""

    name: str
    scene: str
    left: int
    right: int
    truth: Side
    middle: int | None = None


@record(kw_only=True)
class BlindContent:
    """All that the page of a blind test holds. `pictures`: JPEG bytes; `examples`: (A, B) pairs of their indices."""

    title: str
    method: Method
    salt: str
    pictures: tuple[bytes, ...]
    trials: tuple[Trial, ...]
    examples: tuple[tuple[int, int], ...] = ()
    notes: tuple[str, ...] = ()


def token(salt: str, trial: str, truth: str) -> str:
    """What the page and the answers know of a trial's truth."""
    digest = hashlib.pbkdf2_hmac("sha256", f"{trial}:{truth}".encode(), salt.encode(), ROUNDS)
    return digest.hex()[:TOKEN_CHARACTERS]


def blind_page(content: BlindContent) -> str:
    """The page as HTML text: one file that needs no network."""
    home = files("twinlens.report.blind")
    body = (
        f'<noscript><p class="note">This page asks by a small script; allow it to run.</p></noscript>'
        f'<main id="test"></main><script id="content" type="application/json">{_data(content)}</script>'
    )
    about = page.notes(content.notes)
    return page.page(
        content.title,
        ABOUT[content.method],
        [("", body), ("", about)],
        style=home.joinpath("blind.css").read_text(),
        script=home.joinpath("blind.js").read_text(),
    )


def _data(content: BlindContent) -> str:
    told = {
        "format": FORMAT,
        "method": content.method,
        "salt": content.salt,
        "question": QUESTIONS[content.method],
        "pictures": [b64encode(one).decode() for one in content.pictures],
        "examples": content.examples,
        "trials": [_trial(content.salt, one) for one in content.trials],
    }
    return json.dumps(told).replace("<", "\\u003c")


def _trial(salt: str, one: Trial) -> dict[str, object]:
    known = {"trial": one.name, "scene": escape(one.scene), "token": token(salt, one.name, one.truth)}
    return {**known, "left": one.left, "right": one.right, "middle": one.middle}
