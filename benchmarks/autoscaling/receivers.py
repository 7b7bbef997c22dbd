"""Receivers of webhooks that answer at once."""

import asyncio
import threading
from types import TracebackType
from typing import Self

from worker.supervision import ports

_NO_CONTENT = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"


class Receivers:
    """A context that serves a number of them, in a thread of its own."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="receivers")
        #: Where they are.
        self.urls: list[str] = []
        #: Events that they have received.
        self.received = 0

    def __enter__(self) -> Self:
        self._thread.start()
        opening = asyncio.run_coroutine_threadsafe(self._open(), self._loop)
        self.urls = opening.result()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _open(self) -> list[str]:
        servers = [
            await asyncio.start_server(self._answer, ports.LOOPBACK, 0)
            for _ in range(self._count)
        ]
        addresses = [server.sockets[0].getsockname() for server in servers]
        return [f"http://{host}:{port}/hook" for host, port in addresses]

    async def _answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        await reader.readexactly(length)
        self.received += 1
        writer.write(_NO_CONTENT)
        await writer.drain()
        writer.close()
