"""The process in which the rules of the schema and IDS files are evaluated.

Both are programs of thousands of rules over every instance of a file: they may take for ever or crash.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

from bim.ifc.child import Journal, serve
from twin.errors import SourceError

if TYPE_CHECKING:
    from bim.ifc.opening import OpenedIfc

#: So many findings of a kind are told one by one.
_KEPT = 20

_DEFINITION = re.compile(r"Violated by:.*", re.DOTALL)


def main() -> None:
    """Do the job that stands in the input; never returns."""
    serve(_work)


def _work(job: dict[str, Any], journal: Journal) -> None:
    from bim.ifc.opening import open_ifc

    opened = open_ifc(Path(job["path"]))
    for step in job["steps"]:
        journal.tell("begin")
        found = inspect_schema(opened) if step == "schema" else inspect_requirements(opened, Path(step))
        kinds: Counter[str] = Counter()
        for kind, said in found:
            kinds[kind] += 1
            if kinds[kind] <= _KEPT:
                journal.tell("found", kind=kind, **said)
        more = {kind: count - _KEPT for kind, count in kinds.items() if count > _KEPT}
        journal.tell("end", more=more)


def inspect_schema(opened: OpenedIfc) -> Iterator[tuple[str, dict[str, Any]]]:
    """What breaks the header, the schema and its rules: kinds such as ``schema IfcWall.Name``, with what is said.

    References
    ----------
    ISO 10303-11 (EXPRESS), ISO 10303-21 (header), ISO 16739-1 (the rules of IFC), by `ifcopenshell.validate`.
    """
    from ifcopenshell import validate

    log: Any = validate.json_logger()  # type: ignore[no-untyped-call]
    with _plain_assertions():
        validate.validate(opened.file, log, express_rules=True)
    for statement in log.statements:
        instance = statement.get("instance")
        message = " ".join(_DEFINITION.sub("", statement["message"]).split())
        attribute = statement.get("attribute")
        if "IfcRoot.UR1" in message or "IfcGloballyUniqueId" in message:
            part, attribute = "guid", "IfcRoot.GlobalId"
            message = message.partition("Rule ")[2] or message
        elif statement["type"] == "schema":
            part = "schema" if instance is not None else "header"
        else:
            part = "rule"
        yield f"{part} {attribute or ''}", _say(instance, message, attribute)


@contextmanager
def _plain_assertions() -> Iterator[None]:
    """Let the rules of EXPRESS be assertions that say nothing.

    `ifcopenshell` has pytest rewrite thousands of them so that each can tell its parts, which takes seconds; nobody
    is told of them here, where a rule is named with its instance.
    """
    stand_in: Any = ModuleType("_pytest")
    stand_in.assertion = SimpleNamespace(rewrite=SimpleNamespace(rewrite_asserts=_silence))
    kept = sys.modules.get("_pytest")
    sys.modules["_pytest"] = stand_in
    try:
        yield
    finally:
        del sys.modules["_pytest"]
        if kept is not None:
            sys.modules["_pytest"] = kept


def _silence(mod: ast.Module, **_: str) -> None:
    """Give each assertion an empty message, since one is taken from whatever fails."""
    for node in ast.walk(mod):
        if isinstance(node, ast.Assert):
            node.msg = ast.copy_location(ast.Constant(""), node)


def inspect_requirements(opened: OpenedIfc, path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """What breaks an IDS file: kinds ``ids`` and the specification.

    References
    ----------
    buildingSMART, Information Delivery Specification 1.0, by IfcTester.
    """
    from ifctester import ids

    try:
        asked = ids.open(str(path), validate=True)
    except Exception as error:
        said = str(error).strip().splitlines()
        raise SourceError(f"{path.name} is no valid IDS file: {said[0] if said else error!r}", cause=error) from error
    asked.validate(opened.file)
    for specification in asked.specifications:
        name = specification.name
        if not specification.is_ifc_version:
            yield (
                f"ids {name}",
                _say(None, f"{name}: it is for {', '.join(specification.ifcVersion)}; it was applied", name),
            )
        if specification.minOccurs != 0 and not specification.applicable_entities:
            yield f"ids {name}", _say(None, f"{name}: nothing in the model is what it is about", name)
        if specification.maxOccurs == 0:
            for instance in specification.applicable_entities:
                yield f"ids {name}", _say(instance, f"{name}: it must not be there", name)
        for facet in specification.requirements:
            for failure in facet.failures:
                yield f"ids {name}", _say(failure["element"], f"{name}: {failure['reason']}", name)


def _say(instance: Any, message: str, about: str | None) -> dict[str, Any]:
    """An event: the instance by number and class, its GlobalId, what is wrong, the rule or attribute that says so."""
    if instance is None:
        return {"entity": "the file", "element": None, "what": message, "about": about}
    identity = getattr(instance, "GlobalId", None) if instance.is_a("IfcRoot") else None
    return {"entity": f"{instance.is_a()} #{instance.id()}", "element": identity, "what": message, "about": about}


if __name__ == "__main__":
    main()
