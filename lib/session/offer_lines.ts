/**
 * What logs say of the services that a client offers.
 *
 * @module
 */
import type { Log, LogLevel } from "../net/log.ts";
import type { OfferAnswer } from "./handshake/offers.ts";

/** A line about a session. */
export interface OfferLine {
  /** Its level. */
  readonly level: LogLevel;
  /** What stands behind the session's title. */
  readonly words: string;
}

/**
 * The lines of a server about a session whose client offers `names`: one for each kind of answer that there is.
 *
 * @example
 * ```ts
 * import { offerLines } from "./offer_lines.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(offerLines(["db", "web"], ["has", "has"]), [{ level: "info", words: "has the names db, web" }]);
 * ```
 */
export function offerLines(names: readonly string[], answers: readonly OfferAnswer[]): OfferLine[] {
  const [had, waits, refused] = (["has", "waits", "refused"] as const).map((answer) =>
    names.filter((_, at) => answers[at] === answer)
  ) as [string[], string[], string[]];
  const lines: OfferLine[] = [];
  if (had.length > 0) lines.push({ level: "info", words: `has the ${nameWord(had)} ${had.join(", ")}` });
  if (waits.length > 0) {
    const words = `offers ${waits.join(", ")}, which another client has: it waits until that one's session ends`;
    lines.push({ level: "warn", words });
  }
  if (refused.length > 0) {
    const [one] = refused;
    const words =
      `offers ${refused.join(", ")} in vain: this server needs --reverse-listen=ADDR=${one}, and a list in ` +
      `its client's line of the token file reverse=${one}`;
    lines.push({ level: "warn", words });
  }
  return lines;
}

function nameWord(names: readonly string[]): string {
  return names.length === 1 ? "name" : "names";
}

/** Tells the log of a client which of the services that it offers nobody can reach, and why; see {@linkcode OfferAnswer}. */
export function warnOfOffers(
  names: readonly string[],
  answers: ReadonlyMap<string, OfferAnswer> | undefined,
  log: Log,
): void {
  if (names.length > 0 && answers === undefined) {
    const why = "it is of an older release, or a program of its own; update it";
    return log(
      "warn",
      `the tele server takes no services of its clients, and nobody reaches ${names.join(", ")}: ${why}`,
    );
  }
  for (const [name, answer] of answers ?? []) {
    if (answer === "waits") {
      log("warn", `another tele client offers ${name} already: this one waits until the session of that one ends`);
    } else if (answer === "refused") {
      const what = `--reverse-listen=ADDR=${name} there listens for it, and reverse=${name} in a line of its tokens ` +
        "allows it";
      log("warn", `the tele server takes no service ${name} of this client: ${what}`);
    }
  }
}
