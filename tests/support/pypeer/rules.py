"""Each rule of the document broken once, and what that ends (PROTOCOL.md, "Errors")."""

import os
import random
import socket
import struct
import sys
import time

from .carrier import step
from .streams import Stream
from .trials import SECONDS, ClientTrial, ServerTrial, Serving
from .wire import (ACKNOWLEDGE, ALL_OVER, COMMIT, DATA, DRAIN, END, GOODBYE, LANE, LEAVE, OPEN, PROBE, RECEIPT, RESET, SERVICE, USER, WANT,
                   WINDOWS, CarrierError, Counted, Refused, SessionError, data_frame, drain_frame, fields, frame,
                   open_frame, receipt_frame, reset_frame, windows_frame)


def lane(number, value):
    return Counted(struct.pack(">BIB", LANE, number, value))


def want(count):
    return Counted(struct.pack(">BIB", WANT, count, 1))


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
    trial.carrier.put(frame(struct.pack(">BBIHI", PROBE, 0, 1000, 0, 0))[:4])
    trial.carrier.flush()
    time.sleep(0.2)
    trial.close()


def left(trial):
    """Bytes behind a leave are ignored."""
    trial.raw(bytes([LEAVE]))
    trial.carrier.put(os.urandom(1000))


def drain(trial, *numbers):
    """This end says that it opens no stream above these any more, and does not answer by itself."""
    trial.session.drains = True
    trial.counted(*[drain_frame(number) for number in numbers])


def last(trial):
    return max(0, trial.session.last_opened)


def strange(trial):
    """A number of the other end's."""
    return 102 if trial.session.is_client else 101


BOTH = {
    "a drain that is too short": ("session 2", lambda t: t.counted(Counted(bytes([DRAIN, 0, 0])))),
    "a drain with a number of the other end": ("session 2", lambda t: drain(t, strange(t))),
    "two drains that differ": ("session 2", lambda t: drain(t, last(t), last(t) + 2)),
    "a drain that comes again": ("nothing", lambda t: drain(t, last(t), last(t))),
    "an acknowledgement below the last": ("session 2", lambda t: acknowledge(t, t.carrier.acknowledged_to_peer - 1)),
    "an acknowledgement above what was sent": ("session 2", lambda t: acknowledge(t, t.carrier.reader.taken + 99_999)),
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
    "an end and a reset that differ": ("session 2", lambda t: end_then(
        t, reset_frame(t.stream.number, t.stream.sent + 5, 2))),
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
    "flags of a probe that nobody knows": ("nothing", lambda t: t.raw(struct.pack(">BBIHI", PROBE, 0xfc, 1000, 1, 0))),
    "a counted type that is not used": ("session 2", lambda t: t.raw(bytes([0x30]))),
    "a type that is not used": ("session 2", lambda t: t.raw(bytes([0x22]) + bytes(12))),
    "a message of the handshake": ("carrier", lambda t: t.raw(bytes([COMMIT]) + bytes(50))),
    "data above 512 KiB": ("carrier", lambda t: header(t, 512 * 1024 + 1, DATA)),
    "a control frame above 16 KiB": ("session 2", lambda t: header(t, 16 * 1024 + 1, WINDOWS)),
    "an unknown frame above 16 KiB": ("nothing", lambda t: t.counted(Counted(bytes([0x60]) + bytes(100_000)))),
    "an unknown frame above 512 KiB": ("carrier", lambda t: header(t, 512 * 1024 + 1, 0x60)),
    "an acknowledgement of 8 bytes": ("carrier", lambda t: t.raw(bytes([ACKNOWLEDGE]) + bytes(7))),
    "a probe of 6 bytes": ("carrier", lambda t: t.raw(bytes([PROBE]) + bytes(5))),
    "a leave of 2 bytes": ("carrier", lambda t: t.raw(bytes([LEAVE, 0]))),
    "a goodbye of 2 bytes": ("carrier", lambda t: t.raw(bytes([GOODBYE, 0]))),
    "a goodbye with too long a sentence": ("carrier", lambda t: t.raw(bytes([GOODBYE, 0, 1]) + b"x" * 513)),
    "data without its header": ("session 2", lambda t: t.raw(bytes([DATA]) + bytes(11))),
    "garbage behind a leave": ("carrier", left),
    "a cut in the length of a probe": ("carrier", half_a_prefix),
    "a half-close": ("carrier", lambda t: (t.carrier.flush(), t.carrier.sock.shutdown(socket.SHUT_WR))),
    "a goodbye of a code that nobody knows": ("session", lambda t: t.raw(bytes([GOODBYE, 3, 3]) + b"bye")),
}


# Towards a server.


def service(trial, **of):
    """The reset of an open that is refused is kept."""
    other = trial.session.streams[51] = Stream(51, 4096, 4096)
    trial.session.opened.add(51)
    trial.session.last_opened = 51
    trial.counted(open_frame(51, 4096, 4096, **of))
    trial.session.on_data = lambda stream: stream is other and trial.facts.update(reset=stream.reset)


def ranges(trial, count):
    for index in range(count):
        number = 5 + 4 * index
        trial.counted(open_frame(number, 0, 0), reset_frame(number, 0, 2))


def end_again(trial):
    trial.session.opened.add(51)
    ends = data_frame(END, 51, 0, b"x"), data_frame(END, 51, 0, b"x"), data_frame(END, 51, 1, b"")
    trial.counted(open_frame(51, 9, 9), *ends)


def over(trial):
    """All that comes of a stream that is over is ignored, an open too."""
    number = 51
    trial.session.opened.add(number)
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


def receipt_of_live(trial, difference):
    """One for a carrier that is alive: it is seen what becomes of that, or of the session."""
    first, session = trial.carrier, trial.session
    trial.client.join(keep=[first.number])
    session.carriers[first.number + 1].put_counted(receipt_frame(first.number, first.reader.taken + difference))
    end = time.monotonic() + SECONDS
    while first.number in session.carriers and not session.ended and time.monotonic() < end:
        step(session.carriers.values())


def join_behind(trial, taken):
    """A commit whose receipt differs from what was taken by so much."""
    count = trial.carrier.reader.taken
    trial.close()
    raw_join(trial, [], {0: count + taken})


def data_first(trial):
    """Data, and the open behind it."""
    trial.counted(data_frame(DATA, 51, 0, b"x"), open_frame(51, 9, 9))


SERVER = {
    "a client that says that all is over": ("session 2", lambda t: drain(t, last(t), ALL_OVER)),
    "a drain below what was opened": ("session 2", lambda t: drain(t, 0)),
    "an open behind the last one": ("session 2", lambda t: (drain(t, 51), t.counted(open_frame(53, 9, 9)))),
    "a drain in front of its last open": ("nothing", lambda t: (drain(t, 51), service(t, service=7))),
    "an open with an even number": ("session 2", lambda t: t.counted(open_frame(2, 9, 9))),
    "an open with the number 0": ("session 2", lambda t: t.counted(open_frame(0, 9, 9))),
    "an open above the last number": ("session 2", lambda t: t.counted(open_frame(2**31 + 1, 9, 9))),
    "an open that takes too much": ("session 2", lambda t: t.counted(open_frame(51, (256 << 10) + 1, 9))),
    "an open that is too short": ("session 2", lambda t: t.counted(Counted(bytes([OPEN]) + bytes(9)))),
    "an open with bytes behind its fields": ("session 2", lambda t: t.counted(open_frame(51, 9, 9, extra=b"\0x"))),
    "an open with too long fields": ("session 2", lambda t: t.counted(
        open_frame(51, 9, 9, extra=b"\1" + struct.pack(">HH", 60000, 1100) + bytes(1100)))),
    "an open of a service that is not there": ("nothing", lambda t: service(t, service=7)),
    "an open of a service by a name that is not there": ("nothing", lambda t: service(t, name="x")),
    "an open of a service without its name": ("session 2", lambda t: t.counted(open_frame(51, 9, 9, service=1))),
    "a name beside the number of another service": ("session 2", lambda t: t.counted(
        open_frame(51, 9, 9, service=0, extra=fields((SERVICE, b"db"))))),
    "a destination that is not allowed": ("nothing", lambda t: service(t, name="a.example:443")),
    "a destination without a port": ("session 2", lambda t: t.counted(
        open_frame(51, 9, 9, service=2, extra=fields((SERVICE, b"a.example"))))),
    "a destination with the port 0": ("session 2", lambda t: t.counted(open_frame(51, 9, 9, name="a.example:0"))),
    "an open of a destination without it": ("session 2", lambda t: t.counted(open_frame(51, 9, 9, service=2))),
    "a name that no service has": ("session 2", lambda t: t.counted(open_frame(51, 9, 9, name="Db"))),
    "a name that is too long": ("session 2", lambda t: t.counted(open_frame(51, 9, 9, name="x" * 65))),
    "an open with addresses that nobody asked for": ("nothing", lambda t: service(t, service=7, extra=fields((USER, bytes(12))))),
    "addresses of 13 bytes": ("session 2", lambda t: t.counted(open_frame(51, 9, 9, extra=fields((USER, bytes(13)))))),
    "an open that comes again": ("nothing", lambda t: t.counted(open_frame(t.stream.number, 1, 1))),
    "an end that comes again": ("nothing", end_again),
    "frames of a stream that is over": ("nothing", over),
    "data before the open": ("session 2", data_first),
    "1024 ranges not seen": ("nothing", lambda t: ranges(t, 1024)),
    "1025 ranges not seen": ("session 2", lambda t: ranges(t, 1025)),
    "the lane of its carrier": ("nothing", lambda t: t.counted(lane(t.carrier.number, 1))),
    "the lane of another carrier": ("session 2", lambda t: t.counted(lane(5, 1))),
    "a lane that cannot be": ("session 2", lambda t: t.counted(lane(t.carrier.number, 2))),
    "a lane that is too short": ("session 2", lambda t: t.counted(Counted(bytes([LANE, 0, 0])))),
    "a want by the client": ("session 2", lambda t: t.counted(want(1))),
    "a receipt for a settled carrier": ("nothing", receipt_of_settled),
    "a receipt for a carrier that is alive": ("nothing", lambda t: receipt_of_live(t, 0)),
    "a receipt for a carrier that is alive, too high": ("session 2", lambda t: receipt_of_live(t, 1 << 20)),
    "a receipt that is too high, in a commit": ("session", lambda t: join_behind(t, 1 << 20)),
    "a receipt that is too low, in a commit": ("session", lambda t: join_behind(t, -1)),
    "a second receipt that differs": ("session", lambda t: receipts_twice(t, 1)),
    "a second receipt that is the same": ("carrier", lambda t: receipts_twice(t, 0)),
}

# Towards a client.

def accept_with(trial, lie):
    """The carrier is lost, and the accepts behind it tell something else."""
    trial.serving.server.lie = lie
    trial.close()


CLIENT = {
    "that all is over, in front of any drain": ("session 2", lambda t: t.counted(drain_frame(ALL_OVER))),
    "a receipt that is too high, in an accept": ("session 2", lambda t: accept_with(
        t, lambda number, receipts: {0: receipts[0] + 99_999})),
    "a receipt that is too low, in an accept": ("session 2", lambda t: accept_with(
        t, lambda number, receipts: {0: receipts[0] - 1})),
    "an accept with a receipt for a carrier never committed": ("session 2", lambda t: accept_with(
        t, lambda number, receipts: {**receipts, number + 1: 0})),
    "three accepts with a receipt for their own carrier": ("carrier", lambda t: accept_with(
        t, lambda number, receipts: {**receipts, number: 0} if number < 4 else receipts)),
    "an accept with a receipt for a settled carrier": ("carrier", lambda t: accept_with(
        t, lambda number, receipts: {**receipts, 0: receipts.get(0, 7)})),
    "an open by the server": ("session 2", lambda t: t.counted(open_frame(2, 9, 9))),
    "a lane by the server": ("session 2", lambda t: t.counted(lane(t.carrier.number, 1))),
    "wants by the server": ("nothing", lambda t: t.counted(want(1), want(0))),
    "a want that is too short": ("session 2", lambda t: t.counted(Counted(bytes([WANT, 0, 0])))),
}


def run_rules(port, token, say, only):
    """Breaks each rule towards a tele server, in a session of its own."""
    for name, (wanted, action) in {**BOTH, **SERVER}.items():
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
        if wanted == "session":
            got = got.split(" ")[0] if got.startswith("session ") and "still" not in got else got
        trial.end()
        say(step="rule", name=name, want=wanted, got=got, why=why, **trial.facts)


def run_client_rules(say, only):
    serving = Serving()
    say(step="ready", port=serving.listener.getsockname()[1])
    port = int(sys.stdin.readline())
    for name, (wanted, action) in {**BOTH, **CLIENT}.items():
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
        if wanted == "session":
            got = got.split(" ")[0]
        say(step="rule", name=name, want=wanted, got=got, why=why)
