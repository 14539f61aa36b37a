# Shadow of `_asyncio`. The C version schedules by the wall clock; this one asks the shadow's `time`.
# Names and meanings of the attributes are asyncio/core.py's, which reads and writes them.
import time


class TaskQueue:  # of Task, due at ph_key
    def __init__(self):
        self._tasks = []  # soonest first; in the order they came when due at the same millisecond

    def peek(self):
        return self._tasks[0] if self._tasks else None

    def push(self, task, key=None):
        task.data = None
        task.ph_key = key = time.ticks_ms() if key is None else key
        tasks = self._tasks
        at = len(tasks)
        while at and time.ticks_diff(tasks[at - 1].ph_key, key) > 0:
            at -= 1
        tasks.insert(at, task)

    def pop(self):
        return self._tasks.pop(0)

    def remove(self, task):
        self._tasks.remove(task)


class Task:
    def __init__(self, coro, context):
        self.coro = coro
        self.data: object = None  # what it waits on, or what it ended with
        self.state: object = True  # True: runs; a TaskQueue: runs and is awaited; None or False: done
        self.ph_key = 0
        self._core = context

    def __iter__(self):
        if not self.state:
            self.state = False  # done, and now awaited
        elif self.state is True:
            self.state = TaskQueue()
        elif not isinstance(self.state, TaskQueue):
            raise RuntimeError("can't wait")
        return self

    def __next__(self):
        if isinstance(self.state, TaskQueue):
            waiter = self._core["cur_task"]
            self.state.push(waiter)
            waiter.data = self
        elif isinstance(self.data, BaseException):
            raise self.data

    def done(self):
        return not self.state

    def cancel(self):
        if not self.state:
            return False
        core = self._core
        if self is core["cur_task"]:
            raise RuntimeError("can't cancel self")
        task = self
        while isinstance(task.data, Task):
            task = task.data
        queue = core["_task_queue"]
        waits_on = getattr(task.data, "remove", None)
        if waits_on is not None:
            waits_on(task)
            queue.push(task)
        elif time.ticks_diff(task.ph_key, time.ticks_ms()) > 0:
            queue.remove(task)
            queue.push(task)
        task.data = core["CancelledError"]
        return True
