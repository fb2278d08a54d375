"""Reports to be read by people: pages and workbooks."""
