"""One attached connection (PROTOCOL.md, "Session frames", "Counting", "Liveness", "Leaving")."""

import os
import select
import socket
import struct
import time

from .seal import Sealed
from .wire import (ACKNOWLEDGE, COUNTED, GOODBYE, LEAVE, PROBE, PROMISE_MS, PROTOCOL, REPLY, REPLY_WANTED,
                   CarrierError, Counted, FrameReader, SessionError, ending, frame, read_ending, u64)

OUT_BYTES = 64 * 1024


class Carrier:
    """
    `cut_out` and `cut_in` break it after so many bytes, wherever that is in a frame; `how` is close or reset.

    `patience_s`: how long it may be silent; in a test beside much other work nobody may get a turn for seconds.
    """

    patience_s = 3.0

    def __init__(self, sock, session, number, rest=b"", opening=b"", named=(), cut_out=None, cut_in=None, how="close"):
        self.sock, self.session, self.number = sock, session, number
        self.cut_out, self.cut_in, self.how = cut_out, cut_in, how
        sock.setblocking(False)
        self.reader = FrameReader()
        self.begun = False  # the first of `out` has left in part
        self.out = []  # [bytes, whether they are counted]
        self.log = []  # (offset, frame)
        self.logged = self.handed = self.acknowledged = self.acknowledged_to_peer = 0
        self.named = named  # carriers whose receipts its commit or accept told, of this end
        self.heard = session.is_client
        self.alive, self.why = True, ""
        self.leaving = self.peer_left = self.ends = self.takes_nothing = False
        self.last_write = self.last_read = time.monotonic()
        self.promise_ms = PROMISE_MS
        self.reply_due = None  # mark of a probe that wants a reply, and when it came, in 1/8 ms
        self.mark, self.round_trips = 0, 0
        session.attach(number, self)
        if opening:
            self.put(opening)
        self.probe(REPLY_WANTED)
        self.put(frame(b""))
        self.feed(rest)

    # What goes out.

    def put(self, data, counted=False):
        """Puts bytes on the connection, whatever they are."""
        self.out.append([bytes(data), counted])

    def put_counted(self, counted):
        """Puts a counted frame into the log and on the connection."""
        self.log.append((self.logged, counted))
        self.logged += len(counted.bytes)
        self.put(counted.bytes, True)

    def probe(self, flags, mark=None, came=0):
        if mark is None:
            mark = (self.mark + 259) % 65536
            if flags & REPLY_WANTED:  # one that asks nothing must not hide the answer that is on its way
                self.mark = mark
        self.put(frame(struct.pack(">BBIHI", PROBE, flags, PROMISE_MS, mark, came)))

    def _acknowledge(self):
        self.acknowledged_to_peer = self.reader.taken
        self.put(frame(struct.pack(">BQ", ACKNOWLEDGE, self.reader.taken)))

    def leave(self):
        """The last frame of this end; it is read on until the peer has left as well."""
        if not self.leaving:
            self._acknowledge()
            self.put(frame(bytes([LEAVE])))
            self.leaving = self.ends = True

    def goodbye(self, code, text):
        """Ends the session: what was not sent is not sent any more, but for the frame under way."""
        self.out = [entry for entry in self.out[:1] if self.begun]
        self.put(frame(ending(GOODBYE, code, text)))
        self.ends = self.takes_nothing = True

    def prepare(self):
        """Puts what is due on the connection, and watches."""
        now = time.monotonic()
        if now - self.last_read > max(self.patience_s, 3 * self.promise_ms / 1000):
            return self.close("silent for too long")
        if self.ends:
            return
        if self.reader.taken != self.acknowledged_to_peer or self.reply_due is not None:
            self._acknowledge()
        if self.reply_due is not None:
            self.probe(REPLY, *self.reply_due)
            self.reply_due = None
        if now - self.last_write > PROMISE_MS / 2000:
            self.probe(0)
        while sum(len(data) for data, _ in self.out) < OUT_BYTES:
            counted = self.session.next_counted(self.number)
            if counted is None:
                break
            if len(self.log) % 16 == 5:  # types that nobody knows yet, counted and not
                self.put_counted(Counted(bytes([0x60 + self.logged % 32]) + os.urandom(self.logged % 50)))
                self.put(frame(bytes([0x40 + self.logged % 32]) + os.urandom(self.logged % 50)))
            self.put_counted(counted)

    def flush(self):
        while self.out and self.alive:
            data, counted = self.out[0]
            most = len(data) if self.cut_out is None else min(len(data), self.cut_out)
            try:
                count = self.sock.send(data[:most]) if most > 0 else 0
            except BlockingIOError:
                return
            except OSError as error:
                return self._read_up(str(error))
            self.last_write = time.monotonic()
            self.handed += count if counted else 0
            self.begun = 0 < count < len(data)
            self.out[0][0] = data[count:]
            if count == len(data):
                del self.out[0]
            if self.cut_out is not None:
                self.cut_out -= count
                if self.cut_out <= 0:
                    return self.close("cut here while sending")
            if self.begun:
                return
        if self.alive and self.ends and not self.out:
            self.ends = "sent"
            try:
                self.sock.shutdown(socket.SHUT_WR)
            except OSError as error:
                self.close(str(error))

    def _read_up(self, why):
        """The peer closed: what it said before is still to be read, as a goodbye."""
        while self.alive:
            try:
                data = self.sock.recv(65536)
            except OSError:
                data = b""
            if not data:
                return self.close(why)
            self.feed(data)

    # What comes in.

    def read(self):
        try:
            data = self.sock.recv(65536 if self.cut_in is None else min(65536, self.cut_in))
        except BlockingIOError:
            return
        except OSError as error:
            return self.close(str(error))
        if not data:
            return self.close("left" if self.leaving and self.peer_left else "end of file")
        self.last_read = time.monotonic()
        self.feed(data)
        if self.cut_in is not None and self.alive:
            self.cut_in -= len(data)
            if self.cut_in <= 0:
                self.close("cut here while receiving")

    def feed(self, data):
        if not data or self.takes_nothing or self.peer_left:
            return
        session = self.session
        try:
            if not self.heard:
                self.heard = True
                for number in [] if session.is_client else self.named:
                    session.own_receipt_told(number)
            for kind, payload in self.reader.feed(data):
                self._take(kind, payload)
                if not self.alive or self.takes_nothing or self.peer_left:
                    return
        except CarrierError as error:
            self.close(f"carrier error here: {error}")
        except SessionError as error:
            end_session(session, PROTOCOL, str(error))

    def _take(self, kind, payload):
        session = self.session
        if kind in COUNTED:
            session.receive(self, kind, payload)
        elif kind == ACKNOWLEDGE:
            if len(payload) != 9:
                raise CarrierError("an acknowledge of the wrong length")
            self._acknowledged(u64(payload, 1))
        elif kind == PROBE:
            if len(payload) != 12:
                raise CarrierError("a probe of the wrong length")
            flags, self.promise_ms, mark = struct.unpack_from(">BIH", payload, 1)
            if flags & REPLY_WANTED:
                self.reply_due = mark, int(time.monotonic() * 8000) % 2**32
            self.round_trips += bool(flags & REPLY) and mark == self.mark
        elif kind == LEAVE:
            if len(payload) != 1:
                raise CarrierError("a leave of the wrong length")
            self.leave()
            self.peer_left = True
        elif kind == GOODBYE:
            code, text = read_ending(payload)
            session.ended = f"goodbye {code}: {text}"
            for carrier in list(session.carriers.values()):
                carrier.close(session.ended)

    def _acknowledged(self, offset):
        if not self.acknowledged <= offset <= self.handed:
            raise SessionError(f"a count of {offset}, acknowledged {self.acknowledged}, sent {self.handed}")
        self.acknowledged = offset
        while self.log and self.log[0][0] + len(self.log[0][1].bytes) <= offset:
            self.session.taken(self.log.pop(0)[1])

    def close(self, why):
        if not self.alive:
            return
        self.alive, self.why = False, why
        if self.how == "reset":
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()
        self.session.lose(self.number)


def end_session(session, code, text):
    """A goodbye on each carrier, which are read on for a while, so that it arrives."""
    session.ended = session.ended or f"ended here {code}: {text}"
    for carrier in list(session.carriers.values()):
        carrier.goodbye(code, text)
        carrier.last_read = time.monotonic()


def step(carriers, wait=0.01):
    """Writes what is due, and reads what is there."""
    carriers = list(carriers)
    for carrier in carriers:
        if carrier.alive:
            carrier.prepare()
    carriers = [carrier for carrier in carriers if carrier.alive]
    writing = [carrier.sock for carrier in carriers if carrier.out or carrier.ends is True]
    # What was decrypted and not taken yet shows in no socket.
    kept = [carrier.sock for carrier in carriers if isinstance(carrier.sock, Sealed) and carrier.sock.pending()]
    readable, writable, _ = select.select([carrier.sock for carrier in carriers], writing, [], 0 if kept else wait)
    readable += kept
    for carrier in carriers:
        if carrier.alive and carrier.sock in writable:
            carrier.flush()
        if carrier.alive and carrier.sock in readable:
            carrier.read()


def finish(session, seconds=2):
    """Behind a goodbye: reads until the peer closes."""
    end = time.monotonic() + seconds
    while session.carriers and time.monotonic() < end:
        step(session.carriers.values())
    for carrier in list(session.carriers.values()):
        carrier.close("nobody closed behind a goodbye")
