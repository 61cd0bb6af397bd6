"""Records behave as frozen data classes do."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from typing import Any, ClassVar

import pytest

from twinlens.core.record import record


@record
class Point:
    across: float
    down: float = 2.0
    tags: dict[str, int] = dataclasses.field(default_factory=dict, compare=False)
    kind: ClassVar[str] = "point"


@dataclasses.dataclass(frozen=True)
class Model:
    across: float
    down: float = 2.0
    tags: dict[str, int] = dataclasses.field(default_factory=dict, compare=False)
    kind: ClassVar[str] = "point"


@record(kw_only=True)
class Named(Point):
    name: str = ""
    length: int = dataclasses.field(init=False, default=0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "length", len(self.name))


@record(eq=False, repr=False)
class Plain:
    value: Any = None

    def __repr__(self) -> str:
        return "plain"


def test_a_record_does_what_a_frozen_data_class_does() -> None:
    one, other = Point(1.0), Model(1.0)
    assert repr(one) == repr(other).replace("Model", "Point")
    assert dataclasses.asdict(one) == dataclasses.asdict(other)
    assert [item.name for item in dataclasses.fields(one)] == [item.name for item in dataclasses.fields(other)]
    assert hash(one) == hash(other)
    assert one == Point(1.0, 2.0, {"a": 1}) != Point(1.0, 3.0)
    assert one != other
    assert Point(1.0).tags is not Point(1.0).tags
    assert str(inspect.signature(Point)).replace("float", "").startswith("(across")
    for copied in (copy.copy(one), copy.deepcopy(one), pickle.loads(pickle.dumps(one)), dataclasses.replace(one)):
        assert copied == one
    match one:
        case Point(across, down):
            assert (across, down) == (1.0, 2.0)


def test_a_pickled_record_leaves_its_hash_behind() -> None:
    one = Point(1.0)
    hash(one)
    assert vars(pickle.loads(pickle.dumps(one))).keys() == {"across", "down", "tags"} & vars(one).keys()
    assert hash(copy.deepcopy(one)) == hash(one) == hash(dataclasses.replace(one))
    assert hash(dataclasses.replace(one, across=2.0)) != hash(one)


def test_a_record_cannot_be_changed() -> None:
    for change in (lambda: setattr(Point(1.0), "across", 2.0), lambda: delattr(Point(1.0), "across")):
        with pytest.raises(dataclasses.FrozenInstanceError):
            change()


@pytest.mark.parametrize(
    ("values", "named", "said"),
    [
        ((), {}, "needs across"),
        ((1.0, 2.0, {}, 3), {}, "takes 3 values"),
        ((1.0,), {"across": 2.0}, "two values for across"),
        ((1.0,), {"up": 2.0}, "has no up"),
    ],
)
def test_wrong_arguments_are_refused(values: tuple[Any, ...], named: dict[str, Any], said: str) -> None:
    with pytest.raises(TypeError, match=said):
        Point(*values, **named)


def test_records_inherit_fields_and_keep_their_own_methods() -> None:
    assert Named(1.0, name="four").length == 4
    assert dataclasses.replace(Named(1.0, name="four"), name="fiver").length == 5
    with pytest.raises(TypeError):
        Named(1.0, 2.0, {}, "name")
    with pytest.raises(TypeError, match="has no length"):
        Named(1.0, length=3)
    assert repr(Plain()) == "plain"
    assert Plain(1) != Plain(1)
