"""Edge triggering tells news once. This reader takes a part of it."""

import select
import socket

ours, theirs = socket.socketpair()
ours.setblocking(False)
epoll = select.epoll()
epoll.register(ours, select.EPOLLIN | select.EPOLLET)

theirs.send(b"x" * 3000)
for turn in range(1, 4):
    events = epoll.poll(0.5)
    for _ in events:
        ours.recv(1024)
    left = len(ours.recv(1 << 16, socket.MSG_PEEK))
    print(f"turn {turn}: {len(events)} events, {left} bytes wait to be read")
