"""What a lock needs consent for, and recording it."""
