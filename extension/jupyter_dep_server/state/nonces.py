"""The words that a consent needs: made by the server, good once, so that no output, command or message can say yes."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence

from jupyter_dep.base.errors import ConsentError
from jupyter_dep.base.fast_dataclass import frozen_dataclass

SECONDS = 600.0
MOST = 200
"""Open questions at a time; the oldest is dropped for a newer one."""


@frozen_dataclass
class PendingConsent:
    """What somebody was shown: whose question it is, the notebook's real path, the lock's fingerprint, what was unusual."""

    user: str
    notebook: str
    fingerprint: str
    items: frozenset[str]


class Nonces:
    """The open questions of a server. Only for the thread of its loop."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._open: dict[str, tuple[float, PendingConsent]] = {}

    def ask(self, question: PendingConsent) -> str:
        """A new nonce for a question."""
        now = self._clock()
        self._open = {word: (until, asked) for word, (until, asked) in self._open.items() if until > now}
        while len(self._open) >= MOST:
            del self._open[next(iter(self._open))]
        word = secrets.token_urlsafe(24)
        self._open[word] = (now + SECONDS, question)
        return word

    def spend(self, word: str, *, user: str, notebook: str, fingerprint: str, allow: Sequence[str]) -> None:
        """Take the nonce; whatever comes of it, it is gone.

        Errors: `nonce-refused`, unless it was made for this user, notebook and lock, and for all that is now allowed.
        """
        until, question = self._open.pop(word, (0.0, None))
        fits = (
            question is not None
            and until > self._clock()
            and (question.user, question.notebook, question.fingerprint) == (user, notebook, fingerprint)
            and question.items >= set(allow)
        )
        if not fits:
            raise ConsentError(
                "nonce-refused",
                "this yes does not belong to a question that was asked here, or came too late",
                hint="open the dialog again, look, and answer anew",
            )
