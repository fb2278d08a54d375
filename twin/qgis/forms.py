"""Forms: what the fields of a layer are called in QGIS, what may be entered, and what a feature is named by."""

from __future__ import annotations

from html import escape
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from twin.layer import Layer
from twin.qgis.expressions import quote_name
from twin.qgis.options import write_option
from twin.schema import Field

#: Columns that are the store's own, and the one in which QGIS shows the id of what comes from an API.
_OWN = ("fid", "opened", "id")
#: Decimals of real numbers in forms.
_DECIMALS = 3


def write_forms(parent: Element, layer: Layer) -> None:
    """Write names and widgets of the fields, which columns are hidden, and what stands for a feature."""
    widgets = SubElement(parent, "fieldConfiguration")
    aliases = SubElement(parent, "aliases")
    table = SubElement(parent, "attributetableconfig")
    columns = SubElement(table, "columns")
    editable = SubElement(parent, "editable")
    for name in (name for name in _OWN if name not in layer.schema):
        _write_widget(widgets, name, "Hidden", {})
        SubElement(columns, "column", type="field", name=name, hidden="1")
        SubElement(editable, "field", name=name, editable="0")
    for field in layer.schema:
        _write_widget(widgets, field.name, *_widget(field))
        SubElement(aliases, "alias", field=field.name, name=field.heading)
        SubElement(columns, "column", type="field", name=field.name, hidden="0")
    if layer.makes_keys:  # as a new feature gets one by any other way in
        SubElement(SubElement(parent, "defaults"), "default", field=layer.key, expression="uuid('WithoutBraces')")
    SubElement(parent, "previewExpression").text = _name(layer)
    SubElement(parent, "mapTip", enabled="1").text = _tip(layer)


def _widget(field: Field) -> tuple[str, dict[str, Any]]:
    """The kind of widget and its settings; none, where the one that QGIS takes by itself is right."""
    if field.codes:
        return "ValueMap", {"map": [{f"{code.title} {code.title_zh}": str(code.value)} for code in field.codes]}
    if field.minimum is None or field.maximum is None:
        return "", {}
    limits = {"Min": field.minimum, "Max": field.maximum} if field.type == "real" else {}
    limits = limits or {"Min": int(field.minimum), "Max": int(field.maximum)}
    decimals = _DECIMALS if field.type == "real" else 0
    return "Range", {"AllowNull": True, "Precision": decimals, "Step": 1, "Style": "SpinBox", **limits}


def _write_widget(parent: Element, name: str, kind: str, settings: dict[str, Any]) -> None:
    if kind:
        widget = SubElement(SubElement(parent, "field", name=name), "editWidget", type=kind)
        write_option(SubElement(widget, "config"), settings)


def _name(layer: Layer) -> str:
    key, label = layer.key, layer.style.label
    return quote_name(key) if label is None else f"coalesce({quote_name(label)}, {quote_name(key)})"


def _tip(layer: Layer) -> str:
    """What is shown of a feature under the pointer: its name, and the code that its colour says."""
    tip = f"<b>[% {_name(layer)} %]</b>"
    if layer.style.by is not None:
        field = layer.schema[layer.style.by]
        tip += f"<br>{escape(field.heading)}: [% represent_value({quote_name(field.name)}) %]"
    return tip
