"""Commits that a server refuses, and with what (PROTOCOL.md, "Handshake", "Commit")."""

import os
import struct

from .carrier import step
from .client import refusal
from .trials import ServerTrial
from .wire import COMMIT, IDENTITY, JOIN, LIVE, NEW, OFFERS, RECEIPTS, live_field, receipts_field


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
    "offers in a join": (2, JOIN, body(JOIN, 3, [(OFFERS, b"db")])),
    "a field that stands in another message": (2, JOIN, body(JOIN, 3, [(9, b"\1")])),
    "a kind that cannot be": (2, JOIN, body(2, 3)),
}

# The same of a commit of new: its number, its lane, its fields.
NEWS = {
    "a commit of new with a number": (2, 1, 0, lambda handshake: []),
    "a commit of new with a lane": (2, 0, 1, lambda handshake: []),
    "a commit of new with receipts": (2, 0, 0, lambda handshake: receipts_field({0: 0})),
    "a commit of new with live": (2, 0, 0, lambda handshake: live_field([0])),
    "offers that do not rise": (2, 0, 0, lambda handshake: [(OFFERS, b"web,db")]),
    "an offer that comes twice": (2, 0, 0, lambda handshake: [(OFFERS, b"db,db")]),
    "an offer that no service can be": (2, 0, 0, lambda handshake: [(OFFERS, b"Db")]),
    "17 offers": (2, 0, 0, lambda handshake: [(OFFERS, b"a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q")]),
    "no offer": (2, 0, 0, lambda handshake: [(OFFERS, b"")]),
    "an identity of 99 bytes": (2, 0, 0, lambda handshake: [(IDENTITY, bytes(99))]),
    "an identity whose slot is above its last": (4, 0, 0, lambda handshake: [handshake.identity(os.urandom(32), 3, 2)]),
}


def run_commits(port, token, say, only):
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
            # The session's own carrier must not be silent meanwhile.
            step(session.carriers.values())
    for name, (want, number, lane, values) in NEWS.items():
        if only in name:
            handshake = client.handshake()
            got = refusal(lambda: handshake.commit(session, NEW, number, values(handshake), lane=lane))
            say(step="commit", name=name, want=want, got=got)
            # The session's own carrier must not be silent meanwhile.
            step(session.carriers.values())
    if only in "another version":
        say(step="commit", name="another version", want=3, got=refusal(lambda: client.handshake(version=7)))
    say(step="commit", name="the session notices nothing", want="nothing", got=trial.outcome()[0])
    trial.end()
