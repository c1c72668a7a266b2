/**
 * What happens in a run: plain data, so that it can be printed and shrunk.
 *
 * @module
 */
import type { Impostor } from "./impostor.ts";
import type { Fate } from "./network.ts";
import type { RogueAct } from "./rogue.ts";
import type { Largest, Lines } from "./sim_path.ts";
import type { UserPlan } from "./user.ts";

/** Something that happens at a moment, in milliseconds from the start. */
export type SimEvent =
  & { atMs: number }
  & (
    | { kind: "cut" }
    | { kind: "black hole"; direction: "up" | "down" | "both" }
    | { kind: "path"; path: number; direction: "up" | "down" | "both"; forMs: number }
    | { kind: "hold"; direction: "up" | "down"; forMs: number }
    | { kind: "refuse" | "unreachable"; forMs: number }
    | { kind: "impostor"; impostor: Impostor; forMs: number }
    | { kind: "lines"; lines: Lines }
    | { kind: "swallow"; largest: Largest }
    | {
      kind: "kill client" | "stop client" | "kill server" | "stop server";
      forMs: number;
      carriers: "cut" | "black hole";
    }
    | { kind: "drain client" | "drain server"; forMs: number }
    | { kind: "suspend client" | "suspend server"; forMs: number }
    | { kind: "sleep"; forMs: number }
    | { kind: "asleep"; forMs: number; livesMs: number; readsFirst: boolean }
    | { kind: "wake" }
    | { kind: "address" }
    | { kind: "move" }
    | { kind: "rogue"; act: RogueAct }
  );

/** One stream that the user's client opens. */
export interface SimStream {
  openMs: number;
  client: UserPlan;
}

/** What the user's server does with one connection. */
export interface ServerUser {
  plan: UserPlan;
  dialMs: number;
  refuses: boolean;
}

/** A whole run. */
export interface Scenario {
  seed: number;
  kind: string;
  streams: SimStream[];
  /** The n-th connection that a user's server gets is treated like the n-th of these, counted round. */
  serverUsers: ServerUser[];
  events: SimEvent[];
  lines: Lines;
  /** Of more paths beside the one with those. */
  otherLines: Lines[];
  fates: (Fate | null)[];
  lastFate: Fate | null;
  /** When the network heals and everything is let go. */
  healMs: number;
  pingIntervalMs: number;
  resumeTimeoutMs: number;
  replayBufferBytes: number;
  /** Credit that each stream starts with, in bytes. */
  startCredit: number;
  /** The longest that one call of WebCrypto takes. */
  cryptoMs: number;
  /** What is read from a carrier comes up to so late. */
  lateReadMs: number;
  /** What is written to a carrier leaves up to so late; if at all, a carrier that is over lets go of it much later. */
  lateWriteMs: number;
  /** Input and output that ends within this time may end together. */
  togetherMs: number;
  /** Streams that must be complete before the network heals, by index. */
  prompt: number[];
  /** More carriers than this until then mean that the client goes in circles. */
  mostCarriers: number;
  /** Carriers that the client may have at once, and that it keeps always. */
  carriers: number;
  leastCarriers: number;
  /** Whether the client can be recognized after a restart. */
  identity: boolean;
  /**
   * Whether streams have just enough numbers: with half of them used up a client that can be recognized begins another
   * session. Of one that cannot, a goodbye that is lost leaves the former one at the server.
   */
  fewNumbers: boolean;
  /** Whether both ends have a token. */
  token: boolean;
  /** The piece of data that a fault of tele's own hits when it comes, counted over all streams; 0: none. */
  faultAt: number;
  /** Sessions that the server takes. */
  maxSessions: number;
  /** What they may hold together, in bytes. */
  memoryBytes: number;
}
