"""Checks of a project on texts and values alone; nothing here reads a file or starts a program."""

from .finding import Finding, Findings, Level

__all__ = ["Finding", "Findings", "Level"]
