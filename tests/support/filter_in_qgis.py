"""Runs in the system's Python: asks a service for the features of a layer that meet filters; see tests_qgis."""

import json
import sys

from qgis.core import Qgis, QgsApplication, QgsVectorLayer


def keys_of(asked, expression):
    """What the layer holds under a filter, by its keys."""
    layer = QgsVectorLayer(f"url='{asked['url']}' typename='{asked['layer']}'", "layer", "OAPIF")
    accepted = layer.isValid() and layer.setSubsetString(expression)
    return {"accepted": accepted, "keys": sorted(feature[asked["key"]] for feature in layer.getFeatures())}


asked = json.loads(sys.argv[1])
application = QgsApplication([], False)
application.initQgis()
found = [keys_of(asked, expression) for expression in asked["filters"]]
print(json.dumps({"version": Qgis.QGIS_VERSION, "found": found}))
application.exitQgis()
