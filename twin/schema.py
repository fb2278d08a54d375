"""What the attributes of a layer are: names, types, units, code lists and ranges."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

FieldType = Literal["text", "integer", "real", "boolean", "date", "datetime"]

#: What the geometry of a feature is called beside its fields.
GEOMETRY = "geometry"

#: The pandas dtype in which a Frame carries each field type.
DTYPES: Mapping[FieldType, str] = {
    "text": "str",
    "integer": "Int64",
    "real": "float64",
    "boolean": "boolean",
    "date": "datetime64[s]",
    "datetime": "datetime64[ms, UTC]",
}

#: The JSON Schema of each field type.
_JSON: Mapping[FieldType, dict[str, Any]] = {
    "text": {"type": "string"},
    "integer": {"type": "integer"},
    "real": {"type": "number"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "datetime": {"type": "string", "format": "date-time"},
}


@dataclass(frozen=True, kw_only=True)
class Code:
    """One value of a code list, with its titles and the other spellings under which departments deliver it."""

    value: str | int
    title: str
    title_zh: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Field:
    """One attribute of a layer.

    Parameters
    ----------
    name
        Column name, a snake_case English word; a unit is its suffix (``height_m``).
    type
        Logical type; see `DTYPES` for how a Frame carries it.
    title, title_zh
        What people read.
    unit
        Unit symbol where there is one (``m``, ``deg``, ``W``).
    codes
        The closed list of allowed values; empty means open.
    minimum, maximum
        Inclusive limits of a number.
    required
        Whether a row without it is a fault.
    default
        Value of a delivered row that has nothing in this field, or whose file does not have the field at all.
    max_length
        Longest text allowed, in characters.
    aliases
        Other names of the field in delivered files, Chinese ones included.
    note
        What a reader must know: definition, source, clause.
    """

    name: str
    type: FieldType = "text"
    title: str
    title_zh: str
    unit: str | None = None
    codes: tuple[Code, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    required: bool = False
    default: Any = None
    max_length: int = 1000
    aliases: tuple[str, ...] = ()
    note: str = ""

    @property
    def dtype(self) -> str:
        """The pandas dtype of the field's column in a Frame."""
        return DTYPES[self.type]

    @property
    def heading(self) -> str:
        """Both titles and the unit in one line."""
        return f"{self.title} {self.title_zh}" + (f" ({self.unit})" if self.unit else "")

    @property
    def limit(self) -> str | None:
        """The allowed values in words, None where anything of the type goes."""
        if self.codes:
            return ", ".join(f"{code.value} ({code.title_zh})" for code in self.codes)
        if self.minimum is not None or self.maximum is not None:
            low = "…" if self.minimum is None else f"{self.minimum:g}"
            high = "…" if self.maximum is None else f"{self.maximum:g}"
            return f"{low} to {high}{' ' + self.unit if self.unit else ''}"
        return None

    def json_schema(self) -> dict[str, Any]:
        """The field as JSON Schema, as queryables and OpenAPI show it."""
        schema: dict[str, Any] = {"title": self.title, "x-title-zh": self.title_zh, **_JSON[self.type]}
        if self.note:
            schema["description"] = self.note
        if self.unit:
            schema["x-unit"] = schema["x-ogc-unit"] = self.unit
        if self.codes:
            schema["enum"] = [code.value for code in self.codes]
            schema["x-enum-titles"] = {str(code.value): [code.title, code.title_zh] for code in self.codes}
        if self.minimum is not None:
            schema["minimum"] = self.minimum
        if self.maximum is not None:
            schema["maximum"] = self.maximum
        return schema


@dataclass(frozen=True)
class Schema:
    """The ordered fields of a layer, found by name."""

    fields: tuple[Field, ...]
    _by_name: dict[str, Field] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_name", {f.name: f for f in self.fields})
        if len(self._by_name) != len(self.fields):
            raise ValueError("two fields of a schema have the same name")

    def __iter__(self) -> Iterator[Field]:
        return iter(self.fields)

    def __len__(self) -> int:
        return len(self.fields)

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __getitem__(self, name: str) -> Field:
        return self._by_name[name]

    @property
    def names(self) -> tuple[str, ...]:
        """Field names in order."""
        return tuple(self._by_name)
