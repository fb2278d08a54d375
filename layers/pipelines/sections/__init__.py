"""Sections through the ground: along a path of pipes, and across at a line; as data and as drawings."""
