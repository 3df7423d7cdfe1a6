"""Asks a loop that waits in epoll to quit, in four ways."""

import os
import select
import threading

TIMEOUT = 0.5


class Loop:
    def __init__(self):
        self.quit = False
        self.eventfd = os.eventfd(0)
        self.epoll = select.epoll()
        self.epoll.register(self.eventfd, select.EPOLLIN)
        self.is_about_to_wait = threading.Event()

    def run(self):
        while not self.quit:
            self.is_about_to_wait.set()
            self.epoll.poll()


class ForgetfulLoop(Loop):
    """Clears the flag when it starts to run: a request from before is lost."""

    def run(self):
        self.quit = False
        super().run()


def outcome(loop, before_run=False, write=False):
    thread = threading.Thread(target=loop.run, daemon=True)
    if before_run:
        loop.quit = True
    thread.start()
    if not before_run:
        loop.is_about_to_wait.wait()
        loop.quit = True
    if write:
        os.eventfd_write(loop.eventfd, 1)
    thread.join(TIMEOUT)
    return "it waits on" if thread.is_alive() else "it ends"


print("a flag:                      ", outcome(Loop()))
print("a flag and an eventfd:       ", outcome(Loop(), write=True))
print("a flag, before it runs:      ", outcome(Loop(), before_run=True))
print("the same, and run clears it: ", outcome(ForgetfulLoop(), before_run=True))
