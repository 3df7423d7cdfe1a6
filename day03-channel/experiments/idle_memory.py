#!/usr/bin/env python3
"""How much memory a server holds for a client that is connected and says nothing.

    python3 idle_memory.py HOST:PORT PID

Each client gets one reply, so that the server has made everything it makes for it.
"""

import socket
import sys

CLIENTS = 800


def resident_kilobytes(pid):
    with open(f"/proc/{pid}/status") as status:
        fields = dict(line.split(":", 1) for line in status)
    return int(fields["VmRSS"].split()[0])


def connect(address):
    client = socket.create_connection(address)
    client.settimeout(10)
    client.sendall(b"hello")
    client.recv(100)
    return client


def main():
    host, port = sys.argv[1].split(":")
    pid = sys.argv[2]
    # What the server needs once, it has after the first few.
    clients = [connect((host, int(port))) for _ in range(10)]
    before = resident_kilobytes(pid)
    clients += [connect((host, int(port))) for _ in range(CLIENTS)]
    grown = resident_kilobytes(pid) - before
    print(f"{grown * 1024 // CLIENTS} bytes for each of {CLIENTS} clients")
    for client in clients:
        client.close()


if __name__ == "__main__":
    main()
