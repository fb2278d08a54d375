"""The inner loops of clearances, compiled to machine code: plain arrays in, plain arrays out, no Python objects."""
