"""What is asked of building models, as analyses: their names are those by which others ask."""

from __future__ import annotations

from collections import Counter
from typing import Any, Literal

from layers.building_elements.conditions import read_conditions
from layers.building_elements.queries import Rows, Wanted, select_elements, sum_quantities
from twin.analysis import Answer, Figure, analysis
from twin.frame import Frame
from twin.indicator import Clause

CLAUSE = Clause(
    document="ISO 16739-1:2024",
    article="IfcPropertySet, IfcElementQuantity",
    text="“An IfcElementQuantity defines a set of derived measures of an element's physical property.”",
)

Kind = Literal["site", "building", "storey", "space", "element", "opening", "other"]

_LAYER = "building_elements"
_ABOUT = {
    "building": "Key of a building; all by default.",
    "model": "Key of a model.",
    "global_id": "GlobalId of an element.",
    "storey": "Name or key of a storey.",
    "kind": "Kind of element.",
    "ifc_class": "Class, such as IfcWall; walls of the standard case are walls.",
    "having": "What properties must be, such as Pset_WallCommon.IsExternal=true; Width>=0.2 (SI, all must hold).",
}

_ELEMENTS = Figure(title="Elements", title_zh="构件数")
_FOUND = {"elements": _ELEMENTS, "classes": Figure(title="Elements by class", title_zh="各类构件数")}
_MEASURED = {
    "length_m": ("Length", "长度", "m"),
    "area_m2": ("Area", "面积", "m²"),
    "volume_m3": ("Volume", "体积", "m³"),
}
_AMOUNTS = {
    "elements": _ELEMENTS,
    "amounts": Figure(
        title="Amounts by model, storey and class",
        title_zh="按模型、楼层、类别汇总",
        members={
            "model": Figure(title="Model", title_zh="模型"),
            "storey": Figure(title="Storey", title_zh="楼层"),
            "elevation_m": Figure(title="Elevation", title_zh="楼层标高", unit="m"),
            "class": Figure(title="Class", title_zh="IFC 类"),
            "elements": _ELEMENTS,
            **{
                name: Figure(title=title, title_zh=title_zh, unit=unit)
                for name, (title, title_zh, unit) in _MEASURED.items()
            },
            **{
                f"{name}_stated_by": Figure(
                    title=f"Elements that state {title.lower()}", title_zh=f"注明{title_zh}的构件数"
                )
                for name, (title, title_zh, _) in _MEASURED.items()
            },
        },
    ),
}


@analysis(
    title="Find building elements",
    title_zh="构件查询",
    clause=CLAUSE,
    figures=_FOUND,
    roles={"found": ("Found", "查询结果")},
    about=_ABOUT,
)
def find_elements(
    building_elements: Frame,
    *,
    building: str | None = None,
    model: str | None = None,
    global_id: str | None = None,
    storey: str | None = None,
    kind: Kind | None = None,
    ifc_class: str | None = None,
    having: str | None = None,
) -> Answer:
    """Storeys, spaces and elements of building models by GlobalId, storey, class and properties.

    Properties are those of an element and, where it does not have them itself, of its type. A name alone asks whether
    there is one; names are spelled as in the model, with or without that of the set. An element without a property
    meets no condition on it.
    """
    wanted = Wanted(
        building=building,
        model=model,
        global_id=global_id,
        storey=storey,
        kind=kind,
        ifc_class=ifc_class,
        conditions=read_conditions(having or ""),
    )
    rows = select_elements(building_elements, wanted)
    classes = Counter(building_elements.data["class"].iloc[rows])
    return Answer(
        figures={"elements": len(rows), "classes": dict(sorted(classes.items()))},
        features={"found": _keys(building_elements, rows)},
    )


@analysis(
    title="Quantities by storey",
    title_zh="分层工程量统计",
    clause=CLAUSE,
    figures=_AMOUNTS,
    roles={"counted": ("Counted", "统计构件")},
    about=_ABOUT | {"quantity": "A number among the properties that is summed up too, such as GrossVolume."},
)
def element_quantities(
    building_elements: Frame,
    *,
    building: str | None = None,
    model: str | None = None,
    storey: str | None = None,
    kind: Kind | None = None,
    ifc_class: str | None = None,
    having: str | None = None,
    quantity: str | None = None,
) -> Answer:
    """Numbers, lengths, areas and volumes of the elements of building models, by storey from below and by class.

    Sums are of what models state, net before gross, in SI; triangles are not measured. Beside each stands of how many
    elements it is known. Assemblies and their parts are both there where both state it, each in its class.
    """
    wanted = Wanted(
        building=building,
        model=model,
        storey=storey,
        kind=kind,
        ifc_class=ifc_class,
        conditions=read_conditions(having or ""),
    )
    rows = select_elements(building_elements, wanted)
    amounts = sum_quantities(building_elements, rows, named=() if quantity is None else (quantity,))
    figures: list[dict[str, Any]] = [
        {
            "model": each.model_id,
            "storey": each.storey,
            "elevation_m": each.elevation_m,
            "class": each.ifc_class,
            "elements": each.elements,
            **{name: round(total, 6) for name, total in each.totals.items()},
            **{f"{name}_stated_by": each.stated_by[name] for name in each.totals},
        }
        for each in amounts
    ]
    return Answer(
        figures={"elements": len(rows), "amounts": figures},
        features={"counted": _keys(building_elements, rows)},
    )


def _keys(elements: Frame, rows: Rows) -> dict[str, tuple[str, ...]]:
    return {_LAYER: tuple(elements.data.index[rows])}
