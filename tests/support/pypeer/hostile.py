"""An accepted client that tries to be sent what belongs to others."""

import array
import fcntl
import socket
import struct
import termios
import time

from .client import Client
from .crypto import Token
from .wire import (ACKNOWLEDGE, COUNTED, DATA, END, GOODBYE, SHUTDOWN, UNCOUNTED, CarrierError, ending, frame,
                   open_frame, reset_frame, windows_frame)

STREAM = 1
RECEIVE_BYTES = 16 * 1024
DOWNLOAD_S = 1
PAUSE_S = 0.3
FULL_BYTES = RECEIVE_BYTES // 4
FULL_S = 30
STILL_S = 60
QUIET_S = 2


class Download:
    """Looks at what a carrier delivers, and at nothing else: nothing is taken for a mistake of the network."""

    def __init__(self):
        self.buffer = bytearray()
        self.taken = 0  # counted bytes
        self.bytes = self.offset = 0  # of the stream
        self.foreign = 0  # bytes of the stream that are not `A`, or stand where no frame can be

    def feed(self, data):
        self.buffer += data
        while len(self.buffer) >= 5:
            length, kind = struct.unpack_from(">IB", self.buffer)
            if length == 0:
                del self.buffer[:4]
                continue
            if (kind not in COUNTED and kind not in UNCOUNTED) or length > 512 * 1024:
                # What follows is no frame, so it came from somewhere else.
                self.foreign += len(self.buffer)
                self.buffer.clear()
                return
            if len(self.buffer) < 4 + length:
                return
            payload = self.buffer[4:4 + length]
            del self.buffer[:4 + length]
            self.taken += 4 + length if kind in COUNTED else 0
            if kind in (DATA, END):
                self._take(payload)

    def _take(self, payload):
        stream, offset = struct.unpack_from(">IQ", payload, 1)
        data = payload[13:]
        self.bytes += len(data)
        self.foreign += len(data) - data.count(b"A")
        if stream != STREAM or offset != self.offset:
            self.foreign += len(data)
        self.offset = offset + len(data)

    def end(self):
        """The data of a frame that was cut counts as well."""
        if len(self.buffer) > 17 and self.buffer[4] in (DATA, END):
            self._take(self.buffer[4:])


def waiting_bytes(sock):
    """How many bytes have come and were not read."""
    count = array.array("i", [0])
    fcntl.ioctl(sock, termios.FIONREAD, count)
    return count[0]


def wait_until_full(sock):
    """Until much has come and no more comes: on a machine that is busy the server may need its time for that."""
    until = time.monotonic() + FULL_S
    before = 0
    while time.monotonic() < until:
        time.sleep(PAUSE_S)
        now = waiting_bytes(sock)
        if now >= FULL_BYTES and now == before:
            return
        before = now
    raise CarrierError("the server sends nothing more of the download")


def hostile_download(port, how, token=Token()):
    """
    As an accepted client opens a stream, sends `A`, downloads for a second with a small receive buffer, stops reading,
    makes the server let go, and reads on. The user's server must send it nothing but `A`s.

    `how`: `count` acknowledges more than was sent, `reset` resets the stream, `goodbye` ends the session, `close` half-
    closes the connection.

    Returns the bytes other than `A` inside the stream's data (`foreign`), and all of them before and behind.
    """
    client = Client(port, token)
    handshake = client.handshake(receive_bytes=RECEIVE_BYTES)
    download = Download()
    download.feed(handshake.commit_new(client.session))
    sock = handshake.channel.sock
    sock.settimeout(STILL_S)
    start = 256 * 1024
    sent = [open_frame(STREAM, start, start).bytes, frame(struct.pack(">BIQ", DATA, STREAM, 0) + b"A")]
    granted = 1 << 30
    sent.append(windows_frame([(STREAM, granted)]).bytes)
    sock.sendall(b"".join(sent))
    began = None
    while began is None or time.monotonic() < began + DOWNLOAD_S:
        data = sock.recv(65536)
        began = began or (time.monotonic() if download.bytes else None)
        if not data:
            raise CarrierError("the server ended the carrier too soon")
        download.feed(data)
        sock.sendall(frame(struct.pack(">BQ", ACKNOWLEDGE, download.taken)))
    before = download.bytes

    wait_until_full(sock)  # the server's writes wait now
    if how == "count":
        sock.sendall(frame(struct.pack(">BQ", ACKNOWLEDGE, download.taken + (64 << 20))))
    elif how == "reset":
        sock.sendall(reset_frame(STREAM, 1, 2, "enough").bytes)
    elif how == "goodbye":
        sock.sendall(frame(ending(GOODBYE, SHUTDOWN, "enough")))
    elif how == "close":
        sock.shutdown(socket.SHUT_WR)
    else:
        raise ValueError(how)
    time.sleep(PAUSE_S)  # what was let go is used for others

    ended = "silence"
    sock.settimeout(QUIET_S)
    until = time.monotonic() + 10
    try:
        while time.monotonic() < until:
            data = sock.recv(65536)
            if not data:
                ended = "end of file"
                break
            download.feed(data)
    except TimeoutError:
        pass
    except OSError as error:
        ended = error.__class__.__name__
    download.end()
    sock.close()
    return {"foreign": download.foreign, "before": before, "behind": download.bytes - before, "ended": ended}
