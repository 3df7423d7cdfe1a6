#!/usr/bin/env python3
"""Which of a server's threads work?

    python3 busy_threads.py HOST:PORT PID

Eight clients send and receive for two seconds. Then the kernel tells how much
processor time each thread of the server has had.
"""

import os
import socket
import sys
import threading
import time

CLIENTS = 8
SECONDS = 2
BLOCK = bytes(1 << 16)


def stream(address):
    with socket.create_connection(address) as client:
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            client.sendall(BLOCK)
            left = len(BLOCK)
            while left:
                left -= len(client.recv(left))


def processor_time(pid, thread):
    """The name of a thread, and its seconds: proc_pid_stat(5), fields 2, 14 and 15."""
    with open(f"/proc/{pid}/task/{thread}/stat") as stat:
        name, fields = stat.read().split("(", 1)[1].rsplit(") ", 1)
    user, system = fields.split()[11:13]
    return name, (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def main():
    host, port = sys.argv[1].split(":")
    pid = sys.argv[2]
    address = (host, int(port))
    clients = [threading.Thread(target=stream, args=[address]) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    for thread in sorted(os.listdir(f"/proc/{pid}/task"), key=int):
        name, seconds = processor_time(pid, thread)
        print(f"{name:16} {seconds:.2f} s")


if __name__ == "__main__":
    main()
