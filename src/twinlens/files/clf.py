"""CLF: color transforms in the Common LUT Format of the Academy (AMPAS/ASC), as XML.

Source: AMPAS S-2014-006, Common LUT Format (CLF) 3.0. Written and read are the nodes that a look needs: Matrix, Range
(a clamp), Log (linToLog), LUT1D, LUT3D (tetrahedral). In a LUT3D blue changes fastest.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import numpy as np
import numpy.typing as npt

from twinlens.core.errors import FileError
from twinlens.core.look import Table
from twinlens.core.record import record
from twinlens.files.atomic import atomic
from twinlens.files.cube import rows
from twinlens.numerics.lut import tetrahedral

Array = npt.NDArray[Any]
DESCRIPTORS = ("InputDescriptor", "OutputDescriptor")
XMLNS = "urn:AMPAS:CLF:v3.0"


@record(eq=False)
class Matrix:
    """A 3x3 on (..., 3)."""

    values: Array

    def __call__(self, rgb: Array) -> Array:
        return rgb @ np.asarray(self.values).T

    def xml(self) -> str:
        return f'<Matrix inBitDepth="32f" outBitDepth="32f">\n<Array dim="3 3">\n{rows(self.values)}</Array>\n</Matrix>'


@record(eq=False)
class Clamp:
    """A Range that only clamps."""

    low: float
    high: float

    def __call__(self, rgb: Array) -> Array:
        return np.clip(rgb, self.low, self.high)

    def xml(self) -> str:
        ends = (
            ("minInValue", self.low), ("maxInValue", self.high), ("minOutValue", self.low), ("maxOutValue", self.high),
        )  # fmt: skip
        lines = "".join(f"<{key}>{value:.9g}</{key}>\n" for key, value in ends)
        return f'<Range inBitDepth="32f" outBitDepth="32f">\n{lines}</Range>'


@record(eq=False)
class Log:
    """code = log2(light / `toe` + 1) / log2(`high` / `toe` + 1): 0 at 0, 1 at `high`, straight near black."""

    toe: float
    high: float

    def __call__(self, rgb: Array) -> Array:
        return np.log2(rgb / self.toe + 1) / np.log2(self.high / self.toe + 1)

    def inverse(self, code: Array) -> Array:
        """Light of codes."""
        return (np.exp2(code * np.log2(self.high / self.toe + 1)) - 1) * self.toe

    def xml(self) -> str:
        scale = 1 / np.log2(self.high / self.toe + 1)
        parameters = f'base="2" linSideSlope="{1 / self.toe:.12g}" linSideOffset="1" logSideSlope="{scale:.12g}"'
        return (
            '<Log inBitDepth="32f" outBitDepth="32f" style="linToLog">\n'
            f'<LogParams {parameters} logSideOffset="0" />\n</Log>'
        )


@record(eq=False)
class Curves:
    """A LUT1D (M, 3) over 0 to 1."""

    values: Array

    def __call__(self, rgb: Array) -> Array:
        at = np.linspace(0, 1, len(self.values))
        return np.stack([np.interp(rgb[..., c], at, self.values[:, c]) for c in range(3)], -1)

    def xml(self) -> str:
        head = '<LUT1D inBitDepth="32f" outBitDepth="32f" interpolation="linear">'
        return f'{head}\n<Array dim="{len(self.values)} 3">\n{rows(self.values)}</Array>\n</LUT1D>'


@record(eq=False)
class Cube:
    """A LUT3D over 0 to 1."""

    table: Table

    def __call__(self, rgb: Array) -> Array:
        return tetrahedral(rgb * (self.table.size - 1), self.table.values)

    def xml(self) -> str:
        size = self.table.size
        values = np.ascontiguousarray(self.table.values.transpose(2, 1, 0, 3)).reshape(-1, 3)
        head = '<LUT3D inBitDepth="32f" outBitDepth="32f" interpolation="tetrahedral">'
        return f'{head}\n<Array dim="{size} {size} {size} 3">\n{rows(values)}</Array>\n</LUT3D>'


Node = Matrix | Clamp | Log | Curves | Cube


@record(eq=False)
class Process:
    """Nodes in order, with what they take and give in words."""

    name: str
    nodes: tuple[Node, ...]
    source: str = ""
    target: str = ""
    comments: tuple[str, ...] = ()

    def __call__(self, rgb: Array) -> Array:
        """Values (..., 3) through all nodes."""
        for node in self.nodes:
            rgb = node(rgb)
        return rgb


def dumps(process: Process) -> str:
    """The text of a CLF file."""
    import hashlib

    body = "\n".join(node.xml() for node in process.nodes)
    told = "".join(f"<Description>{escape(one)}</Description>\n" for one in process.comments)
    told += f"<InputDescriptor>{escape(process.source)}</InputDescriptor>\n"
    told += f"<OutputDescriptor>{escape(process.target)}</OutputDescriptor>\n"
    digest = hashlib.sha256(body.encode()).hexdigest()[:32]
    head = f'<ProcessList xmlns="{XMLNS}" compCLFversion="3.0" id="{digest}" name={quoteattr(process.name)}>'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{head}\n{told}{body}\n</ProcessList>\n'


def loads(text: str, *, origin: str = "transform") -> Process:
    """The transform in the text of a CLF file, of the nodes that this module writes; others are refused by name."""
    import xml.etree.ElementTree as tree

    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise FileError(f"{origin}: a CLF file has no document type or entities")
    try:
        root = tree.fromstring(text.encode())
        for one in root.iter():
            one.tag = one.tag.rpartition("}")[2]
        if root.tag != "ProcessList":
            raise FileError(f"{origin}: a CLF file begins with ProcessList, this one with {root.tag}")
        source, target = (root.findtext(key, "") for key in DESCRIPTORS)
        known = [one for one in root if one.tag not in (*DESCRIPTORS, "Description", "Info")]
        nodes = tuple(_node(one, origin) for one in known)
        comments = tuple(one.text or "" for one in root.findall("Description"))
        return Process(root.get("name", ""), nodes, source, target, comments)
    except (tree.ParseError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise FileError(f"{origin}: the CLF file is damaged: {error}") from None


def _node(one: Any, origin: str) -> Node:
    if one.tag == "Range":
        low, high, *outs = (float(one.findtext(key)) for key in
                            ("minInValue", "maxInValue", "minOutValue", "maxOutValue"))  # fmt: skip
        if outs == [low, high]:
            return Clamp(low, high)
    if one.tag == "Log" and one.get("style") == "linToLog":
        numbers = {key: float(value) for key, value in one.find("LogParams").attrib.items()}
        toe, base = 1 / numbers["linSideSlope"], numbers["base"]
        if numbers["linSideOffset"] == 1 and numbers["logSideOffset"] == 0 and base == 2:
            return Log(toe, float((2 ** (1 / numbers["logSideSlope"]) - 1) * toe))
    if one.tag in ("Matrix", "LUT1D", "LUT3D"):
        array = one.find("Array")
        shape = [int(word) for word in array.get("dim").split()]
        values = np.array(array.text.split(), float).reshape(shape)
        if one.tag == "LUT3D":
            return Cube(Table(values.transpose(2, 1, 0, 3)))
        return Matrix(values) if one.tag == "Matrix" else Curves(values)
    raise FileError(f"{origin}: a {one.tag} node of this kind is not read; Matrix, clamp, linToLog and LUTs are")


def read(path: Path) -> Process:
    """The transform in a CLF file."""
    try:
        return loads(Path(path).read_text("utf-8"), origin=str(path))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise FileError(f"cannot read the transform {path}: {reason}") from None


def write(process: Process, path: Path, *, overwrite: bool = False) -> None:
    """Write a CLF file, whole or not at all."""
    with atomic(path, overwrite) as temporary:
        temporary.write_text(dumps(process), "utf-8")
