"""What is said of buildings, storeys and elements, JSON-ready."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from api.buildings.reading import BUILDINGS, ELEMENTS, Building, Row, Storey, properties_of
from api.http.links import Link, Links, link
from api.http.media import GEOJSON, JSON, SVG
from twin.expressions import among

if TYPE_CHECKING:
    import pandas as pd

_SIZES = ("area_m2", "volume_m3", "length_m")
#: Fields of an element in a list.
LISTED = ("element_id", "global_id", "kind", "class", "predefined_type", "name", "type_name", "tag", "storey")
_FIGURES = ("height_m", "floors", "floors_below", "floor_area_m2", "footprint_m2", "use", "built_year", "ground_m")


class Said:
    """Documents with the links of one request.

    Parameters
    ----------
    links
        Of the request.
    moment
        The parameter ``datetime`` of the request, which its links keep.
    """

    def __init__(self, links: Links, moment: str | None) -> None:
        self._links = links
        self._query = {"datetime": moment} if moment else None

    def brief(self, row: Row) -> dict[str, Any]:
        """A building in a list."""
        own = row["building_id"]
        return {
            "id": own,
            "name": row["name"],
            **{name: row[name] for name in _FIGURES if name in row},
            "cim_level": row["cim_level"],
            "links": [link("item", self.url("building", own), JSON, row["name"] or own)],
        }

    def building(self, building: Building, storeys: tuple[Storey, ...]) -> dict[str, Any]:
        """A building with its models and storeys, and why it has its CIM level."""
        own = building.id
        level = building.row["cim_level"]
        reasons = [m["cim_reason"] for m in building.models if m["cim_level"] == level and m["cim_reason"]]
        if not reasons and level is not None:
            reasons = ["as it was surveyed; no model of this level is there"]
        return {
            "id": own,
            "name": building.title,
            "properties": building.row,
            "cim_level": level,
            "cim_reason": "; ".join(reasons) or None,
            "models": [_describe_model(model) for model in building.models],
            "storeys": [self.storey_in_list(own, storey) for storey in storeys],
            "links": [
                *self._links.self_and_page(),
                link("collection", self._links.url("buildings"), JSON, "Buildings with models"),
                link("about", self._links.url("item", layer_id=BUILDINGS, feature_id=own), GEOJSON, "The footprint"),
                link("related", self.url("storeys", own), JSON, "Storeys"),
                link("related", self.url("elements", own), JSON, "Elements"),
                link("related", self.url("quantities", own), JSON, "Quantities by storey"),
            ],
        }

    def storey_in_list(self, building_id: str, storey: Storey) -> dict[str, Any]:
        """A storey in a list."""
        return {
            "id": storey.name,
            "name": storey.name,
            "elevation_m": storey.elevation_m,
            "floor_m": storey.floor_m,
            "element_ids": list(storey.element_ids),
            "links": self._storey_links(building_id, storey),
        }

    def storey(self, building: Building, storey: Storey) -> dict[str, Any]:
        """A storey with its rooms, and how many elements of each class it has."""
        fields = ("name", "class", "kind", *_SIZES)
        rows = building.elements(among("storey_id", storey.element_ids), fields=fields).data
        rooms = rows[rows["kind"] == "space"]
        listed = self.storey_in_list(building.id, storey)
        return listed | {
            "building": building.id,
            "rooms": [
                {
                    "element_id": key,
                    "name": room["name"],
                    "area_m2": _plain(room["area_m2"]),
                    "volume_m3": _plain(room["volume_m3"]),
                    "href": self.url("element", building.id, element=str(key)),
                }
                for key, room in rooms.sort_values("name").iterrows()
            ],
            "room_area_m2": _sum(rooms, "area_m2"),
            "elements": {str(kind): int(count) for kind, count in rows["class"].value_counts().sort_index().items()},
            "links": [
                *self._links.self_and_page(),
                *listed["links"],
                link("collection", self.url("storeys", building.id), JSON, "All storeys"),
                link("up", self.url("building", building.id), JSON, building.title),
            ],
        }

    def element_in_list(self, building_id: str, row: Row) -> dict[str, Any]:
        """An element in a list."""
        listed = {name: row[name] for name in LISTED} | {name: row[name] for name in _SIZES}
        own = link(
            "item", self.url("element", building_id, element=row["element_id"]), JSON, row["name"] or row["class"]
        )
        return listed | {"links": [own]}

    def element(self, building: Building, row: Row) -> dict[str, Any]:
        """An element with all that the model says of it; quantities apart from properties."""
        said = properties_of(row)
        sizes = {name: values for name, values in said.items() if _is_quantity(name)}
        links = [
            *self._links.self_and_page(),
            link("collection", self.url("elements", building.id), JSON, "All elements"),
            link(
                "about",
                self._links.url("item", layer_id=ELEMENTS, feature_id=row["element_id"]),
                GEOJSON,
                "What it covers from above",
            ),
        ]
        if row["parent_id"]:
            links.append(
                link("up", self.url("element", building.id, element=row["parent_id"]), JSON, "What it is part of")
            )
        return {
            **{name: value for name, value in row.items() if name != "properties"},
            "properties": {name: values for name, values in said.items() if name not in sizes},
            "quantities": sizes,
            "links": links,
        }

    def quantities(self, building: Building, storeys: tuple[Storey, ...]) -> dict[str, Any]:
        """How many elements of each class there are by storey, and the sums of their sizes as the models say."""
        fields = ("storey_id", "class", "kind", *_SIZES)
        rows = building.elements(among("kind", ("space", "element")), fields=fields).data
        placed = {key for storey in storeys for key in storey.element_ids}
        groups = [(storey.name, rows[rows["storey_id"].isin(storey.element_ids)]) for storey in storeys]
        groups.append(("", rows[~rows["storey_id"].isin(placed)]))
        return {
            "building": building.id,
            "storeys": [
                {"storey": name or None, "classes": _count_classes(group)} for name, group in groups if len(group)
            ],
            "total": _count_classes(rows),
            "note": "Sums of what the models say; an element without a quantity counts, and adds nothing.",
            "links": [
                *self._links.self_and_page(),
                link("up", self.url("building", building.id), JSON, building.title),
            ],
        }

    def url(self, route: str, building_id: str, **ids: str) -> str:
        """The address of a page of a building at the moment of the request."""
        return self._links.url(route, building_id=building_id, query=self._query, **ids)

    def _storey_links(self, building_id: str, storey: Storey) -> list[Link]:
        plan = [] if storey.floor_m is None else [link("preview", self.plan(building_id, storey), SVG, "Plan")]
        return [
            link("item", self.url("storey", building_id, storey=storey.name), JSON, storey.name),
            *plan,
            link(
                "related",
                self._links.url(
                    "elements", building_id=building_id, query={"storey": storey.name, **(self._query or {})}
                ),
                JSON,
                "Its elements",
            ),
        ]

    def plan(self, building_id: str, storey: Storey) -> str:
        """The address of the plan of a storey."""
        return self.url("plan", building_id, storey=storey.name)


def _describe_model(model: Row) -> Row:
    return {name: value for name, value in model.items() if name not in ("delivered", "placed")}


def _is_quantity(name: str) -> bool:
    return name.startswith(("Qto_", "BaseQuantities"))


def _count_classes(rows: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {"class": str(name), "count": len(group), **{size: _sum(group, size) for size in _SIZES}}
        for name, group in rows.groupby("class", sort=True)
    ]


def _sum(rows: pd.DataFrame, name: str) -> float | None:
    """The sum of what is known; None where nothing is."""
    known = rows[name].dropna()
    return round(float(known.sum()), 3) if len(known) else None


def _plain(value: Any) -> float | None:
    return None if value is None or value != value else float(value)  # noqa: PLR0124 - not a number is not itself
