"""Rules of delivery: each is broken once by a model with one thing amiss, and not by one that just keeps it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import ifcopenshell.api.aggregate
import ifcopenshell.api.classification
import ifcopenshell.api.pset
import ifcopenshell.api.root
import ifcopenshell.api.spatial
import pytest

from bim.checking.delivered import Delivered
from bim.checking.inspecting import Inspection, Statement
from bim.checking.judging import judge
from bim.checking.rules import RULES
from bim.georeference.choosing import assess_levels
from bim.ifc.reading import read_ifc
from bimread_models import add_block, place_at
from check_models import write_spoiled
from twin.rules.book import RuleBook

api = ifcopenshell.api
Spoil = Callable[[Any], None]


def _deliver(path: Path, inspection: Inspection | None = None) -> Delivered:
    model = read_ifc(path)
    return Delivered(
        model=model,
        place=assess_levels(model.levels),
        inspection=inspection or Inspection(),
        size_bytes=path.stat().st_size,
    )


def _by_name(file: Any, kind: str, name: str) -> Any:
    return next(each for each in file.by_type(kind) if each.Name == name)


def _set(kind: str, name: str, **values: Any) -> Spoil:
    def spoil(file: Any) -> None:
        instance = _by_name(file, kind, name)
        for attribute, value in values.items():
            setattr(instance, attribute, value)

    return spoil


def _raise_storey(to_m: float, *, told_m: float | None = None) -> Spoil:
    """The second storey at another height, with what stands in it."""

    def spoil(file: Any) -> None:
        storey = _by_name(file, "IfcBuildingStorey", "Storey 2")
        place_at(file, storey, (0.0, 0.0, to_m))
        storey.Elevation = to_m if told_m is None else told_m

    return spoil


def _wall(height_m: float, of: str = "Storey 1") -> Spoil:
    """Another wall in a storey, from a height on."""

    def spoil(file: Any) -> None:
        wall = add_block(file, "IfcWall", "Another", size=(1.0, 0.3, 1.0), at=(1.0, 5.0, height_m))
        storey = _by_name(file, "IfcBuildingStorey", of)
        api.spatial.assign_container(file, products=[wall], relating_structure=storey)

    return spoil


def _copy_of_wall(aside_m: float) -> Spoil:
    def spoil(file: Any) -> None:
        wall = add_block(file, "IfcWall", "Copy", size=(5.0, 0.3, 3.0), at=(1.0 + aside_m, 2.0, 0.0))
        storey = _by_name(file, "IfcBuildingStorey", "Storey 1")
        api.spatial.assign_container(file, products=[wall], relating_structure=storey)

    return spoil


def _loose(*, contained: bool) -> Spoil:
    def spoil(file: Any) -> None:
        column = add_block(file, "IfcColumn", "Column", size=(0.3, 0.3, 2.0), at=(8.0, 8.0, 0.0))
        if contained:
            storey = _by_name(file, "IfcBuildingStorey", "Storey 1")
            api.spatial.assign_container(file, products=[column], relating_structure=storey)

    return spoil


def _proxies(count: int, of: str = "IfcBuildingElementProxy") -> Spoil:
    def spoil(file: Any) -> None:
        storey = _by_name(file, "IfcBuildingStorey", "Storey 1")
        for number in range(count):
            block = add_block(file, of, f"Thing {number}", size=(0.1, 0.1, 0.1), at=(9.0 + number, 0.0, 0.0))
            api.spatial.assign_container(file, products=[block], relating_structure=storey)

    return spoil


def _broken_shape(file: Any) -> None:
    """A wall that is extruded in no direction."""
    solid = _by_name(file, "IfcWall", "Wall 1").Representation.Representations[0].Items[0]
    solid.ExtrudedDirection = file.createIfcDirection((0.0, 0.0, 0.0))


def _no_storeys(file: Any) -> None:
    api.root.create_entity(file, ifc_class="IfcBuilding", name="Annex")


def _annex_with_storey(file: Any) -> None:
    annex = api.root.create_entity(file, ifc_class="IfcBuilding", name="Annex")
    storey = api.root.create_entity(file, ifc_class="IfcBuildingStorey", name="Storey 1")
    api.aggregate.assign_object(file, products=[storey], relating_object=annex)


def _no_area(file: Any) -> None:
    for quantity in file.by_type("IfcQuantityArea")[:1]:
        quantity.AreaValue = 0.0


def _rated(*walls: str) -> Spoil:
    def spoil(file: Any) -> None:
        for name in walls:
            wall = _by_name(file, "IfcWall", name)
            said = api.pset.add_pset(file, product=wall, name="Pset_WallCommon")
            api.pset.edit_pset(file, pset=said, properties={"FireRating": "2h"})

    return spoil


def _coded(*walls: str) -> Spoil:
    def spoil(file: Any) -> None:
        system = api.classification.add_classification(file, classification="GB/T 51269-2017")
        for name in walls:
            api.classification.add_reference(
                file,
                products=[_by_name(file, "IfcWall", name)],
                identification="14-10.20.03",
                name="Wall",
                classification=system,
            )

    return spoil


def _lengths(prefix: str) -> Spoil:
    """Lengths in another unit of SI, all numbers as they are."""

    def spoil(file: Any) -> None:
        for unit in file.by_type("IfcSIUnit"):
            if unit.UnitType == "LENGTHUNIT":
                unit.Prefix = prefix

    return spoil


def _nothing(_: Any) -> None:
    """Leave the model as it is."""


def _unplaced(file: Any) -> None:
    for name in ("IfcMapConversion", "IfcProjectedCRS"):
        for each in file.by_type(name):
            file.remove(each)


def _at_scale(scale: float) -> Spoil:
    def spoil(file: Any) -> None:
        file.by_type("IfcMapConversion")[0].Scale = scale

    return spoil


_REQUIRED = {"required": "IfcWall:Pset_WallCommon.FireRating"}
_CLASSES = {"classes": "IfcWall", "system": "GB/T 51269-2017"}

#: A rule, limits, what breaks it once, what just does not, and the GlobalId's owner or the entity that is named.
_CASES: list[tuple[str, dict[str, Any], Spoil, Spoil, str]] = [
    ("BIM-VERSION", {"schemas": "IFC2X3"}, _nothing, _nothing, "FILE_SCHEMA"),
    ("BIM-SIZE", {"megabytes": 0.001}, _nothing, _nothing, "the file"),
    ("BIM-UNIT", {}, _lengths("CENTI"), _lengths("MILLI"), "IfcUnitAssignment"),
    ("BIM-PLACE", {}, _at_scale(1.0), _at_scale(1.0001986), "IfcMapConversion"),
    ("BIM-LEVEL", {}, _unplaced, _nothing, "the place"),
    ("BIM-BUILDING", {}, _no_storeys, _annex_with_storey, "IfcBuilding Annex"),
    (
        "BIM-STOREY-NAME",
        {},
        _set("IfcBuildingStorey", "Storey 2", Name="Storey 1"),
        _annex_with_storey,
        "IfcBuildingStorey Storey 1",
    ),
    ("BIM-STOREY-NAME", {"pattern": r"Storey \d|F3"}, _set("IfcBuildingStorey", "Storey 2", Name="F2"),
     _set("IfcBuildingStorey", "Storey 2", Name="F3"), "IfcBuildingStorey F2"),
    ("BIM-STOREY-GAP", {}, _raise_storey(0.49), _raise_storey(0.51), "IfcBuildingStorey Storey 2"),
    (
        "BIM-STOREY-Z",
        {},
        _raise_storey(3.3, told_m=3.311),
        _raise_storey(3.3, told_m=3.309),
        "IfcBuildingStorey Storey 2",
    ),
    ("BIM-SPACE-NAME", {}, _set("IfcSpace", "101", Name=""), _set("IfcSpace", "101", LongName="Office", Name=""),
     "IfcSpace"),
    ("BIM-SPACE-AREA", {}, _no_area, _nothing, "IfcSpace 101"),
    ("BIM-OUTSIDE", {}, _wall(3.3 + 1.01), _wall(3.3 + 0.99), "IfcWall Another"),
    ("BIM-OUTSIDE", {}, _wall(3.3 - 2.01, "Storey 2"), _wall(3.3 - 1.99, "Storey 2"),
     "IfcWall Another"),
    ("BIM-OUTSIDE", {}, _wall(5.0), _wall(-5.0), "IfcWall Another"),
    ("BIM-SHAPE", {}, _broken_shape, _nothing, "IfcWall Wall 1"),
    ("BIM-LOOSE", {}, _loose(contained=False), _loose(contained=True), "IfcColumn Column"),
    ("BIM-TWICE", {}, _copy_of_wall(0.0), _copy_of_wall(0.001), "IfcWall Copy"),
    ("BIM-PROXY", {"share": 0.2}, _proxies(2), _proxies(1), "the model"),
    ("BIM-PROPERTY", _REQUIRED, _rated("Wall 1"), _rated("Wall 1", "Wall 2"), "IfcWall Wall 2"),
    ("BIM-CLASSIFIED", _CLASSES, _coded("Wall 2"), _coded("Wall 1", "Wall 2"), "IfcWall Wall 1"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "limits", "broken", "_kept", "entity"), _CASES)
def test_a_rule_finds_the_one_thing_that_breaks_it(
    tmp_path: Path, rule: str, limits: dict[str, Any], broken: Spoil, _kept: Spoil, entity: str
) -> None:
    book = RuleBook(rules=tuple(each for each in RULES if each.id == rule), limits={rule: limits})
    judgement = judge(_deliver(write_spoiled(tmp_path / "broken.ifc", broken)), book)
    assert judgement.counts == {rule: 1}
    ((_, finding),) = judgement.findings
    assert finding.entity.startswith(entity)
    assert finding.advice


@pytest.mark.parametrize(("rule", "limits", "_broken", "kept", "_entity"), _CASES)
def test_what_just_keeps_a_rule_is_not_found(
    tmp_path: Path, rule: str, limits: dict[str, Any], _broken: Spoil, kept: Spoil, _entity: str
) -> None:
    if rule in ("BIM-VERSION", "BIM-SIZE"):
        limits = {"BIM-VERSION": {"schemas": "ifc2x3, ifc4"}, "BIM-SIZE": {"megabytes": 1.0}}[rule]
    book = RuleBook(rules=tuple(each for each in RULES if each.id == rule), limits={rule: limits})
    judgement = judge(_deliver(write_spoiled(tmp_path / "kept.ifc", kept)), book)
    assert [str(finding) for _, finding in judgement.findings] == []


@pytest.mark.parametrize(
    ("part", "rule"),
    [("header", "IFC-HEADER"), ("schema", "IFC-SCHEMA"), ("guid", "IFC-GUID"), ("rule", "IFC-RULE"), ("ids", "IDS")],
)
def test_statements_about_the_schema_go_to_their_rules(tmp_path: Path, part: str, rule: str) -> None:
    said = Statement(part=part, entity="IfcWall #7", element="0123456789012345678901", what="amiss", about="IfcWall.X")
    delivered = _deliver(write_spoiled(tmp_path / "sound.ifc"), Inspection(statements=(said,)))
    judgement = judge(delivered, RuleBook(rules=RULES))
    ((found_by, finding),) = judgement.findings
    assert (found_by, finding.element, finding.what) == (rule, said.element, "IfcWall.X: amiss")
    assert judgement.accepted == (rule in ("IFC-HEADER", "IFC-RULE"))


def test_a_check_that_came_to_no_end_is_an_error(tmp_path: Path) -> None:
    delivered = _deliver(write_spoiled(tmp_path / "sound.ifc"), Inspection(unfinished=(("schema", "it crashed"),)))
    judgement = judge(delivered, RuleBook(rules=RULES))
    assert [rule for rule, _ in judgement.findings] == ["IFC-DONE"]
    assert not judgement.accepted
