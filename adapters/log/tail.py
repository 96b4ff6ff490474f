"""The end of the log, followed: events as they are recorded, by this process or by another."""

from __future__ import annotations

from collections import deque
from collections.abc import MutableSet, Sequence
from threading import Event
from typing import Final

from eventsourcing.persistence import ApplicationRecorder, Notification, Subscription

_AT_ONCE: Final = 500
_LOOK_AGAIN_SECONDS: Final = 0.1


class Tail(Subscription[ApplicationRecorder]):
    """Blocks in `next` until there is an event, or until `stop`.

    The recorder wakes it; events of other processes it finds by looking every 0.1 s.
    """

    def __init__(
        self,
        recorder: ApplicationRecorder,
        awake: MutableSet[Tail],
        gt: int | None = None,
        topics: Sequence[str] = (),
    ) -> None:
        super().__init__(recorder, gt, topics)
        self._reached = gt or 0
        self._found: deque[Notification] = deque()
        self._woken = Event()
        self._awake = awake
        awake.add(self)

    def wake(self) -> None:
        """Something was recorded."""
        self._woken.set()

    def stop(self) -> None:
        """End the iteration, also one that waits in another thread."""
        super().stop()
        self._awake.discard(self)
        self._woken.set()

    def __next__(self) -> Notification:
        while not self._has_been_stopped:
            if self._found:
                return self._found.popleft()
            self._woken.clear()
            if not self._look():
                self._woken.wait(_LOOK_AGAIN_SECONDS)
        raise StopIteration

    def _look(self) -> bool:
        # Asked for first: what is not of these topics up to here need not be looked at again.
        head = self._recorder.max_notification_id() or 0
        if head <= self._reached:
            return False
        found = self._recorder.select_notifications(
            self._reached, _AT_ONCE, stop=head, topics=self._topics, inclusive_of_start=False
        )
        self._found.extend(found)
        self._reached = found[-1].id if len(found) == _AT_ONCE else head
        return bool(found)
