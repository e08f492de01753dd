"""REST: routes, handlers, decoding, problems."""
