"""The inner loops of vector tiles, compiled to machine code: plain arrays in, plain arrays out, no Python objects."""
