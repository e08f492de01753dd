"""The Jupyter Server extension: REST, jobs and events for the browser."""
