"""The documentation says what the code says, and its links lead somewhere."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

import layers

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def reference():
    """Load the script that writes the reference."""
    spec = importlib.util.spec_from_file_location("write_reference", ROOT / "docs" / "write_reference.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "name",
    ["commands.md", "settings.md", "layers.md", "indicators.md", "analyses.md", "deliveries.md", "problems.md"],
)
def test_the_reference_is_what_make_docs_writes(reference, name):
    assert (reference.REFERENCE / name).read_text("utf-8") == reference.page(name), "run make docs"


def test_the_reference_has_no_other_pages(reference):
    assert {file.name for file in reference.REFERENCE.iterdir()} == set(reference.PAGES)


@pytest.mark.parametrize(
    "page", [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")], ids=lambda page: str(page.relative_to(ROOT))
)
def test_every_link_leads_to_a_file_of_the_project(page):
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
    assert [link for link in links if "://" not in link and not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", ["README.md", "docs/assessment.md"])
def test_the_indicators_are_called_what_the_code_calls_them(page):
    text = (ROOT / page).read_text("utf-8")
    for indicator in layers.catalog().indicators.values():
        assert re.search(rf"`?{indicator.id}`?[ |]+{indicator.title_zh} ", text), indicator.title_zh
