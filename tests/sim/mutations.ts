/**
 * Small deliberate faults, each of which the simulator, or a fuzz target, must catch: a survivor is a hole in the model.
 * Those of a room of `lib` are in a file of `mutations/`.
 *
 * A fault is a replacement of text. When the code has changed and a text is gone, the fault is to be put anew.
 *
 * @module
 */
import { CARRIER } from "./mutations/carrier.ts";
import { CARRIER_LIVENESS } from "./mutations/carrier_liveness.ts";
import { DRAIN } from "./mutations/drain.ts";
import { HANDSHAKE } from "./mutations/handshake.ts";
import { LANES } from "./mutations/lanes.ts";
import { MUX_RECEIVING } from "./mutations/mux_receiving.ts";
import { MUX_SENDING } from "./mutations/mux_sending.ts";
import { FLEET } from "./mutations/fleet.ts";
import { NAMES } from "./mutations/names.ts";
import { NET } from "./mutations/net.ts";
import { PATH } from "./mutations/path.ts";
import { RECONNECT } from "./mutations/reconnect.ts";
import { SENDING_AGAIN } from "./mutations/sending_again.ts";
import { SEAL } from "./mutations/seal.ts";
import { SESSION } from "./mutations/session.ts";
import type { Mutation } from "./mutations/mutation.ts";

/** All faults. */
export const MUTATIONS: readonly Mutation[] = [
  ...CARRIER,
  ...CARRIER_LIVENESS,
  ...DRAIN,
  ...LANES,
  ...PATH,
  ...HANDSHAKE,
  ...FLEET,
  ...NAMES,
  ...NET,
  ...RECONNECT,
  ...SEAL,
  ...SENDING_AGAIN,
  ...SESSION,
  ...MUX_RECEIVING,
  ...MUX_SENDING,
];
