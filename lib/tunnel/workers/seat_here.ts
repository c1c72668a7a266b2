/**
 * The seat of this process, and what a role does otherwise in one.
 *
 * @module
 */
import { servesSessions } from "../command_line/services.ts";
import type { RoleCommand } from "../configuration/tunnel_table.ts";
import { formatSeat, keyFileIn, parseSeat, type Seat, SEAT_VARIABLE, statusOf } from "./seat.ts";

/** The variable of a process that may be a worker. */
export interface SeatVariable {
  /** Its value. */
  get(): string | undefined;
  /** Unsets it. */
  delete(): void;
}

/** That of this process. */
const SEAT_HERE: SeatVariable = {
  get: () => Deno.env.get("TELE_WORKER"),
  delete: () => Deno.env.delete("TELE_WORKER"),
};

/**
 * Which worker this process is; `undefined` for none. The variable is deleted: what this process starts is no worker.
 *
 * @throws {TeleError} `bad-input` if somebody else set it.
 */
export function takeSeat(variable: SeatVariable = SEAT_HERE): Seat | undefined {
  const text = variable.get();
  if (text === undefined) return undefined;
  variable.delete();
  return parseSeat(text);
}

/** The variable that gives a process its seat. */
export function seatVariable(seat: Seat): Record<string, string> {
  return { [SEAT_VARIABLE]: formatSeat(seat) };
}

/** Whether workers must meet: the carriers of a session come to any worker, and one has the session. */
export function mustMeet(command: RoleCommand): boolean {
  return command.kind === "server" && servesSessions(command.options);
}

/**
 * The command of one worker: of a server's, the others meet it in the parent's folder, by the key of its fleet, or by one of
 * their own; and the parent alone asks it how it goes.
 */
export function seated(command: RoleCommand, seat: Seat): RoleCommand {
  const { folder } = seat;
  const isAsked = folder !== undefined && command.options.status !== undefined;
  const status = isAsked ? { address: statusOf(seat, folder), tokenFile: undefined } : undefined;
  if (command.kind === "client") return { ...command, options: { ...command.options, seat, status } };
  const meets = folder !== undefined && mustMeet(command);
  const alone = { node: undefined, keyFile: keyFileIn(folder ?? "") };
  const fleet = meets ? { ...command.options.fleet ?? alone, folder } : undefined;
  return { ...command, options: { ...command.options, seat, status, fleet } };
}
