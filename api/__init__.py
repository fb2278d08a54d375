"""The HTTP edge: translates OGC API requests into queries and answers back."""
