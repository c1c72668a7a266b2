/**
 * The environment variables that count as options.
 *
 * @module
 */
import type { ProxyEnvironment } from "./proxy_choice.ts";

/** What the environment says. */
export interface CommandEnvironment extends ProxyEnvironment {
  /** The shared secret. Where it would guard nothing it is refused: to ignore it would leave the door open. */
  readonly TELE_TOKEN?: string | undefined;
}

/** Reads the environment of this process. */
export function readEnvironment(): CommandEnvironment {
  return {
    TELE_TOKEN: Deno.env.get("TELE_TOKEN"),
    https_proxy: Deno.env.get("https_proxy"),
    HTTPS_PROXY: Deno.env.get("HTTPS_PROXY"),
    all_proxy: Deno.env.get("all_proxy"),
    ALL_PROXY: Deno.env.get("ALL_PROXY"),
    no_proxy: Deno.env.get("no_proxy"),
    NO_PROXY: Deno.env.get("NO_PROXY"),
  };
}
