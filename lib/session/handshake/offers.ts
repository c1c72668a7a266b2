/**
 * Services of a client's side, in the fields of commit and accept. Source: `PROTOCOL.md`, "Services of a client".
 *
 * @module
 */
import { TeleError } from "../../net/error.ts";
import { MOST_OFFERS } from "../session_constants.ts";
import { type Fields, FieldType } from "./known_fields.ts";
import { checkServiceName } from "./service_name.ts";

/**
 * What becomes of a name that a client offers: it has it; it waits until the client that has it is gone; or the server
 * listens for none of this name, or not for this client.
 */
export type OfferAnswer = "has" | "waits" | "refused";

/** Each at its place. */
const ANSWERS: readonly OfferAnswer[] = ["has", "waits", "refused"];

/** The list of a commit whose client offers services of these names: of a list that {@linkcode checkOffers} passed. */
export function offersField(names: readonly string[]): Fields {
  return new Map(names.length === 0 ? [] : [[FieldType.offers, new TextEncoder().encode([...names].sort().join(","))]]);
}

/** The names that a client offers, in their order. */
export function readOffers(fields: Fields): string[] {
  const value = fields.get(FieldType.offers);
  return value === undefined ? [] : String.fromCharCode(...value).split(",");
}

/** The list of an accept: what becomes of each name. */
export function offerAnswersField(answers: readonly OfferAnswer[]): Fields {
  const value = Uint8Array.from(answers, (answer) => ANSWERS.indexOf(answer));
  return new Map(value.length === 0 ? [] : [[FieldType.offered, value]]);
}

/**
 * What becomes of each of `names`, sorted.
 *
 * @returns `undefined` if the server says nothing of them.
 * @throws {TeleError} `protocol` if it says it of another number of names.
 */
export function readOfferAnswers(fields: Fields, names: readonly string[]): Map<string, OfferAnswer> | undefined {
  const value = fields.get(FieldType.offered);
  if (value === undefined) return undefined;
  if (value.length !== names.length) {
    throw new TeleError("protocol", `the server answers ${value.length} offers, and there were ${names.length}`);
  }
  return new Map([...names].sort().map((name, at) => [name, ANSWERS[value[at]!]!]));
}

/**
 * Checks what a client is to offer.
 *
 * @throws {TeleError} `bad-input` if a name is none or there twice, or there are too many.
 */
export function checkOffers(names: readonly string[]): void {
  for (const [at, name] of names.entries()) {
    checkServiceName(name, JSON.stringify(name));
    if (names.indexOf(name) !== at) throw new TeleError("bad-input", `${name} is offered twice: offer it once`);
  }
  if (names.length > MOST_OFFERS) {
    throw new TeleError("bad-input", `a client offers ${MOST_OFFERS} services at the most, not ${names.length}`);
  }
}
