/**
 * Real web servers in front of a tele server: nginx, HAProxy, Caddy and Apache, with the manual's configurations.
 *
 * @module
 */
import { startMiddleBox } from "./middle_box.ts";
import { type Block, recipeSections } from "./recipes.ts";
import type { Scenario } from "./scenario.ts";
import { program } from "./skip.ts";
import { freePort } from "./user_programs.ts";

/** Where a site listens, and with what. */
export interface Site {
  /** Where it listens on 127.0.0.1. */
  port: number;
  /** A folder of its own, in which `web.pem` holds a certificate and its key, `cert.pem` and `key.pem` one of them. */
  folder: string;
  /** After how many milliseconds of silence it closes a WebSocket; Caddy has no such limit, Apache whole seconds. */
  silenceMs: number;
}

/** A web server. */
export interface WebServer {
  /** Its name. */
  readonly name: string;
  /** The program. */
  readonly program: string;
  /** The language of its block in the manual. */
  readonly language: string;
  /** Its whole configuration, around the manual's. */
  readonly configuration: (block: string, site: Site) => string;
  /** The arguments with which it stays in the foreground. */
  readonly args: (file: string) => string[];
}

/** Where Debian keeps Apache's modules. */
const APACHE_MODULES = "/usr/lib/apache2/modules";

const NGINX: WebServer = {
  name: "nginx",
  program: "nginx",
  language: "nginx",
  configuration: (block, { port, folder, silenceMs }) => `
    daemon off;
    master_process off;
    pid ${folder}/nginx.pid;
    error_log stderr;
    events {}
    http {
      access_log off;
      ${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((of) => `${of}_temp_path ${folder}/${of};`).join("\n")}
      proxy_read_timeout ${silenceMs}ms;
      server {
        listen 127.0.0.1:${port} ssl;
        ssl_certificate ${folder}/cert.pem;
        ssl_certificate_key ${folder}/key.pem;
        ${block}
      }
    }
  `,
  args: (file) => ["-e", "stderr", "-c", file],
};

const HAPROXY: WebServer = {
  name: "HAProxy",
  program: "haproxy",
  language: "haproxy",
  configuration: (block, { silenceMs }) =>
    `${block.replaceAll(/timeout (client|server|tunnel) 1m/g, `timeout $1 ${silenceMs}ms`)}\n`,
  args: (file) => ["-db", "-f", file],
};

const CADDY: WebServer = {
  name: "Caddy",
  program: "caddy",
  language: "caddyfile",
  configuration: (block, { port, folder }) => `
{
	admin off
	auto_https off
	storage file_system ${folder}/caddy
}
${
    block.replace(
      /^\S+ \{/,
      `https://127.0.0.1:${port}, https://localhost:${port} {\n\tbind 127.0.0.1\n\ttls ${folder}/cert.pem ${folder}/key.pem`,
    )
  }
`,
  args: (file) => ["run", "--adapter", "caddyfile", "--config", file],
};

const APACHE: WebServer = {
  name: "Apache",
  program: "apache2",
  language: "apache",
  configuration: (block, { port, folder, silenceMs }) => `
    ServerRoot ${folder}
    ServerName localhost
    ${
    ["mpm_event", "authz_core", "proxy", "proxy_http", "ssl"].map((name) =>
      `LoadModule ${name}_module ${APACHE_MODULES}/mod_${name}.so`
    ).join("\n")
  }
    PidFile ${folder}/apache.pid
    DefaultRuntimeDir ${folder}
    ErrorLog /dev/stderr
    Listen 127.0.0.1:${port}
    Timeout ${Math.ceil(silenceMs / 1000)}
    User www-data
    <VirtualHost 127.0.0.1:${port}>
      SSLEngine on
      SSLCertificateFile ${folder}/cert.pem
      SSLCertificateKeyFile ${folder}/key.pem
      ${block}
    </VirtualHost>
  `,
  args: (file) => ["-X", "-f", file],
};

/** All of them, in the order of the manual. */
export const WEB_SERVERS: readonly WebServer[] = [NGINX, HAPROXY, CADDY, APACHE];

/** The manual's title of their configurations. */
const TITLE = "Through a web server";

/** The manual's block for a web server. */
export function blockFor({ language }: WebServer): Block {
  const manual = Deno.readTextFileSync(new URL("../../lib/tunnel/MANUAL.md", import.meta.url));
  const block = recipeSections(manual).find(({ title }) => title === TITLE)?.blocks.find((each) =>
    each.language === language
  );
  if (block === undefined) throw new Error(`the manual has no block for ${language}`);
  return block;
}

/**
 * Writes its configuration, starts it, and waits until it listens. It runs until the test ends.
 *
 * @param block The manual's, with what stands in for its ports and hosts.
 */
export async function startWebServer(s: Scenario, server: WebServer, block: string, site: Site): Promise<void> {
  const file = `${site.folder}/${server.program}.conf`;
  await Deno.writeTextFile(file, server.configuration(block, site));
  await startMiddleBox(s, [program(server.program), ...server.args(file)], {
    port: site.port,
    cwd: site.folder,
    env: { HOME: site.folder, NO_COLOR: "1" },
  });
}

/** A folder for a site with this certificate and its key, and the port and the patience of the site. */
export async function makeSite(s: Scenario, pair: { cert: string; key: string }, silenceMs = 60_000): Promise<Site> {
  const folder = await Deno.makeTempDir({ dir: s.home, prefix: "site-" });
  const [cert, key] = await Promise.all([pair.cert, pair.key].map((file) => Deno.readTextFile(file)));
  await Promise.all([
    Deno.writeTextFile(`${folder}/cert.pem`, cert!),
    Deno.writeTextFile(`${folder}/key.pem`, key!),
    Deno.writeTextFile(`${folder}/web.pem`, cert! + key!),
  ]);
  return { port: freePort(), folder, silenceMs };
}
