"""A client: a session with a tele server, and a record of what it saw."""

import time

from .carrier import Carrier, step
from .crypto import Token
from .handshake import ClientHandshake
from .session import Session
from .wire import READY, CarrierError, Refused


class Client:
    def __init__(self, port, token=Token()):
        self.port, self.token = port, token
        self.session = Session(is_client=True)
        self.carriers = 0

    def handshake(self, session_id=None, **options):
        return ClientHandshake(self.port, self.token, session_id, **options)

    def begin(self, identity=None, receive_bytes=None, **cuts):
        """Its first carrier; `identity` holds the arguments of a field."""
        handshake = self.handshake(receive_bytes=receive_bytes)
        values = [handshake.identity(*identity)] if identity else []
        rest = handshake.commit_new(self.session, *values)
        self.carriers += 1
        return Carrier(handshake.channel.sock, self.session, 0, rest, **cuts)

    def join(self, keep=(), **cuts):
        """PROTOCOL.md, "Joining"; all carriers but those of `keep` are gone in the step in which the list is made."""
        session = self.session
        handshake = self.handshake(session.id)
        if handshake.status != READY:
            raise CarrierError("the server does not know the session")
        number, live, receipts = self.next_commit(keep)
        try:
            told, rest = handshake.commit_join(session, number, live, receipts)
        except Exception:
            session.given_up.add(number)
            raise
        for other in receipts:
            # Named, and not answered: it counts with what was told before, else nothing was taken.
            if other in told or session.gone[other].peer is None:
                session.apply_receipt(other, told.get(other, 0))
            session.own_receipt_told(other)
        for other in told.keys() - receipts.keys():
            session.apply_receipt(other, told[other])
        session.given_up = {other for other in session.given_up if other > number}
        self.carriers += 1
        return Carrier(handshake.channel.sock, session, number, rest, named=list(receipts), **cuts)

    def next_commit(self, keep=()):
        """The number, `live` and `receipts` of the next commit."""
        session = self.session
        for other in [other for other in session.carriers if other not in keep]:
            session.carriers[other].close("not in a newer commit")
        session.highest += 1
        return session.highest, sorted(session.carriers), session.receipts()

    def until(self, done, cuts=lambda: {}, seconds=60, keep=False):
        """Runs until `done()`. When no carrier is left another joins, with the next of `cuts()`."""
        end = time.monotonic() + seconds
        while not done():
            if time.monotonic() > end:
                raise TimeoutError("not done in time")
            if self.session.ended:
                raise CarrierError(self.session.ended)
            if not self.session.carriers:
                self.join(**cuts())
            step(self.session.carriers.values())

    def say(self, stream, data, **options):
        """Sends something on a stream and waits until as much came back. Whether it is the same."""
        stream.outgoing += data
        came = len(stream.incoming) + len(data)
        self.until(lambda: len(stream.incoming) >= came, **options)
        return stream.incoming[came - len(data):came] == data

    def status(self):
        """What the server says of the session: 0 ready, 1 unknown."""
        handshake = self.handshake(self.session.id)
        handshake.channel.sock.close()
        return handshake.status


def refusal(action):
    """The code with which the peer refuses, or None."""
    try:
        action()
    except Refused as refused:
        return refused.code
    except ConnectionError as error:
        return str(error)
    return None
