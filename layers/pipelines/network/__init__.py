"""The network of pipelines and what is asked of it: traces, ways, isolation, loops, ends."""
