"""Each rule of the document broken once, and what that ends (PROTOCOL.md, "Errors")."""

import os
import random
import select
import socket
import struct
import sys
import time

from .carrier import step
from .client import Client, refusal
from .handshake import TIMEOUT_FIELD, Server
from .streams import Stream
from .wire import (ACKNOWLEDGE, COMMIT, DATA, END, GOODBYE, IDENTITY, JOIN, LANE, LEAVE, LIVE, NEW, OPEN, PROBE, RECEIPT,
                   RECEIPTS, RESET, WANT, WINDOWS, CarrierError, Counted, Refused, SessionError, data_frame, fields,
                   frame, live_field, open_frame, receipt_frame, receipts_field, reset_frame, windows_frame)

SECONDS = 8


class Trial:
    """A session with a stream that has proven to work, at this end of it."""

    def __init__(self, session, stream):
        self.session, self.stream = session, stream
        self.facts = {}

    @property
    def carrier(self):
        return next(iter(self.session.carriers.values()))

    def raw(self, payload):
        """A frame that is not counted, or no frame at all."""
        self.carrier.put(frame(payload))

    def counted(self, *frames):
        for counted in frames:
            self.carrier.put_counted(counted)

    def behind(self, offset, data=b"", kind=DATA):
        """Data of the stream, so many bytes behind what was sent."""
        return data_frame(kind, self.stream.number, self.stream.sent + offset, data)

    def close(self):
        self.carrier.close("done")

    def join(self):
        raise NotImplementedError


# Towards both ends. Each takes a trial and does one thing.


def acknowledge(trial, count):
    trial.raw(struct.pack(">BQ", ACKNOWLEDGE, count))


def early_pieces(trial):
    """300 bytes in pieces that come in any order and over one another; the other end puts them together."""
    text = bytes(range(97, 122)) * 12
    pieces = [(at, text[at:at + 9]) for at in range(0, 300, 7)]
    random.Random(3).shuffle(pieces)
    for at, piece in pieces:
        trial.counted(trial.behind(at, piece))
    advance(trial, text)


def advance(trial, text):
    """What was sent by hand belongs to the stream."""
    trial.stream.sent += len(text)
    trial.said += text


def gaps(trial, count):
    """So many gaps, of a byte each; then what is missing, which only matters where they were allowed."""
    text = b"-+" * count
    for index in range(count):
        trial.counted(trial.behind(2 * index + 1, b"+"))
    for index in range(count):
        trial.counted(trial.behind(2 * index, b"-"))
    advance(trial, text)


def again(trial):
    """Data that comes again, with other bytes in it, beside new data."""
    trial.counted(data_frame(DATA, trial.stream.number, 0, b"XXX"))
    trial.counted(data_frame(DATA, trial.stream.number, 2, b"YYY"))
    trial.counted(data_frame(DATA, trial.stream.number, trial.stream.sent - 2, b"ZZnew"))
    advance(trial, b"new")


def end_then(trial, *frames):
    trial.counted(trial.behind(10, kind=END), *frames)


def unknown_types(trial):
    for kind in range(0x40, 0x60):
        trial.raw(bytes([kind]) + os.urandom(kind % 7))
    for kind in range(0x60, 0x80):
        trial.counted(Counted(bytes([kind]) + os.urandom(kind % 7)))
    trial.carrier.put(frame(b"") * 100)


def header(trial, length, kind):
    """The beginning of a frame, which the other end may count, though it takes no more of it."""
    trial.carrier.put(struct.pack(">IB", length, kind), counted=True)
    trial.carrier.logged += 5


def half_a_prefix(trial):
    """A carrier that is cut in the length of a frame that is not counted: the receipt must not count it."""
    trial.carrier.put(frame(struct.pack(">BBIH", PROBE, 0, 1000, 0))[:4])
    trial.carrier.flush()
    time.sleep(0.2)
    trial.close()


def left(trial):
    """Bytes behind a leave are ignored."""
    trial.raw(bytes([LEAVE]))
    trial.carrier.put(os.urandom(1000))


BOTH = {
    "an acknowledgement below the last": ("session 2", lambda t: acknowledge(t, t.carrier.acknowledged_to_peer - 1)),
    "an acknowledgement above what was sent": ("session 2", lambda t: acknowledge(t, t.carrier.reader.taken + (1 << 20))),
    "an acknowledgement that comes again": ("nothing", lambda t: acknowledge(t, t.carrier.acknowledged_to_peer)),
    "a receipt for its own carrier": ("session 2", lambda t: t.counted(receipt_frame(t.carrier.number, 0))),
    "a receipt for a carrier never committed": ("session 2", lambda t: t.counted(receipt_frame(7, 0))),
    "a receipt that is too short": ("session 2", lambda t: t.counted(Counted(bytes([RECEIPT, 0, 0])))),
    "data of a stream never opened": ("session 2", lambda t: t.counted(data_frame(DATA, 99, 0, b"x"))),
    "an end of a stream never opened": ("session 2", lambda t: t.counted(data_frame(END, 99, 0, b"x"))),
    "a reset of a stream never opened": ("session 2", lambda t: t.counted(reset_frame(99, 0, 2))),
    "a window of a stream never opened": ("session 2", lambda t: t.counted(windows_frame([(99, 5)]))),
    "data beyond the credit": ("session 2", lambda t: t.counted(t.behind(1 << 30, b"x"))),
    "an end beyond the credit": ("session 2", lambda t: t.counted(t.behind(1 << 30, kind=END))),
    "a reset beyond the credit": ("session 2", lambda t: t.counted(reset_frame(t.stream.number, 1 << 30, 2))),
    "data beyond the final offset": ("session 2", lambda t: end_then(t, t.behind(10, b"x"))),
    "two ends, the second higher": ("session 2", lambda t: end_then(t, t.behind(20, kind=END))),
    "two ends, the second lower": ("session 2", lambda t: end_then(t, t.behind(5, kind=END))),
    "an end and a reset that differ": ("session 2", lambda t: end_then(t, reset_frame(t.stream.number, t.stream.sent + 5, 2))),
    "two resets that differ": ("session 2", lambda t: t.counted(
        reset_frame(t.stream.number, t.stream.sent + 5, 2), reset_frame(t.stream.number, t.stream.sent + 6, 2))),
    "an end below what came": ("session 2", lambda t: t.counted(data_frame(END, t.stream.number, 0, b""))),
    "a reset below what came": ("session 2", lambda t: t.counted(reset_frame(t.stream.number, 0, 2))),
    "an end below what is early": ("session 2", lambda t: t.counted(t.behind(9, b"x"), t.behind(5, kind=END))),
    "2049 gaps": ("session 2", lambda t: gaps(t, 2049)),
    "2048 gaps, and what is missing": ("nothing", lambda t: gaps(t, 2048)),
    "early pieces in any order": ("nothing", early_pieces),
    "data that comes again, with other bytes": ("nothing", again),
    "a window that is lower": ("nothing", lambda t: t.counted(windows_frame([(t.stream.number, 1)]))),
    "windows without a value": ("session 2", lambda t: t.counted(Counted(bytes([WINDOWS])))),
    "windows that are not whole": ("session 2", lambda t: t.counted(Counted(bytes([WINDOWS]) + bytes(13)))),
    "a window of 2^53": ("session 2", lambda t: t.counted(windows_frame([(t.stream.number, 2**53)]))),
    "an offset of 2^53": ("session 2", lambda t: t.counted(data_frame(DATA, t.stream.number, 2**53, b"x"))),
    "a reset that is too short": ("session 2", lambda t: t.counted(Counted(bytes([RESET]) + bytes(10)))),
    "a reset of another length than it tells": ("session 2", lambda t: t.counted(
        Counted(struct.pack(">BIQHH", RESET, t.stream.number, t.stream.sent, 2, 5) + b"four"))),
    "a reset with too long a message": ("session 2", lambda t: t.counted(
        reset_frame(t.stream.number, t.stream.sent, 2, "x" * 1025))),
    "types that nobody knows yet": ("nothing", unknown_types),
    "flags of a probe that nobody knows": ("nothing", lambda t: t.raw(struct.pack(">BBIH", PROBE, 0xfc, 1000, 1))),
    "a type that cannot be": ("carrier", lambda t: t.raw(bytes([0x30]))),
    "a type that is not used": ("carrier", lambda t: t.raw(bytes([0x22]) + bytes(12))),
    "a message of the handshake": ("carrier", lambda t: t.raw(bytes([COMMIT]) + bytes(50))),
    "data above 512 KiB": ("carrier", lambda t: header(t, 512 * 1024 + 1, DATA)),
    "a control frame above 16 KiB": ("carrier", lambda t: header(t, 16 * 1024 + 1, WINDOWS)),
    "an unknown counted frame above 16 KiB": ("carrier", lambda t: header(t, 16 * 1024 + 1, 0x60)),
    "an acknowledgement of 8 bytes": ("carrier", lambda t: t.raw(bytes([ACKNOWLEDGE]) + bytes(7))),
    "a probe of 6 bytes": ("carrier", lambda t: t.raw(bytes([PROBE]) + bytes(5))),
    "a leave of 2 bytes": ("carrier", lambda t: t.raw(bytes([LEAVE, 0]))),
    "a goodbye of 2 bytes": ("carrier", lambda t: t.raw(bytes([GOODBYE, 0]))),
    "a goodbye with too long a sentence": ("carrier", lambda t: t.raw(bytes([GOODBYE, 0, 1]) + b"x" * 513)),
    "data without its header": ("carrier", lambda t: t.raw(bytes([DATA]) + bytes(11))),
    "garbage behind a leave": ("carrier", left),
    "a cut in the length of a probe": ("carrier", half_a_prefix),
    "a half-close": ("carrier", lambda t: (t.carrier.flush(), t.carrier.sock.shutdown(socket.SHUT_WR))),
    "a goodbye of a code that nobody knows": ("session", lambda t: t.raw(bytes([GOODBYE, 3, 3]) + b"bye")),
}


# Towards a server.


def service(trial):
    other = trial.session.streams[51] = Stream(51, 4096, 4096)
    trial.session.opened.add(51)
    trial.session.last_opened = 51
    trial.counted(open_frame(51, 4096, 4096, service=1))
    trial.session.on_data = lambda stream: stream is other and trial.facts.update(reset=stream.reset)


def ranges(trial, count):
    for index in range(count):
        number = 5 + 4 * index
        trial.counted(open_frame(number, 0, 0), reset_frame(number, 0, 2))


def over(trial):
    """All that comes of a stream that is over is ignored, an open too."""
    number = 51
    trial.counted(open_frame(number, 9, 9), reset_frame(number, 0, 2), open_frame(number, 9, 9),
                  data_frame(DATA, number, 1 << 40, b"x"), windows_frame([(number, 7)]), reset_frame(number, 3, 2),
                  data_frame(END, number, 5, b"y"))


def raw_join(trial, live, receipts, number=None):
    """A join that this end looks at no further."""
    session = trial.session
    session.highest = session.highest + 1 if number is None else number
    handshake = trial.client.handshake(session.id)
    told, _ = handshake.commit_join(session, session.highest, live, receipts)
    trial.raws.append(handshake.channel.sock)
    return told


def unread(trial):
    """Ends the first carrier with something of the server's not acknowledged. What this end has taken of it."""
    trial.stream.outgoing += b"not acknowledged"
    trial.said += b"not acknowledged"
    carrier, taken = trial.carrier, trial.carrier.reader.taken
    carrier.prepare()
    carrier.flush()
    time.sleep(0.3)
    trial.close()
    return taken


def receipts_twice(trial, difference):
    taken = unread(trial)
    raw_join(trial, [], {0: taken})
    raw_join(trial, [], {0: taken + difference, 1: 0})


def receipt_of_settled(trial):
    """One for a carrier that is settled is ignored, whatever it tells."""
    trial.close()
    trial.join()
    trial.settle()
    trial.counted(receipt_frame(0, 5))


def join_behind(trial, taken):
    """A commit whose receipt differs from what was taken by so much."""
    count = trial.carrier.reader.taken
    trial.close()
    raw_join(trial, [], {0: count + taken})


def data_first(trial):
    """Data, and the open behind it."""
    trial.counted(data_frame(DATA, 51, 0, b"x"), open_frame(51, 9, 9))


SERVER = {
    "an open with an even number": ("session 2", lambda t: t.counted(open_frame(2, 9, 9))),
    "an open with the number 0": ("session 2", lambda t: t.counted(open_frame(0, 9, 9))),
    "an open above the last number": ("session 2", lambda t: t.counted(open_frame(2**31 + 1, 9, 9))),
    "an open that takes too much": ("session 2", lambda t: t.counted(open_frame(51, (256 << 10) + 1, 9))),
    "an open that is too short": ("session 2", lambda t: t.counted(Counted(bytes([OPEN]) + bytes(9)))),
    "an open with bytes behind its fields": ("session 2", lambda t: t.counted(open_frame(51, 9, 9, extra=b"\0x"))),
    "an open with too long fields": ("session 2", lambda t: t.counted(
        open_frame(51, 9, 9, extra=b"\1" + struct.pack(">HH", 60000, 1100) + bytes(1100)))),
    "an open of a service that is not there": ("nothing", service),
    "an open that comes again": ("nothing", lambda t: t.counted(open_frame(t.stream.number, 1, 1))),
    "an end that comes again": ("nothing", lambda t: t.counted(
        open_frame(51, 9, 9), data_frame(END, 51, 0, b"x"), data_frame(END, 51, 0, b"x"), data_frame(END, 51, 1, b""))),
    "frames of a stream that is over": ("nothing", over),
    "data before the open": ("session 2", data_first),
    "1024 ranges not seen": ("nothing", lambda t: ranges(t, 1024)),
    "1025 ranges not seen": ("session 2", lambda t: ranges(t, 1025)),
    "the lane of its carrier": ("nothing", lambda t: t.counted(Counted(struct.pack(">BIB", LANE, t.carrier.number, 1)))),
    "the lane of another carrier": ("session 2", lambda t: t.counted(Counted(struct.pack(">BIB", LANE, 5, 1)))),
    "a lane that cannot be": ("session 2", lambda t: t.counted(Counted(struct.pack(">BIB", LANE, t.carrier.number, 2)))),
    "a lane that is too short": ("session 2", lambda t: t.counted(Counted(bytes([LANE, 0, 0])))),
    "a want by the client": ("session 2", lambda t: t.counted(Counted(struct.pack(">BIB", WANT, 1, 1)))),
    "a receipt for a settled carrier": ("nothing", receipt_of_settled),
    "a receipt that is too high, in a commit": ("session", lambda t: join_behind(t, 1 << 20)),
    "a receipt that is too low, in a commit": ("session", lambda t: join_behind(t, -1)),
    "a second receipt that differs": ("session", lambda t: receipts_twice(t, 1)),
    "a second receipt that is the same": ("carrier", lambda t: receipts_twice(t, 0)),
}

# Towards a client.

CLIENT = {
    "an open by the server": ("session 2", lambda t: t.counted(open_frame(2, 9, 9))),
    "a lane by the server": ("session 2", lambda t: t.counted(Counted(struct.pack(">BIB", LANE, t.carrier.number, 1)))),
    "a want by the server": ("nothing", lambda t: t.counted(Counted(struct.pack(">BIB", WANT, 1, 1)),
                                                            Counted(struct.pack(">BIB", WANT, 0, 1)))),
    "a want that is too short": ("session 2", lambda t: t.counted(Counted(bytes([WANT, 0, 0])))),
}


class ServerTrial(Trial):
    """A client's end."""

    def __init__(self, port, token):
        self.client, self.raws = Client(port, token), []
        self.client.begin()
        super().__init__(self.client.session, self.client.session.open())
        self.said = bytearray(b"hello")
        self.client.say(self.stream, b"hello")
        self.settle()

    def settle(self):
        """All that was said is acknowledged, on both ends."""
        carrier = self.carrier
        trips = carrier.round_trips
        carrier._probe(1)
        self.client.until(lambda: carrier.round_trips > trips and not carrier.log)

    def join(self):
        self.client.join()

    def outcome(self):
        """What became of it: `nothing`, `carrier`, `session` with the code of a goodbye, or what else went wrong."""
        session, stream = self.session, self.stream
        text = b"; still here"
        before, self.said = list(session.carriers), self.said + text
        stream.outgoing += text
        end = time.monotonic() + SECONDS
        while len(stream.incoming) < len(self.said) and not session.ended and time.monotonic() < end:
            if not session.carriers:
                if self.client.status() != 0:
                    session.ended = "gone"
                    break
                self.client.join()
            step(session.carriers.values())
        if session.ended:
            goodbye = session.ended.split(":")[0].replace("goodbye ", "session ")
            known = "" if self.client.status() == 1 else ", but the server still knows it"
            return (goodbye if goodbye.startswith("session") else "session") + known, session.ended
        if stream.incoming != self.said:
            return f"{len(stream.incoming)} bytes of {len(self.said)} came", ""
        return ("nothing" if list(session.carriers) == before and before else "carrier"), ""

    def end(self):
        for carrier in list(self.session.carriers.values()):
            carrier.put(frame(bytes([GOODBYE, 0, 1])))
            carrier.flush()
            carrier.close("done")


def run_rules(port, token, say, only):
    """Breaks each rule towards a tele server, in a session of its own."""
    for name, (want, action) in {**BOTH, **SERVER}.items():
        if only not in name:
            continue
        trial = ServerTrial(port, token)
        why = ""
        try:
            action(trial)
            got, why = trial.outcome()
        except Refused as refused:
            got = "session" if trial.client.status() == 1 else f"refused {refused.code}"
        except (CarrierError, SessionError, TimeoutError, OSError) as error:
            got = f"{error.__class__.__name__}: {error}"
        if want == "session":
            got = got.split(" ")[0] if got.startswith("session ") and "still" not in got else got
        trial.end()
        say(step="rule", name=name, want=want, got=got, why=why, **trial.facts)


# --- The handshake ------------------------------------------------------------------------------------------------------


def body(kind, number, values=(), lane=0, behind=b""):
    return struct.pack(">BBIB", COMMIT, kind, number, lane) + bytes([len(values)]) + b"".join(
        struct.pack(">HH", field, len(value)) + value for field, value in values) + behind


NUMBERS = struct.Struct(">I").pack
ONE = struct.Struct(">IQ").pack

# What the commit of a session whose next number is 3 is refused with; number 1 is gone and settled.
COMMITS = {
    "a commit of new for a session that is here": (2, NEW, body(NEW, 0)),
    "a join with the number 0": (2, JOIN, body(JOIN, 0)),
    "a join with a number of before": (6, JOIN, body(JOIN, 1)),
    "a join with its own number in live": (2, JOIN, body(JOIN, 3, [(LIVE, NUMBERS(3))])),
    "a join with a higher number in live": (2, JOIN, body(JOIN, 3, [(LIVE, NUMBERS(9))])),
    "a join with a receipt for its own number": (2, JOIN, body(JOIN, 3, [(RECEIPTS, ONE(3, 0))])),
    "a join with a receipt for a higher number": (2, JOIN, body(JOIN, 3, [(RECEIPTS, ONE(4, 0))])),
    "a number in live and in receipts": (2, JOIN, body(JOIN, 3, [(LIVE, NUMBERS(1)), (RECEIPTS, ONE(1, 0))])),
    "live that does not rise": (2, JOIN, body(JOIN, 3, [(LIVE, NUMBERS(2) + NUMBERS(1))])),
    "receipts that do not rise": (2, JOIN, body(JOIN, 3, [(RECEIPTS, ONE(1, 0) + ONE(1, 0))])),
    "live of 17 numbers": (2, JOIN, body(JOIN, 30, [(LIVE, b"".join(map(NUMBERS, range(17))))])),
    "live of no number": (2, JOIN, body(JOIN, 3, [(LIVE, b"")])),
    "live of 5 bytes": (2, JOIN, body(JOIN, 3, [(LIVE, bytes(5))])),
    "a receipt of 2^53": (2, JOIN, body(JOIN, 3, [(RECEIPTS, ONE(1, 2**53))])),
    "a lane that cannot be": (2, JOIN, body(JOIN, 3, lane=2)),
    "an identity in a join": (2, JOIN, body(JOIN, 3, [(IDENTITY, bytes(100))])),
    "a resume timeout of 0": (2, JOIN, body(JOIN, 3, [(1, bytes(8))])),
    "a resume timeout above a leap year": (2, JOIN, body(JOIN, 3, [(1, struct.pack(">Q", 31_622_400_001))])),
    "fields that do not rise": (2, JOIN, body(JOIN, 3, [(60001, b"x"), (60000, b"x")])),
    "bytes behind the fields": (2, JOIN, body(JOIN, 3, behind=b"x")),
    "a field that stands in another message": (2, JOIN, body(JOIN, 3, [(9, b"\1")])),
    "a kind that cannot be": (2, JOIN, body(2, 3)),
}


def run_handshake_rules(port, token, say, only):
    trial = ServerTrial(port, token)
    client, session = trial.client, trial.session
    client.join()
    client.say(trial.stream, b"settled")
    client.join()
    client.say(trial.stream, b"here")
    trial.said += b"settledhere"
    session.highest += 1
    for name, (want, kind, commit) in COMMITS.items():
        if only in name:
            handshake = client.handshake(session.id)
            got = refusal(lambda: handshake.commit(session, kind, 3, [], body=commit))
            say(step="commit", name=name, want=want, got=got)
    for name, want, values in [
        ("a commit of new with a number", 2, dict(number=1)), ("a commit of new with a lane", 2, dict(lane=1)),
        ("a commit of new with receipts", 2, dict(values=receipts_field({0: 0}))),
        ("a commit of new with live", 2, dict(values=live_field([0]))),
        ("a commit of new with an identity of 99 bytes", 2, dict(values=[(IDENTITY, bytes(99))])),
        ("a commit of new with a slot above its last", 4, dict(slots=(3, 2))),
    ]:
        if only in name:
            handshake = client.handshake()
            fields_ = [handshake.identity(os.urandom(32), *values["slots"])] if "slots" in values else []
            got = refusal(lambda: handshake.commit(session, NEW, values.get("number", 0),
                                                   values.get("values", fields_), lane=values.get("lane", 0)))
            say(step="commit", name=name, want=want, got=got)
    if only in "another version":
        say(step="commit", name="another version", want=3, got=refusal(lambda: client.handshake(version=7)))
    say(step="commit", name="the session notices nothing", want="nothing", got=trial.outcome()[0])
    trial.end()


# --- Towards a client ------------------------------------------------------------------------------------------------------


class ClientTrial(Trial):
    """A server's end; its user's client is a socket of this process."""

    def __init__(self, serving, port):
        self.serving = serving
        known = set(serving.streams())
        self.connect(port)
        end = time.monotonic() + SECONDS
        while not (fresh := set(serving.streams()) - known) or len(fresh.pop().incoming) < 5:
            if time.monotonic() > end:
                raise TimeoutError("a stream")
            if self.user_error:
                # The client had not noticed yet that its session of before is gone, and has cut the stream with it.
                self.connect(port)
            serving.step()
            self.read_user()
        stream = self.new(known)
        super().__init__(self.new_session(stream), stream)
        self.said = bytearray(b"hello")
        stream.outgoing += b"hello"
        self.run(lambda: self.seen == self.said and not self.carrier.log, "what was said")

    def connect(self, port):
        self.user = socket.create_connection(("127.0.0.1", port))
        self.user.setblocking(False)
        self.seen, self.user_error = bytearray(), None
        self.user.sendall(b"hello")

    def new(self, known):
        return (set(self.serving.streams()) - known).pop()

    def new_session(self, stream):
        return next(session for session in self.serving.server.sessions.values() if stream in session.streams.values())

    def run(self, done, what):
        end = time.monotonic() + SECONDS
        while not done():
            if time.monotonic() > end:
                raise TimeoutError(what)
            self.serving.step()
            self.read_user()

    def read_user(self):
        try:
            data = self.user.recv(65536)
            self.seen += data
            if not data:
                self.user_error = "end"
        except BlockingIOError:
            pass
        except OSError as error:
            self.user_error = error.__class__.__name__

    def outcome(self):
        session, text = self.session, b"; still here"
        before, self.said = list(session.carriers), self.said + text
        self.stream.outgoing += text
        try:
            self.run(lambda: session.ended or len(self.seen) >= len(self.said) or self.user_error, "an outcome")
            if self.user_error and not session.ended:
                self.run(lambda: session.ended or not session.carriers, "the end of the carrier")
                session.ended = session.ended or "the user's connection was cut"
        except TimeoutError as error:
            return str(error), ""
        if session.ended:
            code = session.ended.split(":")[0].replace("goodbye ", "session ")
            return (code if code.startswith("session") else "session"), session.ended
        if self.seen != self.said:
            return f"{len(self.seen)} bytes of {len(self.said)} came", ""
        return ("nothing" if list(session.carriers) == before and before else "carrier"), ""


class Serving:
    """A server that trials drive."""

    def __init__(self):
        self.server = Server()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.setblocking(False)

    def streams(self):
        return [stream for session in self.server.sessions.values() for stream in session.streams.values()]

    def step(self):
        attached = [carrier for session in self.server.sessions.values() for carrier in session.carriers.values()]
        if attached:
            step(attached)
        else:
            select.select([self.listener], [], [], 0.01)
        try:
            self.server.accept(self.listener.accept()[0], {})
        except (CarrierError, SessionError, Refused, OSError):
            pass
        for session in list(self.server.sessions.values()):
            if session.ended and not session.carriers:
                del self.server.sessions[session.id]


    def forget(self):
        """The next trial has a session of its own."""
        for session in self.server.sessions.values():
            for carrier in list(session.carriers.values()):
                carrier.close("forgotten")
        self.server.sessions.clear()


def run_client_rules(say, only):
    serving = Serving()
    say(step="ready", port=serving.listener.getsockname()[1])
    port = int(sys.stdin.readline())
    for name, (want, action) in {**BOTH, **CLIENT}.items():
        if only not in name:
            continue
        why = ""
        try:
            trial = ClientTrial(serving, port)
            action(trial)
            got, why = trial.outcome()
            trial.user.close()
        except (CarrierError, SessionError, TimeoutError, OSError) as error:
            got = f"{error.__class__.__name__}: {error}"
        serving.forget()
        if want == "session":
            got = got.split(" ")[0]
        say(step="rule", name=name, want=want, got=got, why=why)
