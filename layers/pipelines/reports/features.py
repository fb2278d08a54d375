"""The findings about a delivery as features on the map."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from twin.crs import CRS84, transform

if TYPE_CHECKING:
    from layers.pipelines.report import Acceptance

#: Digits of degrees that tell a millimetre.
_DIGITS = 8


def draw_features(report: Acceptance) -> dict[str, Any]:
    """The findings as a collection of features, each at its place, or without one where none is known.

    References
    ----------
    RFC 7946: coordinates are longitude and latitude, CRS84.
    """
    findings = report.judgement.findings
    x, y = (np.array([getattr(each, axis) for each in findings], dtype=float) for axis in ("x", "y"))
    known = np.isfinite(x) & np.isfinite(y)
    x[known], y[known] = transform(x[known], y[known], report.crs, CRS84)
    places = np.round(np.column_stack([x, y]), _DIGITS).tolist()
    features = []
    for finding, place, there in zip(findings, places, known.tolist(), strict=True):
        said = {name: value for name, value in asdict(finding).items() if name not in {"x", "y"}}
        rule = report.judgement.rules[finding.rule]
        features.append(
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": place} if there else None,
                "properties": said | {"title": rule.title, "title_zh": rule.title_zh},
            }
        )
    return {"type": "FeatureCollection", "features": features}
