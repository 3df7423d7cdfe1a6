"""TCP has no messages: three are sent, and two others arrive."""

import select
import socket


def connect():
    listener = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(listener.getsockname())
    return listener.accept()[0], client


def wait_for_the_end(connection):
    """Not a part of the bug: it makes each run the same."""
    poller = select.poll()
    poller.register(connection, select.POLLRDHUP)
    poller.poll()


server, client = connect()
for message in b"hello\n", b"world\n", b"x" * 2000 + b"\n":
    client.send(message)
client.close()
wait_for_the_end(server)

while message := server.recv(1024):
    print("a message of", len(message), "bytes:", message[:16])
