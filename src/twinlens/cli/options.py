"""Options: the command line's view of stages' parameters. Range, unit and meaning come from `param` alone."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Callable
from typing import Any

import click

from twinlens import stages
from twinlens.core.errors import ParameterError
from twinlens.core.record import record


@record
class StageOption:
    """A short option for one parameter of a stage."""

    flag: str
    stage: str
    name: str
    metavar: str
    parse: Callable[[str], Any]


def _pair(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(one) for one in text.split(","))
    except ValueError:
        raise ParameterError(f"{text!r}: expected numbers with commas between them, like 1200,800") from None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ParameterError(f"{text!r}: expected a number") from None


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ParameterError(f"{text!r}: expected a whole number") from None


SHORT = (
    StageOption("--denoise", "denoise", "amount", "0..1", _number),
    StageOption("--demosaic", "demosaic", "method", "NAME", str),
    StageOption("--white-balance", "white_balance", "mode", "NAME", str),
    StageOption("--kelvin", "white_balance", "kelvin", "K", _number),
    StageOption("--tint", "white_balance", "tint", "T", _number),
    StageOption("--wb-from", "white_balance", "spot", "X,Y", _pair),
    StageOption("--highlights", "highlights", "method", "NAME", str),
    StageOption("--local-tone", "local_tone", "strength", "0..1", _number),
    StageOption("--sharpen", "sharpen", "amount", "0..1", _number),
    StageOption("--lens", "lens", "correction", "NAME", str),
    StageOption("--space", "output_color", "space", "NAME", str),
    StageOption("--long-edge", "resize", "long_edge", "PX", _whole),
)
IMPLIED = {  # what one option says of another parameter of its stage
    "kelvin": {"mode": "kelvin"},
    "tint": {"mode": "kelvin"},
    "spot": {"mode": "spot"},
}


def parameter(stage: str, name: str) -> dataclasses.Field[Any]:
    """The declaration of a stage's parameter; ParameterError when there is none."""
    known = stages.load()
    if stage not in known:
        raise ParameterError(f"there is no stage {stage!r}; stages are {', '.join(sorted(known))}")
    for item in dataclasses.fields(known[stage]):
        if item.name == name:
            return item
    raise ParameterError(
        f"stage {stage} has no parameter {name!r}; it has "
        + ", ".join(item.name for item in dataclasses.fields(known[stage]))
    )


def described(stage: str, name: str) -> str:
    """The help text of a parameter: meaning, range, unit and default as declared."""
    item = parameter(stage, name)
    meta = item.metadata
    choices = str(item.type)
    named = (
        choices[choices.index("[") + 1 : choices.index("]")].replace('"', "") if choices.startswith("Literal[") else ""
    )
    low, high = meta["low"], meta["high"]
    ends = [f"from {low:g}" if high is None else f"{low:g} to {high:g}"] if low is not None else []
    span = " ".join([*ends, meta["unit"]]).strip()
    default = "" if item.default is None else f"default {item.default}"
    told = "; ".join(filter(None, (named, span, default)))
    return f"{meta['doc']} [{told}]" if told else str(meta["doc"])


class LateHelp(click.Option):
    """An option whose help is read from the stage when help is asked for."""

    def __init__(self, short: StageOption) -> None:
        super().__init__([short.flag, short.flag.lstrip("-").replace("-", "_")], metavar=short.metavar)
        self.short = short

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        self.help = described(self.short.stage, self.short.name)
        return super().get_help_record(ctx)


def stage_options(command: Any) -> Any:
    """Adds the short options of stages and `--set` to a command."""
    for short in reversed(SHORT):
        command.params.append(LateHelp(short))
    return command


def edits(given: dict[str, str | None], exposure: str | None, settings: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """The stage edits that the options of a command line say; given: option name to text."""
    made: dict[str, dict[str, Any]] = {}
    for short in SHORT:
        text = given.get(short.flag.lstrip("-").replace("-", "_"))
        if text is not None:
            values = made.setdefault(short.stage, {})
            try:
                value = short.parse(text)
            except ParameterError as error:
                raise ParameterError(f"{short.flag} {error}") from None
            for key, implied in IMPLIED.get(short.name, {}).items():
                if values.setdefault(key, implied) != implied:
                    raise ParameterError(f"{short.flag} says {key} {implied!r}, another option says {values[key]!r}")
            values[short.name] = value
    if exposure is not None:
        made["exposure"] = {"auto": "on"} if exposure == "auto" else {"stops": _exposure(exposure)}
    for text in settings:
        place, equals, value = text.partition("=")
        stage, dot, name = place.partition(".")
        if not equals or not dot:
            raise ParameterError(f"--set {text}: expected STAGE.PARAMETER=VALUE, like grain.amount=0.2")
        parameter(stage, name)
        made.setdefault(stage, {})[name] = _value(value)
    return made


def _exposure(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ParameterError(f"--exposure {text}: expected a number of EV, like +0.7, or auto") from None


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
