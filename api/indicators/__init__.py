"""Indicators over HTTP: definitions, results, evidence."""
