/**
 * A service that a client does not get.
 *
 * @module
 */
import { TeleError } from "../net/error.ts";

/**
 * There is no such service, or this client's token does not allow it. Which of the two is not told: names of services
 * are for those who may reach them.
 *
 * @example
 * ```ts
 * import { NoServiceError } from "./no_service_error.ts";
 * import { assertStringIncludes } from "@std/assert";
 *
 * assertStringIncludes(new NoServiceError("db").message, "has no service db for this client");
 * ```
 */
export class NoServiceError extends TeleError {
  /** The service of this name, or the one without a name. */
  constructor(service: string | undefined) {
    super(
      "refused",
      `the tele server has no service ${service ?? "without a name"} for this client: ${advice(service)}`,
    );
    this.name = "NoServiceError";
  }
}

function advice(service: string | undefined): string {
  if (service === undefined) return "--in=ADDR there names it, and services=* in a line of its tokens allows it";
  return `--service=${service}=ADDR there names it, and services=${service} in a line of its tokens allows it`;
}
