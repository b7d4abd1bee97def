"""Work ahead of the consumer: items are made by a thread while earlier ones are being used. PURE."""

import queue
import threading
from collections.abc import Callable, Generator, Iterable
from typing import TypeVar

Item = TypeVar("Item")
_POLL_SECONDS = 0.2


def made_ahead(make: Callable[[], Iterable[Item]], *, depth: int) -> Generator[Item, None, None]:
    """Items of ``make()`` in order, at most ``depth`` of them waiting; its errors are raised here.

    polars and PostgreSQL work outside Python's lock, so checking a block and storing the one before overlap.
    """
    waiting: queue.Queue[tuple[bool, Item | BaseException | None]] = queue.Queue(maxsize=depth)
    stopped = threading.Event()

    def offer(more: bool, item: Item | BaseException | None) -> None:
        while not stopped.is_set():
            try:
                waiting.put((more, item), timeout=_POLL_SECONDS)
            except queue.Full:
                continue
            return

    def work() -> None:
        try:
            for item in make():
                offer(True, item)
                # Items are large: one that is used up is not kept until the next is made.
                del item
                if stopped.is_set():
                    return
            offer(False, None)
        except BaseException as error:
            offer(False, error)

    thread = threading.Thread(target=work, name="made-ahead", daemon=True)
    thread.start()
    try:
        while True:
            more, item = waiting.get()
            if isinstance(item, BaseException):
                raise item
            if not more:
                return
            yield item  # type: ignore[misc]
            del item
    finally:
        stopped.set()
        thread.join()
