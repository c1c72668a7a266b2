/** A server says in the accept whether it wants to be told the addresses of users. */
import { assertEquals } from "@std/assert";
import { FieldType } from "../../../../lib/session/handshake/known_fields.ts";
import { usersField, wantsUsers } from "../../../../lib/session/handshake/users.ts";

Deno.test("the field is there where it is wanted, empty, and else it is not", () => {
  assertEquals([...usersField(true)], [[FieldType.users, new Uint8Array(0)]]);
  assertEquals([wantsUsers(usersField(true)), wantsUsers(usersField(false)), usersField(false).size], [true, false, 0]);
});
