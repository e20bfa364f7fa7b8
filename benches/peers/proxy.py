"""A proxy on loopback that gives a server the latency and the bandwidth of a network, and counts what is asked of it."""

import asyncio
import threading
import time
from collections import namedtuple
from urllib.parse import parse_qs, urlsplit

LATENCY = 0.030
BYTES_PER_SECOND = 100_000_000
CHUNK = 1 << 17
# A sleep takes up to a millisecond longer than it should: what the network could have sent since is sent later.
SLACK = 0.002
# What is asked may come back from what was kept only when these headers are the same.
ASKED_BY = ("range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since")

Request = namedtuple("Request", "kind target range bytes")


def kind(method, target):
    """The method, or LIST."""
    is_list = method == "GET" and not {"list-type", "prefix", "delimiter"}.isdisjoint(parse_qs(urlsplit(target).query, True))
    return "LIST" if is_list else method


class Proxy:
    """Answers for the server at `address`. What the server answered to a read is kept, so that its own slowness is not measured
    after the first time: an answer begins `LATENCY` after its request, and all connections share `BYTES_PER_SECOND`."""

    def __init__(self, address):
        self.server = address
        self.requests, self.answers, self.busy, self.free_at = [], {}, 0, 0.0
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        listening = asyncio.start_server(self.connected, "127.0.0.1", 0)
        listener = asyncio.run_coroutine_threadsafe(listening, self.loop).result()
        self.address = listener.sockets[0].getsockname()

    def taken(self):
        """The requests since it was asked last, once all of them are done."""
        for _ in range(1000):
            if self.busy == 0:
                break
            time.sleep(0.01)
        requests, self.requests = self.requests, []
        return requests

    async def connected(self, reader, writer):
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                await self.request(head, reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            # The client is done.
            pass
        finally:
            writer.close()

    async def request(self, head, reader, writer):
        """Answers one request."""
        arrived = self.loop.time()
        self.busy += 1
        first, *lines = head.decode("latin-1").rstrip().split("\r\n")
        method, target, _ = first.split(" ")
        headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines)}
        sent = 0
        try:
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            answer = memoryview(await self.answer(method, target, headers, head, body))
            await asyncio.sleep(arrived + LATENCY - self.loop.time())
            while sent < len(answer):
                chunk = answer[sent : sent + CHUNK]
                await self.turn(len(chunk))
                writer.write(chunk)
                await writer.drain()
                sent += len(chunk)
        finally:
            self.requests.append(Request(kind(method, target), target, headers.get("range", ""), sent))
            self.busy -= 1

    async def turn(self, size):
        """Waits until the network has carried `size` bytes more."""
        now = self.loop.time()
        self.free_at = max(self.free_at, now - SLACK) + size / BYTES_PER_SECOND
        await asyncio.sleep(self.free_at - now)

    async def answer(self, method, target, headers, head, body):
        """What the server answers, or has answered."""
        if method not in ("GET", "HEAD"):
            self.answers.clear()
            return await self.ask(head, body)
        asked = (method, target, *(headers.get(name) for name in ASKED_BY))
        if asked not in self.answers:
            self.answers[asked] = await self.ask(head, body)
        return self.answers[asked]

    async def ask(self, head, body):
        """The answer of the server, which ends with its connection; that of the client goes on. Nothing else is changed, so that
        signatures stay valid."""
        reader, writer = await asyncio.open_connection(*self.server)
        writer.write(without_connection(head) + body)
        answer = await reader.read()
        writer.close()
        head, body = answer.split(b"\r\n\r\n", 1)
        return without_connection(head + b"\r\n\r\n", b"keep-alive") + body


def without_connection(head, instead=b"close"):
    """The head of a message with another word on its connection."""
    lines = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    lines = [line for line in lines if not line.lower().startswith((b"connection:", b"keep-alive:"))]
    return b"\r\n".join([*lines, b"Connection: " + instead]) + b"\r\n\r\n"
