/**
 * The rows of the option table for the status of a process.
 *
 * @module
 */

import type { Address } from "../../net/address.ts";
import { A_FILE, anAddress, type ValueOption } from "./option.ts";

/** The port of examples, and where `tele top` asks if it is told nothing else: no well-known service has it. */
export const STATUS_PORT = 40380;

/** `--status`. */
export const STATUS: ValueOption<Address> = {
  kind: "value",
  name: "status",
  placeholder: "ADDR",
  role: "both",
  meaning: "show by HTTP how it goes: a page, health, metrics, events; :port is loopback only",
  without: "nowhere",
  example: `--status=:${STATUS_PORT}`,
  ...anAddress(STATUS_PORT),
};

/** `--status-token-file`. */
export const STATUS_TOKEN_FILE: ValueOption<string> = {
  kind: "value",
  name: "status-token-file",
  placeholder: "FILE",
  role: "both",
  meaning: "file with a secret that whoever asks for the status must show; needed beyond loopback",
  without: "no secret",
  example: "--status-token-file=/etc/tele/status-token",
  ...A_FILE,
};
