#!/usr/bin/env python3
"""A tele client and a tele server in Python, written from lib/PROTOCOL.md alone, to show that it says enough.

    peer.py server            listens on a free port of 127.0.0.1 and echoes every stream; cuts its first carriers, and
                              forgets all sessions when a line comes on standard input
    peer.py refused PORT      asks the tele server on PORT for a session, and tells how it was refused
    peer.py client PORT       talks to the tele server on PORT, in front of an echo server, and breaks carriers

All take `--token=TEXT` as their last argument, which is good enough for a test: it shows in `ps`.

Needs the standard library only. One thread, one `select` loop; the clock and the sockets are the real ones. It is a
test's other end: it knows no identity, no flow rate and no user's sockets. What it finds is one line of JSON each.
"""

import hashlib
import hmac
import json
import os
import random
import select
import socket
import struct
import sys
import time

# --- Numbers (PROTOCOL.md, "Frames", "Limits", "Codes") ---------------------------------------------------------------

HELLO, CHALLENGE, COMMIT, ACCEPT, REFUSE = 1, 2, 3, 4, 5
DATA, ACKNOWLEDGE, PROBE, GOODBYE, HINT = 0x10, 0x11, 0x12, 0x13, 0x14
OPEN_RECORD, DATA_RECORD, FIN_RECORD, RESET_RECORD = 1, 2, 3, 4
NEW, RESUME = 0, 1
READY, UNKNOWN = 0, 1
REPLY_WANTED, REPLY = 1, 2
SHUTDOWN, PROTOCOL, VERSION, PROOF, FULL, STALE, TOKEN = 1, 2, 3, 4, 5, 6, 9
RESUME_TIMEOUT, IDENTITY, GUARDED = KNOWN_FIELDS = 1, 2, 4
MAX_TEXT = 512
MOST_TIMEOUT_MS = 31_622_400_000
MAX_HANDSHAKE, MAX_FRAME, MAX_CONTROL = 2048, 512 * 1024, 16 * 1024
PROMISE_MS = 1000
START_POOL, MOST_START, LEAST_START = 2 << 20, 256 << 10, 4 << 10
FRAME_BYTES = 16 * 1024  # the size of the data frames sent here
LOG_BYTES = 1 << 20  # the limit of the replay log here
WEEK_MS = 7 * 24 * 3600 * 1000


class ProtocolError(Exception):
    """The peer broke a rule."""


class Refused(Exception):
    """The peer said no; `code` says why."""

    def __init__(self, code, message):
        super().__init__(f"{code}: {message}")
        self.code = code


# --- Keys and proofs ---------------------------------------------------------------------------------------------------

P = 2**255 - 19


def x25519(private, public):
    """RFC 7748, section 5: the Montgomery ladder. Not in constant time, which a test can afford."""
    scalar = bytearray(private)
    scalar[0] &= 248
    scalar[31] = scalar[31] & 127 | 64
    k = int.from_bytes(scalar, "little")
    u = int.from_bytes(public, "little") & (2**255 - 1)
    x2, z2, x3, z3, swap = 1, 0, u, 1, 0
    for bit in range(254, -1, -1):
        k_bit = k >> bit & 1
        if swap ^ k_bit:
            x2, x3, z2, z3 = x3, x2, z3, z2
        swap = k_bit
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        aa, bb = a * a % P, b * b % P
        e = aa - bb
        da, cb = d * a % P, c * b % P
        x3, z3 = (da + cb) ** 2 % P, u * (da - cb) ** 2 % P
        x2, z2 = aa * bb % P, e * (aa + 121665 * e) % P
    if swap:
        x2, z2 = x3, z3
    return (x2 * pow(z2, P - 2, P) % P).to_bytes(32, "little")


BASE_POINT = (9).to_bytes(32, "little")


def label(text):
    return b"tele/1 " + text.encode() + b"\0"


def hkdf(material, salt, info):
    """RFC 5869 for an output of one block."""
    key = hmac.digest(salt or bytes(32), material, "sha256")
    return hmac.digest(key, info + b"\x01", "sha256")


TOKEN_SALT = b""


def set_token(token):
    """From now on both roles have it."""
    global TOKEN_SALT
    TOKEN_SALT = hashlib.sha256(label("token") + token).digest()


def transcript_of(*messages):
    """Each message behind its length: where one ends is part of what is proven."""
    return b"".join(frame(message) for message in messages)


class Keys:
    """What one handshake derives."""

    def __init__(self, private, public, secret, transcript):
        shared = x25519(private, public)
        if shared == bytes(32):
            raise ProtocolError("the peer's public key is of small order")
        digest = hashlib.sha256(transcript).digest()
        self.proof_key = hkdf(shared, secret, label("proofs") + digest)
        self.resume_secret = hkdf(shared, secret, label("resume secret") + digest)

    def proof(self, role, kind, transcript):
        name = label(f"{role} {'new' if kind == NEW else 'resume'}")
        return hmac.digest(self.proof_key, name + transcript, "sha256")

    def check(self, role, kind, transcript, proof):
        return hmac.compare_digest(self.proof(role, kind, transcript), proof)


# --- Frames ------------------------------------------------------------------------------------------------------------


def frame(payload):
    return struct.pack(">I", len(payload)) + payload


def fields(resume_timeout=None):
    """The fields of a commit or accept, or without `resume_timeout` of a hello or challenge; a peer has to ignore one."""
    values = []
    if resume_timeout is not None:
        values.append((RESUME_TIMEOUT, struct.pack(">Q", resume_timeout)))
    elif TOKEN_SALT:
        values.append((GUARDED, b""))
    values.append((60000, b"ignore me"))
    return bytes([len(values)]) + b"".join(struct.pack(">HH", kind, len(v)) + v for kind, v in values)


def read_fields(payload, at, known):
    """The fields from `at` to the end of the message; `known` are those that may stand there, with their lengths."""
    found = {}
    if at >= len(payload):
        raise ProtocolError("a message that is too short")
    count = payload[at]
    at += 1
    before = -1
    for _ in range(count):
        if at + 4 > len(payload):
            raise ProtocolError("a message that is too short")
        kind, length = struct.unpack_from(">HH", payload, at)
        at += 4
        if kind <= before:
            raise ProtocolError("fields that are not in order")
        if at + length > len(payload):
            raise ProtocolError("a message that is too short")
        if kind in KNOWN_FIELDS and known.get(kind) != length:
            raise ProtocolError(f"a field {kind} of {length} bytes")
        found[kind] = payload[at:at + length]
        at += length
        before = kind
    if at != len(payload):
        raise ProtocolError("bytes behind the end of a message")
    if RESUME_TIMEOUT in found and not 1 <= struct.unpack(">Q", found[RESUME_TIMEOUT])[0] <= MOST_TIMEOUT_MS:
        raise ProtocolError("a resume timeout that cannot be")
    return found


def ending(payload):
    if not 3 <= len(payload) <= 3 + MAX_TEXT:
        raise ProtocolError("an ending that is too short or too long")
    return struct.unpack_from(">H", payload, 1)[0], payload[3:].decode(errors="replace")


class FrameReader:
    """Cuts bytes into frames; counted bytes are handed on as they come, other frames whole."""

    def __init__(self, limit):
        self.limit = limit
        self.buffer = bytearray()
        self.left = None  # of a data frame under way

    def feed(self, data):
        """Yields (DATA, bytes) and (type, payload)."""
        self.buffer += data
        while self.buffer:
            if self.left is not None:
                part = bytes(self.buffer[:self.left])
                del self.buffer[:len(part)]
                self.left -= len(part)
                if self.left == 0:
                    self.left = None
                if part:
                    yield DATA, part
                continue
            if len(self.buffer) < 4:
                return
            length = struct.unpack_from(">I", self.buffer)[0]
            if length > self.limit:
                raise ProtocolError(f"a frame of {length} bytes")
            if length == 0:
                del self.buffer[:4]
                continue
            if len(self.buffer) < 5:
                return
            if self.buffer[4] == DATA:
                del self.buffer[:5]
                self.left = length - 1 or None
                continue
            if length > MAX_CONTROL:
                raise ProtocolError(f"a control frame of {length} bytes")
            if len(self.buffer) < 4 + length:
                return
            payload = bytes(self.buffer[4:4 + length])
            del self.buffer[:4 + length]
            yield payload[0], payload


# --- Streams and records ---------------------------------------------------------------------------------------------------


class Stream:
    """One stream: what waits to be sent, what came, and both windows."""

    def __init__(self, number, may_send, granted):
        self.number = number
        self.may_send = may_send  # absolute, as told by the peer
        self.sent = 0
        self.start = self.size = self.granted = granted  # absolute, as told to the peer
        self.came = 0
        self.outgoing = bytearray()
        self.incoming = bytearray()
        self.ends = False  # a fin is to be sent behind `outgoing`
        self.fin_sent = self.fin_came = False
        self.reset = None

    @property
    def is_over(self):
        return self.reset is not None or (self.fin_sent and self.fin_came)


class Records:
    """The decoder of records; it belongs to the session, since a record may go on with another carrier."""

    HEADERS = {OPEN_RECORD: 15, DATA_RECORD: 9, FIN_RECORD: 5, RESET_RECORD: 9}

    def __init__(self):
        self.header = bytearray()
        self.data_left = 0
        self.number = 0

    def feed(self, data):
        """Yields (type, stream, value)."""
        while data:
            if self.data_left > 0:
                part, data = data[:self.data_left], data[self.data_left:]
                self.data_left -= len(part)
                yield DATA_RECORD, self.number, part
                continue
            self.header += data[:1]
            data = data[1:]
            kind = self.header[0]
            if kind not in self.HEADERS:
                raise ProtocolError(f"a record of type {kind}")
            needed = self.HEADERS[kind]
            if len(self.header) < needed:
                continue
            extra = 0
            if kind in (OPEN_RECORD, RESET_RECORD):
                extra = struct.unpack_from(">H", self.header, needed - 2)[0]
            if extra > 1024:
                raise ProtocolError("an extra part above 1024 bytes")
            if len(self.header) < needed + extra:
                continue
            header, self.header = bytes(self.header), bytearray()
            self.number = struct.unpack_from(">I", header, 1)[0]
            if kind == OPEN_RECORD:
                yield kind, self.number, struct.unpack_from(">II", header, 5)
            elif kind == DATA_RECORD:
                self.data_left = struct.unpack_from(">I", header, 5)[0]
            elif kind == FIN_RECORD:
                yield kind, self.number, None
            else:
                yield kind, self.number, (struct.unpack_from(">H", header, 5)[0], header[9:].decode(errors="replace"))


# --- Session and carrier ------------------------------------------------------------------------------------------------------


class Session:
    """Counts, replay log and streams: what survives carriers."""

    def __init__(self, is_client):
        self.is_client = is_client
        self.id = b""
        self.secret = b""
        self.attempt = 0
        self.received = 0
        self.log = bytearray()
        self.acknowledged = 0  # offset of the log's first byte
        self.sent = 0  # offset of the next byte to send on this carrier
        self.highest = 0  # offset behind the last byte ever sent
        self.records = Records()
        self.streams = {}
        self.last_number = 0
        self.carrier = None
        self.ended = None
        self.on_data = lambda stream: None

    # Sending.

    def open(self):
        self.last_number += 1
        free = START_POOL - sum(stream.start for stream in self.streams.values())
        start = max(LEAST_START, min(MOST_START, max(0, free) // 8))
        stream = self.streams[self.last_number] = Stream(self.last_number, start, start)
        self.log += struct.pack(">BIIIH", OPEN_RECORD, stream.number, start, start, 3) + b"???"
        return stream

    def fill(self):
        """Moves data of streams into the log, within their windows and the log's limit."""
        for stream in list(self.streams.values()):
            room = min(stream.may_send - stream.sent, LOG_BYTES - len(self.log), 8192)
            part = bytes(stream.outgoing[:max(0, room)])
            if part:
                del stream.outgoing[:len(part)]
                stream.sent += len(part)
                self.log += struct.pack(">BII", DATA_RECORD, stream.number, len(part)) + part
            if stream.ends and not stream.outgoing and not stream.fin_sent:
                stream.fin_sent = True
                self.log += struct.pack(">BI", FIN_RECORD, stream.number)
            if stream.is_over:
                del self.streams[stream.number]

    def next_frame(self):
        self.fill()
        at = self.sent - self.acknowledged
        part = bytes(self.log[at:at + FRAME_BYTES])
        if not part:
            return b""
        self.sent += len(part)
        self.highest = max(self.highest, self.sent)
        return frame(bytes([DATA]) + part)

    def acknowledge(self, offset, most):
        if not self.acknowledged <= offset <= most:
            raise ProtocolError(f"a count of {offset}, acknowledged {self.acknowledged}, sent {most}")
        del self.log[:offset - self.acknowledged]
        self.acknowledged = offset

    def rewind(self, offset):
        """A new carrier: the peer has everything before `offset`. Returns how much is sent again."""
        self.acknowledge(offset, self.highest)
        self.sent = offset
        return self.highest - offset

    # Receiving.

    def take(self, data):
        self.received += len(data)
        for kind, number, value in self.records.feed(data):
            stream = self.streams.get(number)
            if kind == OPEN_RECORD:
                if self.is_client or stream is not None:
                    raise ProtocolError("an open that cannot be")
                if value[0] > MOST_START:
                    raise ProtocolError("too much credit taken")
                self.streams[number] = Stream(number, may_send=value[1], granted=value[0])
            elif stream is None:
                continue
            elif kind == DATA_RECORD:
                stream.came += len(value)
                if stream.came > stream.granted or stream.fin_came:
                    raise ProtocolError("data beyond the window or the fin")
                stream.incoming += value
                self.on_data(stream)
            elif kind == FIN_RECORD:
                stream.fin_came = True
                self.on_data(stream)
            else:
                stream.reset = value
                self.on_data(stream)
                del self.streams[number]

    def hint(self, payload):
        if len(payload) == 1 or (len(payload) - 1) % 12:
            raise ProtocolError("a hint that is not whole")
        for at in range(1, len(payload), 12):
            number, offset = struct.unpack_from(">IQ", payload, at)
            stream = self.streams.get(number)
            if stream is not None:
                stream.may_send = max(stream.may_send, offset)

    def windows(self, again):
        """Window values that are due: of all streams on a new carrier, else of those that used up more than half."""
        values = b""
        for stream in self.streams.values():
            consumed = stream.came - len(stream.incoming)
            if stream.granted - consumed <= stream.size / 2:
                stream.granted = consumed + stream.size
            elif not again:
                continue
            values += struct.pack(">IQ", stream.number, stream.granted)
        return frame(bytes([HINT]) + values) if values else b""


class Carrier:
    """An attached connection. `cut_out` and `cut_in` break it after so many bytes, wherever that is in a frame."""

    def __init__(self, sock, session, rest, opening=b"", cut_out=None, cut_in=None, how="close"):
        self.sock, self.session = sock, session
        self.cut_out, self.cut_in, self.how = cut_out, cut_in, how
        sock.setblocking(False)
        self.reader = FrameReader(MAX_FRAME)
        self.out = bytearray(opening)
        self.alive = True
        self.why = ""
        self.told = session.received
        self.last_write = self.last_read = time.monotonic()
        self.promise_ms = PROMISE_MS
        self.reply_due = False
        self.round_trips = 0
        session.carrier = self
        self.out += frame(struct.pack(">BBI", PROBE, REPLY_WANTED, PROMISE_MS)) + frame(b"")
        self.out += session.windows(again=True)
        self.feed(rest)

    def feed(self, data):
        try:
            for kind, payload in self.reader.feed(data):
                self.on_frame(kind, payload)
                if not self.alive:
                    return
        except ProtocolError as error:
            self.session.ended = f"protocol error here: {error}"
            self.out += frame(struct.pack(">BH", GOODBYE, PROTOCOL) + str(error).encode())
            self.flush()
            self.close(self.session.ended)

    def on_frame(self, kind, payload):
        session = self.session
        if kind == DATA:
            session.take(payload)
        elif kind == ACKNOWLEDGE:
            if len(payload) != 9:
                raise ProtocolError("an acknowledge of the wrong length")
            session.acknowledge(struct.unpack_from(">Q", payload, 1)[0], session.sent)
        elif kind == PROBE:
            if len(payload) != 6:
                raise ProtocolError("a probe of the wrong length")
            flags, self.promise_ms = struct.unpack_from(">BI", payload, 1)
            self.reply_due = self.reply_due or bool(flags & REPLY_WANTED)
            self.round_trips += flags & REPLY and 1
        elif kind == HINT:
            session.hint(payload)
        elif kind == GOODBYE:
            session.ended = "goodbye %d: %s" % ending(payload)
            self.close(session.ended)
        else:
            raise ProtocolError(f"a frame of type {kind}")

    def step(self):
        """Writes what is due, reads what is there, and watches. Waits for 10 ms at most."""
        session = self.session
        now = time.monotonic()
        if now - self.last_read > max(3.0, 3 * self.promise_ms / 1000):
            return self.close("silent for too long")
        if session.received != self.told or self.reply_due:
            self.told = session.received
            self.out += frame(struct.pack(">BQ", ACKNOWLEDGE, self.told))
        if self.reply_due or now - self.last_write > PROMISE_MS / 2000:
            self.out += frame(struct.pack(">BBI", PROBE, REPLY if self.reply_due else 0, PROMISE_MS))
            self.reply_due = False
        self.out += session.windows(again=False)
        if len(self.out) < 4 * FRAME_BYTES:
            self.out += session.next_frame()
        readable, writable, _ = select.select([self.sock], [self.sock] if self.out else [], [], 0.01)
        if writable:
            self.flush()
        if readable and self.alive:
            self.read()

    def flush(self):
        most = len(self.out) if self.cut_out is None else min(len(self.out), self.cut_out)
        try:
            count = self.sock.send(self.out[:most]) if most > 0 else 0
        except BlockingIOError:
            return
        except OSError as error:
            return self.close(str(error))
        self.last_write = time.monotonic()
        del self.out[:count]
        if self.cut_out is not None:
            self.cut_out -= count
            if self.cut_out <= 0:
                self.close("cut here while sending")

    def read(self):
        try:
            data = self.sock.recv(65536 if self.cut_in is None else min(65536, self.cut_in))
        except BlockingIOError:
            return
        except OSError as error:
            return self.close(str(error))
        if not data:
            return self.close("end of file")
        self.last_read = time.monotonic()
        self.feed(data)
        if self.cut_in is not None and self.alive:
            self.cut_in -= len(data)
            if self.cut_in <= 0:
                self.close("cut here while receiving")

    def close(self, why):
        if not self.alive:
            return
        self.alive = False
        self.why = why
        if self.session.carrier is self:
            self.session.carrier = None
        if self.how == "reset":
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


# --- Handshake -------------------------------------------------------------------------------------------------------------------


class Handshaking:
    """Reads handshake frames from a blocking socket and keeps what comes behind them."""

    def __init__(self, sock):
        self.sock = sock
        self.buffer = b""
        sock.settimeout(10)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def receive(self):
        while True:
            if len(self.buffer) >= 4:
                length = struct.unpack_from(">I", self.buffer)[0]
                if length > MAX_HANDSHAKE:
                    raise ProtocolError(f"a handshake frame of {length} bytes")
                if len(self.buffer) >= 4 + length:
                    payload, self.buffer = self.buffer[4:4 + length], self.buffer[4 + length:]
                    if length == 0:
                        continue
                    if payload[0] == REFUSE:
                        raise Refused(*ending(payload))
                    return payload
            data = self.sock.recv(4096)
            if not data:
                raise ConnectionError("end of file during the handshake")
            self.buffer += data

    def send(self, payload):
        # A ping may stand at any frame boundary.
        self.sock.sendall(frame(b"") + frame(payload))


def split_proof(payload, kind, least):
    """Commit and accept: the message, of `least` bytes at least, and the proof behind it."""
    if payload[0] != kind or len(payload) < least + 32:
        raise ProtocolError("another message than was due, or too short")
    return payload[:-32], payload[-32:]


class ClientHandshake:
    """Hello and challenge; then, separately, the commit."""

    def __init__(self, port, session_id=None):
        self.channel = Handshaking(socket.create_connection(("127.0.0.1", port)))
        self.private = os.urandom(32)
        kind = NEW if session_id is None else RESUME
        hello = bytes([HELLO]) + b"tele" + bytes([1, kind]) + os.urandom(32) + x25519(self.private, BASE_POINT)
        hello += (session_id or b"") + fields()
        self.channel.send(hello)
        challenge = self.channel.receive()
        if challenge[:2] != bytes([CHALLENGE, 1]):
            raise ProtocolError("no challenge")
        self.session_id = session_id
        self.status = challenge[2] if len(challenge) > 67 else None
        if self.status not in ((READY,) if kind == NEW else (READY, UNKNOWN)):
            raise ProtocolError("a status that cannot be")
        self.server_key = challenge[35:67]
        if (GUARDED in read_fields(challenge, 67, {GUARDED: 0})) != bool(TOKEN_SALT):
            raise Refused(TOKEN, "a token on one side only")
        self.opening = transcript_of(hello, challenge)

    def commit(self, session, kind, attempt, spoil=False):
        """Returns the server's count and what came behind the accept."""
        secret = TOKEN_SALT if kind == NEW else session.secret
        received = 0 if kind == NEW else session.received
        body = struct.pack(">BBIQ", COMMIT, kind, attempt, received) + fields(resume_timeout=WEEK_MS)
        transcript = self.opening + transcript_of(body)
        keys = Keys(self.private, self.server_key, secret, transcript)
        proof = bytearray(keys.proof("client commit", kind, transcript))
        proof[0] ^= spoil
        self.channel.send(body + proof)
        accept, proof = split_proof(self.channel.receive(), ACCEPT, 26)
        read_fields(accept, 25, {RESUME_TIMEOUT: 8})
        if not keys.check("server accept", kind, transcript + transcript_of(accept), proof):
            raise ProtocolError("the server's proof does not hold")
        count = struct.unpack_from(">Q", accept, 17)[0]
        if (count != 0) if kind == NEW else (accept[1:17] != self.session_id):
            raise ProtocolError("the accept of another session")
        if kind == NEW:
            session.id, session.secret = accept[1:17], keys.resume_secret
        return count, self.channel.buffer


def serve_handshake(sock, sessions):
    """The server's side. Returns the session, attached by the caller, what came behind the commit, and the opening."""
    channel = Handshaking(sock)
    hello = channel.receive()
    if hello[:5] != bytes([HELLO]) + b"tele" or len(hello) < 72 or hello[6] not in (NEW, RESUME):
        raise ProtocolError("no hello")
    if (GUARDED in read_fields(hello, 71 if hello[6] == NEW else 87, {GUARDED: 0})) != bool(TOKEN_SALT):
        raise Refused(TOKEN, "a token on one side only")
    wanted = sessions.get(hello[71:87]) if hello[6] == RESUME else None
    private = os.urandom(32)
    status = UNKNOWN if hello[6] == RESUME and wanted is None else READY
    challenge = bytes([CHALLENGE, 1, status]) + os.urandom(32) + x25519(private, BASE_POINT) + fields()
    channel.send(challenge)
    body, proof = split_proof(channel.receive(), COMMIT, 15)
    kind, attempt, count = struct.unpack_from(">BIQ", body, 1)
    if kind not in (NEW, RESUME) or (kind == RESUME) != (wanted is not None):
        raise ProtocolError("a commit that does not follow")
    if kind == NEW and (attempt != 0 or count != 0) or kind == RESUME and attempt == 0:
        raise ProtocolError("a number that cannot be")
    read_fields(body, 14, {RESUME_TIMEOUT: 8, **({IDENTITY: 100} if kind == NEW else {})})
    transcript = transcript_of(hello, challenge, body)
    keys = Keys(private, hello[39:71], wanted.secret if kind == RESUME else TOKEN_SALT, transcript)
    if not keys.check("client commit", kind, transcript, proof):
        if kind == NEW and TOKEN_SALT:
            raise Refused(TOKEN, "the tokens differ")
        raise Refused(PROOF, "the client's proof does not hold")
    if kind == NEW:
        session = Session(is_client=False)
        session.id, session.secret = os.urandom(16), keys.resume_secret
        sessions[session.id] = session
    else:
        session = wanted
        if attempt <= session.attempt:
            raise Refused(STALE, "a newer attempt came first")
        session.attempt = attempt
        if session.carrier is not None:
            session.carrier.close("taken over")
    accept = bytes([ACCEPT]) + session.id + struct.pack(">Q", session.received) + fields(resume_timeout=WEEK_MS)
    accept += keys.proof("server accept", kind, transcript + transcript_of(accept))
    again = session.rewind(count)
    return session, channel.buffer, frame(accept), kind, again


# --- The roles ---------------------------------------------------------------------------------------------------------------------


def say(**facts):
    print(json.dumps(facts), flush=True)


class Client:
    """A session with the tele server on `port`, and a record of what it saw."""

    def __init__(self, port):
        self.port = port
        self.session = Session(is_client=True)
        self.carriers = 0
        self.again = 0
        self.mid_frame = 0

    def begin(self, **cuts):
        handshake = ClientHandshake(self.port)
        _, rest = handshake.commit(self.session, NEW, 0)
        self.carriers += 1
        return Carrier(handshake.channel.sock, self.session, rest, **cuts)

    def resume(self, **cuts):
        session = self.session
        handshake = ClientHandshake(self.port, session.id)
        if handshake.status != READY:
            raise ProtocolError("the server does not know the session")
        if session.carrier is not None:
            session.carrier.close("a new carrier")
        session.attempt += 1
        count, rest = handshake.commit(session, RESUME, session.attempt)
        self.again += session.rewind(count)
        self.carriers += 1
        self.mid_frame += session.records.header != b"" or session.records.data_left > 0
        return Carrier(handshake.channel.sock, session, rest, **cuts)

    def until(self, done, cuts=lambda: {}, seconds=60):
        """Runs until `done()`; a carrier that is lost is replaced, with the next of `cuts()`."""
        end = time.monotonic() + seconds
        while not done():
            if time.monotonic() > end:
                raise TimeoutError("not done in time")
            if self.session.ended:
                raise ProtocolError(self.session.ended)
            (self.session.carrier or self.resume(**cuts())).step()

    def refused(self, action):
        try:
            action()
        except Refused as refused:
            return refused.code
        return None


def run_client(port):
    chance = random.Random(7)
    client = Client(port)
    session = client.session
    echoed = {}

    def collect(stream):
        echoed.setdefault(stream.number, hashlib.sha256()).update(stream.incoming)
        stream.incoming.clear()

    session.on_data = collect
    client.begin()

    # A short question, cut nowhere.
    stream = session.open()
    stream.outgoing += b"hello\n"
    client.until(lambda: stream.came == 6)
    say(step="echo", round_trips=session.carrier.round_trips)
    stream.ends = True
    client.until(lambda: stream.fin_came)

    # Much, over carriers that are cut anywhere, both ways.
    budget = [24]

    def cuts():
        budget[0] -= 1
        if budget[0] < 0:
            return {}
        cut = {chance.choice(["cut_out", "cut_in"]): chance.randrange(90, 60_000)}
        return {**cut, "how": chance.choice(["close", "reset"])}

    data = chance.randbytes(1_500_000)
    stream = session.open()
    stream.outgoing += data
    stream.ends = True
    session.carrier.cut_out = 30_001
    client.until(lambda: stream.fin_came, cuts)
    same = echoed[stream.number].digest() == hashlib.sha256(data).digest()
    say(step="bulk", bytes=stream.came, same=same, carriers=client.carriers, again=client.again, mid=client.mid_frame)

    # Impostors and latecomers: refused, and the session does not notice.
    stream = session.open()
    stream.outgoing += b"still here?"
    client.until(lambda: stream.came == 11)
    stale = client.refused(lambda: ClientHandshake(port, session.id).commit(session, RESUME, session.attempt))
    forged = client.refused(lambda: ClientHandshake(port, session.id).commit(session, RESUME, 99, spoil=True))
    wrong = client.refused(lambda: ClientHandshake(port, session.id).commit(session, NEW, 0))
    unknown = ClientHandshake(port, os.urandom(16)).status
    old = session.carrier
    stream.outgoing += b" and now?"
    client.until(lambda: stream.came == 20)
    say(step="refusals", stale=stale, forged=forged, wrong=wrong, unknown=unknown, kept=session.carrier is old)

    # Takeover: the server closes the old carrier when a higher attempt commits.
    twin = ClientHandshake(port, session.id)
    session.attempt += 1
    session.carrier = None  # it stays open, but is read no more
    count, rest = twin.commit(session, RESUME, session.attempt)
    client.again += session.rewind(count)
    Carrier(twin.channel.sock, session, rest)
    old.sock.settimeout(5)
    try:
        while old.sock.recv(65536):
            pass
        taken_over = True
    except (TimeoutError, BlockingIOError):
        taken_over = False
    except OSError:
        taken_over = True
    stream.outgoing += b" again?"
    stream.ends = True
    client.until(lambda: stream.fin_came)
    say(step="takeover", old_closed=taken_over, came=stream.came)

    # An impossible count ends the session loudly.
    handshake = ClientHandshake(port, session.id)
    session.carrier.close("done")
    session.attempt += 1
    session.received += 1
    impossible = client.refused(lambda: handshake.commit(session, RESUME, session.attempt))
    say(step="impossible", code=impossible, after=ClientHandshake(port, session.id).status)

    # Credit is kept: one byte too much is answered with a goodbye.
    greedy = Client(port)
    greedy.begin()
    stream = greedy.session.open()
    stream.outgoing += b"not yet"
    greedy.until(lambda: stream.came == 7)
    stream.may_send += 1 << 30
    stream.outgoing += bytes(64 << 20)
    try:
        greedy.until(lambda: False, seconds=20)
    except (ProtocolError, TimeoutError) as error:
        say(step="greedy", error=str(error))

    # A goodbye ends the session at once.
    last = Client(port)
    carrier = last.begin()
    stream = last.session.open()
    stream.outgoing += b"bye"
    last.until(lambda: stream.came == 3)
    carrier.out += frame(struct.pack(">BH", GOODBYE, SHUTDOWN) + b"the peer ends")
    while carrier.out:
        carrier.flush()
    carrier.close("goodbye said")
    time.sleep(0.2)
    say(step="goodbye", after=ClientHandshake(port, last.session.id).status)


def run_refused(port):
    began = time.monotonic()
    client = Client(port)
    code = client.refused(client.begin)
    say(step="refused", code=code, ms=round((time.monotonic() - began) * 1000))


def run_server():
    """Echoes every stream. The first carriers are cut; later ones live."""
    chance = random.Random(11)
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    say(step="ready", port=listener.getsockname()[1])
    sessions = {}
    cuts_left, again, resumes = 24, 0, 0

    def echo(session):
        def move(stream):
            room = LOG_BYTES - len(stream.outgoing)
            stream.outgoing += stream.incoming[:room]
            del stream.incoming[:room]
            stream.ends = stream.fin_came and not stream.incoming
        session.on_data = move

    while True:
        if select.select([sys.stdin], [], [], 0)[0]:
            if not sys.stdin.readline():
                return
            for session in sessions.values():
                if session.carrier:
                    session.carrier.close("forgotten")
            say(step="forgot", sessions=len(sessions), again=again, resumes=resumes, cuts_left=cuts_left)
            sessions.clear()
        carriers = [session.carrier for session in sessions.values() if session.carrier]
        if not carriers:
            select.select([listener], [], [], 0.05)
        for carrier in carriers:
            carrier.step()
            for stream in carrier.session.streams.values():
                carrier.session.on_data(stream)
            if carrier.session.ended:
                del sessions[carrier.session.id]
                say(step="ended", why=carrier.session.ended, again=again, resumes=resumes)
        try:
            sock, _ = listener.accept()
        except BlockingIOError:
            continue
        try:
            sock.setblocking(True)
            session, rest, opening, kind, replayed = serve_handshake(sock, sessions)
        except (ProtocolError, Refused) as error:
            code = error.code if isinstance(error, Refused) else PROTOCOL
            if code == TOKEN:
                time.sleep(1)  # others wait here too, which only a test can afford
                say(step="token", why=str(error))
            sock.sendall(frame(struct.pack(">BH", REFUSE, code) + str(error).encode()))
            sock.close()
            continue
        except OSError:
            sock.close()
            continue
        again += replayed
        resumes += kind == RESUME
        echo(session)
        cuts = {}
        if cuts_left > 0:
            cuts_left -= 1
            cuts = {chance.choice(["cut_out", "cut_in"]): chance.randrange(200, 60_000)}
            cuts["how"] = chance.choice(["close", "reset"])
        Carrier(sock, session, rest, opening, **cuts)


if __name__ == "__main__":
    if sys.argv[-1].startswith("--token="):
        set_token(sys.argv.pop().removeprefix("--token=").encode())
    if sys.argv[1:2] == ["server"]:
        run_server()
    elif sys.argv[1:2] == ["refused"]:
        run_refused(int(sys.argv[2]))
    else:
        run_client(int(sys.argv[2]))
