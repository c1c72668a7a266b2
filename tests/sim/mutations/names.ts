/**
 * Faults of clients that a server knows by the names of their tokens. The simulator has one client: unit tests are to
 * catch them.
 *
 * @module
 */
import { fault, type Mutation } from "./mutation.ts";

const CLIENTS = "tests/unit/session/named_clients_test.ts";
const FILES = "tests/unit/tunnel/files";

function named(name: string, file: string, from: string, to: string, test = CLIENTS): Mutation {
  return { ...fault(`named tokens: ${name}`, file, from, to), test };
}

/** All of them. */
export const NAMES: readonly Mutation[] = [
  named(
    "a join under any name",
    "session/session_server.ts",
    "(name === known.tokenName ? known.joinSecret",
    "(name !== null ? known.joinSecret",
  ),
  named(
    "sessions of a line that is gone kept",
    "session/session_registry.ts",
    "filter((entry) => !keeps(entry.claim))",
    "filter((entry) => entry === undefined && !keeps(entry.claim))",
  ),
  named(
    "a session without a carrier kept when its line is gone",
    "session/session_registry.ts",
    "filter((entry) => !keeps(entry.claim))",
    "filter((entry) => entry.detachedAt === undefined && !keeps(entry.claim))",
  ),
  named(
    "a client in an outage not told that its line is gone",
    "session/session_registry.ts",
    "this.withdrawn.add(session, claim.name, error.ending);",
    "if (session.detachedAt === undefined) this.withdrawn.add(session, claim.name, error.ending);",
  ),
  named(
    "a session of a line that is gone remembered under every name",
    "session/session_server.ts",
    "(name === known.tokenName ? known.joinSecret",
    "(name === known.tokenName || known === withdrawn ? known.joinSecret",
  ),
  named(
    "a line that goes behind the proof still attaches",
    "session/session_server.ts",
    "if (!this.#tokens.admits(claim)) throw",
    "if (claim.salt.length === 0 && !this.#tokens.admits(claim)) throw",
  ),
  named(
    "a changed line takes its sessions along",
    "session/handshake/token_table.ts",
    "return name === undefined ? this.#salts.has(undefined) : this.has(name, salt);",
    "return this.#salts.has(name) && salt !== undefined;",
  ),
  named(
    "an unknown one answered early, and with other words",
    "session/handshake/token_table.ts",
    "    return this.#salts.get(name) ?? this.#salt;\n",
    "    const salt = this.#salts.get(name);\n" +
      '    if (salt === undefined) throw new TeleError("refused", "nobody has this name");\n    return salt;\n',
  ),
  named(
    "the salt of an unknown one known to everybody",
    "session/handshake/token_table.ts",
    "this.#salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES));",
    "this.#salt = new Uint8Array(SALT_BYTES);",
    "tests/unit/session/handshake/token_table_test.ts",
  ),
  named(
    "a client that is not trusted with that believed about its users",
    "mux/mux_server.ts",
    "user && tokens.tellsUsers(wanted.tokenName) ?",
    "user ?",
    "tests/unit/mux/users_test.ts",
  ),
  named(
    "a list of services that allows to offer others",
    "session/handshake/token_table.ts",
    "reverse ?? (services && [])",
    "reverse",
    "tests/unit/session/handshake/token_table_test.ts",
  ),
  named(
    "a copied identity ends the session of another one",
    "session/session_entry.ts",
    " || this.tokenName !== claim.name) return false;",
    " || claim === undefined) return false;",
  ),
  named(
    "who comes often pushes out another one",
    "session/eviction.ts",
    "one.tokenName === newcomer || counts(one) >",
    "one.tokenName === newcomer || counts(one) < Infinity || counts(one) >",
    "tests/unit/session/eviction_test.ts",
  ),
  named(
    "half of a file that is being written counts",
    "tunnel/files/watched_files.ts",
    "const isSettled = !settles || seen === last;",
    'const isSettled = !settles || seen === last || seen !== "";',
    `${FILES}/token_file_test.ts`,
  ),
  named(
    "a change between the first reading and the first look",
    "tunnel/files/watched_files.ts",
    "let used = since;",
    "let used = since && markOf(files);",
    `${FILES}/watched_files_test.ts`,
  ),
  named(
    "a change while the file is read",
    "tunnel/files/watched_files.ts",
    "isStopped || markOf(files) !== seen",
    "isStopped",
    `${FILES}/watched_files_test.ts`,
  ),
  named(
    "a pipe in the place of a file is opened",
    "tunnel/files/watched_files.ts",
    'if (seen.includes(ONCE)) throw badInput("there is no regular file now: put one there");\n',
    "",
    `${FILES}/watched_files_test.ts`,
  ),
  named(
    "two with the same secret",
    "tunnel/files/token_lines.ts",
    'of [["name", name], ["token", secret]] as const) {',
    'of [["name", name], ["token", name + secret]] as const) {',
    `${FILES}/token_lines_test.ts`,
  ),
  named(
    "broken lines taken for one long secret",
    "tunnel/files/token_lines.ts",
    "    refuseBrokenLines(content, place);\n",
    "    void refuseBrokenLines;\n",
    `${FILES}/token_lines_test.ts`,
  ),
];
