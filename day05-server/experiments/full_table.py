#!/usr/bin/env python3
"""What becomes of 30 clients of a server that has few descriptors?

    python3 full_table.py HOST:PORT
"""

import socket
import sys
from collections import Counter

CLIENTS = 30


def outcome(client):
    client.settimeout(1)
    try:
        client.sendall(b"x")
        return "answered" if client.recv(1) else "rejected"
    except TimeoutError:
        return "silence"
    except OSError as error:
        return error.strerror


def main():
    host, port = sys.argv[1].split(":")
    clients = []
    outcomes = Counter()
    for _ in range(CLIENTS):
        # A client that leaves would make room: all stay to the end.
        clients.append(socket.create_connection((host, int(port))))
        outcomes[outcome(clients[-1])] += 1
    for name, count in outcomes.items():
        print(f"{name}: {count}")


if __name__ == "__main__":
    main()
