/**
 * The tokens that a server takes, by their names. Source: `PROTOCOL.md`, "Names of tokens".
 *
 * @module
 */
import { TeleError } from "../../net/error.ts";
import { isDestinationText } from "./destination.ts";
import { checkTokenName } from "./token_name.ts";
import { checkTokenLength, tokenSalt } from "./token.ts";

/** Bytes of a salt. */
const SALT_BYTES = 32;

/** A token that has a name: whoever has it is that client. */
export interface NamedToken {
  /** The name; see `isTokenName`. */
  readonly name: string;
  /** The secret, of 16 to 4096 bytes. */
  readonly token: Uint8Array;
  /**
   * The services that it may reach, by their names; {@linkcode NAMELESS_SERVICE} is the one without, and
   * {@linkcode ALL_DESTINATIONS} are destinations.
   *
   * @default {undefined}: all
   */
  readonly services?: readonly string[];
  /**
   * The services of its own side that it may offer, by their names.
   *
   * @default {undefined}: all that the server listens for; with {@linkcode services}, none
   */
  readonly reverse?: readonly string[];
  /**
   * Whether it vouches for the addresses of its users, which it then tells the server.
   *
   * @default {false}
   */
  readonly tellsUsers?: boolean;
}

/** The one without a name, in a list of services. */
export const NAMELESS_SERVICE = "*";

/** All destinations that the server allows, in the same list. */
export const ALL_DESTINATIONS = "*:*";

/** What a server lets in. */
export interface ServerTokens {
  /**
   * The token of clients without a name.
   *
   * @default {undefined}: there are none, if there are {@linkcode tokens}; else everybody is let in
   */
  token?: Uint8Array;
  /**
   * The same as {@linkcode NamedToken.services}, of {@linkcode token}.
   *
   * @default {undefined}: all
   */
  services?: readonly string[];
  /** The same as {@linkcode NamedToken.reverse}, of {@linkcode token}. */
  reverse?: readonly string[];
  /** The same as {@linkcode NamedToken.tellsUsers}, of {@linkcode token}. */
  tellsUsers?: boolean;
  /**
   * Tokens of clients with a name, each once. With none of either kind in the list nobody is let in.
   *
   * @default {undefined}
   */
  tokens?: readonly NamedToken[];
}

/**
 * What each token adds to the keys, by its name. The tokens themselves are not kept.
 *
 * A name that is not here has a salt as well, random and known to nobody: a stranger who tries it is refused behind the
 * same steps, with the same words, as one whose token is wrong, and so cannot find out names.
 *
 * @example
 * ```ts
 * import { TokenTable } from "./token_table.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const token = crypto.getRandomValues(new Uint8Array(32));
 * const table = await TokenTable.of({ tokens: [{ name: "alice", token }] });
 * const salt = table.saltOf("alice");
 * assertEquals([table.has("alice", salt), table.has("bob", salt)], [true, false]);
 * ```
 */
export class TokenTable {
  /** Whether clients need a token. */
  readonly isGuarded: boolean;
  readonly #salts: ReadonlyMap<string | undefined, Uint8Array>;
  readonly #services: ReadonlyMap<string | undefined, readonly string[] | undefined>;
  /** The same of services that clients offer. */
  readonly #reverse: ReadonlyMap<string | undefined, readonly string[] | undefined>;
  readonly #tellers: ReadonlySet<string | undefined>;
  readonly #salt: Uint8Array;

  private constructor(tokens: readonly TokenEntry[], salts: readonly Uint8Array[], isGuarded: boolean) {
    this.#salts = new Map(tokens.map(({ name }, at) => [name, salts[at]]));
    this.#services = new Map(tokens.map(({ name, services }) => [name, services]));
    this.#reverse = new Map(tokens.map(({ name, services, reverse }) => [name, reverse ?? (services && [])]));
    this.#tellers = new Set(tokens.filter(({ tellsUsers }) => tellsUsers).map(({ name }) => name));
    this.isGuarded = isGuarded;
    this.#salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES));
  }

  /**
   * The table of `tokens`. Without any, it has a salt of nothing for clients without a name.
   *
   * @throws {TeleError} `bad-input`, at once, if a token is too short or too long, or a name is none or there twice.
   */
  static of({ token, services, reverse, tellsUsers, tokens }: ServerTokens): Promise<TokenTable> {
    checkNames(tokens ?? []);
    const isGuarded = token !== undefined || tokens !== undefined;
    const all: TokenEntry[] = [...tokens ?? []];
    if (token !== undefined || !isGuarded) all.push({ token, services, reverse, tellsUsers });
    // Each, before the first digest begins.
    for (const { token } of all) if (token !== undefined) checkTokenLength(token, "the token");
    const salts = Promise.all(all.map(({ token }) => tokenSalt(token)));
    return salts.then((salts) => new TokenTable(all, salts, isGuarded));
  }

  /** What the token of this name adds to the keys of a new session; of one that is not here, a random salt. */
  saltOf(name: string | undefined): Uint8Array {
    return this.#salts.get(name) ?? this.#salt;
  }

  /** A salt that nobody has. */
  get nobodysSalt(): Uint8Array {
    return this.#salt;
  }

  /** Whether the token of this name is here, and adds `salt`. */
  has(name: string | undefined, salt: Uint8Array): boolean {
    const own = this.#salts.get(name);
    return own !== undefined && own.every((byte, at) => byte === salt[at]);
  }

  /**
   * Whether a session that began under this name and `salt` may go on. A named token that is removed or changed is a
   * client that is trusted no more. One without a name is everybody's: when it changes, sessions go on.
   */
  keeps(name: string | undefined, salt: Uint8Array): boolean {
    return name === undefined ? this.#salts.has(undefined) : this.has(name, salt);
  }

  /** Whether who has the token of this name may reach a service (`undefined` is the one without a name) or a destination. */
  mayReach(name: string | undefined, service: string | undefined): boolean {
    const services = this.#services.get(name);
    if (services === undefined) return true;
    if (service === undefined) return services.includes(NAMELESS_SERVICE);
    return services.includes(isDestinationText(service) ? ALL_DESTINATIONS : service);
  }

  /** Whether who has the token of this name vouches for the addresses of its users. */
  tellsUsers(name: string | undefined): boolean {
    return this.#tellers.has(name);
  }

  /** Whether who has the token of this name may offer a service of its own side. */
  mayOffer(name: string | undefined, service: string): boolean {
    return this.#reverse.get(name)?.includes(service) !== false;
  }

  /** Whether the token of this name may reach, and offer, all here that it may by `before`. */
  reachesAllOf(before: TokenTable, name: string | undefined): boolean {
    return hasAllOf(this.#services.get(name), before.#services.get(name)) &&
      hasAllOf(this.#reverse.get(name), before.#reverse.get(name));
  }
}

/** A token with its name, if it has one; without a token for a server that has none. */
type TokenEntry = Partial<NamedToken>;

/** Whether the list has all of another; `undefined` is everything. */
function hasAllOf(list: readonly string[] | undefined, before: readonly string[] | undefined): boolean {
  return list === undefined || before?.every((each) => list.includes(each)) === true;
}

function checkNames(tokens: readonly NamedToken[]): void {
  const names = new Set<string>();
  for (const { name } of tokens) {
    checkTokenName(name, "the name of one of the tokens");
    if (names.has(name)) throw new TeleError("bad-input", `two tokens have the name ${name}: give each its own`);
    names.add(name);
  }
}
