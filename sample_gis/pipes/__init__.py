"""The pipelines under the roads of the sample county: where they lie, how deep, and who watches them."""
