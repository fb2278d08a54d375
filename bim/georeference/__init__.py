"""Where a building model stands on the earth: every level that a file has, what is used, and a declaration instead."""
