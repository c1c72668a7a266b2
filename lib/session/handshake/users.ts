/**
 * Addresses of users, which a client tells a server that wants them. Source: `PROTOCOL.md`, "Addresses of users".
 *
 * @module
 */
import { type Fields, FieldType } from "./known_fields.ts";

/** What a server does with the addresses of its clients' users. */
export interface UsersTold {
  /**
   * Whether it wants to be told them, by clients whose token vouches for them; see {@linkcode NamedToken.tellsUsers}.
   *
   * @default {false}
   */
  wantsUsers?: boolean;
}

/** The list of an accept: whether the client is to tell the addresses of its users. */
export function usersField(wants: boolean): Fields {
  return new Map(wants ? [[FieldType.users, new Uint8Array(0)]] : []);
}

/** Whether the server wants to be told. */
export function wantsUsers(fields: Fields): boolean {
  return fields.has(FieldType.users);
}
