/** Whose session a session is. */
import { assertEquals } from "@std/assert";
import { ClientEntries } from "../../../lib/session/client_entries.ts";

const entryOf = (client: string | undefined) => ({ identity: client === undefined ? undefined : { client } });

Deno.test("sessions of one client are found oldest first, and those of others are not", () => {
  const entries = new ClientEntries();
  const [first, other, second, third] = ["ab", "cd", "ab", "ab"].map(entryOf);
  for (const entry of [first, other, second, third]) entries.add(entry);
  assertEquals(entries.sameAs(entryOf("ab")).map((entry) => [first, second, third].indexOf(entry)), [0, 1, 2]);
  entries.delete(second);
  entries.delete(second);
  assertEquals(entries.sameAs(second).map((entry) => [first, third].indexOf(entry)), [0, 1]);
  assertEquals(entries.sameAs(entryOf("ef")), []);
});

Deno.test("sessions of clients that nobody knows are not one client's", () => {
  const entries = new ClientEntries();
  const nobody = entryOf(undefined);
  entries.add(nobody);
  assertEquals(entries.sameAs(entryOf(undefined)), []);
  entries.delete(nobody);
  entries.add(entryOf("ab"));
  assertEquals(entries.sameAs(nobody), []);
});
