"""A picker whose agent answers from values and whose workers run when the test says so."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, cast

from jupyter_dep_magics.picker.agent_client import AgentClient, Details, Hit, Plan, SearchResult
from jupyter_dep_magics.picker.debounce import Job
from jupyter_dep_magics.picker.model import Picker
from jupyter_dep_magics.wire import Progress, Report

HITS = (Hit("rich", "Render rich text"), Hit("richer", "", "rich"), Hit("requests", "HTTP for humans"))


class ByHand:
    """A worker whose jobs run when the test says so, in the test's own thread."""

    all: dict[str, ByHand]

    def __init__(self, name: str, delay: float) -> None:
        self.jobs: list[tuple[Job, threading.Event]] = []
        ByHand.all[name] = self

    def submit(self, job: Job) -> None:
        self.cancel()
        self.jobs.append((job, threading.Event()))

    def cancel(self) -> None:
        for _, cancelled in self.jobs:
            cancelled.set()

    def run(self, at: int = -1) -> None:
        job, cancelled = self.jobs.pop(at)
        job(cancelled)


class Fake:
    """A client that answers from values; a value that is an exception is raised."""

    def __init__(self, **answers: Any) -> None:
        self.answers = {
            "declared": ("rich>=13", "Pandas"),
            "search": SearchResult(HITS),
            "details": Details("rich", ("14.0", "13.9"), "Render rich text", ">=3.8", 240_000),
            "preview": Plan(added=7, changed=1, download=38_000_000),
            "apply": Report(headline="added rich", tone="good"),
            **answers,
        }
        self.asked: list[tuple[Any, ...]] = []
        self.progress: list[Progress] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def method(*arguments: Any) -> Any:
            self.asked.append((name, *(one for one in arguments if isinstance(one, (str, tuple)))))
            for one in arguments:
                if callable(one):
                    for progress in self.progress:
                        one(progress)
            answer = self.answers[name]
            if isinstance(answer, Exception):
                raise answer
            return answer

        return method

    def names(self) -> list[str]:
        return [asked[0] for asked in self.asked]


def picker(fake: Fake) -> Picker:
    ByHand.all = {}
    made = Picker(cast(AgentClient, fake), new_worker=cast(Any, ByHand))
    made.begin()
    ByHand.all["declared"].run()
    return made


def run(*workers: str) -> None:
    for worker in workers:
        ByHand.all[worker].run()


def with_chips(fake: Fake, *requirements: str) -> Picker:
    fake.answers["search"] = SearchResult(HITS, requirements)
    made = picker(fake)
    made.type("pip install " + " ".join(requirements))
    made.enter()
    run("enter")
    return made
