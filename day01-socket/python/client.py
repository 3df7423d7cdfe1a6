#!/usr/bin/env python3
"""Sends each line of its input to an echo server and prints the reply.

    python3 client.py [HOST PORT]           (default: 127.0.0.1 8888)

Ctrl-D ends it. Like the server beside it, it keeps a few weak spots; day 1's
own client, in Rust, has none of those that are marked here.
"""

import socket
import sys


def main():
    host, port = sys.argv[1:] or ("127.0.0.1", "8888")
    server = socket.create_connection((host, int(port)))

    while True:
        try:
            line = input()
        except EOFError:
            break
        message = line.encode()
        print(message, flush=True)
        # An empty line has no bytes, so nothing is sent, and the recv() below
        # waits for an answer to nothing. The Rust client sends the newline too.
        server.send(message)
        # TCP carries bytes, not messages: a reply above 1024 bytes, or one that
        # comes in two pieces, leaves its rest to be taken for the next reply. The
        # Rust client reads up to the newline, however many reads that takes.
        reply = server.recv(1024)
        # When the server has gone, this prints b''. The Rust client says so.
        print(reply, flush=True)

    server.close()


if __name__ == "__main__":
    main()
