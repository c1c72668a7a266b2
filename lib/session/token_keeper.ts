/**
 * The tokens that a server takes at the moment, and who came with which.
 *
 * @module
 */
import { checkWasGuarded } from "./handshake/token.ts";
import { type ServerTokens, TokenTable } from "./handshake/token_table.ts";

/** The token that a session begins with: its name, if it has one, and what it adds to the keys. */
export interface TokenClaim {
  /** The name. */
  readonly name: string | undefined;
  /** What it adds. */
  readonly salt: Uint8Array;
}

/**
 * Has the present {@linkcode TokenTable}, and changes it in one step.
 *
 * @example
 * ```ts
 * import { TokenKeeper } from "./token_keeper.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const token = crypto.getRandomValues(new Uint8Array(32));
 * const keeper = new TokenKeeper({ tokens: [{ name: "alice", token }] }, () => {});
 * await keeper.ready;
 * const claim = keeper.claim("alice");
 * assertEquals(keeper.admits(claim), true);
 * await keeper.renew({ tokens: [] });
 * assertEquals(keeper.admits(claim), false);
 * ```
 */
export class TokenKeeper {
  /** Whether clients need a token; that does not change. */
  readonly isGuarded: boolean;
  readonly #onChanged: () => void;
  #newest: Promise<TokenTable>;
  #table: TokenTable | undefined;
  /** The one in front of it. */
  #former: TokenTable | undefined;

  /**
   * Begins with `tokens`.
   *
   * @param onChanged Told in the step in which others take their place.
   * @throws {TeleError} `bad-input` if a token is too short or too long, or a name is none or there twice.
   */
  constructor(tokens: ServerTokens, onChanged: () => void) {
    this.#onChanged = onChanged;
    this.isGuarded = tokens.token !== undefined || tokens.tokens !== undefined;
    this.#newest = TokenTable.of(tokens);
    this.#use(this.#newest);
  }

  async #use(making: Promise<TokenTable>): Promise<void> {
    const table = await making;
    if (making !== this.#newest) return;
    this.#former = this.#table;
    this.#table = table;
    if (this.#former !== undefined) this.#onChanged();
  }

  /** Settles when the first table is there: what is asked of one needs it. */
  get ready(): Promise<unknown> {
    return this.#newest;
  }

  /**
   * Takes `tokens` in place of the former.
   *
   * @returns Settles when they are in use, or others already.
   * @throws {TeleError} `bad-input`, at once, as the constructor does, or if there were none before.
   */
  renew(tokens: ServerTokens): Promise<void> {
    checkWasGuarded(this.isGuarded);
    this.#newest = TokenTable.of({ ...tokens, tokens: tokens.tokens ?? [] });
    return this.#use(this.#newest);
  }

  /** What a client claims that wants a new session under `name`. It has to prove it, which nobody can if it is unknown. */
  claim(name: string | undefined): TokenClaim {
    return { name, salt: this.#table!.saltOf(name) };
  }

  /** A secret that nobody has. */
  get nobodysSecret(): Uint8Array {
    return this.#table!.nobodysSalt;
  }

  /** Whether who has the token of this name may reach a service; see {@linkcode TokenTable.mayReach}. */
  mayReach(name: string | undefined, service: string | undefined): boolean {
    return this.#table!.mayReach(name, service);
  }

  /** Whether who has the token of this name vouches for the addresses of its users. */
  tellsUsers(name: string | undefined): boolean {
    return this.#table!.tellsUsers(name);
  }

  /** Whether who has the token of this name may offer a service; see {@linkcode TokenTable.mayOffer}. */
  mayOffer(name: string | undefined, service: string): boolean {
    return this.#table!.mayOffer(name, service);
  }

  /** Whether a new session may begin with what was claimed, and proven meanwhile. */
  admits({ name, salt }: TokenClaim): boolean {
    return this.#table!.has(name, salt);
  }

  /**
   * Whether a session that began so, and was there in front of the last change, may go on; see
   * {@linkcode TokenTable.keeps}. One whose token reaches less since then has connections that it may not have.
   */
  keeps({ name, salt }: TokenClaim): boolean {
    const [table, former] = [this.#table!, this.#former];
    return table.keeps(name, salt) && (former === undefined || table.reachesAllOf(former, name));
  }
}
