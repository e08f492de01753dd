"""Evidence: what a notebook needs, read from its code and the files that it uses, without running anything."""

from .gather import Evidence, FoundImport, gather
from .propose import Guess, Proposal, propose

__all__ = ["Evidence", "FoundImport", "Guess", "Proposal", "gather", "propose"]
