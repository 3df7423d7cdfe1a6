#!/usr/bin/env python3
"""A client that sends and never reads: how large does it make the server?

    python3 never_reads.py HOST:PORT PID

It sends 80 MiB, and ends earlier if the server takes nothing for some seconds.
"""

import socket
import sys

MIB = 1 << 20


def resident(pid):
    with open(f"/proc/{pid}/status") as status:
        fields = dict(line.split(":", 1) for line in status)
    return f"{int(fields['VmRSS'].split()[0]) // 1024} MiB"


def main():
    host, port = sys.argv[1].split(":")
    pid = sys.argv[2]
    client = socket.create_connection((host, int(port)))
    client.settimeout(3)
    for part in range(1, 6):
        left = 16 * MIB
        while left:
            try:
                left -= client.send(bytes(min(left, MIB)))
            except TimeoutError:
                print(f"the server takes no more, and holds {resident(pid)}")
                return
        print(f"{16 * part} MiB sent, and the server holds {resident(pid)}")


if __name__ == "__main__":
    main()
