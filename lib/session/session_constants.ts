/**
 * Every number of the session protocol, named once. Source: `PROTOCOL.md`, "Session frames" and "Limits".
 *
 * @module
 */

/** First bytes of every handshake, so that a stranger's bytes are told apart at once. */
export const MAGIC = "tele";

/** The protocol version spoken here. */
export const PROTOCOL_VERSION = 2;

/** First payload byte of a frame. */
export const FrameType = {
  hello: 0x01,
  challenge: 0x02,
  commit: 0x03,
  accept: 0x04,
  refuse: 0x05,
  acknowledge: 0x11,
  probe: 0x12,
  leave: 0x13,
  goodbye: 0x14,
  open: 0x20,
  data: 0x21,
  end: 0x23,
  reset: 0x24,
  windows: 0x25,
  receipt: 0x26,
  lane: 0x27,
  want: 0x28,
  drain: 0x29,
  ticket: 0x2a,
} as const;

/** Flags of a probe frame. */
export const ProbeFlag = { replyWanted: 1, reply: 2 } as const;

/** Codes of refusals and goodbyes. */
export const EndCode = {
  /** The process ends as asked. */
  shutdown: 1,
  /** The peer broke the protocol. */
  protocol: 2,
  /** The peer speaks another version. */
  version: 3,
  /** A proof did not hold: another token, or not the session's owner. */
  proof: 4,
  /** The server takes no more sessions. */
  full: 5,
  /** A newer attempt of the same session came first. */
  stale: 6,
  /** A newer session of the same client took its place. */
  replaced: 7,
  /** The session waited for a carrier for too long. */
  expired: 8,
  /** A token is set on one side only, or the two differ. */
  token: 9,
  /** A fault of the sender's own: something threw that should not have. */
  fault: 10,
  /** One end seals its carriers and the other does not, or somebody between them ends the encryption. */
  seal: 11,
  /** The server is drained: the next one at its address takes sessions. */
  draining: 12,
} as const;

/** One of {@linkcode EndCode}. */
export type EndCode = typeof EndCode[keyof typeof EndCode];

/** Bytes in front of what a counted frame means: length and type. */
export const COUNTED_HEADER_BYTES = 5;

/** Bytes in front of the data of a frame of data: length, type, stream, offset. The same of an end. */
export const DATA_HEADER_BYTES = 17;

/** Bytes of an open frame without fields, length included. */
export const OPEN_FRAME_BYTES = 20;

/** Bytes of a reset frame without its message, length included. */
export const RESET_FRAME_BYTES = 21;

/** Bytes of a receipt frame, length included. */
export const RECEIPT_FRAME_BYTES = 17;

/** Bytes of a lane frame, length included. */
export const LANE_FRAME_BYTES = 10;

/** Bytes of a want frame, length included. */
export const WANT_FRAME_BYTES = 10;

/** Bytes of a drain frame, length included. */
export const DRAIN_FRAME_BYTES = 9;

/** In place of a stream's number in a drain: all of the session is over at the server. */
export const ALL_OVER = 2 ** 32 - 1;

/** Bytes of one window value: stream and offset. */
export const WINDOW_BYTES = 12;

/** Most bytes of the fields of an open, and of the message of a reset. */
export const MAX_EXTRA_BYTES = 1024;

/** Bytes kept free in front of counted frames for small control frames. */
export const HEADROOM_BYTES = 64;

/** Largest frame taken before the peer has proven itself, in bytes. */
export const MAX_HANDSHAKE_FRAME_BYTES = 2048;

/** Largest frame taken in an attached session, in bytes. */
export const MAX_SESSION_FRAME_BYTES = 512 * 1024;

/** Largest frame other than data and end, in bytes: such a frame is gathered before it is read. */
export const MAX_CONTROL_FRAME_BYTES = 16 * 1024;

/** Longest sentence of a refuse or goodbye, in bytes. */
export const MAX_ENDING_TEXT_BYTES = 512;

/** Longest time that a peer may say it keeps a session, in milliseconds: a leap year. */
export const MOST_RESUME_TIMEOUT_MS = 31_622_400_000;

/** Carriers attached to one session at once, at the server. */
export const MOST_CARRIERS = 10;

/** Paths of one session: each has a carrier. */
export const MOST_PATHS = 8;

/** Sessions of one client at once, those that are drained included. */
export const MOST_SESSIONS = 4;

/** Carriers that are gone and not settled, and entries of the fields `live` and `receipts`. */
export const MOST_UNSETTLED = 16;

/** How long a peer may take for the whole handshake, in milliseconds. */
export const HANDSHAKE_TIMEOUT_MS = 10_000;

/** Fewest bytes of a token: an impostor that a client talks to can try guesses at leisure. */
export const MIN_TOKEN_BYTES = 16;

/** Most bytes of a token. */
export const MAX_TOKEN_BYTES = 4096;

/** Most bytes of a token's name. */
export const MAX_TOKEN_NAME_BYTES = 64;

/** Most bytes of a service's name. */
export const MAX_SERVICE_NAME_BYTES = 64;

/** Most services that a client offers: their names fit into a commit. */
export const MOST_OFFERS = 16;

/** Most bytes of a destination: the longest name of a host, a colon, and a port. */
export const MAX_DESTINATION_BYTES = 259;

/** Delay of a refusal that has to do with a token, in milliseconds: guessing is slow, and nobody else waits. */
export const TOKEN_REFUSAL_DELAY_MS = 1_000;

/** Counted bytes after which an acknowledgement is due. */
export const ACKNOWLEDGE_BYTES = 64 * 1024;

/** How long an acknowledgement may wait for more bytes, in milliseconds. */
export const ACKNOWLEDGE_DELAY_MS = 4;

/** The same while acknowledgements ride along with data; the bytes behind the last one may wait twice as long. */
export const MOST_ACKNOWLEDGE_DELAY_MS = 64;

/** The same where the session has several carriers: who sends again elsewhere waits for it. */
export const SHARED_ACKNOWLEDGE_MS = 10;

/** The longest silence promised while a session is in use, in milliseconds. */
export const BUSY_SILENCE_MS = 1_000;

/** How long a session counts as in use after it carried data, in milliseconds. */
export const BUSY_FOR_MS = 60_000;

/**
 * How long a fresh carrier counts as in use whatever it carries, in milliseconds: until a silence that began right behind
 * its handshake is found.
 */
export const FRESH_FOR_MS = 5_000;

/**
 * How long a detached session that is empty is kept, in milliseconds. Not shorter: its client may have opened a stream
 * into a network that was dead already, and that stream must not be lost to an outage of some minutes.
 */
export const IDLE_SESSION_KEPT_MS = 3_600_000;

/**
 * A detached session is kept no longer than this where its client cannot be known again after a restart, in
 * milliseconds: if that was killed, nobody will come back for its streams.
 */
export const NAMELESS_SESSION_KEPT_MS = 3_600_000;

/** How often a server looks whether a detached session has waited long enough, in milliseconds. */
export const WATCH_MS = 60_000;

/**
 * Room in the log, in bytes, below which no data is put into it while acknowledgements are due: each acknowledgement
 * makes a little room, and pieces as small as that would be headers for the most part.
 */
export const LEAST_ROOM_BYTES = 1024;

/** What one read's frames may cost before others have their turn; an ordinary frame costs 1, a ping too. */
export const MOST_TURN_COST = 2048;

/** Fewest bytes of the secret that the servers of a fleet share: a key, not a word. */
export const MIN_FLEET_KEY_BYTES = 32;

/** Random bytes that tell one process of a fleet from another one at its address. */
export const FLEET_INSTANCE_BYTES = 8;

/** Most bytes of a node's address: its ticket fits into a name of ALPN. */
export const MAX_NODE_BYTES = 80;

/** Most bytes of a ticket: with `tele-ticket=`, and as base64url, 200 of ALPN. */
export const MAX_TICKET_BYTES = 140;

/** How long a ticket holds, in milliseconds: as long as a session may wait at the most. */
export const TICKET_LIFE_MS = 31_622_400_000;

/** Largest preface of a carrier that is passed on, in bytes, without its length. */
export const MAX_PREFACE_BYTES = 1024;

/** How long a server waits for the answer of an owner, in milliseconds. */
export const OWNER_TIMEOUT_MS = 2_000;

/** An owner that has not answered by then is asked by another connection as well, in milliseconds: of workers one may hang. */
export const OWNER_BESIDE_MS = 500;

/** And by one more each time that this is over, in milliseconds. */
export const OWNER_BESIDE_AGAIN_MS = 250;

/** How long a worker waits for another one to take a new session, in milliseconds: it can have that itself. */
export const DEAL_TIMEOUT_MS = 500;

/** How long a server waits for the answer of another worker of its own, in milliseconds: less, for a server may wait for it. */
export const WORKER_TIMEOUT_MS = 1_500;

/** How long an owner that cannot be reached keeps new users waiting, in milliseconds. */
export const OWNER_AWAY_MS = 3_000;

/** Owners are asked for so many carriers at once. */
export const MOST_ASKED = 128;

/** The same for carriers from one address; others of it wait for their turn. */
export const MOST_ASKED_OF_A_HOST = 8;

/** How long an owner that cannot be reached is not asked again, in milliseconds. */
export const OWNER_PAUSE_MS = 1_000;
