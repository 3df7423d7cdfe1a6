#!/usr/bin/env python3
"""Lets a thousand silent clients come to a server, and shows what they cost it.

    python3 crowd.py HOST:PORT [ROOM]

Each client says one word and hears its echo, so that the server has surely begun
to serve it, and is silent from then on. The kernel tells of the server's threads
and memory in /proc/PID/status. The stacks on which threads make their system calls
stand in /proc/meminfo, those of all processes together.

ROOM is how many MiB of addresses to leave the server. Each thread takes its stack
from them, and so there will be a client too many. (A machine has room for some ten
thousand threads. Using them all up would stop more than the experiment.)
"""

import contextlib
import glob
import os
import re
import resource
import socket
import sys
import time

CLIENTS = 1000
SLOW = 20  # seconds: to load a program, or to end a thousand threads
PATIENCE = 2  # seconds: an echo that comes at all comes at once


def field(path, name):
    with open(path) as lines:
        return int(re.search(rf"^{name}:\s+(\d+)", lines.read(), re.MULTILINE)[1])


def wait_until(is_so, patience):
    deadline = time.monotonic() + patience
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.01)


def listening_process(port):
    """Finds a listening socket by its port, and its process by the socket."""
    listening = "0A"
    with open("/proc/net/tcp") as sockets:
        for fields in map(str.split, sockets):
            if fields[1].endswith(f":{port:04X}") and fields[3] == listening:
                return owner(f"socket:[{fields[9]}]")
    return None


def owner(file):
    for descriptor in glob.glob("/proc/[0-9]*/fd/*"):
        # Processes come and go, and some are none of our business.
        with contextlib.suppress(OSError):
            if os.readlink(descriptor) == file:
                return int(descriptor.split("/")[2])
    return None


class Server:
    def __init__(self, addr):
        host, port = addr.split(":")
        self.addr = host, int(port)
        wait_until(lambda: listening_process(self.addr[1]), SLOW)
        self.pid = listening_process(self.addr[1])
        if self.pid is None:
            raise SystemExit(f"nobody listens at {addr}")
        self.kernel_stacks_of_others = field("/proc/meminfo", "KernelStack")

    def status(self, name):
        return field(f"/proc/{self.pid}/status", name)

    def leave_room(self, room):
        limit = (self.status("VmSize") << 10) + (room << 20)
        resource.prlimit(self.pid, resource.RLIMIT_AS, (limit, limit))

    def show(self, when):
        kernel_stacks = field("/proc/meminfo", "KernelStack") - self.kernel_stacks_of_others
        sizes = {
            "reserved": self.status("VmSize"),
            "in memory": self.status("VmRSS"),
            "kernel stacks": max(0, kernel_stacks),
        }
        columns = [f"{name} {size / 1024:6.1f} MiB" for name, size in sizes.items()]
        print(f"{when:12}  threads {self.status('Threads'):4} ", *columns, sep="  ", flush=True)


def outcome(server, served):
    """What a new client hears. If it is served, it joins the others."""
    client = socket.create_connection(server.addr, PATIENCE)
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


def leave(server, clients):
    """Closes connections, and waits for their threads to end."""
    # A server may as well serve all of them with one thread.
    threads = max(1, server.status("Threads") - len(clients))
    for client in clients:
        client.close()
    wait_until(lambda: server.status("Threads") <= threads, SLOW)


def main():
    server = Server(sys.argv[1])
    for room in sys.argv[2:]:
        server.leave_room(int(room))
    server.show("nobody")

    served, heard = [], "served"
    while heard == "served" and len(served) < CLIENTS:
        heard = outcome(server, served)
    server.show(f"{len(served)} clients")
    if heard == "served":
        leave(server, served)
        server.show("all gone")
    else:
        print("the next one is", heard, flush=True)
        leave(server, served[: len(served) // 2])
        print("half of them have left, and a new one is", outcome(server, served))


if __name__ == "__main__":
    main()
