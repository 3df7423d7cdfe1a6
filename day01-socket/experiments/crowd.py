#!/usr/bin/env python3
"""Shows what a thousand clients cost a server that they have nothing to say to.

    python3 crowd.py HOST:PORT PID

Each client says one word, so that the server has surely begun to serve it, and
is silent from then on. PID is the server's: the kernel counts its threads and
its memory in /proc/PID/status, and the stacks on which threads make their system
calls, of all processes together, in /proc/meminfo.
"""

import re
import socket
import sys
import time

CLIENTS = 1000
PATIENCE = 10  # seconds


def field(path, name):
    with open(path) as lines:
        return int(re.search(rf"^{name}:\s+(\d+)", lines.read(), re.MULTILINE)[1])


class Server:
    def __init__(self, host, port, pid):
        self.addr = host, int(port)
        self.status = f"/proc/{pid}/status"
        self.kernel_stacks_of_others = self.kernel_stacks()

    def kernel_stacks(self):
        return field("/proc/meminfo", "KernelStack")

    def threads(self):
        return field(self.status, "Threads")

    def show(self, when):
        sizes = {
            "reserved": field(self.status, "VmSize"),
            "in memory": field(self.status, "VmRSS"),
            "kernel stacks": max(0, self.kernel_stacks() - self.kernel_stacks_of_others),
        }
        columns = [f"{name} {size / 1024:6.1f} MiB" for name, size in sizes.items()]
        print(f"{when:12}  threads {self.threads():4} ", *columns, sep="  ")


def connect(addr):
    client = socket.create_connection(addr, PATIENCE)
    client.sendall(b"hello")
    client.recv(1024)
    return client


def main():
    addr, pid = sys.argv[1:]
    server = Server(*addr.split(":"), pid)
    threads_at_first = server.threads()
    server.show("nobody")
    clients = [connect(server.addr) for _ in range(CLIENTS)]
    server.show(f"{CLIENTS} clients")

    for client in clients:
        client.close()
    deadline = time.monotonic() + PATIENCE
    while server.threads() > threads_at_first and time.monotonic() < deadline:
        time.sleep(0.01)
    server.show("all gone")


if __name__ == "__main__":
    main()
