"""The report on a delivery as a page of its own, to be read on a screen or printed."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING, Any

from layers.pipelines.reports.table import (
    COLUMNS,
    COUNT_COLUMNS,
    count_rules,
    describe_outcome,
    list_findings,
    tell_missing,
)

if TYPE_CHECKING:
    from layers.pipelines.report import Acceptance

_STYLE = """
body { font: 14px/1.45 system-ui, "Noto Sans CJK SC", "Microsoft YaHei", sans-serif; margin: 2em; }
table { border-collapse: collapse; margin: 0 0 2em; }
th, td { border: 1px solid #999; padding: .2em .5em; text-align: left; vertical-align: top; }
th { background: #eee; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
@page { size: A4 landscape; margin: 12mm; }
@media print { body { margin: 0; font-size: 9px; } thead { display: table-header-group; } tr { break-inside: avoid; } }
"""


def draw_page(report: Acceptance) -> str:
    """Draw the report as one HTML file that needs no other."""
    title = f"Acceptance of pipelines 管线成果验收: {', '.join(report.projects)}"
    heads = "".join(
        f"<tr><th>{_say(head)}</th><td>{_say(text)}</td></tr>" for head, text in describe_outcome(report).items()
    )
    notices = "".join(f"<p>{_say(notice)}</p>" for notice in (*report.notices, tell_missing(report)) if notice)
    return (
        f'<!doctype html>\n<html lang="zh-CN"><head><meta charset="utf-8"><title>{_say(title)}</title>'
        f"<style>{_STYLE}</style></head><body>\n<h1>{_say(title)}</h1>\n<table>{heads}</table>\n"
        f"<h2>Rules 规则</h2>\n{_table(COUNT_COLUMNS, count_rules(report))}\n"
        f"<h2>Findings 问题清单</h2>\n{notices}{_table(COLUMNS.values(), list_findings(report))}\n</body></html>\n"
    )


def _table(heads: Iterable[tuple[str, str]], rows: Iterable[Iterable[Any]]) -> str:
    head = "".join(f"<th>{_say(title)}<br>{_say(title_zh)}</th>" for title, title_zh in heads)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>\n" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table>"


def _cell(value: Any) -> str:
    return f'<td class="number">{_say(value)}</td>' if isinstance(value, int | float) else f"<td>{_say(value)}</td>"


def _say(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.3f}" if isinstance(value, float) else escape(str(value))
