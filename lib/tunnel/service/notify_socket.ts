/**
 * The socket by which a service manager is told.
 *
 * @module
 */
import { systemClock } from "../../net/clock.ts";
import { badInput, reasonOf } from "../../net/error.ts";
import type { Log } from "../../net/log.ts";
import { isNodeSound } from "../../net/runtime.ts";
import { type ManagerRequest, readManagerRequest } from "./manager_request.ts";
import { ServiceManager } from "./service_manager.ts";

/**
 * The service manager of this process. What the process starts inherits the variables; with `NotifyAccess=main`, which
 * goes with `Type=notify`, systemd does not listen to it.
 */
export function serviceManager(log: Log): ServiceManager {
  const environment = {
    NOTIFY_SOCKET: Deno.env.get("NOTIFY_SOCKET"),
    WATCHDOG_USEC: Deno.env.get("WATCHDOG_USEC"),
    WATCHDOG_PID: Deno.env.get("WATCHDOG_PID"),
  };
  let request: ManagerRequest | undefined;
  try {
    request = readManagerRequest(environment, Deno.pid);
  } catch (error) {
    log("warn", reasonOf(error));
  }
  return new ServiceManager({ request, send: sendDatagram, clock: systemClock, log });
}

/**
 * Sends one datagram to a unix socket; a path that begins with a zero is an abstract name (unix(7)).
 *
 * `node:dgram` knows no unix sockets, so it is `Deno.listenDatagram`, which `"unstable": ["net"]` in `deno.json` opens
 * for the compiled program too. Each has a socket of its own, so that nothing is kept open for one message in
 * many seconds.
 *
 * @throws {TeleError} `bad-input` below `deno run` without `--unstable-net`, and below Deno 2.9: then it has no such
 * sockets.
 */
export async function sendDatagram(path: string, text: string): Promise<void> {
  if (!isNodeSound()) {
    throw badInput(`Deno ${Deno.version.deno} knows no abstract sockets: take 2.9 or later, or Type=exec`);
  }
  if (Deno.listenDatagram === undefined) {
    throw badInput("Deno can send to it only with --unstable-net: write deno run --unstable-net, or Type=exec");
  }
  // An abstract name leaves no file behind. To none at all, Deno binds with -A only.
  const socket = Deno.listenDatagram({ transport: "unixpacket", path: `\0tele-${crypto.randomUUID()}` });
  try {
    await socket.send(new TextEncoder().encode(text), { transport: "unixpacket", path });
  } finally {
    socket.close();
  }
}
