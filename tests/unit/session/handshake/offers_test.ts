/** Names that a client offers, and the answers to them, as commit and accept tell them. */
import { assertEquals, assertThrows } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import { FieldType } from "../../../../lib/session/handshake/known_fields.ts";
import {
  checkOffers,
  offerAnswersField,
  offersField,
  readOfferAnswers,
  readOffers,
} from "../../../../lib/session/handshake/offers.ts";

Deno.test("names are told sorted, so that a list has one encoding, and come back", () => {
  const fields = offersField(["web", "db"]);
  assertEquals(new TextDecoder().decode(fields.get(FieldType.offers)), "db,web");
  assertEquals(readOffers(fields), ["db", "web"]);
  assertEquals([offersField([]).size, readOffers(new Map())], [0, []]);
});

Deno.test("each name has its answer, and a server that says nothing has said nothing", () => {
  const answers = readOfferAnswers(offerAnswersField(["refused", "has", "waits"]), ["web", "a", "db"]);
  assertEquals([...answers!], [["a", "refused"], ["db", "has"], ["web", "waits"]]);
  assertEquals([offerAnswersField([]).size, readOfferAnswers(new Map(), ["db"])], [0, undefined]);
});

Deno.test("answers to another number of names are a breach", () => {
  const fields = offerAnswersField(["has", "has"]);
  assertThrows(() => readOfferAnswers(fields, ["db"]), TeleError, "the server answers 2 offers, and there were 1");
});

Deno.test("what cannot be offered is told before anything is dialled", () => {
  checkOffers(Array.from({ length: 16 }, (_, at) => `s${at}`));
  assertThrows(() => checkOffers(["Db"]), TeleError, '"Db" is not the name of a service');
  assertThrows(() => checkOffers(["db", "web", "db"]), TeleError, "db is offered twice");
  const many = Array.from({ length: 17 }, (_, at) => `s${at}`);
  assertThrows(() => checkOffers(many), TeleError, "offers 16 services at the most, not 17");
});
