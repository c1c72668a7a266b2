/**
 * A service or a destination that a client does not get.
 *
 * @module
 */
import { isDestinationText } from "../session/handshake/destination.ts";
import { ResetCode } from "./mux_constants.ts";
import { UnreachedError } from "./unreached_error.ts";

/**
 * There is no such service, or this client's token does not allow it. Which of the two is not told: names of services
 * are for those who may reach them. The same of destinations.
 *
 * @example
 * ```ts
 * import { NoServiceError } from "./no_service_error.ts";
 * import { assertStringIncludes } from "@std/assert";
 *
 * assertStringIncludes(new NoServiceError("db").message, "has no service db for this client");
 * ```
 */
export class NoServiceError extends UnreachedError {
  /** The service of this name, the destination, or the service without a name. */
  constructor(service: string | undefined) {
    const isDestination = service !== undefined && isDestinationText(service);
    super(
      isDestination ? ResetCode.denied : ResetCode.refused,
      isDestination ? notAllowed(service) : `the tele server has no service ${nameOf(service)}: ${advice(service)}`,
    );
    this.name = "NoServiceError";
  }
}

function nameOf(service: string | undefined): string {
  return `${service ?? "without a name"} for this client`;
}

function advice(service: string | undefined): string {
  if (service === undefined) return "--in=ADDR there names it, and services=* in a line of its tokens allows it";
  return `--service=${service}=ADDR there names it, and services=${service} in a line of its tokens allows it`;
}

function notAllowed(destination: string): string {
  return `the tele server does not lead this client to ${destination}: --allow=HOST:PORT there allows destinations, and ` +
    "services=*:* in a line of its tokens that its client asks for them";
}
