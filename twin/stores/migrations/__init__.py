"""Versions of a twin's tables in PostGIS; see `twin.stores.postgis_versions`."""
