"""Dictionaries of the pipeline standard CJJ 61-2017 as data, with the spellings of older editions and of cities."""
