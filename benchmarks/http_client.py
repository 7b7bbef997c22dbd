"""A lean HTTP/1.1 client: the load must not take the cores from what it measures."""

import asyncio
from collections.abc import Mapping
from typing import Self

_END = b"\r\n\r\n"


class Connection:
    """One keep-alive connection, made anew when the server has closed it."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._close()

    async def request(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes = b""
    ) -> tuple[int, bytes]:
        """Send a request and return the answer's status and body."""
        reader, writer = self._streams or await self._open()
        writer.write(_head(method, path, self._host, headers, len(body)) + body)
        lines = (await reader.readuntil(_END)).lower().split(b"\r\n")
        fields = dict(line.split(b": ", 1) for line in lines[1:-2])
        answer = await reader.readexactly(int(fields[b"content-length"]))
        if fields.get(b"connection") == b"close":
            await self._close()
        return int(lines[0].split()[1]), answer

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        self._streams = await asyncio.open_connection(self._host, self._port)
        return self._streams

    async def _close(self) -> None:
        if self._streams is not None:
            _, writer = self._streams
            self._streams = None
            writer.close()
            await writer.wait_closed()


def _head(
    method: str, path: str, host: str, headers: Mapping[str, str], length: int
) -> bytes:
    fields = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    if length:
        fields += f"Content-Type: application/json\r\nContent-Length: {length}\r\n"
    return f"{method} {path} HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n".encode()
