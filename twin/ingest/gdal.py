"""Running GDAL so that it keeps to itself: our options, its warnings collected, its errors told in our words."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from twin.errors import SourceError
from twin.ingest.stage import Staged
from twin.layer import Layer

#: What GDAL says of itself, and what its users need to know instead.
_IN_WORDS = (
    (r"; It might help to specify the correct driver.*", ""),
    (r"\S+\.(?:cpp|c|h), \d+: ", ""),
    (r"(?s).*database disk image is malformed.*", "the database is damaged or cut off"),
    (r"Non closed ring detected\..*", "a ring does not close"),
    (r"Too many characters in number", "a value has more than 10 million characters"),
)

_FAMILY = {"Point": 0, "LineString": 1, "Polygon": 2}


@contextmanager
def run_gdal(staged: Staged, notices: list[str], options: Mapping[str, str]) -> Iterator[None]:
    """Run GDAL with configuration options that hold until the context ends.

    Parameters
    ----------
    staged
        What is read; messages name it as delivered.
    notices
        Gets what GDAL warns of.
    options
        Configuration options.

    Raises
    ------
    SourceError
        GDAL cannot read it.
    """
    import pyogrio

    def told(message: object) -> str:
        text = str(message).replace(str(staged.path), staged.name).replace(f"{staged.path.parent}/", "")
        for pattern, words in _IN_WORDS:
            text = re.sub(pattern, words, text)
        return text

    before = {name: pyogrio.get_gdal_config_option(name) for name in options}
    pyogrio.set_gdal_config_options(dict(options))
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield
    except (RuntimeError, ValueError) as error:  # what every error of pyogrio is, and text that cannot be decoded
        raise SourceError(f"{staged.name} cannot be read: {told(error)}", cause=error) from error
    finally:
        pyogrio.set_gdal_config_options(before)
        notices += [text for text in map(told, (w.message for w in caught)) if text not in notices]


def choose_layer(layers: Any, staged: Staged, layer: Layer, wanted: str | None, notices: list[str]) -> str:
    """Choose the source layer to read: the one asked for, the only one, or the only one that fits.

    Raises
    ------
    SourceError
        There is none, or several would do.
    """
    kinds = {str(name): kind for name, kind in layers}
    listed = ", ".join(f"{name} ({kind or 'no geometry'})" for name, kind in kinds.items())
    if wanted is not None:
        if wanted not in kinds:
            raise SourceError(f"{staged.name} has no layer {wanted}; it has {listed}")
        return wanted
    if not kinds:
        raise SourceError(f"{staged.name} holds no layers")
    fitting = [name for name, kind in kinds.items() if _fits(kind, layer)]
    if len(kinds) > 1 and layer.id in kinds:
        fitting = [layer.id]
    if len(kinds) > 1 and len(fitting) == 1:
        notices.append(f"of its {len(kinds)} layers, {fitting[0]} was read")
        return fitting[0]
    if len(kinds) == 1:
        return next(iter(kinds))
    raise SourceError(
        f"{staged.name} has {len(kinds)} layers, {len(fitting)} of which would fit {layer.id}; "
        f"choose one with --source-layer: {listed}"
    )


def _fits(kind: str | None, layer: Layer) -> bool:
    if kind is None:
        return False
    families = {_FAMILY[name.removeprefix("Multi")] for name in layer.geometries}
    plain = kind.split(" ")[0].removeprefix("Multi").replace("Curve", "LineString").replace("Surface", "Polygon")
    return plain not in _FAMILY or _FAMILY[plain] in families
