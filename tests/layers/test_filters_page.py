"""The filters that the page for users shows are understood by the layers that they are about."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

import layers
from twin.binding import bind
from twin.cql2.text import parse_text
from twin.errors import InvalidParameter

PAGE = (Path(__file__).parents[2] / "docs" / "filters.md").read_text("utf-8")
ROWS = [row.split("|")[2] for row in PAGE.splitlines() if row.startswith("| ") and "`" in row.split("|")[2]]
FILTERS = [text for row in ROWS for text in re.findall(r"`([^`]+)`", row) if "…" not in text]
COMMANDS = re.findall(r'collections/(\w+)/items --data-urlencode "filter=([^"]+)"', PAGE)


def test_every_filter_of_the_table_is_understood_by_some_layer():
    assert len(FILTERS) >= 12
    for text in FILTERS:
        understood = []
        for layer in layers.catalog().layers.values():
            with suppress(InvalidParameter):
                understood.append(bind(parse_text(text), layer.schema))
        assert understood, text


def test_every_command_of_the_page_names_codes_and_fields_of_its_layer():
    assert len(COMMANDS) == 2
    for layer_id, text in COMMANDS:
        assert bind(parse_text(text), layers.catalog().layer(layer_id).schema)
