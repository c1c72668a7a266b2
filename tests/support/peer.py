#!/usr/bin/env python3
"""A tele client and a tele server in Python, written from lib/PROTOCOL.md alone, to show that it says enough.

    peer.py server            listens on a free port of 127.0.0.1 and echoes every stream; cuts its first carriers, and
                              drains when the line `drain` comes on standard input, and forgets all sessions at another
    peer.py client PORT       talks to the tele server on PORT, in front of an echo server, and breaks carriers
    peer.py refused PORT      asks the tele server on PORT for a session, and tells how it was refused
    peer.py names PORT        joins a session of a named token under its own name and others
    peer.py offers PORT N NAMES…  offers services to users of the tele server on PORT, until N of them have ended
    peer.py rules PORT        breaks each rule of the document towards the tele server on PORT, in front of an echo
                              server, and tells what that ended
    peer.py client-rules      listens, takes the user's port of a tele client as a line, and does the same to that
    peer.py joins PORT N      joins one session N times
    peer.py several PORT      carries data over as many carriers at once as the server on PORT allows, and breaks them
    peer.py drain PORT        drains a session with the tele server on PORT, in front of an echo server, over carriers
                              that it cuts, and sees that it ends when the last stream has
    peer.py drained PORT      waits until the tele server on PORT drains, answers, and sees the same; then it is refused
    peer.py hostile PORT HOW  see `pypeer/hostile.py`

`--rounds=N` does the last two more than once. All take `--token=TEXT`, which is good enough for a test: it shows in
`ps`; `--name=TEXT` is the token's name. With `--seal` carriers are sealed; a server is then given `--certificate=FILE`
with its key in it. `--carriers=N` is how many a server allows at once, `--patience=SECONDS` how long a carrier may be
silent.

Needs the standard library only. One thread, one `select` loop; the clock and the sockets are the real ones. It is a
test's other end: it knows no flow rate and no user's sockets. What it finds is one line of JSON each.
"""

import argparse
import json
import os
import random
import select
import socket
import sys
import time

from pypeer.carrier import Carrier, end_session, finish, step
from pypeer.client import Client, refusal
from pypeer.commits import run_commits
from pypeer.crypto import Token
from pypeer.handshake import Server
from pypeer.hostile import hostile_download
from pypeer.rules import run_client_rules, run_rules
from pypeer.wire import NEW, SHUTDOWN, CarrierError, Refused, SessionError


# What a carrier that is to be cut carries at most.
MOST_UNCUT = 60_000


def say(**facts):
    print(json.dumps(facts), flush=True)


def run_client(port, token):
    chance = random.Random(7)
    client = Client(port, token)
    session = client.session
    client.begin()

    # A short question, cut nowhere.
    stream = session.open()
    client.say(stream, b"hello\n")
    say(step="echo", round_trips=session.carriers[0].round_trips)
    stream.ends = True
    client.until(lambda: stream.fin_came)

    bulk(client, chance)
    leave(client)
    refusals(client)
    takeover(client)
    identities(client)
    greedy(client)
    goodbye(client)


def cut_of(chance, least, last):
    """
    Where a carrier breaks, in the one direction or the other. All of one direction may have gone already when the
    other begins, on a machine that is slow; `last` is the one that goes on longer, which breaks in any case.
    """
    return {last: MOST_UNCUT, chance.choice(["cut_out", "cut_in"]): chance.randrange(least, MOST_UNCUT),
            "how": chance.choice(["close", "reset"])}


def bulk(client, chance):
    """Much, over carriers that are cut anywhere, both ways."""
    session, budget = client.session, [24]

    def cuts():
        budget[0] -= 1
        if budget[0] < 0:
            return {}
        return cut_of(chance, 90, "cut_in")

    data, echoed = chance.randbytes(1_500_000), bytearray()

    def collect(stream):
        echoed.extend(stream.incoming)
        stream.incoming.clear()

    session.on_data = collect
    stream = session.open()
    stream.outgoing += data
    stream.ends = True
    next(iter(session.carriers.values())).cut_out = 30_001
    client.until(lambda: stream.fin_came, cuts)
    session.on_data = lambda stream: None
    say(step="bulk", bytes=len(echoed), same=echoed == data, carriers=client.carriers, again=session.again_bytes,
        mid=session.mid_frames, unsettled=len(session.gone))


def leave(client):
    """A carrier that both ends leave; the next one carries on."""
    session = client.session
    stream = session.open()
    client.say(stream, b"before")
    left = next(iter(session.carriers.values()))
    stream.outgoing += b", during"
    left.prepare()
    left.leave()
    end = time.monotonic() + 5
    while left.alive and time.monotonic() < end:
        step([left])
    stream.outgoing += b", behind"
    stream.ends = True
    client.until(lambda: stream.fin_came)
    say(step="leave", why=left.why, text=stream.incoming.decode())


def refusals(client):
    """Impostors and latecomers: refused, and the session does not notice."""
    session = client.session
    stream = session.open()
    client.say(stream, b"still here?")
    old = list(session.carriers.values())

    def tried(action):
        # The session's carrier must not be silent meanwhile.
        client.say(stream, b" and now?")
        return action(client.handshake(session.id))

    stale = refusal(lambda: tried(lambda asked: asked.commit_join(session, session.highest, [], {})))
    forged = refusal(lambda: tried(lambda asked: asked.commit_join(session, 99, [], {}, spoil=True)))
    wrong = refusal(lambda: tried(lambda asked: asked.commit(session, NEW, 0, [])))
    unknown = client.handshake(os.urandom(16)).status
    client.say(stream, b" and now?")
    stream.ends = True
    client.until(lambda: stream.fin_came)
    say(step="refusals", stale=stale, forged=forged, wrong=wrong, unknown=unknown,
        kept=list(session.carriers.values()) == old)


def takeover(client):
    """The server closes a carrier that a higher commit does not name."""
    session = client.session
    stream = session.open()
    client.say(stream, b"still here? and now?")
    twin = client.handshake(session.id)
    old = next(iter(session.carriers.values())).sock.dup()
    number, live, receipts = client.next_commit()
    twin.commit_join(session, number, live, receipts)
    old.settimeout(5)
    try:
        while old.recv(65536):
            pass
        closed = True
    except TimeoutError:
        closed = False
    except OSError:
        closed = True
    # The accept came too late, say: nothing was heard behind it, and another commit names what was attached here.
    twin.channel.sock.close()
    same = client.say(stream, b" again?")
    stream.ends = True
    client.until(lambda: stream.fin_came)
    say(step="takeover", old_closed=closed, came=stream.came, same=same)


def identities(client):
    """A newer session of an identity ends the older, and those in slots above its last one, once it is heard."""
    key = os.urandom(32)
    named = [Client(client.port, client.token) for _ in range(4)]
    for other, slots in zip(named, [(key, 0, 2), (key, 2, 2), (key, 1, 2), (key, 0, 1)]):
        other.begin(identity=slots)
        other.say(other.session.open(), b"here")
    end = time.monotonic() + 5
    while sum(bool(other.session.ended) for other in named) < 2 and time.monotonic() < end:
        step([carrier for other in named for carrier in other.session.carriers.values()])
    say(step="identities", ended=[(other.session.ended or "")[:9] for other in named],
        forged=refusal(lambda: forge_identity(client)))
    for other in named:
        end_session(other.session, SHUTDOWN, "done")
        finish(other.session)


def forge_identity(client):
    handshake = client.handshake()
    kind, value = handshake.identity(os.urandom(32))
    handshake.commit_new(client.session, (kind, value[:-1] + bytes([value[-1] ^ 1])))


def greedy(client):
    """Credit is kept: one byte too much is answered with a goodbye."""
    other = Client(client.port, client.token)
    other.begin()
    stream = other.session.open()
    other.say(stream, b"not yet")
    stream.may_send += 1 << 30
    stream.outgoing += bytes(64 << 20)
    try:
        other.until(lambda: False, seconds=20)
    except (CarrierError, TimeoutError) as error:
        say(step="greedy", error=str(error))


def goodbye(client):
    """A goodbye ends the session at once."""
    # The session's carrier was silent while others were tried: the server may have dropped it, and then another comes.
    client.say(client.session.open(), b"still here?")
    end_session(client.session, SHUTDOWN, "the peer ends")
    finish(client.session)
    time.sleep(0.2)
    say(step="goodbye", after=client.status())


def run_several(port, token, seed):
    """Several carriers at once, as many as the server allows, that are cut, joined and left at random."""
    chance = random.Random(seed)
    client = Client(port, token)
    session = client.session
    client.begin()
    echoed = {}

    def collect(stream):
        echoed[stream.number] = echoed.get(stream.number, b"") + stream.incoming
        stream.incoming.clear()

    session.on_data = collect
    data = [chance.randbytes(700_000 + index) for index in range(5)]
    streams = [session.open() for _ in data]
    for stream, sent in zip(streams, data):
        stream.outgoing += sent
        stream.ends = True
    # First as many as there may be; then they come and go.
    for _ in range(1, session.most_carriers):
        client.join(keep=list(session.carriers))
    end, cuts, left, most = time.monotonic() + 30, 60, 0, len(session.carriers)
    while not all(stream.fin_came for stream in streams) and time.monotonic() < end and not session.ended:
        carriers = session.carriers
        if not carriers or (len(carriers) < session.most_carriers and chance.random() < 0.3):
            cut = {chance.choice(["cut_out", "cut_in"]): chance.randrange(90, 90_000)} if cuts > 0 else {}
            cuts -= 1
            # Now and then one that lives is given up for the new one.
            keep = [number for number in carriers if chance.random() < 0.9][:session.most_carriers - 1]
            client.join(keep=keep, how=chance.choice(["close", "reset"]), **cut)
        elif len(carriers) > 1 and chance.random() < 0.01:
            left += 1
            chance.choice(list(carriers.values())).leave()
        most = max(most, len(carriers))
        step(carriers.values())
    same = [echoed.get(stream.number) == sent for stream, sent in zip(streams, data)]
    say(step="several", same=same, carriers=client.carriers, most=most, left=left, again=session.again_bytes,
        mid=session.mid_frames, ended=session.ended, unsettled=len(session.gone))
    end_session(session, SHUTDOWN, "done")
    finish(session)


def run_joins(port, token, count):
    """One session, and as many carriers one after the other."""
    client = Client(port, token)
    client.begin()
    stream = client.session.open()
    began, same = time.monotonic(), True
    for index in range(count):
        same = client.say(stream, b"%d;" % index) and same
        stream.incoming.clear()
        client.join()
    same = client.say(stream, b"the end") and same
    say(step="joins", count=count, same=same, highest=client.session.highest, unsettled=len(client.session.gone),
        seconds=round(time.monotonic() - began, 1))
    end_session(client.session, SHUTDOWN, "done")
    finish(client.session)


def run_drain(port, token, is_asked):
    """A session that is drained, by this end or the other: it ends when the last stream has, and not before."""
    chance = random.Random(11)
    client = Client(port, token)
    session = client.session
    client.begin()
    stream = session.open()
    same = client.say(stream, b"before")
    say(step="ready")
    if is_asked:
        client.until(lambda: session.peer_last is not None)
    else:
        # An open under way in front of the drain, on carriers that die.
        session.open().ends = True
        session.drain()
    cuts = iter([{"cut_out": chance.randrange(90, 4000)}, {"cut_in": chance.randrange(90, 4000)}] * 4)
    data = chance.randbytes(60_000)
    next(iter(session.carriers.values())).cut_out = 3_001
    same = client.say(stream, data, cuts=lambda: next(cuts, {})) and same
    client.until(lambda: session.peer_last is not None and not session.again)
    early = session.is_drained or session.ended
    stream.ends = True
    try:
        client.until(lambda: session.ended, seconds=10)
    except CarrierError:
        pass
    code = refusal(Client(port, token).begin) if is_asked else None
    say(step="drained", same=same, early=bool(early), over=session.over, ended=session.ended, peer_last=session.peer_last, refused=code,
        carriers=client.carriers)


def run_refused(port, token):
    began = time.monotonic()
    code = refusal(Client(port, token).begin)
    say(step="refused", code=code, ms=round((time.monotonic() - began) * 1000))


def run_names(port, token):
    """A session of a named token, joined under other names, which are refused, and under its own."""
    client = Client(port, token)
    client.begin()
    stream = client.session.open()
    same = client.say(stream, b"begun")
    for name in (None, token.name + "x", token.name):
        client.session.name = name
        began = time.monotonic()
        code = refusal(client.join)
        say(step="join", name=name, code=code, ms=round((time.monotonic() - began) * 1000))
    say(step="names", same=client.say(stream, b"joined") and same)
    end_session(client.session, SHUTDOWN, "done")
    finish(client.session)


def run_services(port, token, destinations):
    """A stream for each service, and each destination, that the server has or has not; the session goes on."""
    client = Client(port, token)
    client.begin()
    for name in ("db", "nobody", None, "web", *destinations):
        stream = client.session.open(name)
        stream.outgoing += b"hello\n"
        stream.ends = True
        client.until(lambda: stream.reset is not None or stream.fin_came)
        came, code = bytes(stream.incoming).decode(errors="backslashreplace"), stream.reset and stream.reset[0]
        say(step="service", name=name, came=came, reset=code)
    end_session(client.session, SHUTDOWN, "done")
    finish(client.session)


def run_offers(port, token, names, count):
    """Offers services, of which `upper` answers in large letters, to users of the server; ends behind `count` of them."""
    client, over = Client(port, token), set()
    client.session.offers = names

    def serve(stream):
        echo(stream)
        if stream.fin_came:
            over.add(stream.number)

    client.session.on_data = serve
    client.begin()
    say(step="offering", answers=client.session.answers)
    client.until(lambda: len(over) >= count and not client.session.streams)
    say(step="offered", numbers=sorted(over), ended=client.session.ended)
    end_session(client.session, SHUTDOWN, "done")
    finish(client.session)


def ask(session):
    """A server's streams to all that a client offers, which say the name."""
    for name in session.offers:
        stream = session.open(name)
        stream.outgoing += name.encode()
        stream.ends = True


def echo(stream):
    # One that this server has opened.
    if stream.takes > 0:
        if stream.reset is not None or stream.fin_came:
            say(step="asked", name=stream.name, came=bytes(stream.incoming).decode(), reset=stream.reset and stream.reset[0])
        return
    stream.outgoing += stream.incoming.upper() if stream.name == "upper" else stream.incoming
    stream.incoming.clear()
    stream.ends = stream.fin_came


def run_server(token, carriers):
    """Echoes every stream. The first carriers are cut; later ones live."""
    chance = random.Random(11)
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    say(step="ready", port=listener.getsockname()[1])
    server, cuts_left = Server(token, carriers), 24

    while True:
        if select.select([sys.stdin], [], [], 0)[0]:
            line = sys.stdin.readline()
            if not line:
                return
            if line.strip() == "drain":
                server.drain()
                say(step="draining")
                continue
            for session in server.sessions.values():
                for carrier in list(session.carriers.values()):
                    carrier.close("forgotten")
            say(step="forgot", sessions=len(server.sessions), resumes=server.joins, cuts_left=cuts_left)
            server.sessions.clear()
        attached = [carrier for session in server.sessions.values() for carrier in session.carriers.values()]
        if attached:
            step(attached)
        else:
            select.select([listener], [], [], 0.05)
        for session in list(server.sessions.values()):
            if session.identity and any(carrier.heard for carrier in session.carriers.values()):
                if server.identities.get(session.identity[:2]) is not session:
                    server.heard(session)
            session.say_over()
            if session.over == "taken" and not session.ended:
                end_session(session, SHUTDOWN, "drained")
            if session.ended and not session.carriers:
                del server.sessions[session.id]
                say(step="ended", why=session.ended, again=session.again_bytes, mid=session.mid_frames,
                    resumes=server.joins)
        try:
            sock, _ = listener.accept()
        except BlockingIOError:
            continue
        cuts = {}
        if cuts_left > 0:
            cuts_left -= 1
            cuts = cut_of(chance, 200, "cut_out")
        try:
            session, is_new = server.accept(sock, cuts)
            session.on_data = echo
            if is_new:
                ask(session)
        except (CarrierError, SessionError, Refused) as error:
            say(step="refused", why=str(error))
        except OSError:
            sock.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("role")
    parser.add_argument("args", nargs="*")
    parser.add_argument("--token", default="")
    parser.add_argument("--name")
    parser.add_argument("--seal", action="store_true")
    parser.add_argument("--certificate", default="")
    parser.add_argument("--carriers", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--only", default="")
    parser.add_argument("--patience", type=float, default=Carrier.patience_s)
    options = parser.parse_args()
    Carrier.patience_s = options.patience
    token, port = Token(options.token.encode(), options.name, options.seal, options.certificate), 0
    if options.args:
        port = int(options.args[0])
    if options.role == "server":
        run_server(token, options.carriers)
    elif options.role == "refused":
        run_refused(port, token)
    elif options.role == "names":
        run_names(port, token)
    elif options.role == "services":
        run_services(port, token, options.args[1:])
    elif options.role == "offers":
        run_offers(port, token, options.args[2:], int(options.args[1]))
    elif options.role == "client":
        run_client(port, token)
    elif options.role == "rules":
        run_commits(port, token, say, options.only)
        run_rules(port, token, say, options.only)
    elif options.role == "client-rules":
        run_client_rules(say, options.only)
    elif options.role == "several":
        for seed in range(options.rounds):
            run_several(port, token, seed)
    elif options.role in ("drain", "drained"):
        run_drain(port, token, options.role == "drained")
    elif options.role == "joins":
        run_joins(port, token, int(options.args[1]))
    elif options.role == "hostile":
        for _ in range(options.rounds):
            say(step="hostile", how=options.args[1], **hostile_download(port, options.args[1]))
    else:
        parser.error(f"no role {options.role}")


if __name__ == "__main__":
    main()
