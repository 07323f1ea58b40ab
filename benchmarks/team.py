"""The contestants, each in a process of its own, and how it is asked."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import ParamSpec, TypeVar

import attrs

from benchmarks.contestants import ENVIRONMENT, ONE_THREAD
from benchmarks.worker import Entry, Introduction, introduce

__all__ = ["Worker", "workers"]

P = ParamSpec("P")
R = TypeVar("R")


@attrs.frozen
class Worker:
    """A contestant in a process of its own."""

    contestant: str
    introduction: Introduction
    process: Executor

    def call(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """The result of a function of `benchmarks.worker`, over there."""
        return self.process.submit(function, *args, **kwargs).result()

    def entry(self, work: str, most: int) -> Entry:
        """Its entry for a work, as large as it can do."""
        return Entry(self.contestant, work, min(most, self.introduction.most))


@contextmanager
def workers(contestants: Sequence[str]) -> Iterator[tuple[list[Worker], dict[str, str]]]:
    """A process for each contestant whose library is installed, until the end of the block; of others, the reason."""
    found: list[Worker] = []
    skipped: dict[str, str] = {}
    with ExitStack() as stack:
        started: dict[str, tuple[ProcessPoolExecutor, Future[Introduction]]] = {}
        for contestant in contestants:  # all at once, since some libraries take long to import
            process = stack.enter_context(ProcessPoolExecutor(1, multiprocessing.get_context("spawn")))
            with _environment({**ONE_THREAD, **ENVIRONMENT.get(contestant, {})}):
                started[contestant] = process, process.submit(introduce, contestant)
        for contestant, (process, introduction) in started.items():
            try:
                found.append(Worker(contestant, introduction.result(), process))
            except ImportError as error:
                skipped[contestant] = str(error)
        yield found, skipped


@contextmanager
def _environment(changes: Mapping[str, str]) -> Iterator[None]:
    """Environment variables for a process that is started now."""
    before = dict(os.environ)
    os.environ.update(changes)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
