/** The words in front of a passed carrier, over a connection in memory. */
import { assertEquals, assertRejects } from "@std/assert";
import { duplexPair } from "../../../../lib/net/pipe.ts";
import { askOwner, hearQuestion } from "../../../../lib/session/fleet/exchange.ts";
import { deriveFleetKey } from "../../../../lib/session/fleet/fleet_keys.ts";
import { readExactly } from "../../../support/reading.ts";

const [KEY, OTHER] = await Promise.all([5, 6].map((byte) => deriveFleetKey(new Uint8Array(32).fill(byte))));
const QUESTION = { layer: "inner", client: { peer: "192.0.2.9:50000" }, ticket: new Uint8Array(80).fill(3) } as const;

Deno.test("each answer comes as it was given", async () => {
  for (const given of ["here", "gone", "away"] as const) {
    const [near, far] = duplexPair();
    const asking = askOwner(near, KEY!, QUESTION);
    const { answer } = await hearQuestion(far, [KEY!]);
    await answer(given);
    assertEquals(await asking, given);
  }
});

Deno.test("the owner hears who asks for what, and its answer comes; the carrier's bytes stay behind it", async () => {
  const [near, far] = duplexPair();
  const asking = askOwner(near, KEY!, QUESTION);
  const { preface, answer } = await hearQuestion(far, [OTHER!, KEY!]);
  assertEquals([preface.layer, preface.client.peer, preface.ticket], ["inner", "192.0.2.9:50000", QUESTION.ticket]);
  const answering = answer("here");
  assertEquals(await asking, "here");
  await answering;
  const writing = near.write(new Uint8Array([1, 2, 3]));
  assertEquals(await readExactly(far, 3), new Uint8Array([1, 2, 3]));
  await writing;
});

Deno.test("who has another key is heard by nobody, and believed by nobody", async () => {
  const [near, far] = duplexPair();
  const asking = askOwner(near, OTHER!, QUESTION);
  await assertRejects(() => hearQuestion(far, [KEY!]), Error, "does not prove that it has a key of this fleet");
  far.close();
  await assertRejects(() => asking);
  const [one, two] = duplexPair();
  const believing = askOwner(one, KEY!, QUESTION);
  // Somebody at the owner's address, with a key of his own.
  await two.write(new Uint8Array(33).fill(2, 0, 1));
  await readExactly(two, 2);
  const answer = two.write(new Uint8Array(33).fill(1, 0, 1)).catch(() => {});
  const reading = two.read(new Uint8Array(2048));
  await assertRejects(() => believing, Error, "does not prove that it has the fleet's key");
  one.close();
  await Promise.all([answer, reading]);
});

Deno.test("a question that announces too much, or ends early, is refused", async () => {
  const [near, far] = duplexPair();
  const hearing = hearQuestion(far, [KEY!]);
  await readExactly(near, 33);
  await near.write(new Uint8Array([0x04, 0x01]));
  await assertRejects(() => hearing, Error, "not how a server of the fleet begins");
  const [one, two] = duplexPair();
  const cut = hearQuestion(two, [KEY!]);
  await readExactly(one, 33);
  await one.closeWrite();
  await assertRejects(() => cut, Error, "the connection was closed");
});

Deno.test("an owner that hears the question and closes has said nothing of the session", async () => {
  const [near, far] = duplexPair();
  const asking = askOwner(near, KEY!, QUESTION);
  await far.write(new Uint8Array(33).fill(2, 0, 1));
  const [high, low] = await readExactly(far, 2);
  await readExactly(far, 256 * high! + low!);
  await far.closeWrite();
  assertEquals(await asking, undefined);
});

Deno.test("one that closes before its greeting has heard no question", async () => {
  const [near, far] = duplexPair();
  const asking = askOwner(near, KEY!, QUESTION);
  await far.closeWrite();
  await assertRejects(() => asking, Error, "the connection was closed");
});
