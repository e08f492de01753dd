"""The resolved answer: PEP 751 locks, their graph, selection, keys and audit."""
