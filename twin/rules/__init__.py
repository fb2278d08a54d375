"""Rules of acceptance and rule files, whatever is accepted."""
