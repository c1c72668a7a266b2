"""One end of a session that works, for a rule to be broken in, and what became of it."""

import select
import socket
import time

from .carrier import step
from .client import Client
from .handshake import Server
from .wire import DATA, GOODBYE, REPLY_WANTED, CarrierError, Refused, SessionError, data_frame, frame

SECONDS = 30


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
        asked = None

        def is_settled():
            # Another has joined if this process got no turn for so long that its carrier was given up.
            nonlocal asked
            carrier = next(iter(self.session.carriers.values()), None)
            if carrier is not None and (asked is None or asked[0] is not carrier):
                asked = carrier, carrier.round_trips
                carrier.probe(REPLY_WANTED)
            return carrier is not None and carrier.round_trips > asked[1] and not carrier.log

        self.client.until(is_settled)

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
        self.server.lie = lambda number, receipts: receipts
