"""How commands print: JSON for programs, aligned tables for people."""

from __future__ import annotations

import json
import shutil
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click


@contextmanager
def show_steps() -> Iterator[Callable[[str], None]]:
    """A line on the terminal that says what is being done, gone when it is done; nothing where there is no terminal."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return

    def show(step: str) -> None:
        room = shutil.get_terminal_size().columns - 3
        while _width(step) > room:
            step = step[:-1]
        click.echo(f"\r\x1b[K{step} …" if step else "\r\x1b[K", nl=False, err=True)

    try:
        yield show
    finally:
        show("")


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def print_table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A table with columns as wide as their content; Chinese characters take two cells."""
    table = [list(head), *([_text(value) for value in row] for row in rows)]
    widths = [max(map(_width, column)) for column in zip(*table, strict=True)]
    for row in table:
        click.echo(
            "  ".join(text + " " * (width - _width(text)) for text, width in zip(row, widths, strict=True)).rstrip()
        )


def _text(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.4f}" if isinstance(value, float) else " ".join(str(value).split())


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
