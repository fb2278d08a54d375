"""How SQLite says conditions: with the functions of `twin.stores.gpkg_functions`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import ColumnElement, Double, Integer, Text, cast, func, literal
from sqlalchemy.types import TypeEngine

from twin.kinds import Kind
from twin.stores.gpkg_functions import sql_name


class GpkgTongue:
    """See `twin.stores.where.Tongue`."""

    @property
    def moments(self) -> Mapping[Kind, TypeEngine[Any]]:
        """ISO 8601 text."""
        return {"date": Text(), "datetime": Text()}

    def relate(self, op: str, feature: ColumnElement[Any], other: ColumnElement[Any]) -> ColumnElement[bool]:
        """By the SQL function that every connection gets."""
        related: ColumnElement[bool] = getattr(func, sql_name(op))(feature, other)
        return related

    def shape(self, geometry: BaseGeometry) -> ColumnElement[Any]:
        """WKB, by which a constant is told from a column."""
        return literal(shapely.to_wkb(geometry))

    def call(self, name: str, args: list[ColumnElement[Any]]) -> ColumnElement[Any]:
        """Text in Python, numbers in SQL where it has the function."""
        match name:
            case "year":
                return cast(func.substr(args[0], 1, 4), Integer())
            case "length":
                return func.length(*args, type_=Integer())
            case "dimension":
                return func.twin_dimension(*args, type_=Integer())
            case "abs":  # of an integer it would fail for the smallest one
                return func.abs(cast(args[0], Double()), type_=Double())
            case _:
                kind = Text() if name in {"casei", "accenti"} else Double()
                return getattr(func, f"twin_{name}")(*args, type_=kind)  # type: ignore[no-any-return]
