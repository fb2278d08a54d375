"""What stands in the model space of a drawing: symbols and lines, each with the attributes that it carries.

Attributes are those of a block, extended data (XDATA) and records of an extension dictionary. Programs write the last
two in ways of their own; read are names with values behind them (``点号``, ``JS1``), both in one text (``点号=JS1``),
and one value under an application or record that has the name of a field.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from layers.pipelines.delivery.places import GROUND_NAMES
from layers.pipelines.nodes import PIPE_NODES
from layers.pipelines.segments import PIPE_SEGMENTS
from twin.errors import SourceError
from twin.ingest.dxf import decide_dxf_encoding, is_binary_drawing, require_whole_drawing
from twin.ingest.names import normalise_name, split_brackets
from twin.ingest.report import Decision
from twin.ingest.stage import Staged

if TYPE_CHECKING:
    from ezdxf.entities.dxfentity import DXFEntity

Floats = npt.NDArray[np.float64]

#: By how much the straight pieces of a curve may leave it, in units of the drawing.
_SAGITTA = 0.001

#: A drawing takes some thirty times its bytes in memory.
_MOST_BYTES = 100_000_000

#: What a reader of drawings meets in damaged ones.
_DAMAGE = (
    *(OSError, ValueError, LookupError, TypeError, AttributeError),
    *(ArithmeticError, AssertionError, RecursionError, struct.error),
)

_SYMBOLS = {"INSERT": "insert", "POINT": "location", "CIRCLE": "center"}
_CURVES = ("LWPOLYLINE", "POLYLINE", "ARC", "SPLINE")
#: A name and its value in one text.
_PAIR = re.compile(r"\s*([^=:：]+?)\s*[=:：]\s*(.*?)\s*")
#: Group codes that hold no value of a field: braces, layers, bytes, handles, and markers of classes.
_NO_VALUES = {100, 102, 330, 340, 350, 360, 1002, 1003, 1004, 1005}


@dataclass(frozen=True, kw_only=True, eq=False)
class Entity:
    """A symbol or a line of a drawing.

    Parameters
    ----------
    number
        Which of the model space it is, counted from 1.
    layer
        Its layer.
    vertices
        (k, 3) vertices, one of a symbol; Z is NaN where nothing was drawn in space: 0 stands for that.
    attributes
        What it carries, by name.
    """

    number: int
    layer: str
    vertices: Floats
    attributes: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, eq=False)
class Drawing:
    """The symbols and lines of a drawing, its format, and how its text is encoded."""

    format: str
    encoding: Decision | None
    symbols: tuple[Entity, ...]
    lines: tuple[Entity, ...]


def read_drawing(staged: Staged, encoding: str | None) -> Drawing:
    """Read the model space of a drawing, in ASCII or binary.

    Raises
    ------
    SourceError
        It is cut off or damaged, or its text is in another encoding.
    """
    from ezdxf.filemanagement import readfile
    from ezdxf.lldxf.const import DXFError

    require_whole_drawing(staged.path)
    if staged.path.stat().st_size > _MOST_BYTES:
        raise SourceError(
            f"{staged.name} has more than {_MOST_BYTES // 1_000_000} MB: deliver the tables behind it, or a drawing "
            "for each class or sheet"
        )
    # A binary drawing is decoded by the code page that it names.
    decision = None if is_binary_drawing(staged.path) else decide_dxf_encoding(staged.path, encoding)
    try:
        document = readfile(staged.path, encoding=decision.value if decision else None, errors="strict")
        entities = list(document.modelspace())
        symbols = [*_read_symbols(entities)]
        lines = [line for line in _read_lines(entities) if len(line.vertices) > 1]
    except (DXFError, *_DAMAGE) as error:
        said = f"{staged.name} cannot be read: {' '.join(str(error).split())}; mend it by AUDIT and save it anew"
        raise SourceError(said, cause=error) from error
    return Drawing(format=f"DXF {document.acad_release}", encoding=decision, symbols=tuple(symbols), lines=tuple(lines))


def _read_symbols(entities: Sequence[DXFEntity]) -> Iterator[Entity]:
    for number, entity in enumerate(entities, start=1):
        place = _SYMBOLS.get(entity.dxftype())
        if place is not None:
            point: Any = entity.dxf.get(place)
            at = point if entity.dxftype() == "POINT" else entity.ocs().to_wcs(point)  # type: ignore[attr-defined]
            yield _make(number, entity, [at], in_space=True)


def _read_lines(entities: Sequence[DXFEntity]) -> Iterator[Entity]:
    from ezdxf import path

    for number, entity in enumerate(entities, start=1):
        kind = entity.dxftype()
        if kind == "LINE":
            yield _make(number, entity, [entity.dxf.start, entity.dxf.end], in_space=True)
        elif kind in _CURVES:
            flat = kind != "POLYLINE" or not entity.is_3d_polyline  # type: ignore[attr-defined]
            if kind == "POLYLINE" and flat and not entity.is_2d_polyline:  # type: ignore[attr-defined]
                continue  # a surface
            found = path.make_path(entity)
            yield _make(number, entity, [*found.flattening(_SAGITTA)], in_space=not flat)


def _make(number: int, entity: DXFEntity, vertices: Sequence[Any], *, in_space: bool) -> Entity:
    at = np.array([tuple(vertex) for vertex in vertices], dtype=float).reshape(-1, 3)
    at[:, 2] = np.where(in_space & (at[:, 2] != 0), at[:, 2], np.nan)
    attributes = {name: text for name, text in _attributes(entity) if text}
    return Entity(number=number, layer=_decode(entity.dxf.layer), vertices=at, attributes=attributes)


def _attributes(entity: DXFEntity) -> Iterator[tuple[str, str]]:
    """Names and values that an entity carries."""
    for attribute in getattr(entity, "attribs", ()):
        yield _decode(attribute.dxf.tag).strip(), _decode(attribute.dxf.text).strip()
    if entity.xdata is not None:
        for application, tags in entity.xdata.data.items():
            yield from read_pairs(_decode(application), ((tag.code, tag.value) for tag in tags[1:]))
    if entity.has_extension_dict:
        for name, record in _walk(entity.get_extension_dict().dictionary):
            yield from read_pairs(name, record)


def _walk(dictionary: Any) -> Iterator[tuple[str, list[tuple[int, Any]]]]:
    """Records of a dictionary and of those in it, with their tags."""
    for name, item in dictionary.items():
        kind = item if isinstance(item, str) else item.dxftype()
        if kind == "DICTIONARY":
            yield from _walk(item)
        elif kind == "XRECORD":
            yield _decode(name), [(tag.code, tag.value) for tag in item.tags]
        elif kind == "DICTIONARYVAR":
            yield _decode(name), [(1, item.value)]


def read_pairs(name: str, tags: Iterable[tuple[int, Any]]) -> Iterator[tuple[str, str]]:
    """Names and values of what an application, or a record, of some name holds.

    What cannot be told stands under that name.
    """
    values = [
        _decode(str(value)).strip()
        for code, value in tags
        if code not in _NO_VALUES and isinstance(value, str | int | float)
    ]
    rest, at = [], 0
    while at < len(values):
        value, at = values[at], at + 1
        pair = _PAIR.fullmatch(value)
        if is_field_name(value):
            has_value = at < len(values) and not is_field_name(values[at])
            yield value, values[at] if has_value else ""
            at += has_value
        elif pair is not None and is_field_name(pair[1]):
            yield pair[1], pair[2]
        else:
            rest.append(value)
    if rest:
        yield name, " ".join(rest)


def is_field_name(text: str) -> bool:
    """Whether a text is a name of a field of points or segments, or of the height of the ground."""
    return normalise_name(split_brackets(text)[0]) in _field_names()


@cache
def _field_names() -> frozenset[str]:
    named = [
        name
        for layer in (PIPE_NODES, PIPE_SEGMENTS)
        for field in layer.schema
        for name in (field.name, *field.aliases, field.title, field.title_zh)
    ]
    # One letter may be a value as well: Z is brick.
    return frozenset(normalise_name(name) for name in (*named, *GROUND_NAMES) if len(name) > 1)


def _decode(text: str) -> str:
    r"""A text with the characters that its code page lacks, which are written as ``\U+6C34``."""
    from ezdxf.lldxf.encoding import decode_dxf_unicode

    return decode_dxf_unicode(text) if "\\U+" in text else text
