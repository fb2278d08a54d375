"""The mapping file: where a layer's fields come from when names alone do not say.

.. code:: toml

    [source]                       # how to read the file; the command line's options come first
    layer = "JMD"
    crs = "EPSG:4548"
    x = "Y坐标"                    # the column of eastings, y of northings, z of heights
    y = "X坐标"

    [keep]                         # only rows with one of these values
    CTRY = ["CH"]

    [fields]
    name = "MC"
    height_m = { source = "GD", unit = "cm" }
    use = { source = "YT", codes = { "住" = "residential" } }
    survey_date = { source = "CLRQ", format = "%y%m%d" }
    status = { constant = "accepted" }
    building_id = { sequence = "B-" }
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from twin.errors import InvalidParameter
from twin.ingest.names import require_known
from twin.layer import Layer


@dataclass(frozen=True, kw_only=True)
class FieldRule:
    """Where one field comes from: a column, a constant, or the row's number behind a prefix."""

    source: str | None = None
    unit: str | None = None
    codes: Mapping[str, Any] = field(default_factory=dict)
    format: str | None = None
    constant: Any = None
    sequence: str | None = None


@dataclass(frozen=True, kw_only=True)
class SourceRule:
    """How to read the file.

    Parameters
    ----------
    layer, crs, encoding, datum
        As the options of the command.
    key
        The column of the layer's key.
    x, y, z
        Columns of eastings (or longitudes), northings (or latitudes) and heights.
    lonlat, latlon
        One column with both, in this order.
    wkt
        One column with geometry as WKT.
    """

    layer: str | None = None
    crs: str | None = None
    encoding: str | None = None
    datum: str | None = None
    key: str | None = None
    x: str | None = None
    y: str | None = None
    z: str | None = None
    lonlat: str | None = None
    latlon: str | None = None
    wkt: str | None = None


@dataclass(frozen=True, kw_only=True)
class FieldMapping:
    """A mapping file, read and checked."""

    source: SourceRule = field(default_factory=SourceRule)
    keep: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    fields: Mapping[str, FieldRule] = field(default_factory=dict)


def load_mapping(path: Path | str, layer: Layer) -> FieldMapping:
    """Read a mapping file.

    Raises
    ------
    InvalidParameter
        It is not TOML, or has a key, field or code that does not exist; the nearest is named.
    """
    try:
        data = tomllib.loads(Path(path).read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InvalidParameter(
            f"the mapping {Path(path).name} is not UTF-8: save it anew as UTF-8", cause=error
        ) from error
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise InvalidParameter(f"the mapping {Path(path).name} cannot be read: {error}", cause=error) from error
    return parse_mapping(data, layer)


def parse_mapping(data: Mapping[str, Any], layer: Layer) -> FieldMapping:
    """Check a mapping given as the values of a TOML file; see `load_mapping`."""
    for section, content in data.items():
        require_known(section, ("source", "keep", "fields"), "section")
        if not isinstance(content, Mapping):
            raise InvalidParameter(f"{section} must be a table: [{section}]", parameter=section)
    source = SourceRule(**_checked(data.get("source", {}), SourceRule, "key in [source]"))
    rules = {name: _field_rule(name, value, layer) for name, value in data.get("fields", {}).items()}
    if source.key is not None:
        rules.setdefault(layer.key, FieldRule(source=source.key))
    keep = {
        column: tuple(str(value) for value in (values if isinstance(values, list) else [values]))
        for column, values in data.get("keep", {}).items()
    }
    return FieldMapping(source=source, keep=keep, fields=rules)


def _checked(table: Mapping[str, Any], kind: type, what: str) -> dict[str, Any]:
    for name, value in table.items():
        require_known(name, (f.name for f in fields(kind)), what)
        if kind is SourceRule and not isinstance(value, str):
            raise InvalidParameter(f"{name} in [source] must be text, not {value!r}", parameter=name)
    return dict(table)


def _field_rule(name: str, value: Any, layer: Layer) -> FieldRule:
    require_known(name, layer.schema.names, f"field of {layer.id}")
    if isinstance(value, str):
        return FieldRule(source=value)
    if not isinstance(value, Mapping):
        raise InvalidParameter(f"{name} must be a column name or a table such as {{ source = … }}", parameter=name)
    rule = FieldRule(**_checked(value, FieldRule, f"key in [fields] {name}"))
    if sum(origin is not None for origin in (rule.source, rule.constant, rule.sequence)) != 1:
        raise InvalidParameter(f"{name} needs one of source, constant or sequence", parameter=name)
    allowed = [code.value for code in layer.schema[name].codes]
    for target in rule.codes.values():
        if allowed and target not in allowed:
            require_known(str(target), map(str, allowed), f"code of {name}")
    return rule
