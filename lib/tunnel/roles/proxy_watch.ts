/**
 * The proxy that a client goes by: told once in the log, and read again where it stands in a file.
 *
 * @module
 */
import type { Clock } from "../../net/clock.ts";
import { badInput, reasonOf } from "../../net/error.ts";
import type { Log } from "../../net/log.ts";
import { formatProxy, parseProxy, type Proxy } from "../../net/proxy/proxy.ts";
import { requireTls } from "../../net/tls_client.ts";
import { PROXY_FILE } from "../command_line/proxy_options.ts";
import type { ProxySource } from "../command_line/role_options.ts";
import { markOf, readFiles, type Texts, watchFiles } from "../files/watched_files.ts";

const FILE = `--${PROXY_FILE.name}`;

/** A proxy that may change. */
export interface ProxyWatch {
  /** The present one; `undefined` if none is to be used. */
  readonly proxy: Proxy | undefined;
  /** Looks at its file no more. */
  stop(): void;
}

/**
 * Finds the proxy, says at level info that it is used and who named it, and watches its file.
 *
 * @throws {TeleError} `bad-input` if the file cannot be read or names none, or this runtime cannot do TLS to it.
 */
export async function watchProxy(source: ProxySource | undefined, log: Log, clock: Clock): Promise<ProxyWatch> {
  if (source === undefined) return { proxy: undefined, stop() {} };
  if (source.kind === "given") {
    const { proxy, by } = source;
    tell(
      checked(proxy),
      by.startsWith("--") ? by : `${by} of the environment; NO_PROXY lists what is reached without`,
      log,
    );
    return { proxy, stop() {} };
  }
  const files = { [FILE]: source.path };
  const since = markOf(files);
  let proxy = proxyOf(await readFiles(files));
  tell(proxy, FILE, log);
  const stop = watchFiles({ files, since, clock, log, onChange: (texts) => proxy = proxyOf(texts) });
  return {
    get proxy() {
      return proxy;
    },
    stop,
  };
}

/** The proxies of several paths. */
export interface ProxyWatches {
  /** Of one path. */
  of(path: number): ProxyWatch;
  /** Looks at no file any more. */
  stop(): void;
}

/**
 * The same for several paths: what is the same is told and read once.
 *
 * @throws {TeleError} As {@linkcode watchProxy}.
 */
export async function watchProxies(
  sources: readonly (ProxySource | undefined)[],
  log: Log,
  clock: Clock,
): Promise<ProxyWatches> {
  const watches = new Map<string, ProxyWatch>();
  const keyOf = (source: ProxySource | undefined) => JSON.stringify(source ?? null);
  for (const source of sources) {
    if (!watches.has(keyOf(source))) watches.set(keyOf(source), await watchProxy(source, log, clock));
  }
  return {
    of: (path) => watches.get(keyOf(sources[path]))!,
    stop() {
      for (const watch of watches.values()) watch.stop();
    },
  };
}

function tell(proxy: Proxy, by: string, log: Log): void {
  log("info", `the tele server is reached by the proxy ${formatProxy(proxy)} (${by})`, { proxy: formatProxy(proxy) });
}

function proxyOf(texts: Texts): Proxy {
  try {
    // Editors on Windows put a mark in front of text in UTF-8.
    return checked(parseProxy((texts[FILE] ?? "").replace(/^\ufeff/, "")));
  } catch (error) {
    throw badInput(`${FILE}: ${reasonOf(error)}`, { cause: error });
  }
}

function checked(proxy: Proxy): Proxy {
  if (proxy.kind === "https") requireTls();
  return proxy;
}
