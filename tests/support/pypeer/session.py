"""A session: its streams, carriers, logs and receipts (PROTOCOL.md, "Carriers of a session", "Counting")."""

import struct

from .streams import Stream
from .wire import (ALL_OVER, DATA, DESTINATION, DRAIN, END, LANE, LAST_STREAM, LEAST_START, LEAST_STARTS, MAX_EXTRA, MOST_START,
                   MOST_STARTS, MOST_UNSETTLED, NAMED_SERVICE, OPEN, RECEIPT, REFUSED, RESET, SERVICE, USER, WANT, WINDOWS,
                   CarrierError, SessionError, drain_frame, open_frame, read_fields, receipt_frame, reset_frame, u64, windows_frame)

LOG_BYTES = 1 << 20  # the limit of the logs here

SERVED = {None, "upper"}  # services of a server here: what it reads, and the same in large letters


# From 192.0.2.9, port 1000, to port 22 of 192.0.2.8.
USER_ADDRESSES = bytes([192, 0, 2, 9, 192, 0, 2, 8]) + struct.pack(">HH", 1000, 22)


class Gone:
    """A carrier that is gone and not settled."""

    def __init__(self, carrier):
        self.taken = carrier.reader.final_count()  # its receipt
        self.acknowledged, self.handed, self.log = carrier.acknowledged, carrier.handed, carrier.log
        self.heard = carrier.heard
        self.peer = None  # the peer's receipt
        self.told = False  # the peer is known to have this end's
        self.frame_sent = False


class Session:
    """What survives carriers."""

    def __init__(self, is_client):
        self.is_client = is_client
        self.id = self.secret = b""
        self.name = None  # of the token that it began with
        self.carriers = {}  # attached and leaving ones, by number
        self.gone = {}  # by number, until it is settled
        self.given_up = set()  # numbers that were committed and not accepted, at the client
        self.highest = 0  # number committed
        self.highest_live = []
        self.taken_numbers = {0}
        self.most_carriers = 1
        self.start_pool = LEAST_STARTS
        self.again = []  # frames to be sent again
        self.again_bytes = self.mid_frames = 0
        self.streams = {}
        self.opened = set()  # numbers that either end has opened
        self.last_opened = -1 if is_client else 0
        self.offers = []  # names of services of the client's side
        self.tells_users = False  # whether opens tell where the user comes from
        self.drains = False  # this end opens no stream any more, and has said so
        self.peer_last = None  # the peer opens none above this number
        self.over = None  # whether the server has said that all is over, and whether the client has taken that
        self.ended = None  # why, and who said it
        self.on_data = lambda stream: None

    # Carriers.

    def attach(self, number, carrier):
        self.carriers[number] = carrier

    def lose(self, number):
        """A carrier is gone from here on."""
        carrier = self.carriers.pop(number, None)
        if carrier is None:
            return
        self.gone[number] = Gone(carrier)
        for stream in self.streams.values():
            # Its frames may go elsewhere, behind what is sent again.
            stream.pin = None if stream.pin == number else stream.pin
        self.mid_frames += carrier.reader.is_inside
        if sum(gone.heard for gone in self.gone.values()) > MOST_UNSETTLED:
            raise SessionError("too many carriers that are gone and not settled")

    def apply_receipt(self, number, taken, own=None):
        """The peer's receipt for a carrier, which came on the carrier `own`."""
        if number > self.highest or number == own:
            raise SessionError(f"a receipt for the carrier {number}")
        if number in self.carriers:
            self.carriers[number].close("a receipt came for it")
        gone = self.gone.get(number)
        if gone is None:
            if number in self.given_up:
                if taken != 0:
                    raise SessionError("a receipt for bytes that were never sent")
                self.given_up.discard(number)
                self._queue(receipt_frame(number, 0))
            return
        if gone.peer is not None:
            if gone.peer != taken:
                raise SessionError("two receipts that differ")
            return
        if not gone.acknowledged <= taken <= gone.handed:
            raise SessionError(f"a receipt of {taken}, acknowledged {gone.acknowledged}, sent {gone.handed}")
        gone.peer = taken
        for start, frame in gone.log:
            covered = max(0, taken - start)
            if covered >= len(frame.bytes):
                self.taken(frame)
            else:
                self._queue(frame.rest(covered))
                self.mid_frames += frame.rest(covered) is not frame
        gone.log = []
        self._settle(number)

    def own_receipt_told(self, number):
        """The peer has this end's receipt."""
        if number in self.gone:
            self.gone[number].told = True
            self._settle(number)

    def _settle(self, number):
        if self.gone[number].told and self.gone[number].peer is not None:
            del self.gone[number]

    def receipts(self):
        return {number: gone.taken for number, gone in self.gone.items()}

    def _queue(self, frame):
        """Queues a frame to be sent again, in its place."""
        if frame.kind == WINDOWS:
            for at in range(5, len(frame.bytes), 12):
                stream = self.streams.get(struct.unpack_from(">I", frame.bytes, at)[0])
                if stream is not None:
                    stream.tell = True
            return
        if frame.kind == LANE or (frame.kind == RECEIPT and frame.number not in self.gone and not self.is_client):
            return
        self.again.append(frame)
        self.again.sort(key=lambda frame: frame.order)
        self.again_bytes += len(frame.bytes)

    def taken(self, frame):
        """The peer has taken a frame, on whichever carrier."""
        if frame.kind == RECEIPT:
            self.own_receipt_told(frame.number)
        if frame.kind == DRAIN and frame.is_over:
            self.over = "taken"
        stream = self.streams.get(frame.stream)
        if stream is None:
            return
        stream.open_taken = stream.open_taken or frame.kind == OPEN
        stream.untaken -= 1
        if stream.untaken == 0:
            stream.pin = None
        self._drop_finished(stream)

    def _drop_finished(self, stream):
        if stream.is_over and stream.untaken == 0:
            self.streams.pop(stream.number, None)

    # Sending.

    def start_credit(self, pool, held):
        return max(LEAST_START, min(MOST_START, max(0, pool - held) // 8))

    def open(self, name=None):
        """Opens a stream for the service of this name; its open goes into a log with the next frames."""
        number = self.last_opened = self.last_opened + 2
        takes = self.start_credit(self.start_pool, sum(stream.takes for stream in self.streams.values()))
        grants = self.start_credit(MOST_STARTS, sum(stream.start for stream in self.streams.values()))
        stream = self.streams[number] = Stream(number, takes, grants)
        stream.takes, stream.name = takes, name
        self.opened.add(number)
        user = USER_ADDRESSES if self.tells_users else None
        self._queue_new(open_frame(number, takes, grants, name=name, user=user))
        return stream

    def drain(self):
        """PROTOCOL.md, "Drain": this end opens no stream any more."""
        if not self.drains:
            self.drains = True
            self._queue_new(drain_frame(max(0, self.last_opened)))

    @property
    def is_drained(self):
        """Whether nothing of it is left, at this end."""
        if not self.drains or self.peer_last is None or self.streams or self.again:
            return False
        first = 2 if self.is_client else 1
        is_seen = all(number in self.opened for number in range(first, self.peer_last + 1, 2))
        return is_seen and not any(carrier.log for carrier in self.carriers.values())

    def _queue_new(self, frame):
        """Something that is not data waits to be sent, like what is sent again but not counted as such."""
        if frame.stream in self.streams:
            self.streams[frame.stream].untaken += 1
        self.again.append(frame)
        self.again.sort(key=lambda frame: frame.order)

    def reset(self, stream, code, text=""):
        stream.reset_sent = True
        stream.outgoing.clear()
        self._queue_new(reset_frame(stream.number, stream.sent, code, text))

    def next_counted(self, number):
        """The next counted frame for the carrier `number`, or None."""
        for other, gone in self.gone.items():
            # What the commit or the accept of this carrier has named needs no frame.
            if not gone.frame_sent and other not in self.carriers[number].named:
                gone.frame_sent = True
                return receipt_frame(other, gone.taken)
        for index, frame in enumerate(self.again):
            stream = self.streams.get(frame.stream)
            if stream is None or frame.kind == OPEN or self._may_go(stream, number):
                del self.again[index]
                return self._pinned(frame, number)
        values = [(stream.number, value) for stream in self.streams.values()
                  if self._may_go(stream, number) and (value := stream.due_window()) is not None]
        if values:
            return windows_frame(values[:84])
        waiting = {frame.stream for frame in self.again} | {
            frame.stream for gone in self.gone.values() for _, frame in gone.log}
        room = LOG_BYTES - sum(len(frame.bytes) for carrier in self.carriers.values() for _, frame in carrier.log)
        for stream in list(self.streams.values()):
            if stream.number in waiting or not self._may_go(stream, number):
                continue
            frame = stream.next_frame(room)
            if frame is not None:
                # Turns: the next stream is asked first when a frame is due again.
                self.streams[stream.number] = self.streams.pop(stream.number)
                stream.untaken += 1
                return self._pinned(frame, number)
        return None

    def _may_go(self, stream, number):
        """Whether something of a stream may go on this carrier: with what is not taken, and behind the open."""
        return stream.pin == number or (stream.pin is None and stream.open_taken)

    def _pinned(self, frame, number):
        if frame.stream in self.streams:
            self.streams[frame.stream].pin = number
        return frame

    # Receiving.

    def is_new(self, number):
        return number not in self.opened

    def receive(self, carrier, kind, payload):
        """One counted frame, or a part of data."""
        if kind in (DATA, END):
            number, offset, data, is_last = payload
            stream = self._stream(number)
            if stream is not None:
                stream.take(offset, data)
                if kind == END and is_last:
                    stream.take_final(offset + len(data))
                    stream.end_came = True
                self.on_data(stream)
                self._drop_finished(stream)
        elif kind == OPEN:
            self._receive_open(payload)
        elif kind == RESET:
            self._receive_reset(payload)
        elif kind == WINDOWS:
            self._receive_windows(payload)
        elif kind == RECEIPT:
            if len(payload) != 13:
                raise SessionError("a receipt of the wrong length")
            self.apply_receipt(struct.unpack_from(">I", payload, 1)[0], u64(payload, 5), carrier.number)
        elif kind == LANE:
            if len(payload) != 6 or self.is_client or payload[5] > 1:
                raise SessionError("a lane that cannot be")
            if struct.unpack_from(">I", payload, 1)[0] != carrier.number:
                raise SessionError("the lane of another carrier")
        elif kind == WANT:
            if len(payload) != 6 or not self.is_client:
                raise SessionError("a want that cannot be")
        elif kind == DRAIN:
            self._receive_drain(payload)

    def say_over(self):
        """A server: nothing is left of a session that is drained."""
        if self.is_drained and self.over is None:
            self.over = "told"
            self._queue_new(drain_frame(ALL_OVER))

    def _receive_drain(self, payload):
        if len(payload) != 5:
            raise SessionError("a drain of the wrong length")
        last = struct.unpack_from(">I", payload, 1)[0]
        if last == ALL_OVER:
            if not self.is_client or not self.drains:
                raise SessionError("all is over, says who cannot know")
            self.over = "told"
            return
        came = max([0, *(number for number in self.opened if number % 2 != self.is_client)])
        if last < came or last > LAST_STREAM or last and last % 2 == self.is_client:
            raise SessionError("a drain that cannot be")
        if self.peer_last not in (None, last):
            raise SessionError("two drains that differ")
        self.peer_last = last
        self.drain()

    def _stream(self, number):
        """The stream, or None if it is over."""
        if self.is_new(number):
            raise SessionError(f"a frame of the stream {number}, whose open never came")
        return self.streams.get(number)

    def _receive_open(self, payload):
        if len(payload) < 16:
            raise SessionError("an open of the wrong length")
        number, takes, grants, service = struct.unpack_from(">IIIH", payload, 1)
        if number == 0 or number % 2 == self.is_client or number > LAST_STREAM or takes > MOST_START:
            raise SessionError("an open that cannot be")
        if self.is_client and not self.offers:
            raise SessionError("an open that cannot be")
        if self.peer_last is not None and number > self.peer_last:
            raise SessionError("an open behind the last one")
        if len(payload) > 15 + MAX_EXTRA:
            raise SessionError("fields of an open that are too long")
        try:
            found = read_fields(payload, 15, SERVICE, USER)
        except CarrierError as error:
            raise SessionError(str(error)) from None
        name = found[SERVICE].decode() if SERVICE in found else None
        due = 0 if name is None else DESTINATION if ":" in name else NAMED_SERVICE
        if service != due and (name is not None or service in (NAMED_SERVICE, DESTINATION)):
            raise SessionError("a name without its number, or a number without its name")
        if not self.is_new(number):
            return
        self.opened.add(number)
        stream = self.streams[number] = Stream(number, grants, takes)
        stream.open_taken = True
        stream.name = name
        if service not in (0, NAMED_SERVICE) or stream.name not in (self.offers if self.is_client else SERVED):
            self.reset(stream, REFUSED, "no such service")

    def _receive_reset(self, payload):
        if len(payload) < 17 or len(payload) != 17 + struct.unpack_from(">H", payload, 15)[0]:
            raise SessionError("a reset of the wrong length")
        if len(payload) > 17 + MAX_EXTRA:
            raise SessionError("a message of a reset that is too long")
        number, offset, code = struct.unpack_from(">IQH", payload, 1)
        stream = self._stream(number)
        if stream is not None:
            stream.take_final(offset)
            stream.reset = (code, payload[17:].decode(errors="replace"))
            self.on_data(stream)
            self._drop_finished(stream)

    def _receive_windows(self, payload):
        if len(payload) == 1 or (len(payload) - 1) % 12:
            raise SessionError("windows that are not whole")
        for at in range(1, len(payload), 12):
            stream = self._stream(struct.unpack_from(">I", payload, at)[0])
            if stream is not None:
                stream.may_send = max(stream.may_send, u64(payload, at + 4))
