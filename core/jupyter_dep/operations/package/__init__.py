"""Build, version and publish a folder's distribution."""
