"""What the county asks of models: buildingSMART's Information Delivery Specification 1.0, and rules of delivery.

References
----------
buildingSMART International, Information Delivery Specification 1.0 (2024).
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<ids xmlns="http://standards.buildingsmart.org/IDS" xmlns:xs="http://www.w3.org/2001/XMLSchema" \
xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" \
xsi:schemaLocation="http://standards.buildingsmart.org/IDS http://standards.buildingsmart.org/IDS/1.0/ids.xsd">
  <info>
    <title>示例县建筑模型交付要求 What the sample county asks of building models</title>
    <version>1.0</version>
    <date>2022-03-01</date>
  </info>
  <specifications>
"""
_VERSIONS = "IFC2X3 IFC4 IFC4X3_ADD2"

#: Class, name of the specification, what is required: a property (set, name, type), an attribute, a material, a storey.
_ASKED: tuple[tuple[str, str, tuple[tuple[str, ...], ...]], ...] = (
    ("IFCSPACE", "房间有名称 Rooms have names", (("attribute", "Name"), ("attribute", "LongName"))),
    (
        "IFCWALL", "墙有材料和外墙标识 Walls say what they are made of and whether they are outside",
        (("property", "Pset_WallCommon", "IsExternal", "IFCBOOLEAN"), ("material",)),
    ),
    ("IFCDOOR", "门有耐火等级 Doors have a fire rating", (("property", "Pset_DoorCommon", "FireRating", "IFCLABEL"),)),
    (
        "IFCWINDOW", "窗有传热系数 Windows have a thermal transmittance",
        (("property", "Pset_WindowCommon", "ThermalTransmittance", "IFCTHERMALTRANSMITTANCEMEASURE"),),
    ),
    ("IFCCOLUMN", "柱属于楼层 Columns are in a storey", (("storey",),)),
)  # fmt: skip

#: Rules of delivery that are other than the usual ones, as a rule file for checks.
RULES = """# What the county lays down beyond the usual rules of delivery.
[BIM-LEVEL]
level = 50

[BIM-TWICE]
severity = "error"

[BIM-STOREY-NAME]
pattern = "基础|屋面|[1-9][0-9]*F"

[BIM-CLASSIFIED]
classes = "IfcWall, IfcDoor, IfcWindow"
system = "GB/T 51269-2017 建筑信息模型分类和编码标准"
"""


def write_requirements() -> str:
    """Return the specification as XML."""
    return "".join([_HEAD, *(_specify(*each) for each in _ASKED), "  </specifications>\n</ids>\n"])


def _specify(ifc_class: str, name: str, requirements: tuple[tuple[str, ...], ...]) -> str:
    lines = [
        f'    <specification name="{escape(name)}" ifcVersion="{_VERSIONS}">',
        '      <applicability minOccurs="0" maxOccurs="unbounded">',
        f"        <entity><name>{_simple(ifc_class)}</name></entity>",
        "      </applicability>",
        "      <requirements>",
        *(f"        {line}" for each in requirements for line in _require(*each)),
        "      </requirements>",
        "    </specification>",
    ]
    return "\n".join(lines) + "\n"


def _require(kind: str, *what: str) -> Iterator[str]:
    if kind == "property":
        of, name, value = what
        yield f'<property dataType="{value}" cardinality="required">'
        yield f"  <propertySet>{_simple(of)}</propertySet><baseName>{_simple(name)}</baseName>"
        yield "</property>"
    elif kind == "attribute":
        yield f'<attribute cardinality="required"><name>{_simple(what[0])}</name></attribute>'
    elif kind == "material":
        yield '<material cardinality="required"/>'
    else:
        yield '<partOf relation="IFCRELCONTAINEDINSPATIALSTRUCTURE" cardinality="required">'
        yield f"  <entity><name>{_simple('IFCBUILDINGSTOREY')}</name></entity>"
        yield "</partOf>"


def _simple(text: str) -> str:
    return f"<simpleValue>{escape(text)}</simpleValue>"
