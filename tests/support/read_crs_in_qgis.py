"""Runs in the system's Python: reads a feature of a service in several CRS; see tests_qgis."""

import json
import sys

from qgis.core import QgsApplication, QgsVectorLayer


def read(asked, crs):
    """What QGIS says of a layer that it asks for in a CRS: the CRS, and where its first feature is, x east."""
    layer = QgsVectorLayer(f"url='{asked['url']}' typename='{asked['layer']}' srsname='{crs}'", "layer", "OAPIF")
    point = next(layer.getFeatures()).geometry().constGet()
    return {"crs": layer.crs().authid(), "place": [point.x(), point.y(), point.z()]}


asked = json.loads(sys.argv[1])
application = QgsApplication([], False)
application.initQgis()
print(json.dumps([read(asked, crs) for crs in asked["crs"]]))
application.exitQgis()
