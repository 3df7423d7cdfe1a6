#!/usr/bin/env python3
"""An echo server with one thread for all clients, on epoll.

    python3 epoll_server.py [HOST PORT]     (default: 127.0.0.1 8888)

A client is either being read from or being written to, and epoll is told which.
The weak spots are left in on purpose; each one is marked with the day of this
course that mends it.
"""

import select
import socket
import sys


def main():
    host, port = sys.argv[1:] or ("127.0.0.1", "8888")

    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, int(port)))
    # Five connections may wait to be accepted. A SYN that finds the queue full is
    # dropped; the client retransmits it after about 1 s. Day 1 lets 4096 wait.
    listener.listen(5)
    listener.setblocking(False)
    print("listening on {}:{}".format(*listener.getsockname()), flush=True)

    poller = select.epoll()
    poller.register(listener.fileno(), select.EPOLLIN)

    clients = {}  # descriptor -> socket
    unanswered = {}  # descriptor -> what it sent

    while True:
        # It wakes up every second, also when there is nothing to do. Day 2 waits
        # for as long as there is nothing.
        for fd, ready in poller.poll(1):
            if fd == listener.fileno():
                # One client an event, and a round trip through epoll for each. If
                # accept() fails, because the client has left already or because no
                # descriptor is free, the server ends for everybody. Day 2 accepts
                # all that wait, and carries on after such errors.
                client, _peer = listener.accept()
                client.setblocking(False)
                clients[client.fileno()] = client
                poller.register(client.fileno(), select.EPOLLIN)
            elif ready & select.EPOLLIN:
                # EPOLLHUP and EPOLLERR are looked at nowhere. A client's reset
                # also counts as readable, so it is here that recv() raises
                # ConnectionResetError, and the server ends for everybody.
                # Day 2: an error ends one client. Day 3 gives it a callback.
                message = clients[fd].recv(1024)
                if message:
                    print(message, flush=True)
                    unanswered[fd] = message
                    poller.modify(fd, select.EPOLLOUT)
                else:
                    poller.unregister(fd)
                    # The closed socket stays in both tables until another client
                    # happens to get its number. Day 2 takes it out; from day 3 on
                    # a number used again cannot be mistaken for the old one.
                    clients[fd].close()
            elif ready & select.EPOLLOUT:
                # send() takes what there is room for and returns how much that
                # was; the rest of the reply would be lost. It hides well: epoll
                # says EPOLLOUT when a third of the buffer is free, and that is
                # room for 1024 bytes. With recv(1 << 20) above, a client that
                # reads slowly misses bytes. Day 2 keeps what does not fit and
                # sends it when there is room again.
                clients[fd].send(b"Echo: " + unanswered[fd])
                poller.modify(fd, select.EPOLLIN)


if __name__ == "__main__":
    main()
