"""What one client's reset means to another client of the server at HOST PORT."""

import socket
import struct
import sys

address = sys.argv[1], int(sys.argv[2])
RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # linger for 0 seconds


def answered(client):
    try:
        client.sendall(b"hello")
        return client.recv(1024) != b""
    except OSError:
        return False


bystander = socket.create_connection(address)
print("before:", "served" if answered(bystander) else "cut off")

rude = socket.create_connection(address)
rude.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
rude.close()

# The server may answer a few times more before it comes to the reset.
is_served = all([answered(bystander) for _ in range(100)])
print("after: ", "served" if is_served else "cut off")
