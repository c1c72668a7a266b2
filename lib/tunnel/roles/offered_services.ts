/**
 * The services that a client offers: user's servers of its side.
 *
 * @module
 */
import { type Address, formatAddress } from "../../net/address.ts";
import type { Clock } from "../../net/clock.ts";
import { dial } from "../../net/dial.ts";
import { Shortages } from "../../net/shortage.ts";
import type { Offers } from "../../mux/offers.ts";
import type { Service } from "../command_line/role_options.ts";
import type { StreamLog } from "../log/stream_log.ts";

/**
 * What a client of these services offers: each is dialled when the server asks for it, and waits while this machine has
 * no connection to make.
 *
 * @returns `undefined` if there is none: then the server opens no streams.
 */
export function offeredServices(
  services: readonly Service[],
  { clock, streamLog }: { clock: Clock; streamLog: StreamLog },
): Offers | undefined {
  if (services.length === 0) return undefined;
  const addresses: ReadonlyMap<string | undefined, Address> = new Map(services.map(({ name, in: to }) => [name, to]));
  const shortages = new Shortages(clock, (shortage) => streamLog.waitFor(shortage));
  return {
    names: services.map(({ name }) => name),
    dial(signal, { service }) {
      // Nothing else is asked of it; see `dialOnly`.
      const address = addresses.get(service)!;
      return shortages.outlast(formatAddress(address), () => dial(address, signal), signal);
    },
  };
}
