#!/usr/bin/env python3
"""An echo server with a thread for each client.

    python3 echo_server.py [HOST PORT]      (default: 127.0.0.1 8888)

It is short and it works, and its weak spots are left in on purpose. Each one is
marked with the day of this course that mends it.
"""

import socket
import sys
import threading


def serve(connection):
    """Echo for one client, in that client's own thread."""
    while True:
        # The thread sleeps here until its client says something, perhaps all day:
        # ten thousand silent clients are ten thousand sleeping threads.
        # Day 2 waits for all clients with one thread.
        message = connection.recv(1024)
        if not message:
            break
        print(message, flush=True)
        # send() returns how many bytes it took, and nobody looks. A blocking
        # socket happens to take them all; a nonblocking one does not (day 2).
        connection.send(b"Echo: " + message)
    # An exception above, such as a client's reset, skips this line.
    # Day 1: a Socket closes itself, whichever way its owner ends.
    connection.close()


def main():
    host, port = sys.argv[1:] or ("127.0.0.1", "8888")

    # IPv4 and nothing else. Day 1's InetAddr takes IPv6 as well.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    # There is no SO_REUSEADDR: after a restart, bind() says "Address already in
    # use" for as long as the kernel remembers the old connections. Day 1 sets it.
    listener.bind((host, int(port)))
    # Five connections may wait to be accepted. A SYN that finds the queue full is
    # dropped; the client retransmits it after about 1 s. Day 1 lets 4096 wait.
    listener.listen(5)
    print("listening on {}:{}".format(*listener.getsockname()), flush=True)

    # Nothing ever ends this loop, and Ctrl-C ends it in a traceback and then waits
    # for every thread. Day 4 ends cleanly.
    while True:
        connection, _peer = listener.accept()
        threading.Thread(target=serve, args=(connection,)).start()


if __name__ == "__main__":
    main()
