"""The models of a county: a school, a hospital, a service centre; what is in them, and what is wrong with them."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sample_gis.county import County
from sample_gis.models.author import Schema, class_of
from sample_gis.models.building import Design, Written, write_building
from sample_gis.models.faults import Fault, spoil_centre, spoil_hospital, spoil_school
from sample_gis.models.lot import Lot, choose_lot
from sample_gis.models.pipes import lay_pipes, start_systems
from sample_gis.models.programs import arrange_centre, arrange_hospital, arrange_school
from sample_gis.models.requirements import RULES, write_requirements
from sample_gis.models.siting import (
    MAP_CRS,
    Position,
    convert,
    convert_by_properties,
    find_position,
    latitude_and_longitude,
)

#: What mends a model whose coordinates are those of a map that it does not name.
_MENDED = f"""# The coordinates of the model are those of a map; the file does not say of which.
crs = "{MAP_CRS}"
# Its metres are true ones.
scale = "true"
"""


@dataclass(frozen=True, kw_only=True, eq=False)
class Authored:
    """A model as it is delivered.

    Parameters
    ----------
    name, data
        Of its file, without the suffix, and what is in it.
    title
        What the building is called.
    schema
        As the file says.
    georeference
        How it says where the building stands, in words.
    lot, position
        Where the building stands.
    declaration
        TOML that says where it stands, for a file that does not; else None.
    products
        How many it has of each class.
    faults
        What is wrong with it on purpose.
    """

    name: str
    data: bytes
    title: str
    schema: str
    georeference: str
    lot: Lot
    position: Position
    declaration: str | None
    products: dict[str, int]
    faults: tuple[Fault, ...]


def author_models(county: County) -> tuple[Authored, ...]:
    """Write the models of a county; the same county gives the same bytes.

    Raises
    ------
    LookupError
        The county has no building with the plan that a model needs at a key place of its kind.
    """
    return tuple(make(county) for make in (_school, _hospital, _centre))


def write_models(models: tuple[Authored, ...], folder: Path) -> None:
    """Write models to a folder, what is asked of them (``requirements.ids``, ``rules.toml``), and ``models.json``."""
    folder.mkdir(parents=True, exist_ok=True)
    for model in models:
        (folder / f"{model.name}.ifc").write_bytes(model.data)
        if model.declaration is not None:
            (folder / f"{model.name}.toml").write_text(model.declaration, "utf-8")
    (folder / "requirements.ids").write_text(write_requirements(), "utf-8")
    (folder / "rules.toml").write_text(RULES, "utf-8")
    listed = [describe_authored(model) for model in models]
    (folder / "models.json").write_text(json.dumps(listed, indent=2, ensure_ascii=False) + "\n", "utf-8")


def describe_authored(model: Authored) -> dict[str, Any]:
    """What is in a model and what is wrong with it, for a list."""
    return {
        "file": f"{model.name}.ifc",
        "sha256": hashlib.sha256(model.data).hexdigest(),
        "title": model.title,
        "building_id": model.lot.building_id,
        "place": model.lot.place,
        "schema": model.schema,
        "georeference": model.georeference,
        "declaration": None if model.declaration is None else f"{model.name}.toml",
        "position": {"crs": MAP_CRS, **asdict(model.position)},
        "products": model.products,
        "faults": [asdict(fault) for fault in model.faults],
    }


def _school(county: County) -> Authored:
    lot = choose_lot(county, "school", "cup")
    near = {"楼梯 1": "south", "楼梯 2": "south"}
    design = _design("school", "教学楼", "IFC4", 1, lot, 3_600, arrange_school, near)
    position = find_position(lot, county.crs)
    written = write_building(design)
    convert(written.author, position)
    latitude_and_longitude(written.author, position, written.site)
    told = "level 50: IfcMapConversion into EPSG:4548 with the factor of the grid; level 20 agrees"
    return _finish(written, position, told, spoil_school(written))


def _hospital(county: County) -> Authored:
    lot = choose_lot(county, "hospital", "box")
    near = {"楼梯 1": "south", "楼梯 2": "south", "楼梯 3": "north", "楼梯 4": "north"}
    design = _design("hospital", "门诊住院楼", "IFC2X3", 1_000, lot, 3_800, arrange_hospital, near)
    position = find_position(lot, county.crs)
    written = write_building(design)
    convert_by_properties(written.author, position, written.site)
    systems = start_systems(written.author, written.building)
    for storey, floor in zip(written.storeys[1:], written.floors, strict=False):
        lay_pipes(written.author, storey, floor, lot, design.storey_mm, systems)
    told = "level 50 as IFC2X3 has it: ePSet_MapConversion and ePSet_ProjectedCRS on the site, millimetres"
    return _finish(written, position, told, spoil_hospital(written, systems))


def _centre(county: County) -> Authored:
    lot = choose_lot(county, "service_center", "court")
    near = {"楼梯 1": "north", "楼梯 2": "south"}
    design = _design("service_centre", "政务服务大楼", "IFC4X3", 1_000, lot, 3_900, arrange_centre, near)
    position = find_position(lot, county.crs)
    at_mm = [value * 1_000 for value in (position.easting_m, position.northing_m, position.height_m)]
    written = write_building(design, [round(value, 1) for value in at_mm], position.axis)
    told = "level 30: the site is placed in eastings and northings, in millimetres, and no CRS is named"
    return _finish(written, position, told, spoil_centre(written), declaration=_MENDED)


def _design(
    name: str, title: str, schema: Schema, per_m: int, lot: Lot, storey_mm: int,
    arrange: Callable[[Lot, int], Any], near: dict[str, str],
) -> Design:  # fmt: skip
    return Design(
        name=name, title=f"{lot.place}{title}", schema=schema, per_m=per_m, lot=lot, storey_mm=storey_mm,
        arrange=partial(arrange, lot), near=near,
    )  # fmt: skip


def _finish(
    written: Written, position: Position, georeference: str, faults: list[Fault], declaration: str | None = None
) -> Authored:
    data = written.author.write()
    file = written.author.file
    return Authored(
        name=written.design.name,
        data=data,
        title=written.design.title,
        schema=file.schema_identifier,
        georeference=georeference,
        lot=written.design.lot,
        position=position,
        declaration=declaration,
        products=dict(sorted(Counter(map(class_of, file.by_type("IfcProduct"))).items())),
        faults=tuple(faults),
    )
