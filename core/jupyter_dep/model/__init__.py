"""Text in, values out: the declaration, the lock and what follows from them. No disk, no programs."""
