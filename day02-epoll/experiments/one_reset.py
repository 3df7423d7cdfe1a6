#!/usr/bin/env python3
"""Shows what one client's reset does to another client.

    python3 one_reset.py HOST:PORT

With a linger time of 0, close() sends a reset instead of a farewell. It is what a
peer sends that has crashed, or that closes with input unread.
"""

import socket
import struct
import sys

PATIENCE = 10  # seconds


def talk(client):
    """What the server answers, or nothing if it has gone."""
    try:
        client.sendall(b"hello")
        return client.recv(100)
    except ConnectionError:
        return b""


def main():
    host, port = sys.argv[1].rsplit(":", 1)
    bystander = socket.create_connection((host, int(port)), PATIENCE)
    rude = socket.create_connection((host, int(port)), PATIENCE)
    print("before the reset:", talk(bystander))
    rude.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    rude.close()
    print("after the reset: ", talk(bystander))


if __name__ == "__main__":
    main()
