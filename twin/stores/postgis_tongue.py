"""How PostgreSQL says conditions, so that the same features meet them as in a GeoPackage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import ColumnElement, Double, Integer, and_, case, cast, collate, func, null, or_
from sqlalchemy.types import TypeEngine

from twin.kinds import Kind
from twin.stores.postgis_types import IsoDate, IsoInstant
from twin.stores.text_folding import DIACRITIC

#: Rules of ICU that are those of no language in particular.
_ICU = "und-x-icu"
#: What upper and then lower case gives for all but these is Unicode's full case folding (for letters up to Unicode 15).
#: The dotless i would become an i: a character of the private use area stands for it meanwhile.
_BEFORE = ("\u1e9e\u0131", "\u00df\ue131")
_AFTER = ("\u03c2\ue131", "\u03c3\u0131")


@dataclass(frozen=True)
class PostgisTongue:
    """See `twin.stores.where.Tongue`; with the SRID of the storage CRS."""

    srid: int

    @property
    def moments(self) -> Mapping[Kind, TypeEngine[Any]]:
        """The database's own types."""
        return {"date": IsoDate(), "datetime": IsoInstant()}

    def relate(self, op: str, feature: ColumnElement[Any], other: ColumnElement[Any]) -> ColumnElement[bool]:
        """By the function of PostGIS."""
        related: ColumnElement[bool] = getattr(func, f"ST_{op.removeprefix('s_').capitalize()}")(feature, other)
        return related

    def shape(self, geometry: BaseGeometry) -> ColumnElement[Any]:
        """From WKB."""
        return func.ST_GeomFromWKB(shapely.to_wkb(geometry), self.srid)

    def call(self, name: str, args: list[ColumnElement[Any]]) -> ColumnElement[Any]:
        """Text by ICU and normalisation, compared by code points as all text."""
        match name, args:
            case "casei", [text]:
                folded = func.lower(func.upper(collate(func.translate(text, *_BEFORE), _ICU)))
                return collate(func.translate(folded, *_AFTER), "C")
            case "accenti", [text]:
                # Named with its schema it is a function; without, a construct of SQL that takes no parameters.
                apart = func.pg_catalog.normalize(text, "NFD")
                bare = func.regexp_replace(apart, DIACRITIC, "", "g")
                return collate(func.pg_catalog.normalize(bare, "NFC"), "C")
            case "length" | "dimension", [value]:
                count = func.char_length if name == "length" else func.ST_Dimension
                return count(value, type_=Integer())
            case "year", [day]:
                return cast(func.extract("year", day), Integer())
            case "power", [base, exponent]:
                nowhere = or_(and_(base < 0, exponent != func.trunc(exponent)), and_(base == 0, exponent < 0))
                return case((nowhere, null()), else_=func.power(base, exponent, type_=Double()))
            case _:
                return getattr(func, name)(*(cast(arg, Double()) for arg in args), type_=Double())  # type: ignore[no-any-return]
