"""Look: a rendering as a document that people read and edit: load, save, blend, and check how far it can be driven.

The document (`format = "look/1"`, TOML) names only what differs from *neutral*. A look is put into a recipe as stages:
`Look.map_for` gives the stage that renders, `Look.finish` the strengths of what belongs to the picture as a whole.
"""

from __future__ import annotations

import dataclasses
import difflib
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import twinlens
from twinlens.core import document
from twinlens.core.errors import DocumentError, ParameterError
from twinlens.core.look import Table, keep_table, table_of
from twinlens.files import cube
from twinlens.numerics import color, curve
from twinlens.numerics.look import SECTORS, root_terms
from twinlens.numerics.lut import identity_table, tetrahedral
from twinlens.stages import look_map
from twinlens.stages.look_map import IDENTITY, PLAIN_SECTOR, SECTOR_RANGES, LookMap

Array = npt.NDArray[Any]

KIND = "look/1"
FOLDER = Path(twinlens.__file__).parent / "looks"
SUFFIX = ".toml"

PLACES = {  # where a parameter of LookMap stands in the document
    "exposure": ("scene", "exposure"), "space": ("scene", "space"), "transform": ("scene", "transform"),
    "curve": ("curve", "kind"), "middle": ("curve", "middle"), "contrast": ("curve", "contrast"),
    "toe": ("curve", "toe"), "white": ("curve", "white"), "hue": ("curve", "hue"),
    "saturation": ("color", "saturation"), "skin": ("color", "skin"),
}  # fmt: skip
CHANNELS = ("red", "green", "blue")
BLEND_STOPS = np.arange(-24, 11) / 2  # where a blended curve gets its nodes: half stops, -12 to +5


@dataclass(frozen=True)
class Light:
    """A look's white-point bias and color transform for one light: `gains` and `transform` act as in LookMap."""

    cct: float
    gains: tuple[float, ...] = (1.0, 1.0, 1.0)
    transform: tuple[tuple[float, ...], ...] = IDENTITY


@dataclass(frozen=True, kw_only=True)
class Finish:
    """What a look asks of the picture as a whole. All 0: nothing."""

    vignette: float = 0.0  # EV at the corner of the uncropped frame, 0 or darker
    acutance: float = 0.0  # strength of output sharpening, 0 to 1
    grain: float = 0.0  # strength of film grain, 0 to 1
    local_tone: float = 0.0  # strength of local tone mapping, 0 to 1

    def scaled(self, strength: float) -> Finish:
        """This finish at a strength; nothing leaves its range."""
        values = {key: getattr(self, key) * strength for key in FINISH_RANGES}
        return Finish(**{key: min(max(values[key], low), high) for key, (low, high) in FINISH_RANGES.items()})


FINISH_RANGES = {"vignette": (-2.0, 0.0), "acutance": (0.0, 1.0), "grain": (0.0, 1.0), "local_tone": (0.0, 1.0)}


@dataclass(frozen=True, kw_only=True)
class Look:
    """A rendering: what `map` does to color and tone, what `finish` does to the picture, where it came from."""

    name: str
    description: str = ""
    reasons: tuple[str, ...] = ()
    map: LookMap = field(default_factory=LookMap)
    lights: tuple[Light, ...] = ()
    finish: Finish = field(default_factory=Finish)
    provenance: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "map", replace(self.map, look=self.name, strength=1.0))

    def map_for(self, cct: float | None = None, strength: float = 1.0) -> LookMap:
        """The stage that renders this look at a strength, under a light of `cct` kelvin (None: daylight, 6504 K)."""
        stage = replace(self.map, strength=strength)
        if not self.lights:
            return stage
        light = _light_at(self.lights, cct or 6504.0)
        rows = np.asarray(light.transform)
        rows = rows * root_terms(np.array([light.gains]), rows.shape[1])[0]
        return replace(stage, transform=tuple(map(tuple, rows.tolist())))


def _light_at(lights: tuple[Light, ...], cct: float) -> Light:
    """The light at `cct`, interpolated in 1 / CCT between the neighbours; beyond the ends the last one holds."""
    ordered = sorted(lights, key=lambda one: one.cct)
    mired = 1e6 / float(np.clip(cct, ordered[0].cct, ordered[-1].cct))
    warmer = max((one for one in ordered if 1e6 / one.cct >= mired - 1e-9), key=lambda one: one.cct)
    cooler = min((one for one in ordered if 1e6 / one.cct <= mired + 1e-9), key=lambda one: one.cct)
    span = 1e6 / warmer.cct - 1e6 / cooler.cct
    share = (1e6 / warmer.cct - mired) / span if span else 0.0
    gains = (1 - share) * np.asarray(warmer.gains) + share * np.asarray(cooler.gains)
    rows = _mixed_transform(warmer.transform, cooler.transform, share)
    return Light(cct, tuple(gains.tolist()), rows)


def shipped() -> list[str]:
    """The names of the looks that come with the program, neutral first."""
    names = sorted(path.stem for path in FOLDER.glob(f"*{SUFFIX}"))
    return sorted(names, key=lambda name: name != "neutral")


def load(name: str | Path) -> Look:
    """The shipped look of this name, or the look in a .toml file; DocumentError says what is wrong with it."""
    path = Path(name)
    if path.suffix == SUFFIX:
        return _read(path)
    if str(name) in shipped():
        return _shipped(str(name))
    close = difflib.get_close_matches(str(name), shipped(), 1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    raise DocumentError(f"unknown look {str(name)!r}: expected {', '.join(shipped())} or a {SUFFIX} file{hint}")


@lru_cache
def _shipped(name: str) -> Look:
    return _read(FOLDER / f"{name}{SUFFIX}")


def _read(path: Path) -> Look:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise DocumentError(f"cannot read the look {path}: {reason}") from None
    return loads(text, origin=str(path), folder=path.parent)


def loads(text: str, *, origin: str = "look", folder: Path | None = None) -> Look:
    """The look in a document; a residual table is read from `folder`, or is one that is loaded already."""
    data = document.loads(text, KIND, origin=origin)
    document.only(data, ("name", "description", "reasons", "provenance", "light", "finish", *SECTIONS), origin)
    name = _text(data.get("name", ""), f"{origin}: name")
    if not name:
        raise DocumentError(f"{origin}: a look needs a name")
    reasons = data.get("reasons", [])
    if not isinstance(reasons, list) or not all(isinstance(one, str) for one in reasons):
        raise DocumentError(f"{origin}: reasons is a list of sentences")
    return Look(
        name=name,
        description=_text(data.get("description", ""), f"{origin}: description"),
        reasons=tuple(reasons),
        map=_map(data, name, origin, folder),
        lights=tuple(_light(one, f"{origin}: light {index + 1}") for index, one in enumerate(data.get("light", []))),
        finish=_finish(_section(data, "finish", FINISH_RANGES, origin), origin),
        provenance=_section(data, "provenance", None, origin),
    )


SECTIONS = ("scene", "curve", "color", "sectors", "table")


def _text(value: Any, place: str) -> str:
    if not isinstance(value, str):
        raise DocumentError(f"{place} = {value!r}: text is wanted")
    return value


def _section(data: dict[str, Any], name: str, known: Any, origin: str) -> dict[str, Any]:
    section = data.get(name, {})
    if not isinstance(section, dict):
        raise DocumentError(f"{origin}: {name} is a table, [{name}], not {section!r}")
    if known is not None:
        document.only(section, known, f"{origin}: [{name}]")
    return section


def _map(data: dict[str, Any], name: str, origin: str, folder: Path | None) -> LookMap:
    values: dict[str, Any] = {"look": name}
    for section in ("scene", "curve", "color"):
        places = {key: field for field, (where, key) in PLACES.items() if where == section}
        extra = ("stops", "display", *CHANNELS) if section == "curve" else ()
        found = _section(data, section, (*places, *extra), origin)
        values |= {places[key]: value for key, value in found.items() if key in places}
    if nodes := _nodes(data.get("curve", {}), origin):
        values["nodes"] = nodes
    values["sectors"] = _sectors(_section(data, "sectors", SECTORS, origin), origin)
    if table := _section(data, "table", ("file", "hash"), origin):
        values["table"] = _table(table, origin, folder)
    try:
        return LookMap(**values)
    except ParameterError as error:
        raise DocumentError(f"{origin}: {_in_document(str(error))}") from None


def _in_document(message: str) -> str:
    """An error of the stage in the words of the document."""
    head = message.removeprefix("LookMap.")
    for name, (section, key) in PLACES.items():
        if head.startswith((f"{name} ", f"{name}:")):
            return f"{section}.{key}{head[len(name) :]}"
    return head


def _nodes(section: dict[str, Any], origin: str) -> tuple[Any, ...]:
    given = [key for key in ("stops", "display", *CHANNELS) if key in section]
    if not given:
        return ()
    if given not in (["stops", "display"], ["stops", *CHANNELS]):
        raise DocumentError(f"{origin}: curve nodes are `stops` with `display`, or with red, green and blue")
    return tuple(section[key] for key in given)


def _sectors(section: dict[str, Any], origin: str) -> tuple[tuple[float, ...], ...]:
    keys = [key for key, _, _ in SECTOR_RANGES]
    rows = []
    for name in SECTORS:
        given = section.get(name, {})
        if not isinstance(given, dict):
            raise DocumentError(f"{origin}: sectors.{name} is a table, [sectors.{name}]")
        document.only(given, keys, f"{origin}: [sectors.{name}]")
        rows.append(tuple(given.get(key, plain) for key, plain in zip(keys, PLAIN_SECTOR, strict=True)))
    return tuple(rows)


def _table(section: dict[str, Any], origin: str, folder: Path | None) -> str:
    name, digest = _text(section.get("file", ""), f"{origin}: table.file"), section.get("hash")
    if not name or Path(name).name != name:
        raise DocumentError(f"{origin}: table.file = {name!r}: the name of a .cube file beside the look is wanted")
    if folder is None:
        return table_of(_text(digest, f"{origin}: table.hash")).hash
    table = cube.read(folder / name)
    if not isinstance(table, Table) or not table.is_unit:
        raise DocumentError(f"{origin}: {name} must be a 3D table over 0 to 1")
    if digest is not None and table.hash != digest:
        raise DocumentError(
            f"{origin}: {name} is not the table that this look was made with (its hash is {table.hash})"
        )
    return keep_table(table)


def _light(data: Any, place: str) -> Light:
    if not isinstance(data, dict):
        raise DocumentError(f"{place}: a table [[light]] is wanted")
    document.only(data, ("cct", "gains", "transform"), place)
    cct, gains, rows = data.get("cct"), data.get("gains", (1.0, 1.0, 1.0)), data.get("transform", IDENTITY)
    if not isinstance(cct, int | float) or not 1500 <= cct <= 40000:
        raise DocumentError(f"{place}: cct = {cct!r}: a color temperature of 1500 to 40000 K is wanted")
    if len(gains) != 3 or not all(_is_number(one) and 0.1 <= one <= 10 for one in gains):
        raise DocumentError(f"{place}: gains = {gains!r}: three factors of 0.1 to 10 are wanted")
    try:
        stage = LookMap(transform=rows)
    except ParameterError as error:
        raise DocumentError(f"{place}: {str(error).removeprefix('LookMap.')}") from None
    return Light(float(cct), tuple(map(float, gains)), stage.transform)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _finish(section: dict[str, Any], origin: str) -> Finish:
    for key, value in section.items():
        low, high = FINISH_RANGES[key]
        if not _is_number(value) or not low <= value <= high:
            raise DocumentError(f"{origin}: finish.{key} = {value!r} is outside {low:g} to {high:g}")
    return Finish(**{key: float(value) for key, value in section.items()})


def dumps(look: Look, *, table_file: str | None = None) -> str:
    """The document of a look; only what differs from neutral is written."""
    plain = LookMap()
    data: dict[str, Any] = {"name": look.name, "description": look.description, "reasons": list(look.reasons)}
    for name, (section, key) in PLACES.items():
        if getattr(look.map, name) != getattr(plain, name):
            data.setdefault(section, {})[key] = getattr(look.map, name)
    if look.map.nodes:
        keys = ("stops", "display") if len(look.map.nodes) == 2 else ("stops", *CHANNELS)
        data.setdefault("curve", {}).update(zip(keys, look.map.nodes, strict=True))
    sectors = {
        name: {
            key: value
            for (key, _, _), value, rest in zip(SECTOR_RANGES, row, PLAIN_SECTOR, strict=True)
            if value != rest
        }
        for name, row in zip(SECTORS, look.map.sectors, strict=True)
    }
    data["sectors"] = {name: row for name, row in sectors.items() if row}
    if look.map.table:
        data["table"] = {"file": table_file or _table_file(look), "hash": look.map.table}
    data["light"] = [dataclasses.asdict(one) for one in look.lights]
    data["finish"] = {key: getattr(look.finish, key) for key in FINISH_RANGES if getattr(look.finish, key)}
    data["provenance"] = look.provenance
    return document.dumps(KIND, {key: value for key, value in data.items() if value not in ("", [], {})})


def _table_file(look: Look) -> str:
    return f"{look.name}-{look.map.table[:8]}.cube"


def save(look: Look, path: Path) -> None:
    """Write a look, and its residual table as .cube beside it."""
    path = Path(path)
    try:
        if look.map.table:
            cube.write(table_of(look.map.table), path.parent / _table_file(look))
        path.write_text(dumps(look), encoding="utf-8")
    except OSError as error:
        raise DocumentError(f"cannot write the look {path}: {error.strerror}") from None


def blend(one: Look, other: Look, share: float) -> Look:
    """The look between two: `share` 0 is `one`, 1 is `other`; every number of the two is mixed."""
    if not 0 <= share <= 1:
        raise ParameterError(f"blend share = {share:g} is outside 0 to 1")
    if share in (0, 1):
        return other if share else one
    cct = {light.cct for look in (one, other) for light in look.lights}
    made = {"blend": [one.name, other.name], "share": share, "parts": [one.provenance, other.provenance]}
    return Look(
        name=f"{one.name}-{other.name}-{share:.2f}",
        description=f"{1 - share:.0%} {one.name}, {share:.0%} {other.name}",
        map=_mixed_map(one.map, other.map, share),
        lights=tuple(_mixed_light(one, other, share, at) for at in sorted(cct)),
        finish=Finish(
            **{key: _mix(getattr(one.finish, key), getattr(other.finish, key), share) for key in FINISH_RANGES}
        ),
        provenance=made,
    )


def _mix(one: Any, other: Any, share: float) -> Any:
    return (1 - share) * one + share * other


def _mixed_light(one: Look, other: Look, share: float, cct: float) -> Light:
    rows = _mixed_transform(one.map_for(cct).transform, other.map_for(cct).transform, share)
    return Light(cct, transform=rows)


def _mixed_transform(one: Any, other: Any, share: float) -> tuple[tuple[float, ...], ...]:
    columns = max(len(one[0]), len(other[0]))
    wide = [np.pad(np.asarray(rows), ((0, 0), (0, columns - len(rows[0])))) for rows in (one, other)]
    return tuple(map(tuple, _mix(wide[0], wide[1], share).tolist()))


def _mixed_map(one: LookMap, other: LookMap, share: float) -> LookMap:
    values: dict[str, Any] = {
        key: _mix(getattr(one, key), getattr(other, key), share) for key in ("exposure", "saturation", "skin")
    }
    sectors = _mix(np.asarray(one.sectors), np.asarray(other.sectors), share)
    values["sectors"] = tuple(map(tuple, sectors.tolist()))
    values["transform"] = _mixed_transform(one.transform, other.transform, share)
    values["table"] = _mixed_table(one.table, other.table, share)
    return LookMap(**values, **_mixed_curve(one, other, share))


def _mixed_curve(one: LookMap, other: LookMap, share: float) -> dict[str, Any]:
    if one.curve == "none" or other.curve == "none":
        hue, space = (one.hue, one.space) if other.curve == "none" else (other.hue, other.space)
    elif one.space != other.space:
        raise ParameterError(f"looks with tone curves in {one.space} and {other.space} cannot be blended")
    else:
        hue, space = _mix(one.hue, other.hue, share), one.space
    values: dict[str, Any] = {"hue": hue, "space": space}
    if one.curve == other.curve == "none":
        return values
    if one.curve == other.curve == "film":
        keys = ("middle", "contrast", "toe")
        values |= {key: getattr(one, key) ** (1 - share) * getattr(other, key) ** share for key in keys}
        return {**values, "curve": "film", "white": _mix(one.white, other.white, share)}
    light = np.repeat((curve.MID_GREY * np.exp2(BLEND_STOPS))[:, None], 3, 1)
    codes = _mix(look_map.tone_of(one)(light), look_map.tone_of(other)(light), share)
    shown = color.encode(curve.decode_tone(codes)).T
    rows = shown[:1] if np.ptp(shown, axis=0).max() < 1e-9 else shown
    return {**values, "curve": "nodes", "nodes": (tuple(BLEND_STOPS.tolist()), *map(tuple, rows.tolist()))}


def _mixed_table(one: str, other: str, share: float) -> str:
    """The hash of the mix of two residual tables; none counts as no change."""
    if not one and not other:
        return ""
    tables = [table_of(name) if name else None for name in (one, other)]
    size = max(table.size for table in tables if table)
    grid = identity_table(size)
    values = [grid if table is None else tetrahedral(grid * (table.size - 1), table.values) for table in tables]
    return keep_table(Table(_mix(values[0], values[1], share)))
