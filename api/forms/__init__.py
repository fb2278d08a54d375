"""The forms in which features are given: GeoJSON, JSON-FG, GML, FlatGeobuf, GeoParquet, CSV."""
