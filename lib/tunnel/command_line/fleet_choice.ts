/**
 * Which fleet a server is of, as its options say together.
 *
 * @module
 */

import { FLEET_KEY_FILE, NODE } from "./fleet_options.ts";
import { example, type GivenFlags, mistake } from "./given_flags.ts";
import type { FleetChoice } from "./role_options.ts";

/**
 * The fleet that a server is of, if it is of any.
 *
 * @throws {TeleError} `bad-input` if one of both options is missing.
 */
export function fleetChoice(given: GivenFlags): FleetChoice | undefined {
  const [node, keyFile] = [given.value(NODE), given.value(FLEET_KEY_FILE)];
  if (node !== undefined && keyFile !== undefined) return { node, keyFile };
  if (node !== undefined) {
    throw mistake(`--node needs --fleet-key-file=FILE, the key that the servers share: ${example(FLEET_KEY_FILE)}`);
  }
  if (keyFile !== undefined) {
    throw mistake(`--fleet-key-file needs --node=ADDR, where other servers reach this one: ${example(NODE)}`);
  }
  return undefined;
}
