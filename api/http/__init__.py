"""How the service speaks HTTP: links, media types, pages, errors, caching, compression, proxies."""
