"""Frames and fields (PROTOCOL.md, "Frames", "Handshake", "Limits", "Codes")."""

import re
import struct

HELLO, CHALLENGE, COMMIT, ACCEPT, REFUSE = 1, 2, 3, 4, 5
ACKNOWLEDGE, PROBE, LEAVE, GOODBYE = 0x11, 0x12, 0x13, 0x14
OPEN, DATA, END, RESET, WINDOWS, RECEIPT, LANE, WANT, DRAIN = 0x20, 0x21, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28, 0x29
COUNTED = {OPEN, DATA, END, RESET, WINDOWS, RECEIPT, LANE, WANT, DRAIN, *range(0x60, 0x80)}
UNCOUNTED = {ACKNOWLEDGE, PROBE, LEAVE, GOODBYE, *range(0x40, 0x60)}
NEW, JOIN = 0, 1
KINDS = {NEW: "new", JOIN: "join"}
READY, UNKNOWN = 0, 1
REPLY_WANTED, REPLY = 1, 2
SHUTDOWN, PROTOCOL, VERSION, PROOF, STALE, REPLACED, TOKEN, SEAL, DRAINING = 1, 2, 3, 4, 6, 7, 9, 11, 12
REFUSED = 1  # of a reset
KNOWN_FIELDS = range(1, 18)
(RESUME_TIMEOUT, IDENTITY, NAME, GUARDED, FULL, START_POOL, LIVE, RECEIPTS, CARRIERS, LEAF, PATH, SERVICES,
 SERVICE, OFFERS, OFFERED, USERS, USER) = KNOWN_FIELDS
NAMED_SERVICE, DESTINATION = 1, 2  # in place of a service's number: the open has its name, or a host and a port
NO_LEAF = bytes(32)
MAX_TEXT, MAX_EXTRA = 512, 1024
MOST_TIMEOUT_MS = 31_622_400_000
MAX_HANDSHAKE, MAX_FRAME, MAX_CONTROL = 2048, 512 * 1024, 16 * 1024
DATA_HEADER = 17
MOST_STARTS, LEAST_STARTS = 16 << 20, 2 << 20  # pools of start credit
MOST_START, LEAST_START = 256 << 10, 4 << 10
MOST_UNSETTLED = 16
MOST_GAPS = 2048
LAST_STREAM = 2**31 - 1
ALL_OVER = 2**32 - 1  # in a drain
PROMISE_MS = 1000
WEEK_MS = 7 * 24 * 3600 * 1000


class CarrierError(Exception):
    """What a fresh carrier can mend."""


class SessionError(Exception):
    """The peer broke a rule that no fresh carrier can mend."""


class Refused(Exception):
    """The peer said no; `code` says why."""

    def __init__(self, code, message):
        super().__init__(f"{code}: {message}")
        self.code = code


def frame(payload):
    return struct.pack(">I", len(payload)) + payload


def u64(payload, at):
    value = struct.unpack_from(">Q", payload, at)[0]
    if value >= 2**53:
        raise SessionError(f"a number of {value}")
    return value


def ending(kind, code, text):
    return struct.pack(">BH", kind, code) + text.encode()[:MAX_TEXT]


def read_ending(payload):
    if not 3 <= len(payload) <= 3 + MAX_TEXT:
        raise CarrierError("an ending that is too short or too long")
    return struct.unpack_from(">H", payload, 1)[0], payload[3:].decode(errors="replace")


# --- Fields -----------------------------------------------------------------------------------------------------------


def fields(*values):
    """A list of optional fields out of (type, value), with one that nobody knows at the end."""
    values = sorted([*values, (60000, b"ignore me")])
    return bytes([len(values)]) + b"".join(struct.pack(">HH", kind, len(value)) + value for kind, value in values)


def guard_fields(has_token, leaf=None, *others):
    if not has_token:
        return fields(*others)
    return fields((GUARDED, b""), *([] if leaf is None else [(LEAF, leaf)]), *others)


def name_field(name):
    return [] if name is None else [(NAME, name.encode())]


def offers_fields(names):
    """What a client offers, and what the server may take for streams to that."""
    if not names:
        return []
    return [(OFFERS, ",".join(sorted(names)).encode()), (START_POOL, struct.pack(">I", LEAST_STARTS))]


def live_field(numbers):
    return [(LIVE, struct.pack(f">{len(numbers)}I", *sorted(numbers)))] if numbers else []


def receipts_field(receipts):
    """`receipts` maps the numbers of carriers to what was taken."""
    return [(RECEIPTS, b"".join(struct.pack(">IQ", *item) for item in sorted(receipts.items())))] if receipts else []


LENGTHS = {RESUME_TIMEOUT: [8], IDENTITY: [100], NAME: range(1, 65), GUARDED: [0], FULL: [1], START_POOL: [4],
           CARRIERS: [1], LEAF: [32], LIVE: range(4, 65, 4), RECEIPTS: range(12, 193, 12), PATH: [1], SERVICES: [0],
           SERVICE: range(1, 260), OFFERS: range(1, 1040), OFFERED: range(1, 17), USERS: [0],
           USER: [12, 36]}


def read_fields(payload, at, *known):
    """The fields from `at` to the end of the message; of those in PROTOCOL.md only `known` may stand there."""
    found, before = {}, -1
    try:
        count, at = payload[at], at + 1
        for _ in range(count):
            kind, length = struct.unpack_from(">HH", payload, at)
            at += 4
            if kind <= before:
                raise CarrierError("fields that do not rise")
            before = kind
            if kind in KNOWN_FIELDS and (kind not in known or length not in LENGTHS[kind]):
                raise CarrierError(f"a field {kind} of {length} bytes")
            found[kind] = payload[at:at + length]
            at += length
    except (IndexError, struct.error):
        raise CarrierError("a message that is too short") from None
    if at != len(payload):
        raise CarrierError("a message of another length than it announces")
    if RESUME_TIMEOUT in found and not 1 <= struct.unpack(">Q", found[RESUME_TIMEOUT])[0] <= MOST_TIMEOUT_MS:
        raise CarrierError("a resume timeout that cannot be")
    if NAME in found and not re.fullmatch(rb"[A-Za-z0-9][A-Za-z0-9._@-]*", found[NAME]):
        raise CarrierError("a name that cannot be")
    if SERVICE in found and not re.fullmatch(rb"[a-z0-9._-]{1,64}|[^:]+:[1-9][0-9]{0,4}|\[[0-9a-f:]+\]:[1-9][0-9]{0,4}",
                                             found[SERVICE]):
        raise CarrierError("a name of a service that cannot be")
    if OFFERS in found:
        names = found[OFFERS].split(b",")
        if len(names) > 16 or not all(re.fullmatch(rb"[a-z0-9._-]{1,64}", name) for name in names):
            raise CarrierError("offers that cannot be")
        if any(one >= other for one, other in zip(names, names[1:])):
            raise CarrierError("offers that do not rise")
    if any(answer > 2 for answer in found.get(OFFERED, b"")):
        raise CarrierError("an answer to an offer that cannot be")
    if PATH in found and not 1 <= found[PATH][0] <= 7:
        raise CarrierError("a path that cannot be")
    if CARRIERS in found and not 1 <= found[CARRIERS][0] <= 10:
        raise CarrierError("a number of carriers that cannot be")
    return found


def rising(numbers):
    if any(a >= b for a, b in zip(numbers, numbers[1:])):
        raise CarrierError("numbers that do not rise")
    return numbers


def read_live(found):
    value = found.get(LIVE, b"")
    return rising(list(struct.unpack(f">{len(value) // 4}I", value)))


def read_receipts(found):
    pairs = list(struct.iter_unpack(">IQ", found.get(RECEIPTS, b"")))
    rising([number for number, _ in pairs])
    if any(taken >= 2**53 for _, taken in pairs):
        raise CarrierError("a receipt that cannot be")
    return dict(pairs)


# --- Counted frames ---------------------------------------------------------------------------------------------------


class Counted:
    """A counted frame as its sender keeps it until it was taken."""

    def __init__(self, payload, stream=None, number=None):
        self.kind = payload[0]
        self.bytes = frame(payload)
        self.stream = stream  # the number of the stream it belongs to
        self.number = number  # of a receipt: the carrier's

    @property
    def is_over(self):
        """Of a drain: whether it says that all of the session is over."""
        return struct.unpack_from(">I", self.bytes, 5)[0] == ALL_OVER

    @property
    def offset(self):
        return struct.unpack_from(">Q", self.bytes, 9)[0]

    @property
    def order(self):
        """In which order frames are sent again: opens first, then by stream and offset, a reset behind its stream."""
        if self.kind == OPEN:
            return 0, self.stream, 0
        if self.stream is None:
            return 1, 0, 0
        return 2, self.stream, 2**64 if self.kind == RESET else self.offset

    def rest(self, covered):
        """What is to be sent again when the peer has taken `covered` bytes of it, fewer than all."""
        if self.kind not in (DATA, END) or covered <= DATA_HEADER:
            return self
        offset = self.offset + covered - DATA_HEADER
        return data_frame(self.kind, self.stream, offset, self.bytes[covered:])


def data_frame(kind, stream, offset, data=b""):
    return Counted(struct.pack(">BIQ", kind, stream, offset) + data, stream)


def open_frame(stream, takes, grants, service=0, extra=b"\0", name=None, user=None):
    if name is not None:
        service = DESTINATION if ":" in name else NAMED_SERVICE
    values = [(SERVICE, name and name.encode()), (USER, user)]
    if name is not None or user is not None:
        extra = fields(*[(kind, value) for kind, value in values if value is not None])
    return Counted(struct.pack(">BIIIH", OPEN, stream, takes, grants, service) + extra, stream)


def reset_frame(stream, offset, code, text=""):
    message = text.encode()
    return Counted(struct.pack(">BIQHH", RESET, stream, offset, code, len(message)) + message, stream)


def windows_frame(values):
    return Counted(bytes([WINDOWS]) + b"".join(struct.pack(">IQ", *value) for value in values))


def drain_frame(last):
    return Counted(struct.pack(">BI", DRAIN, last))


def receipt_frame(number, taken):
    return Counted(struct.pack(">BIQ", RECEIPT, number, taken), number=number)


# --- Reading ----------------------------------------------------------------------------------------------------------


class FrameReader:
    """Cuts bytes into frames and counts those that are counted; see PROTOCOL.md, "Counting"."""

    def __init__(self):
        self.taken = 0
        self.buffer = bytearray()
        self.began = None  # of a data or end frame under way: type, stream, offset
        self.left = 0

    @property
    def is_inside(self):
        return self.began is not None

    def feed(self, data):
        """
        Yields `(type, payload)`, but of data and end `(type, (stream, offset, bytes, is_last))` as the bytes come. A
        frame's bytes are in `taken` as soon as they came, so a caller that stops in the middle has to take no more.
        """
        self.buffer += data
        while self.buffer:
            if self.began is not None:
                yield self._part()
                continue
            if len(self.buffer) < 5:
                if self.buffer[:4] == bytes(4):
                    del self.buffer[:4]
                    continue
                return
            length = struct.unpack_from(">I", self.buffer)[0]
            if length == 0:
                del self.buffer[:4]
                continue
            kind = self.buffer[4]
            self._check(kind, length)
            whole = 4 + (13 if kind in (DATA, END) else length)
            if len(self.buffer) < whole:
                return
            payload = bytes(self.buffer[4:whole])
            del self.buffer[:whole]
            self.taken += whole if kind in COUNTED else 0
            if kind not in (DATA, END):
                yield kind, payload
                continue
            self.began, self.left = struct.unpack(">BIQ", payload), length - 13
            u64(payload, 5)
            if self.left == 0:
                yield self._part()

    def _check(self, kind, length):
        if length > MAX_FRAME:
            raise CarrierError(f"a frame of {length} bytes")
        error = SessionError if 0x20 <= kind < 0x40 else CarrierError
        if kind not in COUNTED and kind not in UNCOUNTED:
            raise error(f"a frame of type {kind}")
        if length > MAX_CONTROL and kind not in (DATA, END) and not 0x40 <= kind < 0x80:
            raise error(f"a frame of type {kind}, {length} bytes")
        if kind in (DATA, END) and length < 13:
            raise error("data without its header")

    def _part(self):
        kind, stream, offset = self.began
        part = bytes(self.buffer[:self.left])
        del self.buffer[:len(part)]
        self.left -= len(part)
        self.taken += len(part)
        self.began = (kind, stream, offset + len(part)) if self.left else None
        return kind, (stream, offset, part, self.left == 0)

    def final_count(self):
        """What its receipt tells: also what came of a frame that was cut, once its type has come."""
        if self.began is not None or len(self.buffer) < 5 or self.buffer[4] not in COUNTED:
            return self.taken
        # A frame that is here whole was read and not taken: it is dropped.
        is_cut = len(self.buffer) < 4 + struct.unpack_from(">I", self.buffer)[0]
        return self.taken + (len(self.buffer) if is_cut else 0)
