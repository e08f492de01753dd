"""Read and replace files, whole or not at all."""
