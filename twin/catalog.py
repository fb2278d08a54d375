"""The Catalog: which layers, indicators and analyses there are."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from twin.analysis import Analysis
from twin.errors import AnalysisNotFound, IndicatorNotFound, LayerNotFound, TwinError
from twin.indicator import Indicator
from twin.intake import Intake
from twin.layer import Layer
from twin.nearest import suggest

if TYPE_CHECKING:
    from twin.settings import Settings

T = TypeVar("T")

#: What can be computed from layers.
Process = Indicator | Analysis


@dataclass(frozen=True)
class Catalog:
    """Layers, indicators, analyses and ways in for several layers, by id, in order. Adding one makes a new catalog."""

    layers: Mapping[str, Layer]
    indicators: Mapping[str, Indicator]
    analyses: Mapping[str, Analysis]
    intakes: Mapping[str, Intake]

    @classmethod
    def of(
        cls,
        layers: Iterable[Layer],
        indicators: Iterable[Indicator] = (),
        analyses: Iterable[Analysis] = (),
        intakes: Iterable[Intake] = (),
    ) -> Catalog:
        """Make a catalog; an indicator or analysis must find the layers it asks for."""
        by_id = {layer.id: layer for layer in layers}
        if len({layer.title_zh for layer in by_id.values()}) < len(by_id):
            raise ValueError("two layers have the same Chinese title, by which either could be meant")
        catalog = cls(
            MappingProxyType(by_id),
            MappingProxyType({indicator.id: indicator for indicator in indicators}),
            MappingProxyType({analysis.id: analysis for analysis in analyses}),
            MappingProxyType({intake.id: intake for intake in intakes}),
        )
        if both := catalog.indicators.keys() & catalog.analyses.keys():
            raise ValueError(f"{', '.join(sorted(both))} is an indicator and an analysis")
        for process in catalog.processes.values():
            for name in process.inputs:
                if name not in by_id:
                    raise ValueError(f"{process.id} asks for layer {name}, which no module declares")
        for analysis in catalog.analyses.values():
            if analysis.fills is not None and analysis.fills not in by_id:
                raise ValueError(f"{analysis.id} fills layer {analysis.fills}, which no module declares")
        return catalog

    @property
    def processes(self) -> Mapping[str, Process]:
        """The indicators and the analyses."""
        return {**self.indicators, **self.analyses}

    def layer(self, layer_id: str) -> Layer:
        """The layer of that id or Chinese title, or `LayerNotFound` naming the nearest."""
        titles = {layer.title_zh: layer for layer in self.layers.values()}
        return titles.get(layer_id) or _find(self.layers, layer_id, LayerNotFound, "layer")

    def indicator(self, indicator_id: str) -> Indicator:
        """The indicator of that id, or `IndicatorNotFound` naming the nearest."""
        return _find(self.indicators, indicator_id, IndicatorNotFound, "indicator")

    def analysis(self, analysis_id: str) -> Analysis:
        """The analysis of that id, or `AnalysisNotFound` naming the nearest."""
        return _find(self.analyses, analysis_id, AnalysisNotFound, "analysis")

    def served(self, settings: Settings) -> Catalog:
        """The catalog without secret layers and what is asked of them, unless the installation may serve them.

        Indicators stay: their results go out without the features of layers that do not.
        """
        layers = {name: layer for name, layer in self.layers.items() if settings.serves(layer.classification)}
        asked = {name: analysis for name, analysis in self.analyses.items() if layers.keys() >= {*analysis.inputs}}
        return replace(self, layers=MappingProxyType(layers), analyses=MappingProxyType(asked))


def _find(things: Mapping[str, T], name: str, error: type[TwinError], kind: str) -> T:
    if name in things:
        return things[name]
    members: dict[str, Any] = {kind: name}
    raise error(f"there is no {kind} {name}; {suggest(name, things)}", **members)


def discover(package: str, *others: str) -> Catalog:
    """Import the modules of a package, and others, and collect what they declare."""
    declared: dict[int, Any] = {}
    root = importlib.import_module(package)
    names = [found.name for found in pkgutil.iter_modules(root.__path__, package + ".")]
    for name in (*names, *others):
        if name.rpartition(".")[2] == "commands":
            continue
        for value in vars(importlib.import_module(name)).values():
            declared[id(value)] = value
    values = list(declared.values())
    return Catalog.of(
        [value for value in values if isinstance(value, Layer)],
        [value for value in values if isinstance(value, Indicator)],
        [value for value in values if isinstance(value, Analysis)],
        [value for value in values if isinstance(value, Intake)],
    )
