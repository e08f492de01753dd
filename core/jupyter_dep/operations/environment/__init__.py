"""Select, build, verify and collect environments."""
