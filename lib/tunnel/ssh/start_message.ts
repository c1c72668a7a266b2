/**
 * What `tele ssh` and the tele that it starts on the other machine say to each other, a line each way, by the login
 * that starts it.
 *
 * @module
 */
import { badInput } from "../../net/error.ts";
import { shortenShown } from "../../net/shown_text.ts";
import { isPortRange, type PortRange } from "../values/port_range.ts";

/** Version of these lines. Another one may be on the other machine. */
const VERSION = 1;

/** Begins each line of the other machine: what its shell prints at a login stands in front of them. */
export const MARK = "tele-ssh";

/** Most characters of a line, and of what the other machine says for a person. */
export const MOST_CHARACTERS = 4_096;
const MOST_SHOWN = 300;

/** Who may reach the port that is opened. */
export type Listen = "everywhere" | "loopback";

/** What is wanted of the other machine. Its line goes to standard input: `ps` shows no word of it. */
export interface Order {
  /** The secret of this login. */
  readonly token: string;
  /** Who may reach the port. */
  readonly listen: Listen;
  /** The ports of which the first free one is taken; without them it is any. */
  readonly ports?: PortRange;
  /** How long a lost client is waited for, in milliseconds. */
  readonly resumeTimeoutMs: number;
}

/** What the other machine answers. */
export type Answer =
  | {
    /** It serves. */
    readonly kind: "ready";
    /** The port that it listens on. */
    readonly port: number;
  }
  | {
    /** It is there, and cannot serve. */
    readonly kind: "failed";
    /** Its sentence about that. */
    readonly reason: string;
  }
  | {
    /** There is no such program. */
    readonly kind: "missing";
  };

/** The line of an order. */
export function formatOrder(order: Order): string {
  return JSON.stringify({ version: VERSION, ...order });
}

/**
 * Reads an order.
 *
 * @throws {TeleError} `bad-input` if it is none, or of another version.
 *
 * @example
 * ```ts
 * import { formatOrder, parseOrder } from "./start_message.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const order = { token: "correct horse battery", listen: "loopback", resumeTimeoutMs: 60_000 } as const;
 * assertEquals(parseOrder(formatOrder(order)), order);
 * ```
 */
export function parseOrder(line: string): Order {
  const { version, token, listen, ports, resumeTimeoutMs } = parseObject(line);
  if (typeof version === "number" && version !== VERSION) {
    throw badInput("the tele there is of another version: install the same one on both machines");
  }
  const isOrder = version === VERSION && typeof token === "string" && typeof resumeTimeoutMs === "number" &&
    (listen === "everywhere" || listen === "loopback") && (ports === undefined || isPortRange(ports));
  if (!isOrder) throw badInput("tele ssh --serve is started by tele ssh of another machine: run that there");
  return { token, listen, resumeTimeoutMs, ...ports === undefined ? {} : { ports } };
}

/** The line of an answer. */
export function formatAnswer({ kind, ...facts }: Answer): string {
  return `${MARK} ${kind} ${JSON.stringify(facts)}`;
}

/**
 * Reads an answer; `undefined` for any other line.
 *
 * @example
 * ```ts
 * import { parseAnswer } from "./start_message.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseAnswer('tele-ssh ready {"port":40300}'), { kind: "ready", port: 40300 });
 * assertEquals(parseAnswer("Welcome!"), undefined);
 * ```
 */
export function parseAnswer(line: string): Answer | undefined {
  const [, kind, facts = "{}"] = new RegExp(`^${MARK} (ready|failed|missing)(?: (.*))?$`, "s").exec(line) ?? [];
  const { port, reason } = parseObject(facts);
  if (kind === "missing") return { kind };
  if (kind === "failed") return { kind, reason: shortenShown(String(reason), MOST_SHOWN) };
  const isPort = Number.isInteger(port) && Number(port) > 0 && Number(port) < 65_536;
  return kind === "ready" && isPort ? { kind, port: Number(port) } : undefined;
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
