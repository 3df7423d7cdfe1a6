"""What becomes of a request that is there when Ctrl-C comes.

Usage: interrupted.py COMMAND...

Starts COMMAND, a server that says on its first line where it listens, and suspends it.
A client sends a request, then SIGINT follows, and the server goes on: it finds both.
"""

import os
import signal
import socket
import subprocess
import sys


def reply_to(client, request):
    try:
        client.sendall(request)
        return client.recv(1024).decode()
    except ConnectionResetError as error:
        return error.strerror


def main():
    server = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, text=True)
    try:
        host, port = server.stdout.readline().split()[-1].rsplit(":", 1)
        client = socket.create_connection((host, int(port)), timeout=10)
        print("before: ", reply_to(client, b"hello"))

        server.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, server.pid, os.WSTOPPED)
        client.sendall(b"one more")
        server.send_signal(signal.SIGINT)
        server.send_signal(signal.SIGCONT)
        print("after:  ", reply_to(client, b""))
        status = server.wait(timeout=10)
        print("server: ", "killed by SIGINT" if status == -signal.SIGINT else f"status {status}")
    finally:
        server.kill()
        server.wait()


main()
