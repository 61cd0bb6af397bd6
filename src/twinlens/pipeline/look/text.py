"""The look as a document: TOML that names only what differs from neutral, read strictly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from twinlens.core import document
from twinlens.core.errors import DocumentError, ParameterError
from twinlens.core.look import (
    IDENTITY,
    PLAIN_SECTOR,
    SECTOR_RANGES,
    SECTORS,
    keep_table,
    table_of,
)
from twinlens.files.atomic import atomic
from twinlens.numerics.look import root_terms
from twinlens.pipeline.look.model import FINISH_RANGES, Finish, Look
from twinlens.pipeline.look.tables import file_of, read_table, write_tables
from twinlens.stages.look_map import LookMap

KIND = "look/1"

PLACES = {  # where a parameter of LookMap stands in the document
    "exposure": ("scene", "exposure"), "space": ("scene", "space"), "transform": ("scene", "transform"),
    "compression": ("scene", "compression"),
    "curve": ("curve", "kind"), "middle": ("curve", "middle"), "contrast": ("curve", "contrast"),
    "toe": ("curve", "toe"), "white": ("curve", "white"), "keep_hue": ("curve", "keep_hue"),
    "keep_saturation": ("curve", "keep_saturation"),
    "saturation": ("color", "saturation"), "skin": ("color", "skin"),
    "gamut": ("color", "gamut"),
}  # fmt: skip
CHANNELS = ("red", "green", "blue")


def read(path: Path) -> Look:
    """The look in a file, with its residual table beside it."""
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
    lights = data.get("light", [])
    if not isinstance(lights, list):
        raise DocumentError(f"{origin}: light is a list of tables, [[light]]")
    values["lights"] = tuple(_light(one, f"{origin}: light {index + 1}") for index, one in enumerate(lights))
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
        for key, value in given.items():
            if not _is_number(value):
                raise DocumentError(f"{origin}: sectors.{name}.{key} = {value!r}: expected a number")
        rows.append(tuple(given.get(key, plain) for key, plain in zip(keys, PLAIN_SECTOR, strict=True)))
    return tuple(rows)


def _table(section: dict[str, Any], origin: str, folder: Path | None) -> str:
    name, digest = _text(section.get("file", ""), f"{origin}: table.file"), section.get("hash")
    if not name or Path(name).name != name:
        raise DocumentError(f"{origin}: table.file = {name!r}: the name of a .cube file beside the look is wanted")
    if folder is None:
        return keep_table(table_of(_text(digest, f"{origin}: table.hash")))
    return keep_table(read_table(folder / name, digest, origin))


def _light(data: Any, place: str) -> tuple[float, ...]:
    """A row of LookMap.lights: the temperature, and the transform with the gains in it."""
    if not isinstance(data, dict):
        raise DocumentError(f"{place}: a table [[light]] is wanted")
    document.only(data, ("cct", "gains", "transform"), place)
    cct, gains = data.get("cct"), data.get("gains", [1.0, 1.0, 1.0])
    if not isinstance(cct, int | float) or not 1000 <= cct <= 100_000:
        raise DocumentError(f"{place}: cct = {cct!r}: a color temperature of 1000 to 100000 K is wanted")
    if not isinstance(gains, list) or len(gains) != 3 or not all(_is_number(one) and 0.1 <= one <= 10 for one in gains):
        raise DocumentError(f"{place}: gains = {gains!r}: three factors of 0.1 to 10 are wanted")
    try:
        rows = np.asarray(LookMap(transform=data.get("transform", IDENTITY)).transform)
    except ParameterError as error:
        raise DocumentError(f"{place}: {str(error).removeprefix('LookMap.')}") from None
    rows = rows * root_terms(np.array([gains], float), rows.shape[1])[0]
    return float(cct), *rows.ravel().tolist()


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
        data["table"] = {"file": table_file or file_of(look.name, look.map.table), "hash": look.map.table}
    data["light"] = [{"cct": row[0], "transform": np.reshape(row[1:], (3, -1))} for row in look.map.lights]
    data["finish"] = {key: getattr(look.finish, key) for key in FINISH_RANGES if getattr(look.finish, key)}
    data["provenance"] = look.provenance
    return document.dumps(KIND, {key: value for key, value in data.items() if value not in ("", [], {})})


def save(look: Look, path: str | Path, *, overwrite: bool = False) -> None:
    """Write a look, and its residual table as .cube beside it; an existing look is an error unless `overwrite`."""
    path = Path(path)
    with atomic(path, overwrite) as temporary:
        temporary.write_text(dumps(look), "utf-8")
        write_tables([look.map], path.parent)
