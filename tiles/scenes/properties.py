"""What features say of themselves, as EXT_structural_metadata has it: a column of binary data for each field.

Each tile brings the schema of its own table: of fields and codes that occur in it, nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from twin.columns import plain_values
from twin.frame import Frame
from twin.schema import Code, Field

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

Numbers = npt.NDArray[np.int64]

#: What stands for a number that is not there, which nothing in a county is measured by, and for a code.
_NO_REAL, _NO_INTEGER, _NO_CODE = -1e300, -(2**31), "(none)"
_TRUTH = (Code(value="false", title="No", title_zh="否"), Code(value="true", title="Yes", title_zh="是"))


@dataclass(frozen=True, kw_only=True, eq=False)
class Column:
    """One field of n features.

    Parameters
    ----------
    field
        Which one.
    values
        (n,) floats, NaN where there is nothing; or numbers of `codes` counted from 1, 0 where there is nothing; or
        texts as Arrow has them.
    codes
        What the numbers stand for; empty where values are no codes.
    is_split
        Texts are objects in JSON with members that many features share: each different one is told once, those of
        objects within by names joined with dots.
    """

    field: Field
    values: npt.NDArray[Any] | pa.StringArray
    codes: tuple[Code, ...] = ()
    is_split: bool = False


@dataclass(frozen=True, kw_only=True)
class Property:
    """One column of a table.

    Parameters
    ----------
    name
        Of the field.
    described
        As a property of a class in the schema.
    codes
        As an enum of the schema, where its values are codes.
    values, starts
        Its values, and where each of n texts begins, with the end of the last; as bytes.
    firsts
        Where the values of each feature begin, with the end of the last, where there are several; as bytes.
    """

    name: str
    described: dict[str, Any]
    codes: dict[str, Any] | None
    values: bytes
    starts: bytes | None = None
    firsts: bytes | None = None


def read_columns(frame: Frame) -> tuple[Column, ...]:
    """Take every field of the features of a layer."""
    return tuple(_read_column(frame.data[field.name], field) for field in frame.layer.schema)


def _read_column(series: pd.Series[Any], field: Field) -> Column:
    import pandas as pd
    import pyarrow as pa

    if field.type in ("integer", "real") and not field.codes:
        return Column(field=field, values=series.to_numpy(dtype=np.float64, na_value=np.nan))
    codes = _TRUTH if field.type == "boolean" else field.codes
    texts = pd.Series(plain_values(series, field), dtype=object)
    if field.type == "boolean":
        texts = texts.map({True: "true", False: "false"})
    if codes:
        numbers = pd.Index([code.value for code in codes], dtype=object).get_indexer(pd.Index(texts))
        if not ((numbers < 0) & texts.notna().to_numpy(bool)).any():
            return Column(field=field, values=numbers + 1, codes=codes)
        texts = texts.map(str, na_action="ignore")  # some are not in the list any more
    return Column(field=field, values=pa.array(texts.to_numpy(object), type=pa.string(), from_pandas=True))


def list_values(columns: Iterable[Column], rows: Numbers) -> dict[str, list[Any]]:
    """What some features say as JSON has it, None where it is nothing; without fields of which none says anything."""
    listed = {column.field.name: _list(column, rows) for column in columns}
    return {name: values for name, values in listed.items() if any(value is not None for value in values)}


def _list(column: Column, rows: Numbers) -> list[Any]:
    import pyarrow as pa

    if column.codes:
        names = [None, *(str(code.value) for code in column.codes)]
        return [names[number] for number in column.values[rows].tolist()]
    if not isinstance(column.values, np.ndarray):
        texts: list[Any] = column.values.take(pa.array(rows)).to_pylist()
        return texts
    kind = int if column.field.type == "integer" else float
    return [None if value != value else kind(value) for value in column.values[rows].tolist()]  # noqa: PLR0124 NaN


def make_table(columns: Iterable[Column], rows: Numbers) -> tuple[Property, ...]:
    """The properties of some features, without fields in which none of them says anything."""
    made = (_take(column, rows) for column in columns)
    return tuple(each for each in made if each is not None)


def _take(column: Column, rows: Numbers) -> Property | None:
    if column.codes:
        return _take_codes(column, rows)
    if isinstance(column.values, np.ndarray):
        return _take_numbers(column.field, column.values[rows])
    return _take_members(column, rows) if column.is_split else _take_texts(column, rows)


def _take_codes(column: Column, rows: Numbers) -> Property | None:
    numbers = column.values[rows]
    used = np.unique(numbers)
    if not used.any():
        return None
    names = [(0, _NO_CODE, "")] if used[0] == 0 else []
    names += [
        (n, str(c.value), f"{c.title} {c.title_zh}") for n in used[used > 0].tolist() for c in [column.codes[n - 1]]
    ]
    values = [
        {"name": name, "value": number} | ({"description": title} if title else {}) for number, name, title in names
    ]
    name = column.field.name
    described = {"name": column.field.heading, "type": "ENUM", "enumType": name}
    if used[0] == 0:
        described["noData"] = _NO_CODE
    kind = "UINT8" if len(column.codes) < 256 else "UINT16"
    return Property(
        name=name,
        described=described,
        codes={"name": column.field.heading, "valueType": kind, "values": values},
        values=numbers.astype(np.uint8 if kind == "UINT8" else np.uint16).tobytes(),
    )


def _take_numbers(field: Field, values: npt.NDArray[np.float64]) -> Property | None:
    absent = np.isnan(values)
    if absent.all():
        return None
    whole = field.type == "integer" and bool((np.abs(values[~absent]) < -_NO_INTEGER).all())
    nothing = _NO_INTEGER if whole else _NO_REAL
    described = {
        "name": field.heading,
        "type": "SCALAR",
        "componentType": "INT32" if whole else "FLOAT64",
    } | ({"noData": nothing} if absent.any() else {})
    filled = np.where(absent, nothing, values).astype(np.int32 if whole else np.float64)
    return Property(name=field.name, described=described, codes=None, values=filled.tobytes())


def _take_members(column: Column, rows: Numbers) -> Property | None:
    """Objects in JSON as lists of codes, each of which stands for a member."""
    import orjson
    import pyarrow as pa

    assert not isinstance(column.values, np.ndarray)
    numbers: dict[str, int] = {}
    told: list[int] = []
    firsts = [0]
    for text in column.values.take(pa.array(rows)).to_pylist():
        members = _list_members(orjson.loads(text) if text else {})
        told.extend(numbers.setdefault(member, len(numbers)) for member in members)
        firsts.append(len(told))
    if not told:
        return None
    name = column.field.name
    short = len(numbers) <= 2**16
    return Property(
        name=name,
        described={"name": column.field.heading, "type": "ENUM", "array": True, "enumType": name},
        codes={
            "name": column.field.heading,
            "valueType": "UINT16" if short else "UINT32",
            "values": [{"name": member, "value": number} for member, number in numbers.items()],
        },
        values=np.array(told, np.uint16 if short else np.uint32).tobytes(),
        firsts=np.array(firsts, np.uint32).tobytes(),
    )


def _list_members(value: Mapping[str, Any]) -> Iterator[str]:
    """The members of an object, and those of objects within, as JSON has them."""
    import orjson

    for name, each in value.items():
        within = {f"{name}.{inner}": part for inner, part in each.items()} if isinstance(each, dict) else {name: each}
        yield from (orjson.dumps({key: part}).decode()[1:-1] for key, part in within.items())


def _take_texts(column: Column, rows: Numbers) -> Property | None:
    import pyarrow as pa

    taken: Any = column.values.take(pa.array(rows))
    if taken.null_count == len(taken):
        return None
    described = {"name": column.field.heading, "type": "STRING"} | ({"noData": ""} if taken.null_count else {})
    _, starts, values = taken.fill_null("").buffers()
    ends = np.frombuffer(starts, dtype=np.int32)[: len(rows) + 1]
    return Property(
        name=column.field.name,
        described=described,
        codes=None,
        values=b"" if values is None else values.to_pybytes()[: int(ends[-1])],
        starts=ends.astype(np.uint32).tobytes(),
    )
