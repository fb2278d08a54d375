"""Run by QGIS's Python: edits a layer of an OGC API – Features as a planner does, and says in JSON what came of it.

Asked for: `url`, `layer`, `srs` or null, `key` (its field), `changes`: lists `add` (attributes and place), `rename`
(key and name), `move` (key and place), `delete` (keys); places are WKT in the CRS of the layer.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from qgis.core import (
    QgsApplication,
    QgsFeature,
    QgsFeatureRequest,
    QgsGeometry,
    QgsVectorDataProvider,
    QgsVectorLayer,
)

CAPABILITIES = {
    "add": QgsVectorDataProvider.AddFeatures,
    "rename": QgsVectorDataProvider.ChangeAttributeValues,
    "move": QgsVectorDataProvider.ChangeGeometries,
    "delete": QgsVectorDataProvider.DeleteFeatures,
}


def edit(asked: dict[str, Any]) -> dict[str, Any]:
    srs = f" srsname='{asked['srs']}'" if asked["srs"] else ""
    uri = f"url='{asked['url']}' typename='{asked['layer']}'{srs}"
    if asked.get("user"):
        uri += f" username='{asked['user']}' password='{asked['password']}'"
    layer = QgsVectorLayer(uri, asked["layer"], "OAPIF")
    if not layer.isValid():
        return {"valid": False}
    can = layer.dataProvider().capabilities()
    told: dict[str, Any] = {
        "valid": True,
        "crs": layer.crs().authid(),
        "can": sorted(name for name, flag in CAPABILITIES.items() if can & flag),
        "errors": [],
    }

    def find(key: str) -> QgsFeature:
        return next(layer.getFeatures(QgsFeatureRequest().setFilterExpression(f"\"{asked['key']}\" = '{key}'")))

    def commit() -> None:
        if not layer.commitChanges():
            told["errors"] += layer.commitErrors()
            layer.rollBack()

    for attributes, place in asked["changes"].get("add", []):
        layer.startEditing()
        feature = QgsFeature(layer.fields())
        for name, value in attributes.items():
            feature[name] = value
        feature.setGeometry(QgsGeometry.fromWkt(place))
        layer.addFeature(feature)
        commit()
    for key, name in asked["changes"].get("rename", []):
        layer.startEditing()
        layer.changeAttributeValue(find(key).id(), layer.fields().indexOf("name"), name)
        commit()
    for key, place in asked["changes"].get("move", []):
        layer.startEditing()
        layer.changeGeometry(find(key).id(), QgsGeometry.fromWkt(place))
        commit()
    for key in asked["changes"].get("delete", []):
        layer.startEditing()
        layer.deleteFeature(find(key).id())
        commit()
    told["features"] = {each[asked["key"]]: each.geometry().asWkt(9) for each in layer.getFeatures()}
    return told


application = QgsApplication([], False)
application.initQgis()
print(json.dumps(edit(json.loads(sys.argv[1]))))
sys.stdout.flush()
