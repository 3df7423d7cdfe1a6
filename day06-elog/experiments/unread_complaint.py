"""Has a server complain where nobody reads: its stderr is a pipe without room.

    python3 unread_complaint.py SERVER [ARGUMENT]...

The server's first line says where it listens. One client asks again and again. Meanwhile
the server is forbidden to open descriptors, and another client comes that it cannot accept.
"""

import fcntl
import os
import resource
import socket
import subprocess
import sys
import time


def full_pipe():
    """Returns the end to write to. The other one stays open, and nobody reads from it."""
    _reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETFL, os.O_NONBLOCK)
    try:
        while True:
            os.write(writer, bytes(4096))
    except BlockingIOError:
        pass
    fcntl.fcntl(writer, fcntl.F_SETFL, 0)
    return writer


def is_answered(client):
    client.sendall(b"?")
    try:
        return bool(client.recv(100))
    except TimeoutError:
        return False


def experiment(server):
    line = server.stdout.readline().decode()
    host, port = line.removeprefix("listening on ").strip().rsplit(":", 1)
    client = socket.create_connection((host, int(port)), timeout=3)
    print("answered before:", is_answered(client))
    # Of 0, poll(2) takes no descriptor either.
    nothing = (1, resource.prlimit(server.pid, resource.RLIMIT_NOFILE)[1])
    resource.prlimit(server.pid, resource.RLIMIT_NOFILE, nothing)
    _newcomer = socket.create_connection((host, int(port)))
    end = time.monotonic() + 2
    answered = True
    while answered and time.monotonic() < end:
        answered = is_answered(client)
    print("answered after: ", answered)


stderr = full_pipe()
with subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, stderr=stderr) as server:
    try:
        experiment(server)
    finally:
        server.kill()
