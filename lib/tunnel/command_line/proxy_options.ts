/**
 * The rows of the option table for proxies.
 *
 * @module
 */

import { parseProxy, type Proxy } from "../../net/proxy/proxy.ts";
import { A_FILE, type ValueOption } from "./option.ts";

/** `--proxy`. */
export const PROXY: ValueOption<Proxy> = {
  kind: "value",
  name: "proxy",
  placeholder: "URL",
  role: "client",
  meaning: "the proxy that leads to the tele server",
  without: "HTTPS_PROXY or ALL_PROXY",
  example: "--proxy=http://proxy.example.com:3128",
  takes: "http://, https:// or socks5:// and host:port",
  parse: parseProxy,
};

/** `--proxy-file`. */
export const PROXY_FILE: ValueOption<string> = {
  kind: "value",
  name: "proxy-file",
  placeholder: "FILE",
  role: "client",
  meaning: "file with the URL of the proxy, for one with a password",
  without: "none",
  example: "--proxy-file=/etc/tele/proxy",
  ...A_FILE,
};
