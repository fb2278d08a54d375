"""OGC API – Styles: map styles, and what renderers need with them."""
