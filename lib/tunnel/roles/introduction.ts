/**
 * What a user's server is told of who comes to it: `--send-proxy`.
 *
 * @module
 */
import type { Duplex } from "../../net/duplex.ts";
import { proxyHeader } from "../../net/proxy_header.ts";

/**
 * A connection to a user's server, behind a PROXY header with these addresses: nobody else writes before it.
 *
 * @param dialling The connection, once it is there.
 * @param addresses As `addressBlock` has them; `undefined` if they are not known.
 * @throws As `dialling` rejects, or the first write: then it is closed.
 */
export async function introduced(dialling: Promise<Duplex>, addresses: Uint8Array | undefined): Promise<Duplex> {
  const duplex = await dialling;
  try {
    await duplex.write(proxyHeader(addresses));
    return duplex;
  } catch (error) {
    duplex.close();
    throw error;
  }
}
