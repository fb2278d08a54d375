"""WFS 2.0: the layers for the many clients that speak nothing newer."""
