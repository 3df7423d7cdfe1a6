#!/usr/bin/env python3
"""An echo server on asyncio, the way its documentation shows one.

    python3 asyncio_server.py HOST PORT
"""

import asyncio
import sys


class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)


async def main():
    host, port = sys.argv[1:]
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Echo, host, int(port), backlog=4096)
    await server.serve_forever()


asyncio.run(main())
