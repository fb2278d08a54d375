"""Underground pipelines: their layers and dictionaries, their deliveries, and the rules by which these are accepted."""

from __future__ import annotations

from layers.pipelines.acceptance import pipelines
from layers.pipelines.analyses import (
    dead_ends,
    flow_faults,
    isolation,
    loops,
    shortest_path,
    trace_connected,
    trace_downstream,
    trace_upstream,
    unserved,
)
from layers.pipelines.conflicts.finding import pipe_conflicts
from layers.pipelines.conflicts.layer import PIPE_CONFLICTS
from layers.pipelines.devices import MONITORING_DEVICES
from layers.pipelines.ground import cross_section, dig, long_section
from layers.pipelines.monitoring import pipe_monitoring
from layers.pipelines.nodes import PIPE_NODES
from layers.pipelines.segments import PIPE_SEGMENTS
from layers.pipelines.survey import pipe_age, pipe_survey_completeness

__all__ = [
    "MONITORING_DEVICES",
    "PIPE_CONFLICTS",
    "PIPE_NODES",
    "PIPE_SEGMENTS",
    "cross_section",
    "dead_ends",
    "dig",
    "flow_faults",
    "isolation",
    "long_section",
    "loops",
    "pipe_age",
    "pipe_conflicts",
    "pipe_monitoring",
    "pipe_survey_completeness",
    "pipelines",
    "shortest_path",
    "trace_connected",
    "trace_downstream",
    "trace_upstream",
    "unserved",
]
