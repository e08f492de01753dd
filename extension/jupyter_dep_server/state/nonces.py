"""Nonces that a consent needs: made by the server, good once, so that no output, command or message can consent."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence

from jupyter_dep.base.errors import ConsentError
from jupyter_dep.base.fast_dataclass import frozen_dataclass

LIFETIME = 600.0
"""Seconds that a nonce is good for."""
MAX_OPEN = 200
"""Open questions at a time; the oldest is dropped for a newer one."""


@frozen_dataclass
class PendingConsent:
    """What a user was shown: the notebook's real path, the lock's fingerprint, and the scopes that were unusual."""

    user: str
    notebook: str
    fingerprint: str
    items: frozenset[str]


class Nonces:
    """The open questions of a server. Only for the thread of its loop."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._open: dict[str, tuple[float, PendingConsent]] = {}

    def create(self, question: PendingConsent) -> str:
        """Create the nonce of a question."""
        now = self._clock()
        self._open = {nonce: (until, asked) for nonce, (until, asked) in self._open.items() if until > now}
        while len(self._open) >= MAX_OPEN:
            del self._open[next(iter(self._open))]
        nonce = secrets.token_urlsafe(24)
        self._open[nonce] = (now + LIFETIME, question)
        return nonce

    def spend(self, nonce: str, *, user: str, notebook: str, fingerprint: str, allow: Sequence[str]) -> None:
        """Use a nonce up, whether it fits or not.

        Errors: `nonce-refused`, unless it was made for this user, notebook and lock, and for all that is now allowed.
        """
        until, question = self._open.pop(nonce, (0.0, None))
        fits = (
            question is not None
            and until > self._clock()
            and (question.user, question.notebook, question.fingerprint) == (user, notebook, fingerprint)
            and question.items >= set(allow)
        )
        if not fits:
            raise ConsentError(
                "nonce-refused",
                "this consent does not belong to a question that was asked here, or came too late",
                hint="open the dialog again",
            )
