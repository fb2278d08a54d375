"""Runs in the system's Python: opens what a planner opens, looks, asks, edits and draws; see tests_qgis.

Asked for: what is opened, a `project`, the tables of a `file`, or those of a `schema` by a `connection`; then, as far
as it is wanted, `edit`, `ask`, `maps` and `save`. Layers of projects are named by their ids, others by their tables.
"""

import json
import os
import sys

from qgis.core import (
    Qgis,
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsDataSourceUri,
    QgsDistanceArea,
    QgsExpression,
    QgsExpressionContext,
    QgsExpressionContextUtils,
    QgsFeatureRequest,
    QgsGeometry,
    QgsLayerTreeGroup,
    QgsLayerTreeLayer,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsProject,
    QgsProviderRegistry,
    QgsRectangle,
    QgsVectorLayer,
    QgsVectorLayerUtils,
    QgsWkbTypes,
)
from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import QSize

WIDTH, HEIGHT = 800, 600


def open_database(connection, schema):
    """Every layer that the browser lists in a schema, by what it hands on: table, geometry column and type."""
    postgres = QgsProviderRegistry.instance().providerMetadata("postgres").createConnection(connection, {})
    for table in postgres.tables(schema):
        for of in table.geometryColumnTypes():
            uri = QgsDataSourceUri(connection)
            uri.setDataSource(schema, table.tableName(), table.geometryColumn())
            uri.setWkbType(of.wkbType)
            yield table.tableName(), QgsVectorLayer(uri.uri(False), table.tableName(), "postgres")


def open_file(path):
    """Every layer of a GeoPackage."""
    listed = QgsProviderRegistry.instance().providerMetadata("ogr").querySublayers(path)
    for sublayer in listed:
        if sublayer.wkbType() != QgsWkbTypes.NoGeometry:
            yield sublayer.name(), QgsVectorLayer(f"{path}|layername={sublayer.name()}", sublayer.name(), "ogr")


def open_project(path):
    """What a project says: its title, its window, its tree, its layers by their ids."""
    project, canvas = QgsProject.instance(), QgsMapCanvas()
    canvas.resize(WIDTH, HEIGHT)
    seen = {"read": project.read(path), "error": project.error(), "title": project.title()}
    seen |= {"crs": project.crs().toProj(), "scales": project.viewSettings().mapScales()}
    seen |= {"window": canvas.extent().toString(0), **list_groups(project)}
    layers = project.mapLayers()
    return seen | {"valid": [name for name, layer in layers.items() if layer.isValid()]}, layers


def list_groups(project):
    """The tree: groups with the ids of their layers, which layers are shown, and in which order they are drawn."""
    tree = project.layerTreeRoot()
    shown = [leaf.layerId() for leaf in tree.findLayers() if leaf.isVisible()]
    groups = [
        [group.name(), [leaf.layerId() for leaf in group.children() if isinstance(leaf, QgsLayerTreeLayer)]]
        for group in tree.children()
        if isinstance(group, QgsLayerTreeGroup)
    ]
    return {"groups": groups, "shown": shown, "order": [layer.id() for layer in tree.layerOrder()]}


def describe(layer):
    """What QGIS makes of a layer."""
    count = layer.featureCount()  # before a reader is open
    fields, renderer = layer.fields(), layer.renderer()
    widgets = {field.name(): layer.editorWidgetSetup(i) for i, field in enumerate(fields)}
    columns = layer.attributeTableConfig().columns()
    labels = layer.labeling().settings() if layer.labelsEnabled() else None
    categories = getattr(renderer, "categories", list)()
    extent = layer.extent()
    feature = next(layer.getFeatures(QgsFeatureRequest().setLimit(1)), None)
    return {
        "valid": layer.isValid(),
        "error": layer.error().message(),
        "provider": layer.providerType(),
        "source": layer.source(),
        "fixed": layer.readOnly(),
        "editable": bool(layer.dataProvider().capabilities() & layer.dataProvider().ChangeAttributeValues),
        "title": layer.name(),
        "abstract": layer.metadata().abstract(),
        "comment": layer.dataProvider().dataComment(),
        "count": count,
        "read": sum(1 for _ in layer.getFeatures()),
        "type": QgsWkbTypes.displayString(layer.wkbType()),
        "crs": layer.crs().toProj(),
        "crs_id": layer.crs().authid(),
        "extent": [extent.xMinimum(), extent.yMinimum(), extent.xMaximum(), extent.yMaximum()],
        "key": [fields[i].name() for i in layer.primaryKeyAttributes()],
        "aliases": {field.name(): field.alias() for field in fields},
        "codes": {name: w.config()["map"] for name, w in widgets.items() if w.type() == "ValueMap"},
        "ranges": {name: w.config() for name, w in widgets.items() if w.type() == "Range"},
        "hidden": [name for name, w in widgets.items() if w.type() == "Hidden"],
        "columns": [column.name for column in columns if not column.hidden],
        "by": getattr(renderer, "classAttribute", str)(),
        "categories": [[c.value(), c.label(), c.symbol().symbolLayers()[-1].color().name()] for c in categories],
        "label": labels and labels.fieldName,
        "font": labels and labels.format().font().family(),
        "named": feature and QgsVectorLayerUtils.getFeatureDisplayString(layer, feature),
        "tip": layer.mapTipTemplate(),
        "styles": list_styles(layer),
    }


def list_styles(layer):
    """The styles that the store of a table has for it."""
    if layer.providerType() not in {"postgres", "ogr"}:
        return []
    related, _, styles, *_ = layer.listStylesInDatabase()
    return styles[:related]


def answer(layer, asked):
    """Values of an expression, `value`, of the features in a `box`, or of which an expression `where` holds.

    By a `filter` the layer has no others meanwhile.
    """
    project = QgsProject.instance()
    if not layer.setSubsetString(asked.get("filter", "")):
        return None
    request = QgsFeatureRequest()
    if "box" in asked:
        request.setFilterRect(QgsRectangle(*asked["box"]))
    if "where" in asked:
        request.setFilterExpression(asked["where"])
    measure = QgsDistanceArea()
    measure.setSourceCrs(layer.crs(), project.transformContext())
    measure.setEllipsoid(project.ellipsoid())
    context = QgsExpressionContext(QgsExpressionContextUtils.globalProjectLayerScopes(layer))
    value = QgsExpression(asked["value"])
    value.setGeomCalculator(measure)
    found = []
    for feature in layer.getFeatures(request):
        context.setFeature(feature)
        found.append(value.evaluate(context))
        if value.hasEvalError():
            raise ValueError(value.evalErrorString())
    layer.setSubsetString("")
    return sorted(found)


def edit(layer, asked):
    """Edit as a planner does whose map is in a CRS of its own, and save."""
    seen = QgsCoordinateReferenceSystem(asked["crs"]) if "crs" in asked else layer.crs()
    into = QgsCoordinateTransform(seen, layer.crs(), QgsProject.instance())

    def drawn(wkt):
        shape = QgsGeometry.fromWkt(wkt)
        shape.transform(into)
        return shape

    layer.startEditing()
    for values, wkt in asked.get("add", []):
        fields = {layer.fields().indexOf(name): value for name, value in values.items()}
        layer.addFeature(QgsVectorLayerUtils.createFeature(layer, drawn(wkt), fields))
    for where, values in asked.get("change", []):
        for feature in list(layer.getFeatures(where)):
            for name, value in values.items():
                layer.changeAttributeValue(feature.id(), layer.fields().indexOf(name), value)
    for where, wkt in asked.get("move", []):
        for feature in list(layer.getFeatures(where)):
            layer.changeGeometry(feature.id(), drawn(wkt))
    for where in asked.get("delete", []):
        layer.deleteFeatures([feature.id() for feature in layer.getFeatures(where)])
    saved = [layer.commitChanges(), layer.commitErrors()]
    layer.rollBack()
    return saved


def save_style(layer, name):
    """Save the style of a layer as a planner does who wants it for everybody, and draw it with one symbol."""
    layer.setRenderer(layer.renderer().defaultRenderer(layer.geometryType()))
    return layer.saveStyleToDatabase(name, "", True, "")  # what went wrong


def draw(layers, crs, asked):
    """Draw layers on a screen of 96 dots per inch; returns how many pixels have which colour."""
    settings = QgsMapSettings()
    settings.setLayers(layers)
    settings.setDestinationCrs(crs)
    settings.setTransformContext(QgsProject.instance().transformContext())
    settings.setOutputSize(QSize(WIDTH, HEIGHT))
    settings.setOutputDpi(96)
    settings.setBackgroundColor(QgsProject.instance().backgroundColor())
    extent = QgsRectangle(QgsProject.instance().viewSettings().fullExtent())
    if "center" in asked:
        x, y = asked["center"]
        across, up = (pixels * 0.0254 / 96 * asked["scale"] / 2 for pixels in (WIDTH, HEIGHT))
        extent = QgsRectangle(x - across, y - up, x + across, y + up)
    settings.setExtent(extent)
    context = QgsExpressionContext()  # as the window of QGIS gives it, so that expressions know the scale
    context.appendScope(QgsExpressionContextUtils.mapSettingsScope(settings))
    settings.setExpressionContext(context)
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    image = job.renderedImage()
    if "picture" in asked:
        image.save(asked["picture"])
    counts = {}
    for pixel in (image.pixel(i, j) & 0xFFFFFF for i in range(WIDTH) for j in range(HEIGHT)):
        counts[f"#{pixel:06x}"] = counts.get(f"#{pixel:06x}", 0) + 1
    return {"errors": [error.message for error in job.errors()], "pixels": counts}


def draw_project(layers, asked):
    """Draw layers of a project, or those that it shows, in its order and its CRS."""
    project = QgsProject.instance()
    listed = list_groups(project)
    ids = asked.get("draw") or listed["shown"]
    return draw([layers[name] for name in listed["order"] if name in ids], project.crs(), asked)


def draw_tables(layers, asked):
    """Draw layers that are named, in their CRS."""
    chosen = [layers[name] for name in asked["draw"]]
    return draw(chosen, chosen[0].crs(), asked)


def main(asked):
    """Do what is asked and say what was seen."""
    seen = {"version": Qgis.QGIS_VERSION}
    if "project" in asked:
        said, layers = open_project(asked["project"])
        seen |= said
    else:
        opened = open_database(asked["connection"], asked["schema"]) if "schema" in asked else open_file(asked["file"])
        opened = list(opened)
        layers = dict(opened)
    seen["edit"] = [edit(layers[each["layer"]], each) for each in asked.get("edit", [])]
    if "project" in asked:
        vectors = {name: layer for name, layer in layers.items() if isinstance(layer, QgsVectorLayer)}
        seen["layers"] = {name: describe(layer) for name, layer in vectors.items()}
        seen["maps"] = [draw_project(layers, each) for each in asked.get("maps", [])]
    else:
        seen["layers"] = {}
        for name, layer in opened:
            seen["layers"].setdefault(name, []).append(describe(layer))
        seen["maps"] = [draw_tables(layers, each) for each in asked.get("maps", [])]
    seen["ask"] = [answer(layers[each["layer"]], each) for each in asked.get("ask", [])]
    if "save" in asked:
        seen["save"] = save_style(layers[asked["save"]], asked["name"])
    return seen


application = QgsApplication([], True)
application.initQgis()
print(json.dumps(main(json.loads(sys.argv[1])), default=str), flush=True)
os._exit(0)  # QGIS may fall over its own feet at exit
