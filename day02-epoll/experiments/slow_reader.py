#!/usr/bin/env python3
"""Counts the bytes that come back to a client that is slow to read.

    python3 slow_reader.py HOST:PORT

It has little room for replies and does not look at them at first. So the server's
socket fills up, and takes only a part of what it is given.
"""

import socket
import sys
import threading
import time

MESSAGE = b"x" * (8 << 20)
# How long the client is busy with something else, in seconds.
BUSY = 1
PATIENCE = 30


def main():
    host, port = sys.argv[1].rsplit(":", 1)
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(PATIENCE)
    client.connect((host, int(port)))

    def send():
        client.sendall(MESSAGE)
        client.shutdown(socket.SHUT_WR)

    sender = threading.Thread(target=send)
    sender.start()
    time.sleep(BUSY)
    received = 0
    while data := client.recv(1 << 16):
        # Replies begin with "Echo: ", which does not count.
        received += data.count(b"x")
    sender.join()
    print(f"{len(MESSAGE)} bytes sent, {received} came back")


if __name__ == "__main__":
    main()
