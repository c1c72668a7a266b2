"""Streams: each byte once and in order (PROTOCOL.md, "Streams", "Flow control")."""

from .wire import (DATA, END, MOST_GAPS, SessionError, data_frame)

CHUNK = 16 * 1024 - 17


class Stream:
    """One stream: what waits to be sent, what came, and both windows."""

    def __init__(self, number, may_send, granted):
        self.number = number
        self.name = None  # of its service
        self.takes = 0  # start credit that was taken for it here
        self.may_send = may_send  # absolute, as told by the peer
        self.sent = 0
        self.start = self.size = self.granted = granted  # absolute, as told to the peer
        self.came = 0
        self.early = []  # [offset, bytes], apart from one another and in order
        self.final = None  # the peer's final offset
        self.end_came = False
        self.outgoing = bytearray()
        self.incoming = bytearray()
        self.ends = False  # an end is to be sent behind `outgoing`
        self.end_sent = False
        self.reset = None  # code and message, when it was received
        self.reset_sent = False
        self.tell = False  # the newest window is to be told
        self.untaken = 0  # frames of it that the peer has not taken
        self.open_taken = False
        self.pin = None  # the carrier that everything of it goes on while something is untaken

    @property
    def fin_came(self):
        return self.end_came and self.came == self.final

    @property
    def is_over(self):
        return self.reset_sent or self.reset is not None or (self.end_sent and self.fin_came)

    # Receiving.

    def take(self, offset, data):
        """Data as it comes; leaves out what is here, keeps what is early."""
        behind = offset + len(data)
        if behind > self.granted:
            raise SessionError("data beyond the credit granted")
        if self.final is not None and behind > self.final:
            raise SessionError("data beyond the final offset")
        if behind > self.came and data:
            self._put(max(offset, self.came), data[max(0, self.came - offset):])
        while self.early and self.early[0][0] <= self.came:
            start, piece = self.early.pop(0)
            self.incoming += piece[self.came - start:]
            self.came = start + len(piece)

    def _put(self, offset, data):
        behind, kept, piece = offset + len(data), [], bytearray(data)
        for start, other in self.early:
            if start + len(other) < offset or start > behind:
                kept.append([start, other])
                continue
            # What is here already stays as it is.
            if start < offset:
                piece, offset = other + piece[start + len(other) - offset:], start
            else:
                piece = piece[:start - offset] + other + piece[start + len(other) - offset:]
            behind = offset + len(piece)
        self.early = sorted([*kept, [offset, piece]], key=lambda entry: entry[0])
        if len(self.early) - (self.early[0][0] <= self.came) > MOST_GAPS:
            raise SessionError("too many gaps")

    def take_final(self, offset):
        """The final offset, of an end or of a reset."""
        highest = max([self.came, *(start + len(piece) for start, piece in self.early)])
        if self.final not in (None, offset):
            raise SessionError("two final offsets")
        if offset < highest or offset > self.granted:
            raise SessionError("a final offset that cannot be")
        self.final = offset

    # Sending.

    def next_frame(self, most):
        """What it has to send next: a frame of data or an end, or None."""
        part = bytes(self.outgoing[:max(0, min(most, CHUNK, self.may_send - self.sent))])
        ends = self.ends and len(part) == len(self.outgoing)
        if self.end_sent or self.reset_sent or self.reset or not (part or ends):
            return None
        frame = data_frame(END if ends else DATA, self.number, self.sent, part)
        del self.outgoing[:len(part)]
        self.sent += len(part)
        self.end_sent = ends
        return frame

    def due_window(self):
        """The value to tell, if one is due."""
        consumed = self.came - len(self.incoming)
        if self.final is None and self.granted - consumed <= self.size / 2:
            self.granted, self.tell = consumed + self.size, True
        value, self.tell = self.granted if self.tell and self.final is None else None, False
        return value
