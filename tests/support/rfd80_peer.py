#!/usr/bin/env python3
"""Both ends of RFD 80 over TLS in Python, written from the RFD's text alone, to show that tele reads it the same way.

    rfd80_peer.py server --cert=FILE --key=FILE [options] STEP... [/ STEP...]
    rfd80_peer.py client PORT --ca=FILE [options] STEP... [/ STEP...]

A server listens on a free port of 127.0.0.1; its first connection plays the first script, and so on, and the last
script is for all that follow. A client opens one connection for each script, all at once.

    --alpn=NAME,NAME    what is announced or offered, best first; nothing without it
    --messages=BYTES    size of the messages that data is split into (16384)
    --writes=BYTES      size of the TLS records; each leaves by a system call of its own (as large as can be)
    --pings=N           so many pings in front of every message, and behind the last (0)

    text=TEXT           sends TEXT                          send=BYTES     sends so many random bytes
    raw=HEX             sends bytes beside the framing      zeros=BYTES    the same, so many zeros
    expect=BYTES        waits for so much data in all       echo           sends back what comes, to the end
    expect-pings=N      waits for so many pings in all      drain          reads to the end
    finish              half-close: close_notify            wait=MS        reads for so long, or to the end
    drop                closes TCP without close_notify     reset          the same by RST
    say=NAME            prints a line of that name         pause=MS       does nothing for so long, nor reads

If the name that ALPN chose ends with -ping, each direction is a sequence of messages, else it is plain bytes. What it
finds is one line of JSON each: "ready" with the port, and "ended" for every connection. Needs the standard library only.
"""

import hashlib
import json
import random
import select
import socket
import ssl
import struct
import sys
import threading
import time

LIMIT_SECONDS = 60
OUTPUT = threading.Lock()


def say(step, **facts):
    with OUTPUT:
        print(json.dumps({"step": step, **facts}), flush=True)


class Ended(Exception):
    """The peer has ended its direction."""


class Link:
    """TLS over a socket, by hand: whatever waits to be sent, what comes is read meanwhile."""

    def __init__(self, sock, context, name=None):
        self.sock = sock
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_side=name is None, server_hostname=name)
        self.unsent = bytearray()
        self.plain = bytearray()
        self.ending = None  # how the other direction ended
        self.finished = False
        while True:
            try:
                self.tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self.pump(LIMIT_SECONDS)
                if self.ending:
                    raise Ended(self.ending) from None
        self.protocol = self.tls.selected_alpn_protocol()
        self.flush()
        self.decrypt()

    def pump(self, seconds):
        """Moves bytes once, waiting at most so long for something to move."""
        self.unsent += self.outgoing.read()
        readers = [] if self.ending else [self.sock]
        writers = [self.sock] if self.unsent else []
        readable, writable, _ = select.select(readers, writers, [], seconds)
        try:
            if writable:
                del self.unsent[:self.sock.send(self.unsent[:1 << 20])]
            if readable:
                data = self.sock.recv(1 << 18)
                self.incoming.write(data) if data else self.incoming.write_eof()
        except OSError as error:
            self.ending = self.ending or f"reset: {error.strerror}"
            self.unsent.clear()

    def decrypt(self):
        while not self.ending:
            try:
                data = self.tls.read(1 << 18)
                self.plain += data
                if not data:
                    self.ending = "close_notify"
            except ssl.SSLWantReadError:
                return
            except ssl.SSLZeroReturnError:
                self.ending = "close_notify"
            except ssl.SSLEOFError:
                self.ending = "cut"
            except ssl.SSLError as error:
                self.ending = error.reason or str(error)

    def take(self, seconds):
        """What came, waiting so long for something."""
        if not self.plain and not self.ending:
            self.pump(seconds)
            self.decrypt()
        data, self.plain = bytes(self.plain), bytearray()
        return data

    def write(self, data):
        self.tls.write(data)
        self.flush()

    def flush(self):
        end = time.monotonic() + LIMIT_SECONDS
        self.unsent += self.outgoing.read()
        while self.unsent:
            if time.monotonic() > end:
                raise TimeoutError("nobody reads")
            self.pump(1)
            if hasattr(self, "protocol"):
                self.decrypt()

    def finish(self):
        """close_notify: this direction ends, the other goes on (RFC 8446, 6.1)."""
        if self.finished:
            return
        self.finished = True
        self.decrypt()
        try:
            self.tls.unwrap()
        except ssl.SSLError:
            pass  # It also wants the peer's, which `decrypt` finds.
        self.flush()

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


class Messages:
    """Reads messages: a uint32 in big-endian order, then that many bytes; without bytes it is a ping."""

    def __init__(self):
        self.header = bytearray()
        self.left = 0
        self.count = self.largest = 0
        self.ping_ms = []
        self.began = time.monotonic()

    def feed(self, data):
        out = bytearray()
        at = 0
        while at < len(data):
            if self.left:
                part = data[at:at + self.left]
                self.left -= len(part)
                at += len(part)
                out += part
                continue
            part = data[at:at + 4 - len(self.header)]
            self.header += part
            at += len(part)
            if len(self.header) < 4:
                break
            self.left = struct.unpack(">I", self.header)[0]
            self.header.clear()
            if self.left:
                self.count += 1
                self.largest = max(self.largest, self.left)
            else:
                self.ping_ms.append(round((time.monotonic() - self.began) * 1000))
        return bytes(out)

    @property
    def truncated(self):
        return bool(self.header) or self.left > 0


class Connection:
    """One connection that plays a script."""

    def __init__(self, link, number, options):
        self.link, self.number, self.options = link, number, options
        self.framed = (link.protocol or "").endswith("-ping")
        self.messages = Messages()
        self.sent, self.came = hashlib.sha256(), hashlib.sha256()
        self.sent_bytes = self.came_bytes = 0
        self.random = random.Random(number)

    def receive(self, seconds=LIMIT_SECONDS):
        data = self.link.take(seconds)
        if not data and self.link.ending:
            raise Ended(self.link.ending)
        if self.framed:
            data = self.messages.feed(data)
        self.came.update(data)
        self.came_bytes += len(data)
        return data

    def receive_until(self, done, what):
        end = time.monotonic() + LIMIT_SECONDS
        while not done():
            if time.monotonic() > end:
                raise TimeoutError(f"{what} did not come")
            self.receive(1)

    def write(self, data):
        """Bytes as they are, in records of the size that was asked for."""
        size = self.options.get("writes") or len(data)
        for at in range(0, len(data), size or 1):
            self.link.write(data[at:at + size])

    def send(self, data):
        self.sent.update(data)
        self.sent_bytes += len(data)
        if not self.framed:
            return self.write(data)
        size, pings = self.options["messages"], bytes(4 * self.options["pings"])
        for at in range(0, len(data), size):
            part = data[at:at + size]
            self.write(pings + struct.pack(">I", len(part)) + part)
        self.write(pings)

    def step(self, name, value):
        if name == "text":
            self.send(value.encode())
        elif name == "send":
            self.send(self.random.randbytes(int(value)))
        elif name == "raw":
            self.write(bytes.fromhex(value))
        elif name == "zeros":
            self.write(bytes(int(value)))
        elif name == "expect":
            self.receive_until(lambda: self.came_bytes >= int(value), f"{value} bytes")
        elif name == "expect-pings":
            self.receive_until(lambda: len(self.messages.ping_ms) >= int(value), f"{value} pings")
        elif name == "finish":
            self.link.finish()
        elif name in ("drain", "echo"):
            try:
                while True:
                    data = self.receive()
                    if data and name == "echo":
                        self.send(data)
            except Ended:
                pass
        elif name == "wait":
            end = time.monotonic() + int(value) / 1000
            while (left := end - time.monotonic()) > 0:
                self.receive(left)
        elif name == "pause":
            time.sleep(int(value) / 1000)
        elif name == "say":
            say(value, connection=self.number)
        elif name == "drop":
            self.link.ending = "dropped here"
            self.link.sock.close()
        elif name == "reset":
            self.link.ending = "reset here"
            self.link.reset()
        else:
            raise ValueError(f"no step {name}")

    def play(self, script):
        problem = None
        try:
            for step in script:
                name, _, value = step.partition("=")
                self.step(name, value)
            if not self.link.ending or self.link.ending == "close_notify":
                self.link.finish()
        except Ended:
            problem = f"it ended at {step}"
        except (TimeoutError, ssl.SSLError, OSError) as error:
            problem = f"{step}: {error}"
        self.link.sock.close()
        say(
            "ended", connection=self.number, protocol=self.link.protocol, problem=problem, ending=self.link.ending,
            sent=self.sent_bytes, sent_sha256=self.sent.hexdigest(),
            received=self.came_bytes, received_sha256=self.came.hexdigest(),
            messages=self.messages.count, largest=self.messages.largest, truncated=self.messages.truncated,
            pings=len(self.messages.ping_ms), ping_ms=self.messages.ping_ms[:100],
        )


def play(sock, context, name, number, script, options):
    try:
        link = Link(sock, context, name)
    except (Ended, ssl.SSLError, OSError) as error:
        return say("ended", connection=number, problem=f"handshake: {error}")
    Connection(link, number, options).play(script)


def in_thread(*args):
    thread = threading.Thread(target=play, args=args, daemon=True)
    thread.start()
    return thread


def main(role, *args):
    options = {"messages": 16384, "writes": 0, "pings": 0}
    files = {}
    scripts = [[]]
    port = None
    for arg in args:
        if arg.startswith("--"):
            name, _, value = arg[2:].partition("=")
            if name in options:
                options[name] = int(value)
            else:
                files[name] = value
        elif arg == "/":
            scripts.append([])
        elif role == "client" and port is None:
            port = int(arg)
        else:
            scripts[-1].append(arg)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if role == "server" else ssl.PROTOCOL_TLS_CLIENT)
    if "alpn" in files:
        context.set_alpn_protocols(files["alpn"].split(","))
    if role == "client":
        context.load_verify_locations(files["ca"])
        threads = [
            in_thread(socket.create_connection(("127.0.0.1", port)), context, "localhost", number, script, options)
            for number, script in enumerate(scripts)
        ]
        for thread in threads:
            thread.join()
        return
    context.load_cert_chain(files["cert"], files["key"])
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    say("ready", port=listener.getsockname()[1])
    number = 0
    while True:
        sock, _ = listener.accept()
        in_thread(sock, context, None, number, scripts[min(number, len(scripts) - 1)], options)
        number += 1


if __name__ == "__main__":
    main(*sys.argv[1:])
