"""One reader for each file format of another tool."""
