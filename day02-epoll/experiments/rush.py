#!/usr/bin/env python3
"""Lets four thousand clients come at once, each with one byte to say.

    python3 rush.py HOST:PORT PID

The server, whose number is PID, is to send that byte back and nothing else. Prints
how long it takes until everybody has it, and what the server holds at that moment.
"""

import re
import resource
import socket
import sys
import time

CLIENTS = 4000
PATIENCE = 30  # seconds


def allow_descriptors(pid):
    """Many shells allow 1024 open files, and more to those who ask."""
    _, most = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (most, most))
    return most


def field(pid, name):
    with open(f"/proc/{pid}/status") as status:
        return int(re.search(rf"^{name}:\s+(\d+)", status.read(), re.MULTILINE)[1])


def main():
    host, port = sys.argv[1].rsplit(":", 1)
    pid = int(sys.argv[2])
    most = min(allow_descriptors(0), allow_descriptors(pid))
    # Some numbers are for the two programs' own use.
    count = min(CLIENTS, most - 20)

    start = time.monotonic()
    clients = [socket.create_connection((host, int(port)), PATIENCE) for _ in range(count)]
    for client in clients:
        client.sendall(b"x")
    for client in clients:
        client.recv(1)
    seconds = time.monotonic() - start

    print(f"{count} clients are answered after {seconds:.2f} s")
    print(f"threads of the server: {field(pid, 'Threads')}")
    print(f"memory, reserved:      {field(pid, 'VmSize')} kB")
    print(f"memory, resident:      {field(pid, 'VmRSS')} kB")


if __name__ == "__main__":
    main()
