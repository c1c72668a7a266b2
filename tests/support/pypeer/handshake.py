"""Both sides of the handshake (PROTOCOL.md, "Handshake", "Keys and proofs", "Joining")."""

import os
import socket
import struct
import time

from .carrier import Carrier, end_session
from .crypto import (X25519_BASE, Keys, Token, ed25519_holds, ed25519_public, ed25519_sign, label, token_salt,
                     transcript_of, x25519)
from .seal import Sealed, client_context, leaf_of, server_context
from .session import Session
from .wire import (ACCEPT, CARRIERS, CHALLENGE, COMMIT, DRAINING, FULL, GUARDED, HELLO, IDENTITY, JOIN, KINDS, LEAF, LEAST_STARTS,
                   LIVE, MAX_HANDSHAKE, NAME, NEW, NO_LEAF, OFFERED, OFFERS, PATH, PROOF, PROTOCOL, READY, RECEIPTS, REFUSE, REPLACED,
                   RESUME_TIMEOUT, SEAL, SERVICES, STALE, START_POOL, TOKEN, UNKNOWN, USERS, VERSION, WEEK_MS, CarrierError,
                   Refused, SessionError, ending, fields, frame, guard_fields, live_field, name_field, read_ending, read_fields,
                   offers_fields, read_live, read_receipts, receipts_field)

TIMEOUT_FIELD = (RESUME_TIMEOUT, struct.pack(">Q", WEEK_MS))


class Channel:
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
                    raise CarrierError(f"a handshake frame of {length} bytes")
                if len(self.buffer) >= 4 + length:
                    payload, self.buffer = self.buffer[4:4 + length], self.buffer[4 + length:]
                    if length == 0:
                        continue
                    if payload[0] == REFUSE:
                        raise Refused(*read_ending(payload))
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
        raise CarrierError("another message than was due, or too short")
    return payload[:-32], payload[-32:]


class ClientHandshake:
    """Hello and challenge; then, separately, the commit."""

    def __init__(self, port, token=Token(), session_id=None, version=2, receive_bytes=None):
        sock = socket.socket()
        if receive_bytes is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        sock.settimeout(10)
        sock.connect(("127.0.0.1", port))
        if token.seals:
            sock = Sealed(sock, client_context())
        self.channel = Channel(sock)
        self.token, self.session_id = token, session_id
        self.leaf = sock.leaf if token.seals else NO_LEAF
        self.private = os.urandom(32)
        kind = NEW if session_id is None else JOIN
        self.hello = bytes([HELLO]) + b"tele" + bytes([version, kind]) + os.urandom(32)
        self.hello += x25519(self.private, X25519_BASE) + (session_id or b"")
        self.hello += guard_fields(token, self.leaf if token.seals else None)
        self.channel.send(self.hello)
        self.challenge = challenge = self.channel.receive()
        if challenge[:2] != bytes([CHALLENGE, 2]) or len(challenge) < 68:
            raise CarrierError("no challenge")
        self.status = challenge[2]
        if self.status not in ((READY,) if kind == NEW else (READY, UNKNOWN)):
            raise CarrierError("a status that cannot be")
        found = read_fields(challenge, 67, GUARDED, SERVICES)
        if (GUARDED in found) != bool(token):
            raise Refused(TOKEN, "a token on one side only")
        self.has_services = SERVICES in found

    def identity(self, private, slot=0, last_slot=0):
        """The field of a commit of new."""
        value = ed25519_public(private) + struct.pack(">HH", slot, last_slot)
        signed = label("identity") + value + transcript_of(self.hello, self.challenge)
        return IDENTITY, value + ed25519_sign(private, signed)

    def commit_new(self, session, *values, spoil=False):
        """Returns what came behind the accept."""
        session.name = self.token.name
        values = [TIMEOUT_FIELD, *name_field(session.name), *offers_fields(session.offers), *values]
        keys, accept = self.commit(session, NEW, 0, values, spoil=spoil)
        found = read_fields(accept, 21, RESUME_TIMEOUT, FULL, START_POOL, CARRIERS, OFFERED, USERS)
        if FULL in found:
            raise Refused(0, "there is no room for a session")
        if len(found.get(OFFERED, b"")) != len(session.offers):
            raise CarrierError("another number of answers than of offers")
        session.tells_users = USERS in found
        session.answers = list(found.get(OFFERED, b""))
        session.id, session.secret = accept[1:17], keys.join_secret()
        session.start_pool = struct.unpack(">I", found.get(START_POOL, struct.pack(">I", LEAST_STARTS)))[0]
        session.most_carriers = found.get(CARRIERS, b"\1")[0]
        return self.channel.buffer

    def commit_join(self, session, number, live, receipts, spoil=False):
        """Returns the server's receipts, and what came behind the accept."""
        values = [TIMEOUT_FIELD, *name_field(session.name), *live_field(live), *receipts_field(receipts)]
        _, accept = self.commit(session, JOIN, number, values, spoil=spoil)
        if accept[1:17] != self.session_id:
            raise CarrierError("the accept of another session")
        told = read_receipts(read_fields(accept, 21, RESUME_TIMEOUT, RECEIPTS))
        if number in told:
            raise CarrierError("an accept with a receipt for its own carrier")
        return told, self.channel.buffer

    def commit(self, session, kind, number, values, lane=0, spoil=False, body=None):
        """Sends any commit. Returns the keys and the accept, whose proof holds."""
        secret = token_salt(self.token) if kind == NEW else session.secret
        if body is None:
            body = struct.pack(">BBIB", COMMIT, kind, number, lane) + fields(*values)
        transcript = transcript_of(self.hello, self.challenge, body, self.leaf)
        keys = Keys(self.private, self.challenge[35:67], secret, transcript)
        proof = bytearray(keys.proof("client commit", KINDS[kind], transcript))
        proof[0] ^= spoil
        self.channel.send(body + proof)
        accept, proof = split_proof(self.channel.receive(), ACCEPT, 22)
        if not keys.holds("server accept", KINDS[kind], transcript + transcript_of(accept), proof):
            raise CarrierError("the server's proof does not hold")
        if struct.unpack_from(">I", accept, 17)[0] != number:
            raise CarrierError("the accept of another number")
        return keys, accept


class Server:
    """The sessions of a server, and the handshakes that lead to them; one at a time, which a test can afford."""

    def __init__(self, token=Token(), carriers=1):
        self.token, self.carriers = token, carriers
        self.leaf = leaf_of(token.certificate) if token.seals else NO_LEAF
        self.context = server_context(token.certificate) if token.seals else None
        self.nobodys_secret = os.urandom(32)
        self.sessions = {}
        self.identities = {}  # sessions by public key and slot, once they are heard
        self.joins = 0
        self.drains = False  # no new session is taken
        self.lie = lambda number, receipts: receipts  # what the next accept of a join tells in place of the truth

    def accept(self, sock, cuts):
        """Attaches a carrier, or refuses it. Returns its session, and whether it is new."""
        try:
            if self.token.seals:
                sock = Sealed(sock, self.context, server_side=True)
            return self._handshake(Channel(sock), cuts)
        except (CarrierError, Refused, SessionError) as error:
            code = error.code if isinstance(error, Refused) else PROTOCOL
            if code == TOKEN or code == PROOF and self.token:
                time.sleep(1)
            try:
                sock.sendall(frame(ending(REFUSE, code, str(error))))
                sock.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            sock.close()
            raise

    def _handshake(self, channel, cuts):
        hello = channel.receive()
        if hello[:5] != bytes([HELLO]) + b"tele" or len(hello) < 72:
            raise CarrierError("no hello")
        if hello[5] != 2:
            raise Refused(VERSION, "another version")
        kind = hello[6]
        if kind not in KINDS:
            raise CarrierError("a kind that cannot be")
        found = read_fields(hello, 71 if kind == NEW else 87, GUARDED, LEAF)
        if (GUARDED in found) != bool(self.token):
            raise Refused(TOKEN, "a token on one side only")
        # A server that seals takes nothing else, and one that does not takes no seal.
        leaf = self.leaf
        if found.get(LEAF) != (leaf if self.token.seals else None):
            raise Refused(SEAL, "another leaf, or none")
        wanted = self.sessions.get(hello[71:87]) if kind == JOIN else None
        private = os.urandom(32)
        status = UNKNOWN if kind == JOIN and wanted is None else READY
        challenge = bytes([CHALLENGE, 2, status]) + os.urandom(32) + x25519(private, X25519_BASE)
        challenge += guard_fields(self.token, None, (SERVICES, b""))
        channel.send(challenge)

        body, proof = split_proof(channel.receive(), COMMIT, 8)
        kind, number, lane = struct.unpack_from(">BIB", body, 1)
        if kind not in KINDS or (kind == JOIN) != (wanted is not None):
            raise CarrierError("a commit that does not follow")
        if kind == NEW and (number, lane) != (0, 0) or kind == JOIN and (number == 0 or lane > 1):
            raise CarrierError("a number or a lane that cannot be")
        found = read_fields(body, 7, RESUME_TIMEOUT, NAME, PATH, 
                            *([IDENTITY, OFFERS, START_POOL] if kind == NEW else [LIVE, RECEIPTS]))
        live, receipts = read_live(found), read_receipts(found)
        named = [*live, *receipts]
        if len(set(named)) < len(named) or any(other >= number for other in named):
            raise CarrierError("a number that cannot be named")
        transcript = transcript_of(hello, challenge, body, leaf)
        name = found[NAME].decode() if NAME in found else None
        right = wanted.name if kind == JOIN else self.token.name
        secret = wanted.secret if kind == JOIN else token_salt(self.token)
        secret = secret if name == right else self.nobodys_secret
        keys = Keys(private, hello[39:71], secret, transcript)
        if not keys.holds("client commit", KINDS[kind], transcript, proof):
            raise Refused(TOKEN, "the tokens differ") if kind == NEW and self.token else Refused(PROOF, "no proof")

        own = {}
        if kind == NEW and self.drains:
            raise Refused(DRAINING, "about to end")
        if kind == NEW:
            session = self._begin(keys, found.get(IDENTITY), hello, challenge)
            values = [(START_POOL, struct.pack(">I", LEAST_STARTS)), (CARRIERS, bytes([self.carriers]))]
            if OFFERS in found:
                session.offers = found[OFFERS].decode().split(",")
                session.start_pool = struct.unpack(">I", found.get(START_POOL, struct.pack(">I", LEAST_STARTS)))[0]
                # Whoever offers has the name here: a test has one client.
                values.append((OFFERED, bytes(len(session.offers))))
        else:
            session = wanted
            own = self.lie(number, self._join(session, number, live, receipts))
            values = receipts_field(own)
        accept = bytes([ACCEPT]) + session.id + struct.pack(">I", number) + fields(TIMEOUT_FIELD, *values)
        accept += keys.proof("server accept", KINDS[kind], transcript + transcript_of(accept))
        Carrier(channel.sock, session, number, channel.buffer, frame(accept), named=list(own), **cuts)
        return session, kind == NEW

    def drain(self):
        """PROTOCOL.md, "Drain": no new session is taken, and those that are here end with their streams."""
        self.drains = True
        for session in self.sessions.values():
            session.drain()

    def _begin(self, keys, identity, hello, challenge):
        session = Session(is_client=False)
        session.identity = None
        if identity is not None:
            key, (slot, last) = identity[:32], struct.unpack_from(">HH", identity, 32)
            signed = label("identity") + identity[:36] + transcript_of(hello, challenge)
            if slot > last or not ed25519_holds(key, signed, identity[36:]):
                raise Refused(PROOF, "an identity that does not hold")
            session.identity = key, slot, last
        session.id, session.secret, session.name = os.urandom(16), keys.join_secret(), self.token.name
        session.most_carriers = self.carriers
        self.sessions[session.id] = session
        return session

    def heard(self, session):
        """A session with an identity was first heard: it ends the older one of its slot, and those above its last."""
        key, own, last = session.identity
        for (other, slot), older in list(self.identities.items()):
            if other == key and older is not session and (slot == own or slot > last):
                end_session(older, REPLACED, "a newer session took its place")
                del self.identities[other, slot]
        self.identities[key, own] = session

    def _join(self, session, number, live, receipts):
        """PROTOCOL.md, "Joining", 4. Returns this end's receipts."""
        if session.ended:
            raise CarrierError("the session has ended")
        if number > session.highest:
            session.highest, session.highest_live = number, live
            for other in [other for other in session.carriers if other not in live]:
                session.carriers[other].close("not in a newer commit")
        elif number in session.highest_live and number not in session.taken_numbers:
            pass
        else:
            raise Refused(STALE, "a newer commit came first")
        session.taken_numbers.add(number)
        try:
            for other in [other for other in session.gone if other < number and other not in live]:
                if other not in receipts:
                    # Settled: its client has both receipts, or never attached it.
                    if session.gone[other].peer is None:
                        session.apply_receipt(other, 0)
                    session.own_receipt_told(other)
            for other, taken in receipts.items():
                session.apply_receipt(other, taken)
        except SessionError as error:
            end_session(session, PROTOCOL, str(error))
            raise
        if len(session.carriers) >= self.carriers:
            raise CarrierError("too many carriers")
        self.joins += 1
        own = session.receipts()
        first = [other for other in receipts if other in own]
        return {other: own[other] for other in [*first, *sorted(set(own) - set(first))][:16]}
