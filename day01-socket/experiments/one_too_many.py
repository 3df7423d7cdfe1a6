#!/usr/bin/env python3
"""Lets clients come until a server cannot make a thread for one more.

    python3 one_too_many.py HOST:PORT PID

A machine has room for some ten thousand threads, and using them all up would
stop more than the experiment. So this leaves the server, whose number PID is, a
little address space and no more: each thread takes its stack from it.
"""

import re
import resource
import socket
import sys
import time

ROOM = 256 << 20  # bytes
MOST = 1000
PATIENCE = 2  # seconds


def status(pid, name):
    with open(f"/proc/{pid}/status") as lines:
        return int(re.search(rf"^{name}:\s+(\d+)", lines.read(), re.MULTILINE)[1])


def leave_room(pid):
    limit = (status(pid, "VmSize") << 10) + ROOM
    resource.prlimit(pid, resource.RLIMIT_AS, (limit, limit))


def outcome(addr, served):
    """What a new client hears. One that is served joins those who are."""
    client = socket.create_connection(addr, PATIENCE)
    try:
        client.sendall(b"hello")
        if not client.recv(1024):
            return "turned away"
    except TimeoutError:
        return "left waiting"
    except OSError:
        return "turned away"
    served.append(client)
    return "served"


def main():
    addr, pid = sys.argv[1], int(sys.argv[2])
    host, port = addr.split(":")
    addr = host, int(port)
    leave_room(pid)

    served = []
    while len(served) < MOST and (heard := outcome(addr, served)) == "served":
        pass
    print(f"{len(served)} clients are served, the next one is {heard}", flush=True)

    threads = status(pid, "Threads")
    leaving = served[: len(served) // 2]
    for client in leaving:
        client.close()
    deadline = time.monotonic() + PATIENCE
    while status(pid, "Threads") > threads - len(leaving) and time.monotonic() < deadline:
        time.sleep(0.01)
    print("half of them have left, and a new one is", outcome(addr, served))


if __name__ == "__main__":
    main()
