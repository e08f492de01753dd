"""Processes, file locks, user paths, disks and shells."""
