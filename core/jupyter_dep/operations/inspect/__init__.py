"""Read-only answers: status, tree, check, search, export."""
