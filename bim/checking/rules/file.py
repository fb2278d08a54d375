"""Rules about the file: its text, its schema, what IDS files ask for, its size and units."""

from __future__ import annotations

from collections.abc import Iterator

from bim.checking.delivered import Delivered, found
from bim.finding import Finding
from twin.rules.rule import rule

_EXPORT = "export it anew; where it comes again, with another version of the program"
_ADVICE = {
    "header": "set what the header wants in the options of the export",
    "schema": _EXPORT,
    "guid": "let the program give new GlobalIds to the copies, and keep those of the originals",
    "rule": "look at the entity in the program that wrote it, or report the fault to its maker",
    "ids": "add what is asked for in the program that wrote the model",
}


@rule(
    "IFC-TEXT",
    title="Text that is not IFC",
    title_zh="文件语法错误",
    severity="error",
    source="ISO 10303-21",
    confidence="high",
)
def text(delivered: Delivered) -> Iterator[Finding]:
    """What the parser could not take in, so that it is not in the model as it was written."""
    for fault in delivered.model.source.faults:
        if "non-unique GlobalId" not in fault:  # which IFC-GUID tells, with both
            yield found("the file", fault, _EXPORT)


@rule(
    "IFC-HEADER",
    title="Header incomplete",
    title_zh="文件头不完整",
    severity="warning",
    source="ISO 10303-21, 8.2; buildingSMART, Header policy",
    confidence="medium",
)
def header(delivered: Delivered) -> Iterator[Finding]:
    """Fields of the header, and the application that wrote the file, as buildingSMART wants them."""
    yield from _statements(delivered, "header")


@rule(
    "IFC-SCHEMA",
    title="Not what the schema allows",
    title_zh="不符合 IFC 模式",
    severity="error",
    source="ISO 16739-1; ISO 10303-11",
    confidence="high",
)
def schema(delivered: Delivered) -> Iterator[Finding]:
    """Attributes that are missing or of another type, abstract classes, inverse relations of another number."""
    yield from _statements(delivered, "schema")


@rule(
    "IFC-GUID",
    title="GlobalId not unique or malformed",
    title_zh="GlobalId 重复或格式错误",
    severity="error",
    source="ISO 16739-1, IfcRoot.UR1, IfcGloballyUniqueId",
    confidence="high",
)
def guid(delivered: Delivered) -> Iterator[Finding]:
    """GlobalIds that stand for several things, or are no number of 128 bits in 22 characters."""
    yield from _statements(delivered, "guid")


@rule(
    "IFC-RULE",
    title="Breaks a rule of the schema",
    title_zh="违反 IFC 规则",
    severity="warning",
    source="ISO 16739-1, WHERE and global rules",
    confidence="high",
)
def where(delivered: Delivered) -> Iterator[Finding]:
    """Rules that the schema writes down beside its attributes (WHERE, RULE)."""
    yield from _statements(delivered, "rule")


@rule(
    "IFC-DONE",
    title="Not checked to the end",
    title_zh="检查未完成",
    severity="error",
    source="the limits of time and memory of the check",
    confidence="high",
)
def done(delivered: Delivered) -> Iterator[Finding]:
    """Schema or IDS files whose evaluation came to no end, so that nobody knows what they would have found."""
    for part, why in delivered.inspection.unfinished:
        yield found(part, why, "raise --file-seconds, or deliver the model in parts")


@rule(
    "IDS",
    title="Information that was asked for is missing",
    title_zh="不满足信息交付要求 (IDS)",
    severity="error",
    source="the IDS files of the orderer; buildingSMART, IDS 1.0",
    confidence="high",
)
def requirements(delivered: Delivered) -> Iterator[Finding]:
    """What breaks the IDS files that were given."""
    yield from _statements(delivered, "ids")


@rule(
    "BIM-VERSION",
    title="Schema that was not asked for",
    title_zh="IFC 版本不符合要求",
    severity="error",
    source="custom: schemas that are read without a change",
    confidence="low",
    limits={"schemas": "Names of schemas with commas between them."},
)
def version(delivered: Delivered, *, schemas: str = "IFC2X3,IFC4,IFC4X3_ADD2") -> Iterator[Finding]:
    """A schema other than those that are asked for."""
    allowed = [name.strip().upper() for name in schemas.split(",")]
    declared = delivered.model.source.schema
    if declared.upper() not in allowed:
        advice = "export it in one of these schemas"
        yield found("FILE_SCHEMA", "it is of another schema", advice, measured=declared, limit=", ".join(allowed))


@rule(
    "BIM-SIZE",
    title="File too large",
    title_zh="文件过大",
    severity="warning",
    source="custom of deliveries",
    confidence="low",
    limits={"megabytes": "The largest file, in millions of bytes."},
)
def size(delivered: Delivered, *, megabytes: float = 500.0) -> Iterator[Finding]:
    """A file that is larger than what is easily passed on."""
    measured = delivered.size_bytes / 1e6
    if measured > megabytes:
        advice = "deliver it by building, storey or discipline"
        yield found("the file", "it is large", advice, measured=measured, limit=megabytes, unit="MB")


@rule(
    "BIM-UNIT",
    title="Units missing or unusual",
    title_zh="单位缺失或不合要求",
    severity="warning",
    source="custom: GB/T 50001 dimensions in millimetres and metres",
    confidence="low",
    limits={"lengths_m": "Units of length that are allowed, in metres, with commas between them."},
)
def units(delivered: Delivered, *, lengths_m: str = "1,0.001") -> Iterator[Finding]:
    """Units that the file does not say rightly, and a unit of length other than metres and millimetres."""
    for note in delivered.model.units.notes:
        yield found("IfcUnitAssignment", note, "set the units of the project in the program that wrote it")
    allowed = [float(each) for each in lengths_m.split(",")]
    length_m = delivered.model.units.length_m
    if not any(abs(length_m - each) <= 1e-9 * each for each in allowed):
        advice = "export it in metres or millimetres"
        yield found("IfcUnitAssignment", "unit of length", advice, measured=length_m, limit=lengths_m, unit="m")


def _statements(delivered: Delivered, part: str) -> Iterator[Finding]:
    for each in delivered.inspection.statements:
        if each.part == part:
            about = f"{each.about}: " if each.about and each.about not in each.what else ""
            yield found(each.entity, f"{about}{each.what}", _ADVICE[part], element=each.element)
