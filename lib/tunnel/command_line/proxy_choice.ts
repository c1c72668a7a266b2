/**
 * Which proxy a client takes: the command line's, or the environment's.
 *
 * @module
 */

import { reasonOf } from "../../net/error.ts";
import { isLoopback } from "../../net/ip_address.ts";
import { isExempt } from "../../net/proxy/no_proxy.ts";
import { parseProxy } from "../../net/proxy/proxy.ts";
import { proxyTarget, type Way } from "../../net/way.ts";
import { example, type GivenFlags, mistake } from "./given_flags.ts";
import { PROXY, PROXY_FILE } from "./proxy_options.ts";
import type { ProxySource } from "./role_options.ts";

/** The variables that name proxies and what is reached without one, as curl and others know them. */
export interface ProxyEnvironment {
  /** For connections such as those of TLS: it goes first. */
  readonly https_proxy?: string | undefined;
  /** The same, if that is not set. */
  readonly HTTPS_PROXY?: string | undefined;
  /** For all connections. */
  readonly all_proxy?: string | undefined;
  /** The same, if that is not set. */
  readonly ALL_PROXY?: string | undefined;
  /** The list for {@linkcode isExempt}. */
  readonly no_proxy?: string | undefined;
  /** The same, if that is not set. */
  readonly NO_PROXY?: string | undefined;
}

const PROXY_VARIABLES = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] as const;

/**
 * The proxy to take for `out`: what the command line names, else what the environment does, which knows nothing of
 * unix sockets, and leads to no host of `NO_PROXY` nor to this machine itself.
 *
 * @throws {TeleError} `bad-input` if two are given, one leads nowhere, or a variable that would be used is wrong.
 */
export function proxySource(given: GivenFlags, environment: ProxyEnvironment, out: Way): ProxySource | undefined {
  const [proxy, path] = [given.value(PROXY), given.value(PROXY_FILE)];
  if (proxy !== undefined) given.refuse([PROXY_FILE], "and --proxy name two proxies: give one of the two");
  if (proxy === undefined && path === undefined) return environmentProxy(environment, out);
  if (proxyTarget(out) === undefined) {
    throw mistake(
      `--${
        proxy === undefined ? PROXY_FILE.name : PROXY.name
      } leads to a host, and --out names none that a proxy could ` +
        "reach: give both, or leave the proxy out; for example --out=example.com:40300",
    );
  }
  if (proxy !== undefined) return { kind: "given", proxy, by: `--${PROXY.name}` };
  return path === undefined ? undefined : { kind: "file", path };
}

function environmentProxy(environment: ProxyEnvironment, out: Way): ProxySource | undefined {
  const target = proxyTarget(out);
  if (target === undefined || isLoopback(target.host)) return undefined;
  const list = environment.no_proxy || environment.NO_PROXY || "";
  if (isExempt(list, target.host, target.port)) return undefined;
  const by = PROXY_VARIABLES.find((name) => environment[name]);
  if (by === undefined) return undefined;
  try {
    return { kind: "given", proxy: parseProxy(environment[by] ?? ""), by };
  } catch (error) {
    throw mistake(`${by} is no proxy: ${reasonOf(error)}; correct it, or ${example(PROXY)}`);
  }
}
