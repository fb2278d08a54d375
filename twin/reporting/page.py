"""A report as a page of its own, to be read on a screen or printed."""

from __future__ import annotations

from html import escape
from typing import Any

from twin.reporting.printed import Printed, Table

_STYLE = """
body { font: 14px/1.45 system-ui, "Noto Sans CJK SC", "Microsoft YaHei", sans-serif; margin: 2em; }
table { border-collapse: collapse; margin: 0 0 2em; }
th, td { border: 1px solid #999; padding: .2em .5em; text-align: left; vertical-align: top; }
th { background: #eee; white-space: nowrap; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
@page { size: A4 landscape; margin: 12mm; }
@media print { body { margin: 0; font-size: 9px; } thead { display: table-header-group; } tr { break-inside: avoid; } }
"""


def draw_page(report: Printed) -> str:
    """Draw a report as one HTML file that needs no other."""
    title = _say(report.title)
    heads = "".join(f"<tr><th>{_say(head)}</th><td>{_say(text)}</td></tr>" for head, text in report.heads.items())
    return (
        f'<!doctype html>\n<html lang="zh-CN"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style></head><body>\n<h1>{title}</h1>\n<table>{heads}</table>\n"
        + "\n".join(map(_table, report.tables))
        + "\n</body></html>\n"
    )


def _table(table: Table) -> str:
    note = "".join(f"<p>{_say(line)}</p>" for line in table.note.splitlines())
    head = "".join(f"<th>{_say(title)}<br>{_say(title_zh)}</th>" for title, title_zh in table.columns)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>\n" for row in table.rows)
    return f"<h2>{_say(table.title)}</h2>\n{note}<table><thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table>"


def _cell(value: Any) -> str:
    return f'<td class="number">{_say(value)}</td>' if isinstance(value, int | float) else f"<td>{_say(value)}</td>"


def _say(value: Any) -> str:
    return "" if value is None else escape(f"{value:.10g}" if isinstance(value, float) else str(value))
