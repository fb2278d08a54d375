"""Run by QGIS's Python: edits a layer of an OGC API – Features as a planner does, and says in JSON what came of it.

Asked for: `url`, `layer`, `srs` or null, `key` (its field), `user` and `password` where there are, and `changes`: lists
of `add` with attributes and place, `rename` with key and name, `move` with key and place, or `delete` with a key.
Places are WKT in the CRS of the layer.
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


def open_layer(asked: dict[str, Any]) -> QgsVectorLayer:
    """Open a layer as the dialogue for OGC APIs does."""
    uri = f"url='{asked['url']}' typename='{asked['layer']}'"
    uri += f" srsname='{asked['srs']}'" if asked["srs"] else ""
    uri += f" username='{asked['user']}' password='{asked['password']}'" if "user" in asked else ""
    return QgsVectorLayer(uri, asked["layer"], "OAPIF")


class Planner:
    """Edits a layer, and saves each edit."""

    def __init__(self, layer: QgsVectorLayer, key: str) -> None:
        self.layer, self.key = layer, key
        self.errors: list[str] = []

    def find(self, key: str) -> QgsFeature:
        """Find a feature as the form does."""
        wanted = QgsFeatureRequest().setFilterExpression(f"\"{self.key}\" = '{key}'")
        return next(self.layer.getFeatures(wanted))

    def add(self, attributes: dict[str, Any], place: str) -> None:
        feature = QgsFeature(self.layer.fields())
        for name, value in attributes.items():
            feature[name] = value
        feature.setGeometry(QgsGeometry.fromWkt(place))
        self.layer.addFeature(feature)

    def rename(self, key: str, name: str) -> None:
        self.layer.changeAttributeValue(self.find(key).id(), self.layer.fields().indexOf("name"), name)

    def move(self, key: str, place: str) -> None:
        self.layer.changeGeometry(self.find(key).id(), QgsGeometry.fromWkt(place))

    def delete(self, key: str) -> None:
        self.layer.deleteFeature(self.find(key).id())

    def save(self, what: str, *given: Any) -> None:
        """Do one thing and save it."""
        self.layer.startEditing()
        getattr(self, what)(*given)
        if not self.layer.commitChanges():
            self.errors += self.layer.commitErrors()
            self.layer.rollBack()


def edit(asked: dict[str, Any]) -> dict[str, Any]:
    """Carry out the edits asked for."""
    layer = open_layer(asked)
    if not layer.isValid():
        return {"valid": False}
    can = layer.dataProvider().capabilities()
    planner = Planner(layer, asked["key"])
    for what, *given in asked["changes"]:
        planner.save(what, *given)
    return {
        "valid": True,
        "crs": layer.crs().authid(),
        "can": sorted(name for name, flag in CAPABILITIES.items() if can & flag),
        "errors": planner.errors,
        "features": {each[asked["key"]]: each.geometry().asWkt(9) for each in layer.getFeatures()},
    }


application = QgsApplication([], False)
application.initQgis()
print(json.dumps(edit(json.loads(sys.argv[1]))))
sys.stdout.flush()
