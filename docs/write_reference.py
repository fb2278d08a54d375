"""Write docs/reference/ from the code itself, so that it cannot say anything else: ``make docs``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path

import click

from layers import catalog
from layers.pipelines.rules import RULES
from tiles.source import TOWN_ZOOM
from twin import errors
from twin.analysis import Figure
from twin.cli import main_group
from twin.errors import TwinError
from twin.indicator import Indicator
from twin.layer import Layer
from twin.parameters import Parameter
from twin.rules.rule import Rule
from twin.schema import Field
from twin.settings import Settings

REFERENCE = Path(__file__).parent / "reference"


def describe_commands() -> Iterator[str]:
    """Yield the help of every command."""
    yield "# Commands"
    context = click.Context(main_group, info_name="twin", max_content_width=110, terminal_width=110)
    for name in main_group.list_commands(context):
        command = main_group.get_command(context, name)
        assert command is not None, name
        inner = click.Context(command, parent=context, info_name=name, max_content_width=110, terminal_width=110)
        yield f"## twin {name}"
        yield f"```text\n{command.get_help(inner)}\n```"


def describe_settings() -> Iterator[str]:
    """Yield the table of settings."""
    yield "# Settings"
    yield "Each stands in `twin.toml` (or the file that `TWIN_SETTINGS` names), or as a variable, which goes first."
    yield table(
        ("key", "variable", "default", "what"),
        [
            (f"`{f.name}`", f"`TWIN_{f.name.upper()}`", f"`{f.default!r}`", f.metadata["about"])
            for f in fields(Settings)
        ],
    )


def describe_layers() -> Iterator[str]:
    """Yield a section for each layer: what it is, then its fields."""
    yield "# Layers"
    for layer in catalog().layers.values():
        yield from describe_layer(layer)


def describe_layer(layer: Layer) -> Iterator[str]:
    """Yield one layer's section."""
    yield f"## {layer.id}: {layer.title} {layer.title_zh}"
    yield layer.about
    geometry = " or ".join(layer.geometries) + (" with heights" if layer.has_z else "")
    facts = [geometry, f"key `{layer.key}`", f"zooms {layer.zooms[0]} to {layer.zooms[1]}", layer.classification]
    if layer.joined_over is not None:
        facts.append(f"lines joined below zoom {TOWN_ZOOM} over {' and '.join(f'`{n}`' for n in layer.joined_over)}")
    yield ", ".join(facts) + (f". {layer.standard}" if layer.standard else "") + "."
    yield table(("field", "type", "title", "allowed", "note"), [describe_field(field) for field in layer.schema])


def describe_field(field: Field) -> tuple[str, ...]:
    """Return a field as a row of its layer's table."""
    kind = f"{field.type}, {field.unit}" if field.unit else field.type
    needed = "required" if field.required else ""
    allowed = "; ".join(part for part in (needed, field.limit) if part)
    return f"`{field.name}`", kind, f"{field.title} {field.title_zh}", allowed, field.note


def describe_indicators() -> Iterator[str]:
    """Yield a section for each indicator: clause, target, definition, parameters."""
    yield "# Indicators"
    for indicator in catalog().indicators.values():
        yield from describe_indicator(indicator)


def describe_indicator(indicator: Indicator) -> Iterator[str]:
    """Yield one indicator's section."""
    yield f"## {indicator.id}: {indicator.title} {indicator.title_zh}"
    target = f"Target: {indicator.target} {indicator.unit}".rstrip() if indicator.target else "No target"
    note = f" ({indicator.target.note})" if indicator.target and indicator.target.note else ""
    yield f"{target}{note}. Computed from {', '.join(f'`{name}`' for name in indicator.inputs)}."
    yield f"> {indicator.clause.document}, {indicator.clause.article}: {indicator.clause.text}"
    definition, *sections = re.split(r"\n\n(?=\w+\n-{3,}\n)", indicator.about)
    yield definition
    heading = "References\n----------\n"
    yield from (part.replace(heading, "References: ") for part in sections if part.startswith(heading))
    if indicator.parameters:
        rows = [describe_parameter(parameter) for parameter in indicator.parameters.values()]
        yield table(("parameter", "default", "allowed", "what"), rows)


def describe_analyses() -> Iterator[str]:
    """Yield a section for each analysis: clause, definition, figures, roles of features, parameters."""
    yield "# Analyses"
    yield "Questions about layers: `twin ask`, or each as a process of the API."
    for analysis in catalog().analyses.values():
        yield f"## {analysis.id}: {analysis.title} {analysis.title_zh}"
        yield f"Asked of {', '.join(f'`{name}`' for name in analysis.inputs)}."
        yield f"> {analysis.clause.document}, {analysis.clause.article}: {analysis.clause.text}"
        yield analysis.about
        yield table(("figure", "is", "unit"), describe_figures(analysis.figures))
        yield table(("role", "is"), [(f"`{role}`", " ".join(titles)) for role, titles in analysis.roles.items()])
        if analysis.parameters:
            rows = [describe_parameter(parameter) for parameter in analysis.parameters.values()]
            yield table(("parameter", "default", "allowed", "what"), rows)


def describe_figures(figures: Mapping[str, Figure], of: str = "") -> list[tuple[str, ...]]:
    """Return figures as rows of a table, each followed by those within."""
    rows: list[tuple[str, ...]] = []
    for name, figure in figures.items():
        rows.append((f"`{of}{name}`", f"{figure.title} {figure.title_zh}", figure.unit))
        rows += describe_figures(figure.members, f"{of}{name}.")
    return rows


def describe_parameter(parameter: Parameter) -> tuple[str, ...]:
    """Return a parameter as a row of the table of what has it."""
    allowed = ", ".join(f"`{choice}`" for choice in parameter.choices) or parameter.type.__name__
    default = "needed" if parameter.required else f"`{parameter.default}`"
    return f"`{parameter.name}`", default, allowed, parameter.about


def describe_deliveries() -> Iterator[str]:
    """Yield what each way in for several layers takes, and the rules of pipelines."""
    yield "# Deliveries of several layers"
    for way_in in catalog().intakes.values():
        yield f"## {way_in.id}: {way_in.title} {way_in.title_zh}"
        yield way_in.about
        yield f"Writes {', '.join(f'`{layer}`' for layer in way_in.layers)}; parameters by `--param name=value`:"
        rows = [describe_parameter(parameter) for parameter in way_in.parameters.values()]
        yield table(("parameter", "default", "allowed", "what"), rows)
    yield "## Rules of pipelines"
    yield "A rule file may set severities and limits; rules that are binding stay as they are."
    yield table(("rule", "severity", "finds", "limits", "source"), [describe_rule(rule) for rule in RULES])


def describe_rule(rule: Rule) -> tuple[str, ...]:
    """Return a rule as a row of the table of rules."""
    limits = "; ".join(
        f"`{limit.name}` = {_figure(limit.default)}: {limit.about}"
        + (f" ({rule.sure[limit.name]})" if limit.name in rule.sure else "")
        for limit in rule.limits.values()
    )
    severity = f"{rule.severity}, binding" if rule.binding else rule.severity
    about = " ".join(rule.about.split())
    return f"`{rule.id}` {rule.title} {rule.title_zh}", severity, about, limits, f"{rule.source} ({rule.confidence})"


def _figure(value: float | str | Mapping[str, float]) -> str:
    if isinstance(value, Mapping):
        return "none"
    return value if isinstance(value, str) else f"{value:g}"


def describe_problems() -> Iterator[str]:
    """Yield the table of errors."""
    yield "# Problems"
    yield "The API answers errors as `application/problem+json`; `type` ends with the slug. Commands print the detail."
    yield "A running service lists those of HTTP too, at `/problems`."
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, TwinError)]
    kinds.remove(TwinError)
    kinds.sort(key=lambda kind: (kind.status, kind.slug))
    yield table(
        ("slug", "status", "title", "when"),
        [(f"`{kind.slug}`", str(kind.status), kind.title, (kind.__doc__ or "").partition("\n")[0]) for kind in kinds],
    )


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Return a Markdown table."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


PAGES: Mapping[str, Callable[[], Iterator[str]]] = {
    "commands.md": describe_commands,
    "settings.md": describe_settings,
    "layers.md": describe_layers,
    "indicators.md": describe_indicators,
    "analyses.md": describe_analyses,
    "deliveries.md": describe_deliveries,
    "problems.md": describe_problems,
}


def page(name: str) -> str:
    """Return the text that a page must have."""
    return "\n\n".join(["<!-- Written by `make docs` from the code. -->", *PAGES[name]()]) + "\n"


if __name__ == "__main__":
    REFERENCE.mkdir(exist_ok=True)
    for name in PAGES:
        (REFERENCE / name).write_text(page(name), encoding="utf-8")
