"""Map styles that people made: files of a folder, checked as far as this service can tell, free of its address.

What a style asks of this service stands in its file as a path, so that it is right wherever clients see the service.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from api.errors import StyleRefused
from twin.errors import InvalidParameter, StyleNotFound

_NAME = re.compile(r"[\w-]{1,64}")
_MOST_BYTES = 1_000_000
_MOST_STYLES = 1_000


def list_book(folder: str) -> dict[str, Path]:
    """The styles of a folder by id; only what is listed is served, so an id cannot lead elsewhere."""
    if not folder or not Path(folder).is_dir():
        return {}
    return {path.stem: path for path in sorted(Path(folder).glob("*.json")) if _NAME.fullmatch(path.stem)}


def read_style(folder: str, style: str, base: str) -> dict[str, Any] | None:
    """Read a style with the addresses that clients see; None where there is none of that id."""
    path = list_book(folder).get(style)
    if path is None:
        return None
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return _with_addresses(document, lambda address: base + address if address.startswith("/") else address)


def write_style(folder: str, style: str, document: Mapping[str, Any], base: str, author: str) -> bool:
    """Keep a style in one step; says whether it is new.

    Raises
    ------
    InvalidParameter
        It is no style, or asks others than this service for what it draws.
    StyleRefused
        The installation keeps no styles, or no more.
    """
    if not folder:
        raise StyleRefused('this service keeps no styles; its operator sets styles = "FOLDER" in twin.toml')
    if not _NAME.fullmatch(style):
        raise InvalidParameter("a style is called by 1 to 64 letters, digits, _ and -", parameter="styleId")
    kept = _with_addresses(_require_style(document), lambda address: _require_own(address, base))
    kept["metadata"] = {**kept.get("metadata", {}), "twin:author": author}
    try:
        content = json.dumps(kept, ensure_ascii=False, allow_nan=False).encode()
    except ValueError as error:  # half a letter, or a number that JSON does not have
        raise InvalidParameter(f"the style cannot be written: {error}", parameter="body") from error
    if len(content) > _MOST_BYTES:
        raise InvalidParameter(f"a style has {_MOST_BYTES:,} bytes at most", parameter="body")
    book = list_book(folder)
    if style not in book and len(book) >= _MOST_STYLES:
        raise StyleRefused(f"there are {_MOST_STYLES} styles already; remove some")
    Path(folder).mkdir(parents=True, exist_ok=True)
    draft = Path(folder) / f".{uuid.uuid4().hex}.draft"
    draft.write_bytes(content)
    draft.replace(Path(folder) / f"{style}.json")
    return style not in book


def remove_style(folder: str, style: str) -> None:
    """Forget a style.

    Raises
    ------
    StyleNotFound
        There is none of that id.
    """
    path = list_book(folder).get(style)
    if path is None:
        raise StyleNotFound(f"there is no style {style} that somebody made")
    path.unlink(missing_ok=True)


def _require_style(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Refuse what no renderer could read (MapLibre Style Specification, root, sources and layers)."""
    sources, layers = document.get("sources"), document.get("layers")
    if document.get("version") != 8:
        raise InvalidParameter("a style says version 8", parameter="version")
    if not isinstance(document.get("metadata", {}), dict):
        raise InvalidParameter("metadata must be an object", parameter="metadata")
    if not isinstance(sources, dict) or not all(isinstance(source, dict) for source in sources.values()):
        raise InvalidParameter("sources must be an object of objects", parameter="sources")
    if not isinstance(layers, list) or not all(isinstance(layer, dict) for layer in layers):
        raise InvalidParameter("layers must be a list of objects", parameter="layers")
    ids = [layer.get("id") for layer in layers]
    if not all(isinstance(name, str) for name in ids) or len(set(ids)) < len(ids):
        raise InvalidParameter("each layer has an id of its own", parameter="layers")
    for layer in layers:
        if not isinstance(layer.get("type"), str) or (
            layer["type"] != "background" and str(layer.get("source")) not in sources
        ):
            raise InvalidParameter(f"layer {layer['id']} has no type, or no source of the style", parameter="layers")
    return document


def _with_addresses(document: Mapping[str, Any], change: Callable[[str], str]) -> dict[str, Any]:
    """The same style with other addresses, wherever a style has some."""
    changed = dict(document)
    changed |= {name: change(_text(changed[name], name)) for name in ("glyphs", "sprite") if name in changed}
    sources = {}
    for name, source in document["sources"].items():
        own = dict(source)
        own |= {key: change(_text(own[key], key)) for key in ("url", "data") if isinstance(own.get(key), str)}
        if not isinstance(own.get("tiles", []), list):
            raise InvalidParameter(f"tiles of source {name} must be a list", parameter="sources")
        if "tiles" in own:
            own["tiles"] = [change(_text(tiles, "tiles")) for tiles in own["tiles"]]
        sources[name] = own
    return changed | {"sources": sources}


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise InvalidParameter(f"{name} must be an address", parameter=name)
    return value


def _require_own(address: str, base: str) -> str:
    """The path of an address of this service."""
    if address.startswith(f"{base}/"):
        address = address.removeprefix(base)
    if not address.startswith("/") or address.startswith("//"):
        raise InvalidParameter(f"{address[:100]} is not an address of this service, {base}/…", parameter="sources")
    return address
