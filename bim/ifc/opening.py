"""A delivered file becomes an open IFC model, or is refused with what to do about it.

ifcopenshell knows IFC2X3, IFC4 and IFC4X3_ADD2. A file of a schema near one of these is read as that one only after
every instance in it was found to have the attributes, in number and type, that the schema it is read as gives it.
"""

from __future__ import annotations

import re
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ifcopenshell

from bim.ifc.envelope import BOM, Envelope, open_envelope
from twin.errors import SourceError

#: Schemas that are read, as ifcopenshell names them.
SCHEMAS = ("IFC2X3", "IFC4", "IFC4X3_ADD2")

#: Schemas near those, and the ones that their files may be read as when all that is in them fits.
_NEAR = {
    "IFC2X3_FINAL": ("IFC2X3",),
    "IFC2X3_TC1": ("IFC2X3",),
    "IFC4_ADD1": ("IFC4",),
    "IFC4_ADD2": ("IFC4",),
    "IFC4_ADD2_TC1": ("IFC4",),
    "IFC4X1": ("IFC4", "IFC4X3_ADD2"),
    "IFC4X2": ("IFC4", "IFC4X3_ADD2"),
    "IFC4X3": ("IFC4X3_ADD2",),
    "IFC4X3_ADD1": ("IFC4X3_ADD2",),
    "IFC4X3_TC1": ("IFC4X3_ADD2",),
    "IFC4X3_RC1": ("IFC4X3_ADD2",),
    "IFC4X3_RC2": ("IFC4X3_ADD2",),
    "IFC4X3_RC3": ("IFC4X3_ADD2",),
    "IFC4X3_RC4": ("IFC4X3_ADD2",),
}

_wrapper = ifcopenshell.ifcopenshell_wrapper
_SHOWN = 3


@dataclass(frozen=True, kw_only=True, eq=False)
class OpenedIfc:
    """An IFC file, open.

    Parameters
    ----------
    file
        The model as ifcopenshell has it.
    name
        The file as its deliverer calls it.
    schema
        The schema it declares.
    read_as
        The schema it was read as.
    normalised
        What was changed to read it, in words; nothing in most files.
    faults
        What its text has that the schema does not allow: these instances or values are not in the model as written.
    application
        The program that wrote it.
    sha256
        Digest of the delivered bytes.
    """

    file: ifcopenshell.file
    name: str
    schema: str
    read_as: str
    normalised: tuple[str, ...]
    faults: tuple[str, ...]
    application: str
    sha256: str


def open_ifc(path: Path) -> OpenedIfc:
    """Open an IFC file of any kind that can be read.

    Parameters
    ----------
    path
        A file `.ifc` (IFC-SPF) or `.ifczip`.

    Returns
    -------
    OpenedIfc
        The model and what was done to read it. Nothing is left on the disk.

    Raises
    ------
    SourceError
        It is no IFC, cut off, has errors of syntax, or is of a schema that cannot be read.
    """
    with open_envelope(path) as envelope:
        declared = envelope.schema.strip().upper()
        if declared in SCHEMAS:
            return _open_as(envelope, declared)
        if declared not in _NEAR:
            raise SourceError(
                f"{envelope.name} follows the schema {envelope.schema}, which cannot be read: "
                "export it as IFC4 or IFC2X3"
            )
        misfits: tuple[str, ...] = ()
        for schema in _NEAR[declared]:
            opened = _open_as(envelope, schema)
            misfits = find_misfits(opened)
            if not misfits:
                return opened
    raise SourceError(
        f"{envelope.name} follows the schema {envelope.schema}, and cannot be read as {opened.read_as}, since not all "
        f"that is in it means the same there: {'; '.join(misfits[:_SHOWN])}; export it as IFC4X3_ADD2, IFC4 or IFC2X3"
    )


def find_misfits(opened: OpenedIfc) -> tuple[str, ...]:
    """What in a model does not fit the schema it was read as: instances, numbers of attributes, types of values.

    References
    ----------
    ISO 10303-11: types of attributes; the rules (WHERE) are not evaluated.
    """
    from ifcopenshell import validate

    if opened.faults:
        return opened.faults
    log: Any = validate.json_logger()  # type: ignore[no-untyped-call]
    validate.validate(opened.file, log)
    said = (str(statement["message"]) for statement in log.statements if statement["type"] == "schema")
    return tuple(dict.fromkeys(" ".join(each.split()) for each in said))


def _open_as(envelope: Envelope, schema: str) -> OpenedIfc:
    """Open a file as of a schema, by way of a copy where its text must be changed for that."""
    normalised = list(envelope.notes)
    path = envelope.path
    if envelope.marked or envelope.schema != schema:
        path = _write_normal(envelope, schema)
        if envelope.marked:
            normalised.append("the UTF-8 byte order mark at its beginning was left out")
        if envelope.schema != schema:
            normalised.append(f"it declares the schema {envelope.schema} and was read as {schema}")
    log: Any = _wrapper.logger()
    log.output_format(log.FMT_INMEMORY)
    try:
        file = ifcopenshell.open(path, ".ifc", logger=log)
    except (ifcopenshell.Error, OSError, RuntimeError) as error:
        said = "; ".join(_group_messages(log)[:_SHOWN]) or str(error)
        raise SourceError(f"{envelope.name} cannot be parsed: {said}; export it anew", cause=error) from error
    faults = _group_messages(log)
    if not any("not found in schema" in fault for fault in faults):  # such instances are left out, at the end too
        _refuse_fragment(file, envelope)
    if not file.by_type("IfcProject"):
        raise SourceError(f"{envelope.name} has no IfcProject, so its units are not known: export it anew")
    return OpenedIfc(
        file=file,
        name=envelope.name,
        schema=envelope.schema,
        read_as=schema,
        normalised=tuple(normalised),
        faults=faults,
        application=_name_application(file),
        sha256=envelope.sha256,
    )


def _write_normal(envelope: Envelope, schema: str) -> Path:
    """Write a copy without a byte order mark and with another schema in its header; all else stays as it is."""
    copy = envelope.folder / "normal.ifc"
    begin, end = envelope.schema_place
    with envelope.path.open("rb") as source, copy.open("wb") as target:
        target.write(source.read(begin).removeprefix(BOM) + schema.encode())
        source.seek(end)
        shutil.copyfileobj(source, target, 2**20)
    return copy


def _refuse_fragment(file: ifcopenshell.file, envelope: Envelope) -> None:
    """Refuse a file of which the parser saw only the beginning, which it does not mind."""
    if envelope.last_instances and not any(_has(file, number) for number in envelope.last_instances):
        count = sum(1 for _ in file)
        raise SourceError(
            f"{envelope.name} is damaged: only {count:,} instances of it can be read, none of those at its end "
            "(a comment or a text in it may not end); export it anew"
        )


def _has(file: ifcopenshell.file, number: int) -> bool:
    try:
        file.by_id(number)
    except RuntimeError:
        return False
    return True


def _name_application(file: ifcopenshell.file) -> str:
    """The program that wrote a file: by IfcApplication, otherwise by the header."""
    for application in file.by_type("IfcApplication"):
        named = " ".join(str(part) for part in (application.ApplicationFullName, application.Version) if part)
        if named:
            return named
    return str(file.header.file_name.originating_system or "")


def _group_messages(log: Any) -> tuple[str, ...]:
    """What the parser said, a line for each kind of message, with how often and the first of its kind."""
    messages = [" ".join(str(each.message).split()) for each in log.log_messages()]
    kinds = Counter(_vary(message) for message in messages)
    first = {_vary(message): message for message in reversed(messages)}
    return tuple(first[kind] if count == 1 else f"{first[kind]} ({count:,} such)" for kind, count in kinds.items())


def _vary(message: str) -> str:
    """A message without what differs between instances: numbers, identifiers."""
    return re.sub(r"#?\d+|GlobalId \S+", "", message)
