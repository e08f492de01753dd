"""What the extension holds while the server runs."""
