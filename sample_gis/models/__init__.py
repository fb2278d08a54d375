"""Building models of the sample county: a school, a hospital and a service centre, on footprints that it has."""
