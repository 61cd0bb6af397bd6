"""Maker's text: the parameters as a TOML document, `format = "maker/1"`, that names only what differs from the
defaults.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from twinlens.core import document
from twinlens.core.errors import DocumentError, ParameterError
from twinlens.simulate.maker.model import PARTS, Parameters

KIND = "maker/1"


def read(path: Path) -> Parameters:
    """The maker in a file."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise DocumentError(f"cannot read the maker {path}: {reason}") from None
    return loads(text, origin=str(path))


def loads(text: str, *, origin: str = "maker") -> Parameters:
    """The maker in a document; DocumentError names what is wrong in it."""
    data = document.loads(text, KIND, origin=origin)
    document.only(data, ("name", "description", *PARTS), origin)
    words = {key: data.get(key, "") for key in ("name", "description")}
    if not all(isinstance(one, str) for one in words.values()) or not words["name"]:
        raise DocumentError(f'{origin}: expected name = "..." and description = "..." to be text')
    try:
        parts: dict[str, Any] = {}
        for key, part in PARTS.items():
            values = document.table(data, key, f"{origin}: ")
            document.only(values, [item.name for item in dataclasses.fields(part)], f"{origin}: [{key}]")
            parts[key] = part(**values)
        return Parameters(**words, **parts)
    except ParameterError as error:
        raise DocumentError(f"{origin}: {error}") from None


def dumps(parameters: Parameters) -> str:
    """The document of a maker."""
    return document.dumps(KIND, as_data(parameters))


def as_data(parameters: Parameters) -> dict[str, Any]:
    """Name, description and what differs from the defaults, part by part."""
    data: dict[str, Any] = {"name": parameters.name, "description": parameters.description}
    for key in PARTS:
        part = getattr(parameters, key)
        changed = {
            item.name: getattr(part, item.name)
            for item in dataclasses.fields(part)
            if getattr(part, item.name) != item.default
        }
        if changed:
            data[key] = changed
    return data
