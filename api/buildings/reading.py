"""What a twin knows of a building: its row, its models, its storeys, its elements."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from api.context import Context
from api.forms.geojson import plain_rows
from api.http.links import Link, Links, link
from api.http.media import JSON
from bim.identity import first_name
from bim.packing import unpack_placed
from bim.placed import Placed
from twin.catalog import Catalog
from twin.errors import FeatureNotFound, InvalidParameter
from twin.expressions import Expression, among, both, compare
from twin.frame import Frame
from twin.layer import Layer
from twin.nearest import suggest
from twin.query import Query

if TYPE_CHECKING:
    import pandas as pd

BUILDINGS, MODELS, ELEMENTS = "buildings", "building_models", "building_elements"

Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Storey:
    """A storey: what the models of a building call by one name.

    Parameters
    ----------
    name
        What it is called; the key of its element where it has no name.
    element_ids
        What it is in each of the models.
    elevation_m
        As declared, above the zero of the project; None where it is not.
    floor_m
        Height of its floor above the vertical datum: where most of its rooms stand, else most of its walls and columns,
        else the lowest of all; None where nothing of it is drawn.
    """

    name: str
    element_ids: tuple[str, ...]
    elevation_m: float | None
    floor_m: float | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Building:
    """A building at a moment.

    Parameters
    ----------
    context, as_of
        Where and when it is read.
    row
        Its fields in the layer `buildings`.
    title
        What it is called there, else in its models; its key where it has no name.
    models
        Rows of the layer `building_models`, of those that show something of it.
    """

    context: Context
    as_of: datetime | None
    row: Row
    title: str
    models: tuple[Row, ...]

    @property
    def id(self) -> str:
        """Its key."""
        return str(self.row["building_id"])

    def elements(self, where: Expression | None = None, **asked: Any) -> Frame:
        """Read the rows of its elements, of those for which a condition holds; `asked` as in `Query`."""
        return self.context.store.read(self.context.served.layer(ELEMENTS), self.query(where, **asked))

    def query(self, where: Expression | None = None, **asked: Any) -> Query:
        """The question for its elements."""
        mine = both(compare("building_id", "=", self.id), where)
        return Query(where=mine, as_of=self.as_of, **asked)

    def storeys(self) -> tuple[Storey, ...]:
        """Its storeys, the lowest first."""
        rows = plain_rows(self.elements(compare("kind", "=", "storey")))
        fields = ("storey_id", "kind", "class", "bottom_m")
        parts = self.elements(among("kind", ("space", "element")), fields=fields).data
        groups: dict[str, list[Row]] = {}
        for row in rows:
            groups.setdefault(_name_of(row), []).append(row)
        storeys = [_describe_storey(name, group, parts) for name, group in groups.items()]
        return tuple(sorted(storeys, key=_height_of))

    def storey(self, name: str) -> Storey:
        """Find the storey of a name, or one that has an element of that key.

        Raises
        ------
        FeatureNotFound
            There is none.
        """
        storeys = self.storeys()
        found = next((storey for storey in storeys if name in (storey.name, *storey.element_ids)), None)
        if found is None:
            hint = suggest(name, [storey.name for storey in storeys]) if storeys else "it has none"
            raise FeatureNotFound(f"building {self.id} has no storey {name}; {hint}")
        return found

    def element(self, name: str) -> Row:
        """Find an element by its key, or by its GlobalId where that is of one element only.

        Raises
        ------
        FeatureNotFound
            There is none.
        InvalidParameter
            There are several.
        """
        field = "element_id" if "." in name else "global_id"
        rows = plain_rows(self.elements(compare(field, "=", name)))
        if not rows:
            raise FeatureNotFound(f"building {self.id} has no element {name}")
        if len(rows) > 1:
            keys = ", ".join(row["element_id"] for row in rows)
            raise InvalidParameter(f"{len(rows)} elements have the GlobalId {name}: ask for one of {keys}")
        return rows[0]

    def shapes(self) -> tuple[Placed, ...]:
        """The shapes of its models."""
        kept = (model["placed"] for model in self.models if model["placed"])
        return tuple(unpack_placed(self.context.store.kept(digest)) for digest in kept)


def knows_buildings(served: Catalog) -> bool:
    """Whether an installation serves all that is known of buildings."""
    return {BUILDINGS, MODELS, ELEMENTS} <= set(served.layers)


def link_building(context: Context, layer: Layer, key: str, links: Links) -> list[Link]:
    """Link a feature that is a building to what its models say of it."""
    if layer.id != BUILDINGS or not knows_buildings(context.served):
        return []
    return [link("related", links.url("building", building_id=key), JSON, "Storeys, elements and plans")]


def find_building(context: Context, building_id: str, as_of: datetime | None) -> Building:
    """Find a building by its key.

    Raises
    ------
    FeatureNotFound
        There is none at that time.
    """
    layer = context.served.layer(BUILDINGS)
    rows = plain_rows(context.store.read(layer, Query(ids=(building_id,), as_of=as_of)))
    if not rows:
        raise FeatureNotFound(f"{layer.title} has no feature {building_id!r}" + (f" as of {as_of}" if as_of else ""))
    (row,) = rows
    bare = Building(context=context, as_of=as_of, row=row, title=row["name"] or building_id, models=())
    own = plain_rows(bare.elements(among("kind", ("building", "storey")), fields=("model_id", "kind", "name")))
    names = tuple(sorted({each["model_id"] for each in own}))
    models = context.store.read(context.served.layer(MODELS), Query(ids=names, as_of=as_of)) if names else None
    called = first_name(*(each["name"] for each in own if each["kind"] == "building"))
    return replace(
        bare,
        title=row["name"] or called or building_id,
        models=() if models is None else tuple(plain_rows(models)),
    )


def modelled_buildings(context: Context, as_of: datetime | None) -> tuple[Row, ...]:
    """The rows of the buildings of which there are models, in key order, with the names that those have for them."""
    query = Query(where=compare("kind", "=", "building"), fields=("building_id", "name"), as_of=as_of)
    named = plain_rows(context.store.read(context.served.layer(ELEMENTS), query))
    names = {each["building_id"]: each["name"] for each in named if each["building_id"]}
    if not names:
        return ()
    asked = Query(ids=tuple(sorted(names)), as_of=as_of)
    rows = plain_rows(context.store.read(context.served.layer(BUILDINGS), asked))
    return tuple({**row, "name": row["name"] or first_name(names[row["building_id"]])} for row in rows)


def properties_of(row: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The properties of an element by set."""
    said: dict[str, dict[str, Any]] = json.loads(row["properties"]) if row.get("properties") else {}
    return said


def scan_properties(building: Building, where: Expression | None) -> Iterator[tuple[str, dict[str, dict[str, Any]]]]:
    """Key and properties of its elements, in key order."""
    frame = building.elements(where, fields=("properties",))
    for key, text in zip(frame.data.index, frame.data["properties"], strict=True):
        yield str(key), properties_of({"properties": text if isinstance(text, str) else None})


def _name_of(row: Row) -> str:
    name = row["name"]
    return str(name) if name and "/" not in name else str(row["element_id"])


def _describe_storey(name: str, group: list[Row], parts: pd.DataFrame) -> Storey:
    keys = tuple(row["element_id"] for row in group)
    declared = [row["elevation_m"] for row in group if row["elevation_m"] is not None]
    return Storey(
        name=name,
        element_ids=keys,
        elevation_m=declared[0] if declared else None,
        floor_m=_floor_of(parts[parts["storey_id"].isin(keys) & parts["bottom_m"].notna()]),
    )


def _floor_of(parts: pd.DataFrame) -> float | None:
    standing = parts["class"].str.startswith(("IfcWall", "IfcColumn", "IfcCurtainWall"))
    for some in (parts[parts["kind"] == "space"], parts[standing]):
        if len(some):
            return round(float(np.median(some["bottom_m"])), 3)
    return round(float(parts["bottom_m"].min()), 3) if len(parts) else None


def _height_of(storey: Storey) -> tuple[float, str]:
    known = storey.floor_m if storey.floor_m is not None else storey.elevation_m
    return (float("inf") if known is None else known, storey.name)
