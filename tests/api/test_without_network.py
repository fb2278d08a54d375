"""Every page is complete without a network: what a browser loads for it comes from this service."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import pytest

#: Attributes by which a page has something loaded or run, by element; None for any element.
LOADED = {
    "src": None,
    "srcset": None,
    "poster": None,
    "data": {"object"},
    "href": {"link", "use", "image", "base"},
    "style": None,
}
#: Links that name something and load nothing.
NAMED = {"alternate", "canonical", "next", "prev", "self", "item", "collection"}
OWN = "http://testserver"


class Loads(HTMLParser):
    """Collects what a page loads."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self._inside = ""

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self._inside = tag
        if tag == "link" and set((given.get("rel") or "").split()) <= NAMED:
            return
        for name, elements in LOADED.items():
            if given.get(name) and (elements is None or tag in elements):
                self.addresses += _addresses_in(name, given[name])

    def handle_data(self, data):
        if self._inside == "style":
            self.addresses += loads_of_style(data)
        elif self._inside == "script":
            self.addresses += loads_of_script(data)


def _addresses_in(name, text):
    if name == "style":
        return loads_of_style(text)
    return [each.split()[0] for each in text.split(",") if each.strip()] if name == "srcset" else [text]


def loads_of_style(text):
    return re.findall(r"url\(['\"]?([^)'\"]*)", text) + re.findall(r"@import\s+['\"]([^'\"]*)", text)


def loads_of_script(text):
    return re.findall(r"(?:from|import|import\()\s*['\"]([^'\"]+)['\"]", text)


def pages_of(client):
    """Every page there is: the addresses of the description, those that pages link to, and an error."""
    todo, seen = ["/", "/docs", "/viewer/", "/nothing"], {}
    paths = client.get("/api").json()["paths"]
    todo += [path for path, item in paths.items() if "get" in item and "{" not in path]
    while todo:
        path = todo.pop()
        if path in seen:
            continue
        answer = client.get(path, headers={"Accept": "text/html"})
        is_page = answer.headers.get("content-type", "").startswith("text/html")
        seen[path] = answer.text if is_page else ""
        for link in re.findall(r'href="([^"#]*)', seen[path]):
            address = urljoin(OWN + path, link.replace("&amp;", "&"))
            if address.startswith(f"{OWN}/") and "f=json" not in address:
                todo.append(address.removeprefix(OWN).partition("?")[0])
    return {path: page for path, page in seen.items() if page}


def test_pages_load_nothing_from_elsewhere(client):
    pages = pages_of(client)
    assert {"/", "/docs", "/viewer/", "/nothing", "/collections/parcels/items/P1", "/styles/map"} <= set(pages)
    assert len(pages) > 40
    seen = set()
    for path, page in pages.items():
        loads = Loads()
        loads.feed(page)
        todo = [urljoin(OWN + path, address) for address in loads.addresses]
        while todo:
            address = todo.pop()
            if address in seen or address.startswith("data:"):
                continue
            seen.add(address)
            assert urlsplit(address).netloc == "testserver", f"{path} loads {address}"
            answer = client.get(address.removeprefix(OWN))
            assert answer.status_code == 200, f"{path} loads {address}"
            if "vendor" not in address:
                found = loads_of_style(answer.text) if address.endswith(".css") else []
                found += loads_of_script(answer.text) if address.endswith(".js") else []
                todo += [urljoin(address, other) for other in found]
    assert any(address.endswith("maplibre-gl.mjs") for address in seen)


@pytest.mark.parametrize(
    "page", ['<img src="//cdn.example/a.png">', '<script src="https://cdn.example/a.js"></script>']
)
def test_what_would_be_loaded_from_elsewhere_is_seen(page):
    loads = Loads()
    loads.feed(page)
    assert urlsplit(urljoin(OWN, loads.addresses[0])).netloc == "cdn.example"


def test_styles_name_letters_marks_and_tiles_of_this_service(client):
    style = client.get("/styles/map").text
    named = set(re.findall(r'https?://[^/"]+', style))
    assert named == {OWN}
