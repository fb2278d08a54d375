"""What is asked of the network of pipelines, as analyses: their names are those by which others ask."""

from __future__ import annotations

from typing import Any, Literal

from layers.pipelines import figures
from layers.pipelines.network import ends, faults, paths, tracing
from layers.pipelines.network import isolation as isolating
from layers.pipelines.network import loops as looping
from layers.pipelines.network.frames import read_gaps, read_network
from layers.pipelines.network.inference import INFERRED, Origin
from twin.analysis import Answer, analysis
from twin.frame import Frame
from twin.indicator import Clause

CLAUSE = Clause(
    document="《沂南县新型智慧城市建设实施方案》(2022)",
    article="17. 完善升级基础设施",
    text="“完善地下管线信息综合管理系统，建立管线信息动态更新机制，逐步提高地下管线管理水平。”",
)

#: The class of pipelines that is asked for.
ClassCode = Literal["JS", "PS", "RQ", "RL", "DL", "TX", "GY", "QT"]

_SEGMENTS, _NODES = "pipe_segments", "pipe_nodes"
_PLACE = {"segment": "Key of a segment; give this or a node.", "node": "Key of a node; give this or a segment."}
_CLASS = {"pipe_class": "Of this class only; of all by default."}
_GAP = {"gap": ("Beside an end, under another number", "邻近异号未接点")}
_TRACED = {"traced": ("Traced", "追踪结果")} | _GAP
_BY_FLOW = _TRACED | {
    "inferred": ("Traced; direction of flow inferred", "流向由推断得出"),
    "undirected": ("Direction of flow unknown", "流向不明"),
}


@analysis(
    title="Trace upstream", title_zh="上游追踪", clause=CLAUSE, figures=figures.TRACED, roles=_BY_FLOW, about=_PLACE
)
def trace_upstream(
    pipe_nodes: Frame, pipe_segments: Frame, *, segment: str | None = None, node: str | None = None
) -> Answer:
    """Everything from which something flows to a segment or node.

    Segments flow as was surveyed, and sewers of which nobody said downhill. Of others the direction is inferred where
    only one way leads there from sources, or from there to outfalls, and behind a check valve. Where nothing is known
    the trace goes on both ways. ``direction_from`` counts these, and roles tell them apart. Hot water comes back to its
    source, so of it nothing is inferred. Closed valves end the trace, and so does what is abandoned or empty; a point
    of the class within half a metre of an end that was reached, under another number, is a ``gap``.
    """
    network = read_network(pipe_nodes, pipe_segments)
    trace = tracing.trace_upstream(network, segment, node_id=node)
    return _answer_trace(trace, read_gaps(pipe_nodes, pipe_segments))


@analysis(
    title="Trace downstream", title_zh="下游追踪", clause=CLAUSE, figures=figures.TRACED, roles=_BY_FLOW, about=_PLACE
)
def trace_downstream(
    pipe_nodes: Frame, pipe_segments: Frame, *, segment: str | None = None, node: str | None = None
) -> Answer:
    """Everything to which something flows from a segment or node; directions as in the trace upstream."""
    network = read_network(pipe_nodes, pipe_segments)
    trace = tracing.trace_downstream(network, segment, node_id=node)
    return _answer_trace(trace, read_gaps(pipe_nodes, pipe_segments))


@analysis(
    title="Trace what is connected",
    title_zh="连通性分析",
    clause=CLAUSE,
    figures=figures.CONNECTED,
    roles=_TRACED,
    about=_PLACE,
)
def trace_connected(
    pipe_nodes: Frame, pipe_segments: Frame, *, segment: str | None = None, node: str | None = None
) -> Answer:
    """Everything that is connected with a segment or node, whichever way it flows; closed valves end it."""
    network = read_network(pipe_nodes, pipe_segments)
    trace = tracing.trace_connected(network, segment, node_id=node)
    return _answer_trace(trace, read_gaps(pipe_nodes, pipe_segments), by_flow=False)


@analysis(
    title="Shortest path",
    title_zh="最短路径分析",
    clause=CLAUSE,
    figures=figures.PATH,
    roles={"path": ("Path", "路径")},
    about={
        "from_node": "Key of the node where it begins.",
        "to_node": "Key of the node where it ends.",
        "with_flow": "Whether it may only go where what is inside flows.",
    },
)
def shortest_path(
    pipe_nodes: Frame, pipe_segments: Frame, *, from_node: str, to_node: str, with_flow: bool = False
) -> Answer:
    """The shortest way through the pipes between two nodes, by length; it goes through no closed valve."""
    network = read_network(pipe_nodes, pipe_segments)
    path = paths.find_shortest_path(network, from_node, to_node, with_flow=with_flow)
    if path is None:
        note = f"there is no way from {from_node} to {to_node}" + (" with the flow" if with_flow else "")
        return Answer(figures={"length_m": None, "segments": 0, "order": []}, note=note)
    return Answer(
        figures={"length_m": path.length_m, "segments": len(path.segments), "order": list(path.segments)},
        features={"path": {_SEGMENTS: path.segments, _NODES: path.nodes}},
    )


@analysis(
    title="Isolation of a burst",
    title_zh="爆管关阀分析",
    clause=CLAUSE,
    figures=figures.ISOLATION,
    roles={
        "close": ("Valve to close", "需关阀门"),
        "shut": ("Closed already", "已关阀门"),
        "holding": ("Check valve that holds back", "止回阀止流"),
        "unusable": ("Valve that cannot be used", "失效阀门"),
        "source": ("Source to shut down", "需停水源"),
        "isolated": ("Shut off", "停供管段"),
        "cut_off": ("Cut off", "连带停供"),
    },
    about=_PLACE | {"failed": "Keys of valves that turned out not to close, with commas between them."},
)
def isolation(
    pipe_nodes: Frame,
    pipe_segments: Frame,
    *,
    segment: str | None = None,
    node: str | None = None,
    failed: str = "",
) -> Answer:
    """Which valves to close for a burst, what is shut off then, and what beyond loses its last source.

    Closed valves bound the place already, and so do check valves through which water would come back; valves that
    cannot be operated, or that fail, do not. ``next_ring`` says for each valve which more have to be closed if it
    fails. Of drainage, outfalls stand for sources.
    """
    network = read_network(pipe_nodes, pipe_segments)
    names = [name.strip() for name in failed.split(",") if name.strip()]
    found = isolating.isolate(network, segment, node_id=node, failed=names)
    notes = []
    if found.sources:
        notes.append("no valve parts the place from a source: that has to be shut down too")
    if found.holding:
        notes.append("check valves hold back what lies behind them: if one leaks, name it under failed")
    if not found.supplied:
        notes.append("the place has no source in the survey: what is cut off beyond it is unknown")
    return Answer(
        figures={
            "valves": len(found.valves),
            "feeding": list(found.feeding),
            "next_ring": {valve: list(more) for valve, more in found.next_ring.items()},
            **_count("isolated", found.isolated),
            **_count("cut_off", found.cut_off),
        },
        features={
            "close": {_NODES: found.valves},
            "shut": {_NODES: found.shut},
            "holding": {_NODES: found.holding},
            "unusable": {_NODES: found.unusable},
            "source": {_NODES: found.sources},
            "isolated": {_SEGMENTS: found.isolated.segments, _NODES: found.isolated.nodes},
            "cut_off": {_SEGMENTS: found.cut_off.segments, _NODES: found.cut_off.nodes},
        },
        note="; ".join(notes),
    )


@analysis(
    title="Dead ends",
    title_zh="断头管分析",
    clause=CLAUSE,
    figures=figures.DEAD_ENDS,
    roles={
        "pipe_end": ("Pipe ends", "断头点"),
        "closed_valve": ("Pipe ends at a closed valve", "关阀断头"),
        "sink": ("Nothing flows away", "有进无出"),
    }
    | _GAP,
    about=_CLASS,
)
def dead_ends(pipe_nodes: Frame, pipe_segments: Frame, *, pipe_class: ClassCode | None = None) -> Answer:
    """Where a pipe ends for no reason that the survey gives, and where sewers flow together and nothing flows away.

    Sources, outfalls, customers, caps, stubs and the border of the survey are reasons. A sewer may begin anywhere.
    Where a pipe ends without one, or at the border of its survey, and another point of its class lies within half a
    metre, which no segment joins to it, both are a ``gap``: maybe one point with two numbers.
    """
    pipe_segments = _of_class(pipe_segments, pipe_class)
    found = ends.find_dead_ends(read_network(pipe_nodes, pipe_segments))
    gaps = tuple(sorted({name for gap in read_gaps(pipe_nodes, pipe_segments) for name in gap}))
    return Answer(
        figures={
            "pipe_ends": len(found.pipe_ends),
            "closed_valves": len(found.closed_valves),
            "sinks": len(found.sinks),
            "gaps": len(gaps),
        },
        features={
            "pipe_end": {_NODES: found.pipe_ends},
            "closed_valve": {_NODES: found.closed_valves},
            "sink": {_NODES: found.sinks},
            "gap": {_NODES: gaps},
        },
    )


@analysis(
    title="Loops",
    title_zh="环状管网分析",
    clause=CLAUSE,
    figures=figures.LOOPS,
    roles={"loop": ("In a loop", "环上管段")},
    about=_CLASS,
)
def loops(pipe_nodes: Frame, pipe_segments: Frame, *, pipe_class: ClassCode | None = None) -> Answer:
    """The loops of the network: independent ones, as many as there are, and short.

    A closed valve opens a loop. ``length_m`` are the lengths of the loops, the shortest first.
    """
    network = read_network(pipe_nodes, _of_class(pipe_segments, pipe_class))
    found = looping.find_loops(network)
    inside = tuple(dict.fromkeys(name for loop in found for name in loop.segments))
    return Answer(
        figures={"loops": len(found), "length_m": [loop.length_m for loop in found], "segments": len(inside)},
        features={"loop": {_SEGMENTS: inside}},
    )


@analysis(
    title="Parts without source or outfall",
    title_zh="无源无出口管网分析",
    clause=CLAUSE,
    figures=figures.UNSERVED,
    roles={"unserved": ("Without source or outfall", "无水源或出水口")},
    about=_CLASS,
)
def unserved(pipe_nodes: Frame, pipe_segments: Frame, *, pipe_class: ClassCode | None = None) -> Answer:
    """Parts of the network that no source feeds and, of drainage, that reach no outfall with the flow."""
    found = ends.find_unserved(read_network(pipe_nodes, _of_class(pipe_segments, pipe_class)))
    return Answer(
        figures={
            "parts": [
                {
                    "class": part.class_code,
                    "segments": len(part.segments),
                    "length_m": part.length_m,
                    "first": part.segments[0],
                }
                for part in found
            ],
            "length_m": sum(part.length_m for part in found),
        },
        features={
            "unserved": {
                _SEGMENTS: tuple(name for part in found for name in part.segments),
                _NODES: tuple(sorted({name for part in found for name in part.nodes})),
            }
        },
    )


@analysis(
    title="Faults of the flow",
    title_zh="流向异常分析",
    clause=CLAUSE,
    figures=figures.FLOW_FAULTS,
    roles={
        "circle": ("Flows in a circle", "环流"),
        "contradicted": ("Flows uphill, or to the only source", "逆坡或流向矛盾"),
        "check_valve": ("Check valve whose way is unknown", "方向不明止回阀"),
    },
    about=_CLASS,
)
def flow_faults(pipe_nodes: Frame, pipe_segments: Frame, *, pipe_class: ClassCode | None = None) -> Answer:
    """Where directions of flow cannot be right, or say too little.

    Sewers that flow in a circle. Segments of which two things say different ways: flow as surveyed, inverts, and the
    only way from a source or to an outfall; such are sewers that climb. Check valves of which no side is known to
    flow, or both to it or both from it: they hold nothing back.
    """
    found = faults.find_flow_faults(read_network(pipe_nodes, _of_class(pipe_segments, pipe_class)))
    return Answer(
        figures={
            "circles": [{"segments": len(each.segments), "length_m": each.length_m} for each in found.circles],
            "contradicted": len(found.contradicted),
            "check_valves": len(found.check_valves),
        },
        features={
            "circle": {_SEGMENTS: tuple(name for each in found.circles for name in each.segments)},
            "contradicted": {_SEGMENTS: found.contradicted},
            "check_valve": {_NODES: found.check_valves},
        },
    )


def _of_class(pipe_segments: Frame, pipe_class: str | None) -> Frame:
    """The segments of one class, or all."""
    if pipe_class is None:
        return pipe_segments
    return pipe_segments.take((pipe_segments.data["class"] == pipe_class).to_numpy(bool))


def _answer_trace(trace: tracing.Trace, gaps: tuple[tuple[str, str], ...], *, by_flow: bool = True) -> Answer:
    reached = set(trace.nodes)
    beyond = tuple(sorted({name for gap in gaps if len(reached.intersection(gap)) == 1 for name in {*gap} - reached}))
    notes = []
    if beyond:
        notes.append(f"{len(beyond)} points lie beside an end under another number: the trace does not go on there")
    told = {"segments": len(trace.segments), "nodes": len(trace.nodes), "length_m": trace.length_m, "gaps": len(beyond)}
    gap = {"gap": {_NODES: beyond}}
    if not by_flow:
        return Answer(
            figures=told,
            features={"traced": {_SEGMENTS: trace.segments, _NODES: trace.nodes}} | gap,
            note="; ".join(notes),
        )
    inferred, unknown = trace.known_from(*INFERRED), trace.known_from(Origin.UNKNOWN)
    if inferred:
        notes.append(f"{len(inferred)} segments flow as follows from where sources, outfalls and check valves are")
    if unknown:
        notes.append(f"{len(unknown)} segments may flow the other way: nobody knows")
    return Answer(
        figures=told | {"direction_from": {o.name.lower(): trace.direction_from.count(o) for o in Origin}},
        features={
            "traced": {_SEGMENTS: trace.known_from(Origin.SURVEYED, Origin.INVERTS), _NODES: trace.nodes},
            "inferred": {_SEGMENTS: inferred},
            "undirected": {_SEGMENTS: unknown},
        }
        | gap,
        note="; ".join(notes),
    )


def _count(name: str, section: isolating.Section) -> dict[str, Any]:
    return {
        f"{name}_length_m": section.length_m,
        f"{name}_segments": len(section.segments),
        f"{name}_customers": list(section.customers),
    }
