"""An IFC file as it is written: things get the same identities and the same bytes each time.

What ifcopenshell's authoring functions give by chance or by the clock (GlobalIds, dates) is fixed here: a GlobalId
follows from the model and the key of the thing, and relations are written at the end, each kind at once.

References
----------
ISO 16739-1:2024; IFC2X3 TC1 where the schema is that one.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import ifcopenshell
import ifcopenshell.guid

from sample_gis.models.plan import Rect

#: When the models were written, wherever they are.
_WRITTEN, _WRITTEN_S = "2022-03-01T08:00:00", 1_646_092_800
_PROGRAM = "county-twin sample"
_IDENTITIES = uuid.UUID("5b0f5a7e-6f0d-5d0e-9f59-a1c1c6b4c0de")

Entity = Any
#: Red, green, blue, opacity.
Look = tuple[float, float, float, float]
Value = str | float | bool
#: Points of a plan, millimetres.
Ring = Sequence[Sequence[float]]
Schema = Literal["IFC2X3", "IFC4", "IFC4X3"]

UP, EAST, NORTH, WEST, SOUTH = (0.0, 0.0, 1.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (-1.0, 0.0, 0.0), (0.0, -1.0, 0.0)


class Author:
    """A file that is being written.

    Parameters
    ----------
    schema
        IFC2X3, IFC4 or IFC4X3.
    name
        What identities follow from.
    per_m
        Units of the file in a metre: 1 or 1000.
    """

    def __init__(self, schema: Schema, name: str, *, per_m: int) -> None:
        self.file = ifcopenshell.file(schema=schema)
        self.schema, self.name, self.per_m = schema, name, per_m
        self._owner = self._sign()
        self._keys: dict[str, int] = {}
        self._parts: dict[tuple[str, int], tuple[Entity, list[Entity]]] = {}
        self._sets: dict[tuple[str, tuple[tuple[str, Value], ...]], list[Entity]] = {}
        self._shared: dict[Any, Entity] = {}
        self.types: dict[str, Entity] = {}
        self.project = self.root("IfcProject", "project", name)
        self.body = self._prepare()

    def root(self, ifc_class: str, key: str, name: str | None, **attributes: Any) -> Entity:
        """Make something with an identity of its own, which follows from its key."""
        count = self._keys[key] = self._keys.get(key, 0) + 1
        seed = f"{self.name}/{key}" if count == 1 else f"{self.name}/{key}/{count}"
        identity = ifcopenshell.guid.compress(uuid.uuid5(_IDENTITIES, seed).hex)
        entity = self.file.create_entity(ifc_class, GlobalId=identity, OwnerHistory=self._owner, **attributes)
        if name is not None:
            entity.Name = name
        return entity

    def length(self, millimetres: float) -> float:
        """A length in the unit of the file."""
        return millimetres * self.per_m / 1000

    def place(
        self,
        at_mm: Sequence[float],
        *,
        within: Entity = None,
        x_axis: Sequence[float] = EAST,
        z_axis: Sequence[float] = UP,
    ) -> Entity:
        """A placement: an origin in millimetres of what it is within, and where its x and z axes point."""
        turned = (tuple(x_axis), tuple(z_axis)) != (EAST, UP)
        axes = self.file.create_entity(
            "IfcAxis2Placement3D",
            self.point(at_mm),
            self._direction(z_axis) if turned else None,
            self._direction(x_axis) if turned else None,
        )
        return self.file.create_entity("IfcLocalPlacement", None if within is None else within.ObjectPlacement, axes)

    def point(self, at_mm: Sequence[float]) -> Entity:
        """A point, from millimetres."""
        return self.file.create_entity("IfcCartesianPoint", tuple(float(self.length(value)) for value in at_mm))

    def extrude(
        self, ring_mm: Sequence[Sequence[float]], height_mm: float, *holes_mm: Sequence[Sequence[float]]
    ) -> Entity:
        """A solid upwards from a plan."""
        shell, *holes = (self._ring(ring) for ring in (ring_mm, *holes_mm))
        kind = "IfcArbitraryProfileDefWithVoids" if holes else "IfcArbitraryClosedProfileDef"
        profile = self.file.create_entity(kind, "AREA", None, shell, *([holes] if holes else []))
        return self._raise(profile, height_mm)

    def block(self, x_mm: float, y_mm: float, z_mm: float, *, at_mm: Sequence[float] = (0.0, 0.0, 0.0)) -> Entity:
        """A solid box with a corner at a point."""
        middle = self.file.create_entity("IfcAxis2Placement2D", self.point((x_mm / 2, y_mm / 2)))
        profile = self.file.create_entity(
            "IfcRectangleProfileDef", "AREA", None, middle, self.length(x_mm), self.length(y_mm)
        )
        return self._raise(profile, z_mm, at_mm)

    def tube(self, radius_mm: float, length_mm: float) -> Entity:
        """A solid cylinder along z."""
        middle = self.file.create_entity("IfcAxis2Placement2D", self.point((0.0, 0.0)))
        profile = self.file.create_entity("IfcCircleProfileDef", "AREA", None, middle, self.length(radius_mm))
        return self._raise(profile, length_mm)

    def show(self, product: Entity, *parts: tuple[Entity, tuple[str, Look] | None]) -> None:
        """Give a product solids, each with the name and colour of its surface."""
        product.Representation = self.file.create_entity("IfcProductDefinitionShape", None, None, [self._body(parts)])

    def map(self, key: Any, parts: Any) -> Entity:
        """A shape that many products show; `parts()` draws it the first time that it is asked for."""
        if key not in self._shared:
            origin = self.file.create_entity("IfcAxis2Placement3D", self.point((0.0, 0.0, 0.0)))
            self._shared[key] = self.file.create_entity("IfcRepresentationMap", origin, self._body(parts()))
        return self._shared[key]

    def show_mapped(self, product: Entity, shape: Entity) -> None:
        """Give a product a shape that others have too."""
        target = self._once("operator", "IfcCartesianTransformationOperator3D", LocalOrigin=self.point((0.0, 0.0, 0.0)))
        item = self.file.create_entity("IfcMappedItem", shape, target)
        body = self.file.create_entity("IfcShapeRepresentation", self.body, "Body", "MappedRepresentation", [item])
        product.Representation = self.file.create_entity("IfcProductDefinitionShape", None, None, [body])

    def relate(self, kind: str, whole: Entity, *parts: Entity) -> None:
        """Keep in mind that parts belong to a whole; kinds of relations are in `_RELATIONS`."""
        self._parts.setdefault((kind, whole.id()), (whole, []))[1].extend(parts)

    def describe(self, name: str, values: Mapping[str, Value], *things: Entity) -> None:
        """Give things a property set, or quantities when its name begins with Qto; equal ones are written once."""
        self._sets.setdefault((name, tuple(values.items())), []).extend(things)

    def omit(self, name: str, value: str, thing: Entity) -> None:
        """Take a value out of a set of properties that a thing was given."""
        for (other, values), things in list(self._sets.items()):
            if other == name and thing in things:
                things.remove(thing)
                self.describe(name, {key: each for key, each in values if key != value}, thing)
                return

    def release(self, kind: str, part: Entity) -> None:
        """Let a part belong to no whole of a kind."""
        for (other, _), (_, parts) in self._parts.items():
            if other == kind and part in parts:
                parts.remove(part)

    def parts_of(self, whole: Entity) -> list[Entity]:
        """What a storey contains and what it consists of, in the order of writing."""
        return [part for (_, of), (_, parts) in self._parts.items() if of == whole.id() for part in parts]

    def value_of(self, name: str, value: str, thing: Entity) -> Value | None:
        """What a property of a thing is."""
        found = (dict(values) for (other, values), things in self._sets.items() if other == name and thing in things)
        return next(found, {}).get(value)

    def open(self, wall: Entity, key: str, opening: Rect, bottom_mm: float, height_mm: float, within: Entity) -> Entity:
        """Cut a box out of an element; returns the opening."""
        kind = {} if self.schema == "IFC2X3" else {"PredefinedType": "OPENING"}
        place = self.place((opening.west, opening.south, bottom_mm), within=within)
        cut = self.root("IfcOpeningElement", key, "洞口", ObjectPlacement=place, **kind)
        self.show(cut, (self.block(*opening.size_mm, height_mm), None))
        self.root("IfcRelVoidsElement", f"{key}/voids", None, RelatingBuildingElement=wall, RelatedOpeningElement=cut)
        return cut

    def fill(self, opening: Entity, by: Entity, key: str) -> None:
        """Put a door or a window into an opening."""
        self.root("IfcRelFillsElement", f"{key}/fills", None, RelatingOpeningElement=opening, RelatedBuildingElement=by)

    def write(self) -> bytes:
        """Write the relations that were kept in mind, then the file."""
        for (kind, _), (whole, parts) in self._parts.items():
            if not parts:
                continue
            ifc_class, of, to = _RELATIONS[kind]
            self.root(ifc_class, f"{kind}/{whole.id()}", None, **{of: whole, to: parts})
        for (name, values), things in self._sets.items():
            if not things:
                continue
            definition = self._quantify(name, values) if name.startswith("Qto_") else self._define(name, values)
            types = [each for each in things if each.is_a("IfcTypeObject")]
            for each in types:
                each.HasPropertySets = [*(each.HasPropertySets or ()), definition]
            occurrences = [each for each in things if not each.is_a("IfcTypeObject")]
            if occurrences:
                self.root(
                    "IfcRelDefinesByProperties", f"{name}/rel", None,
                    RelatedObjects=occurrences, RelatingPropertyDefinition=definition,
                )  # fmt: skip
        header = self.file.header
        header.file_name.name = f"{self.name}.ifc"
        header.file_name.time_stamp = _WRITTEN
        header.file_name.preprocessor_version = header.file_name.originating_system = _PROGRAM
        text: str = self.file.to_string()  # type: ignore[no-untyped-call]
        return text.encode("ascii")

    def material(self, name: str) -> Entity:
        """A material."""
        return self._once(name, "IfcMaterial", Name=name)

    def layers(self, name: str, *layers: tuple[str, float]) -> Entity:
        """Materials in layers, thickness in millimetres."""
        if name not in self._shared:
            made = [
                self.file.create_entity("IfcMaterialLayer", self.material(material), self.length(thickness))
                for material, thickness in layers
            ]
            self._shared[name] = self.file.create_entity("IfcMaterialLayerSet", made, name)
        return self._shared[name]

    def classify(self, system: str, edition: str, code: str, name: str) -> Entity:
        """What something is by a system of classification."""
        source = self._once(system, "IfcClassification", Source="国家标准", Edition=edition, Name=system)
        code_is = "ItemReference" if self.schema == "IFC2X3" else "Identification"
        return self._once(code, "IfcClassificationReference", **{code_is: code}, Name=name, ReferencedSource=source)

    def _once(self, key: Any, ifc_class: str, **attributes: Any) -> Entity:
        found = self._shared.get((ifc_class, key))
        if found is None:
            found = self._shared[ifc_class, key] = self.file.create_entity(ifc_class, **attributes)
        return found

    def _sign(self) -> Entity:
        make = self.file.create_entity
        person = make("IfcPerson", None if self.schema == "IFC2X3" else "sample", "示例")
        person[0] = "sample"
        organization = make("IfcOrganization", None, "示例设计院")
        signed = make("IfcPersonAndOrganization", person, organization)
        program = make("IfcApplication", organization, "1", _PROGRAM, "county-twin")
        return make(
            "IfcOwnerHistory",
            signed,
            program,
            None,
            "ADDED" if self.schema == "IFC2X3" else "NOTDEFINED",
            None,
            None,
            None,
            _WRITTEN_S,
        )

    def _prepare(self) -> Entity:
        """Units and the context of bodies."""
        make = self.file.create_entity
        units = [
            make("IfcSIUnit", None, kind, prefix, name)
            for kind, prefix, name in (
                ("LENGTHUNIT", "MILLI" if self.per_m == 1000 else None, "METRE"),
                ("AREAUNIT", None, "SQUARE_METRE"),
                ("VOLUMEUNIT", None, "CUBIC_METRE"),
                ("PLANEANGLEUNIT", None, "RADIAN"),
            )
        ]
        self.project.UnitsInContext = make("IfcUnitAssignment", units)
        world = make("IfcAxis2Placement3D", self.point((0.0, 0.0, 0.0)))
        self.context = make("IfcGeometricRepresentationContext", None, "Model", 3, 1e-5 * self.per_m, world)
        self.project.RepresentationContexts = [self.context]
        return make(
            "IfcGeometricRepresentationSubContext", "Body", "Model",
            ParentContext=self.context, TargetView="MODEL_VIEW",
        )  # fmt: skip

    def _direction(self, ratios: Sequence[float]) -> Entity:
        return self._once(tuple(ratios), "IfcDirection", DirectionRatios=tuple(ratios))

    def _ring(self, points_mm: Sequence[Sequence[float]]) -> Entity:
        points = [self.point(point) for point in points_mm]
        return self.file.create_entity("IfcPolyline", [*points, points[0]])

    def _raise(self, profile: Entity, height_mm: float, at_mm: Sequence[float] = (0.0, 0.0, 0.0)) -> Entity:
        place = self.file.create_entity("IfcAxis2Placement3D", self.point(at_mm))
        return self.file.create_entity(
            "IfcExtrudedAreaSolid", profile, place, self._direction(UP), self.length(height_mm)
        )

    def _body(self, parts: Sequence[tuple[Entity, tuple[str, Look] | None]]) -> Entity:
        for solid, look in parts:
            if look is not None:
                self.file.create_entity("IfcStyledItem", solid, [self._style(*look)])
        solids = [solid for solid, _ in parts]
        return self.file.create_entity("IfcShapeRepresentation", self.body, "Body", "SweptSolid", solids)

    def _style(self, name: str, look: Look) -> Entity:
        if ("style", name) not in self._shared:
            make = self.file.create_entity
            colour = make("IfcColourRgb", None, *look[:3])
            shading = make("IfcSurfaceStyleRendering", colour, 1 - look[3], ReflectanceMethod="NOTDEFINED")
            style = make("IfcSurfaceStyle", name, "BOTH", [shading])
            if self.schema == "IFC2X3":
                style = make("IfcPresentationStyleAssignment", [style])
            self._shared["style", name] = style
        return self._shared["style", name]

    def _define(self, name: str, values: Sequence[tuple[str, Value]]) -> Entity:
        properties = []
        for key, value in values:
            kind = _VALUES.get(key) or {bool: "IfcBoolean", str: "IfcLabel", int: "IfcInteger"}.get(
                type(value), "IfcReal"
            )
            nominal = self.file.create_entity(kind, value)
            properties.append(self.file.create_entity("IfcPropertySingleValue", key, None, nominal))
        return self.root("IfcPropertySet", name, name, HasProperties=properties)

    def _quantify(self, name: str, values: Sequence[tuple[str, Value]]) -> Entity:
        quantities = []
        for key, value in values:
            kind = "Area" if key.endswith("Area") else "Volume" if key.endswith("Volume") else "Length"
            number = self.length(float(value)) if kind == "Length" else float(value)
            quantities.append(self.file.create_entity(f"IfcQuantity{kind}", key, **{f"{kind}Value": number}))
        return self.root("IfcElementQuantity", name, name, Quantities=quantities)


def class_of(entity: Entity) -> str:
    """The class of an entity."""
    return str(entity.is_a())


_RELATIONS = {
    "aggregates": ("IfcRelAggregates", "RelatingObject", "RelatedObjects"),
    "contains": ("IfcRelContainedInSpatialStructure", "RelatingStructure", "RelatedElements"),
    "types": ("IfcRelDefinesByType", "RelatingType", "RelatedObjects"),
    "material": ("IfcRelAssociatesMaterial", "RelatingMaterial", "RelatedObjects"),
    "class": ("IfcRelAssociatesClassification", "RelatingClassification", "RelatedObjects"),
    "group": ("IfcRelAssignsToGroup", "RelatingGroup", "RelatedObjects"),
    "serves": ("IfcRelServicesBuildings", "RelatingSystem", "RelatedBuildings"),
}
_KINDS = {bool: "IfcBoolean", str: "IfcLabel", int: "IfcInteger"}
_VALUES = {
    "Reference": "IfcIdentifier",
    "ThermalTransmittance": "IfcThermalTransmittanceMeasure",
    "Span": "IfcPositiveLengthMeasure",
    "RiserHeight": "IfcPositiveLengthMeasure",
    "TreadLength": "IfcPositiveLengthMeasure",
    "NumberOfRiser": "IfcCountMeasure",
    "NumberOfTreads": "IfcCountMeasure",
    "NumberOfStoreys": "IfcInteger",
    "OccupancyType": "IfcLabel",
}
