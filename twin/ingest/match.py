"""Finding the column of each field: by the mapping, then by obvious names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from twin.ingest.mapping import FieldMapping, FieldRule
from twin.ingest.names import cut_names, normalise_name, require_known, short_names, split_brackets
from twin.ingest.units import is_unit, unit_factor
from twin.layer import Layer
from twin.schema import Field


@dataclass(frozen=True, kw_only=True)
class FieldSource:
    """Where the values of one field come from.

    Parameters
    ----------
    field
        The field.
    column
        The delivered column; None for a constant or a sequence.
    rule
        What the mapping says about it.
    factor
        By what to multiply delivered numbers.
    how
        How the column was found, for the report.
    """

    field: Field
    column: str | None
    rule: FieldRule
    factor: float = 1.0
    how: str


def match_fields(layer: Layer, columns: Sequence[str], mapping: FieldMapping) -> tuple[FieldSource, ...]:
    """Find the source of each field that has one.

    A column serves one field only, but one that has a field's very name serves it, whatever else the mapping does with
    it.

    Raises
    ------
    InvalidParameter
        The mapping names a column that does not exist, or a unit that does not fit.
    """
    found = {name: _mapped(layer.schema[name], rule, columns) for name, rule in mapping.fields.items()}
    taken = {source.column for source in found.values()}
    for how, names_of in _ways(layer):
        for field in layer.schema:
            if field.name in found:
                continue
            free = [column for column in columns if column not in taken or column == field.name]
            column = _first_match(names_of(field), free)
            if column is None:
                continue
            found[field.name] = FieldSource(
                field=field, column=column, rule=FieldRule(), factor=_header_factor(column, field), how=how
            )
            taken.add(column)
    return tuple(found[name] for name in layer.schema.names if name in found)


def find_column(name: str, columns: Iterable[str]) -> str:
    """The column a person means by a name: exact, but for case and spacing, or cut at 10 bytes.

    Raises
    ------
    InvalidParameter
        There is none; the nearest is named.
    """
    columns = list(columns)
    if name in columns:
        return name
    for wanted in ({normalise_name(name)}, {normalise_name(cut) for cut in cut_names(name)}):
        same = [column for column in columns if normalise_name(column) in wanted]
        if len(same) == 1:
            return same[0]
    require_known(name, columns, "column")
    return name


def _mapped(field: Field, rule: FieldRule, columns: Sequence[str]) -> FieldSource:
    if rule.source is None:
        how = f"constant {rule.constant}" if rule.sequence is None else f"{rule.sequence} and the row number"
        return FieldSource(field=field, column=None, rule=rule, how=f"mapping: {how}")
    column = find_column(rule.source, columns)
    factor = _header_factor(column, field) if rule.unit is None else unit_factor(rule.unit, field.unit)
    how = "mapping" if rule.unit is None else f"mapping, {rule.unit} to {field.unit}"
    return FieldSource(field=field, column=column, rule=rule, factor=factor, how=how)


def _header_factor(column: str, field: Field) -> float:
    """The unit in brackets behind a column name counts; other words there do not."""
    unit = split_brackets(column)[1]
    return unit_factor(unit, field.unit) if unit is not None and field.unit and is_unit(unit) else 1.0


def _first_match(names: Iterable[str], columns: Sequence[str]) -> str | None:
    normal: dict[str, str] = {}
    for column in columns:
        base, inside = split_brackets(column)
        normal.setdefault(normalise_name(column), column)
        if inside is not None and is_unit(inside):
            normal.setdefault(normalise_name(base), column)
    return next((normal[name] for name in map(normalise_name, names) if name in normal), None)


def _ways(layer: Layer) -> tuple[tuple[str, Callable[[Field], Iterable[str]]], ...]:
    """The ways to find a column, the surest first."""
    short = short_names(layer.schema.names)
    return (
        ("same name", lambda field: (field.name,)),
        ("alias", lambda field: field.aliases),
        ("title", lambda field: (field.title_zh, field.title)),
        ("name shortened for a .dbf", lambda field: (short[field.name],)),
        ("name cut at 10 bytes", _cut_names),
    )


def _cut_names(field: Field) -> Iterator[str]:
    for name in (field.name, *field.aliases, field.title_zh, field.title):
        yield from cut_names(name)
