"""Values that the page shows, made from the operations' results."""
