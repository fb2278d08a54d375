"""The Catalog: which layers and indicators there are."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from twin.errors import IndicatorNotFound, LayerNotFound, TwinError
from twin.indicator import Indicator
from twin.layer import Layer
from twin.nearest import suggest

if TYPE_CHECKING:
    from twin.settings import Settings

T = TypeVar("T")


@dataclass(frozen=True)
class Catalog:
    """Layers and indicators by id, in order. Adding one makes a new catalog."""

    layers: Mapping[str, Layer]
    indicators: Mapping[str, Indicator]

    @classmethod
    def of(cls, layers: Iterable[Layer], indicators: Iterable[Indicator] = ()) -> Catalog:
        """Make a catalog; an indicator must find the layers it asks for."""
        by_id = {layer.id: layer for layer in layers}
        if len({layer.title_zh for layer in by_id.values()}) < len(by_id):
            raise ValueError("two layers have the same Chinese title, by which either could be meant")
        measures = {indicator.id: indicator for indicator in indicators}
        for indicator in measures.values():
            for name in indicator.inputs:
                if name not in by_id:
                    raise ValueError(f"indicator {indicator.id} asks for layer {name}, which no module declares")
        return cls(MappingProxyType(by_id), MappingProxyType(measures))

    def layer(self, layer_id: str) -> Layer:
        """The layer of that id or Chinese title, or `LayerNotFound` naming the nearest."""
        titles = {layer.title_zh: layer for layer in self.layers.values()}
        return titles.get(layer_id) or _find(self.layers, layer_id, LayerNotFound, "layer")

    def indicator(self, indicator_id: str) -> Indicator:
        """The indicator of that id, or `IndicatorNotFound` naming the nearest."""
        return _find(self.indicators, indicator_id, IndicatorNotFound, "indicator")

    def served(self, settings: Settings) -> Catalog:
        """The catalog without secret layers, unless the installation may serve them."""
        open_layers = {name: layer for name, layer in self.layers.items() if settings.serves(layer.classification)}
        return replace(self, layers=MappingProxyType(open_layers))


def _find(things: Mapping[str, T], name: str, error: type[TwinError], kind: str) -> T:
    if name in things:
        return things[name]
    members: dict[str, Any] = {kind: name}
    raise error(f"there is no {kind} {name}; {suggest(name, things)}", **members)


def discover(package: str) -> Catalog:
    """Import the modules of a package and collect the `Layer` and `Indicator` values they declare."""
    layers: dict[str, Layer] = {}
    indicators: dict[str, Indicator] = {}
    root = importlib.import_module(package)
    for found in pkgutil.iter_modules(root.__path__, package + "."):
        if found.name.rpartition(".")[2] == "commands":
            continue
        for value in vars(importlib.import_module(found.name)).values():
            if isinstance(value, Layer):
                layers[value.id] = value
            elif isinstance(value, Indicator):
                indicators[value.id] = value
    return Catalog.of(layers.values(), indicators.values())
