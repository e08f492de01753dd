"""Package indexes: settings, HTTP, names, repositories."""
