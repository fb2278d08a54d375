"""CityJSON files read and written."""
