/**
 * Every recipe of the README and the manual, typed as it is printed, with the programs that it is for; only ports and
 * hosts differ.
 */
import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { withReleaseUrl } from "../../scripts/compile/installers.ts";
import { INSTALL_SH } from "../support/installation.ts";
import { isListening } from "../support/middle_box.ts";
import { POSTGRES_PROGRAMS, startPostgres } from "../support/postgres.ts";
import { SQUID_PROGRAMS, startSquid } from "../support/proxies.ts";
import { type Block, Recipes, recipeSections, type Section } from "../support/recipes.ts";
import { Release } from "../support/release.ts";
import { CHECKOUT, Sandbox } from "../support/sandbox.ts";
import { type Scenario, scenario } from "../support/scenario.ts";
import { onUnix, program } from "../support/skip.ts";
import { type Sshd, startSshd } from "../support/sshd.ts";
import { sshdConfig } from "../support/tele_ssh.ts";
import {
  banner,
  connectTo,
  echo,
  freePort,
  receiveText,
  roundTrip,
  UserServer,
  writeAll,
} from "../support/user_programs.ts";
import { until, within } from "../support/wait.ts";
import { blockFor, makeSite, startWebServer, TITLE, WEB_SERVERS } from "../support/web_servers.ts";

const SECTIONS = ["README.md", "lib/tunnel/MANUAL.md"].flatMap((path) =>
  recipeSections(Deno.readTextFileSync(new URL(`../../${path}`, import.meta.url)))
);

/** Blocks that are not run here, by their first line, each with its reason. */
const NOT_RUN: Record<string, string> = {
  "npx -y deno@2.9.6 task demo": "CI runs both as stages of their own, and this test would run itself",
};

/** How the recipes of one section are run. */
interface Runner {
  /** What must be installed. */
  readonly programs: readonly string[];
  /** Whether the section opens something to everyone, as it says there. */
  readonly isOpen?: boolean;
  readonly run: (recipes: Recipes, s: Scenario) => Promise<Sandbox>;
}

/** The section's recipe of this name is needed by others. */
function recipesOf(title: string): Recipes {
  return new Recipes(SECTIONS.find((section) => section.title === title)!);
}

/** The tele server beside sshd, as the README starts it. */
function serverOfSsh(): Block {
  const recipes = recipesOf("ssh");
  recipes.next("tele ssh example.com");
  return recipes.next("tele --server --in=:22 --out=:40300");
}

/** A folder with a token in it, made as the README says. */
async function withToken(sandbox: Sandbox): Promise<void> {
  await sandbox.run(recipesOf("Who can connect").next("(umask 077; tele --make-token"));
}

/** A server that answers a line. */
function lineServer(s: Scenario): UserServer {
  return s.use(
    new UserServer(async (connection) => {
      const buffer = new Uint8Array(1024);
      const count = await connection.read(buffer) ?? 0;
      const line = new TextDecoder().decode(buffer.subarray(0, count)).trimEnd();
      await writeAll(connection, new TextEncoder().encode(`the answer to ${line}\n`));
      await connection.closeWrite();
    }),
  );
}

/** Lets the `ssh` of recipes find this test's sshd, key and configuration: it takes no other home than the user's. */
async function provideSsh(sandbox: Sandbox, sshd: Sshd): Promise<string> {
  const folder = `${sandbox.home}/.ssh`;
  await Deno.mkdir(folder);
  const identity = sshd.options[sshd.options.indexOf("-i") + 1];
  await sandbox.provide(
    "ssh",
    `exec '${
      program("ssh")
    }' -F '${folder}/config' -i '${identity}' -o BatchMode=yes -o StrictHostKeyChecking=accept-new ` +
      `-o UserKnownHostsFile='${folder}/known_hosts' -o LogLevel=ERROR "$@"`,
  );
  await Deno.writeTextFile(`${folder}/config`, "");
  return `${folder}/config`;
}

const ASK_THE_SHELL = "echo the answer is $((6 * 7))\nexit\n";

const RUNNERS: Record<string, Runner> = {
  "Install": {
    programs: ["curl"],
    async run(recipes, s) {
      const sandbox = await Sandbox.make(s);
      const release = s.use(await Release.ofScript("tele of a release"));
      const script = withReleaseUrl(await Deno.readTextFile(INSTALL_SH), release.url);
      release.files.set("install.sh", new TextEncoder().encode(script));
      sandbox.stand.set("URL", release.url);
      await sandbox.run(recipes.next("curl -fsSL URL/install.sh | sh"));
      assertEquals(await sandbox.type("~/.local/bin/tele --version"), "tele of a release\n");
      return sandbox;
    },
  },

  "The first tunnel, in a minute": {
    programs: ["curl"],
    isOpen: true,
    async run(recipes, s) {
      const sandbox = await Sandbox.make(s, CHECKOUT);
      await sandbox.provide("tele", "echo an alias stands in for me >&2; exit 1");
      await sandbox.provide("npx", `[ "$*" = "-y -p deno@2.9.6 -c command -v deno" ] && command -v deno`);
      await using web = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => new Response("a page\n"));
      sandbox.serve(8000, web.addr.port);
      await sandbox.run(recipes.next('alias tele="deno run'));
      assertMatch(await sandbox.type("tele --version"), /^tele \d/);
      await sandbox.run(recipes.next(`alias tele="'$(npx`));
      assertMatch(await sandbox.type("tele --version"), /^tele \d/);
      // From now on tele is Deno itself: no start asks a registry, which an outage hides, and a signal has no npm in
      // between.
      await sandbox.provide("npx", "echo a registry cannot be reached >&2; exit 1");
      await sandbox.run(recipes.next("tele --server --in=:8000"));
      await sandbox.run(recipes.next("tele --client --in=:8001"));
      assertEquals(await sandbox.run(recipes.next("curl http://localhost:8001/")), "a page\n");
      return sandbox;
    },
  },

  "Who can connect": {
    programs: [],
    async run(recipes, s) {
      const sandbox = await Sandbox.make(s);
      await sandbox.run(recipes.next("(umask 077; tele --make-token > token)"));
      const { mode, size } = await Deno.stat(`${sandbox.folder}/token`);
      assertEquals(mode! & 0o777, 0o600, "nobody else can read it");
      assert(size > 40, "it is a long one");
      sandbox.serve(8000, s.use(new UserServer(echo)).port);
      await sandbox.run(recipes.next("tele --server --in=:8000"));
      await sandbox.run(recipes.next("tele --client --in=:8001"));
      await echoesAt(sandbox.port(8001));
      return sandbox;
    },
  },

  "ssh": {
    programs: ["ssh", "sshd", "ssh-keygen"],
    isOpen: true,
    async run(recipes, s) {
      const sandbox = await Sandbox.make(s);
      // On the other machine tele is in PATH.
      const path = `SetEnv "PATH=${sandbox.home}/bin:${Deno.env.get("PATH")}"`;
      const [environment = "", ...others] = await sshdConfig();
      const sshd = await startSshd(s, { config: [`${path} ${environment.replace("SetEnv ", "")}`, ...others] });
      const config = await provideSsh(sandbox, sshd);
      await Deno.writeTextFile(config, `Host 127.0.0.1\n    Port ${sshd.port}\n`);
      assertStringIncludes(
        await sandbox.run(recipes.next("tele ssh example.com"), ASK_THE_SHELL),
        "the answer is 42\n",
      );
      await Deno.writeTextFile(config, "");

      sandbox.serve(22, sshd.port);
      await sandbox.run(recipes.next("tele --server --in=:22 --out=:40300"));
      await sandbox.run(recipes.next("tele --client --in=:2222"));
      const login = recipes.next("ssh -p 2222 -o HostKeyAlias=example.com localhost");
      assertStringIncludes(await sandbox.run(login, ASK_THE_SHELL), "the answer is 42\n");
      return sandbox;
    },
  },

  "A host of `~/.ssh/config`": {
    programs: ["ssh", "sshd", "ssh-keygen", "rsync"],
    isOpen: true,
    async run(recipes, s) {
      const sandbox = await Sandbox.make(s);
      const sshd = await startSshd(s);
      const config = await provideSsh(sandbox, sshd);
      sandbox.serve(22, sshd.port);
      await sandbox.run(serverOfSsh());
      await sandbox.run({ language: "sh", text: "tele --client --in=:2222 --out=example.com:40300" });
      await sandbox.configure(config, recipes.next("Host example-tele"));
      assertStringIncludes(await sandbox.type("ssh example-tele", ASK_THE_SHELL), "the answer is 42\n");
      await Deno.writeTextFile(`${sandbox.home}/sent`, "by rsync");
      await sandbox.type("rsync -e ssh $HOME/sent example-tele:$HOME/received");
      assertEquals(await Deno.readTextFile(`${sandbox.home}/received`), "by rsync");
      return sandbox;
    },
  },

  "ssh by `ProxyCommand`": {
    programs: ["ssh", "sshd", "ssh-keygen"],
    isOpen: true,
    async run(recipes, s) {
      const sandbox = await Sandbox.make(s);
      const sshd = await startSshd(s);
      const config = await provideSsh(sandbox, sshd);
      sandbox.serve(22, sshd.port);
      await sandbox.run(serverOfSsh());
      await sandbox.configure(config, recipes.next("Host example.com\n    ProxyCommand tele --client --stdio"));
      assertStringIncludes(await sandbox.type("ssh example.com", ASK_THE_SHELL), "the answer is 42\n");
      return sandbox;
    },
  },

  "How `--stdio` ends": {
    programs: [],
    isOpen: true,
    async run(recipes, s) {
      const sandbox = await Sandbox.make(s);
      sandbox.serve(22, lineServer(s).port);
      await sandbox.run(serverOfSsh());
      assertEquals(await sandbox.run(recipes.next("echo request | tele --client --stdio")), "the answer to request\n");
      return sandbox;
    },
  },

  "A database": {
    programs: ["chown", ...POSTGRES_PROGRAMS],
    async run(recipes, s) {
      const sandbox = await Sandbox.make(s, undefined, { PGUSER: "tele", PGDATABASE: "postgres" });
      sandbox.serve(5432, await startPostgres(s));
      await withToken(sandbox);
      await sandbox.run(recipes.next("tele --server --in=:5432"));
      await sandbox.run(recipes.next("tele --client --in=:15432"));
      const answer = await sandbox.run(recipes.next("psql -h localhost -p 15432"), "select 6 * 7 as answer;\n");
      assertMatch(answer, /answer[\s-]+42\b/);
      return sandbox;
    },
  },

  "Several services": {
    programs: ["redis-server", "redis-cli"],
    async run(recipes, s) {
      const sandbox = await Sandbox.make(s);
      await startRedis(sandbox);
      sandbox.serve(5432, s.use(new UserServer(echo)).port);
      await sandbox.run(recipesOf("A token for each client").next("(umask 077; tele --make-token --name=alice"));
      await sandbox.run(recipes.next("tele --server --service=db=:5432"));
      await sandbox.run(recipes.next("tele --client --forward=:15432=db"));
      assertEquals(await sandbox.run(recipes.next("redis-cli -p 16379"), "set answer 42\nget answer\n"), "OK\n42\n");
      await echoesAt(sandbox.port(15432));
      return sandbox;
    },
  },

  "Services of the client's side": {
    programs: ["redis-server", "redis-cli"],
    async run(recipes, s) {
      const sandbox = await Sandbox.make(s);
      await startRedis(sandbox);
      await sandbox.run(recipesOf("A token for each client").next("(umask 077; tele --make-token --name=alice"));
      await sandbox.run(recipes.next("tele --server --reverse-listen="));
      await sandbox.run(recipes.next("tele --client --reverse="));
      await until(() => sandbox.logsOf("has the name cache").length > 0, 20_000, "the client's service");
      assertEquals(await sandbox.run(recipes.next("redis-cli -p 16379"), "set answer 42\nget answer\n"), "OK\n42\n");
      return sandbox;
    },
  },

  "Where users come from": {
    programs: ["nginx", "curl"],
    async run(recipes, s) {
      const sandbox = await Sandbox.make(s);
      const block = sandbox.translate(recipes.next("server {").text);
      const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
      const paths = temporary.map((of) => `${of}_temp_path ${sandbox.home}/${of};`).join("\n");
      const head = `daemon off;\nmaster_process off;\npid ${sandbox.home}/nginx.pid;\nerror_log stderr;\nevents {}`;
      await Deno.writeTextFile(
        `${sandbox.home}/nginx.conf`,
        `${head}\nhttp {\naccess_log off;\n${paths}\n${block}\n}\n`,
      );
      sandbox.start(`exec '${program("nginx")}' -e stderr -c '${sandbox.home}/nginx.conf'`);
      await within(isListening(sandbox.port(8081)), 20_000, "nginx");
      const make = recipesOf("A token for each client").next("(umask 077; tele --make-token --name=alice");
      await sandbox.run(make);
      await sandbox.type("sed -i 's/$/ addresses=trusted/' tokens");
      await sandbox.run(recipes.next("tele --server --in=:8081"));
      const client = "tele --client --in=0.0.0.0:8082 --out=example.com:40300 --token-file=alice.token";
      await sandbox.run({ language: "sh", text: client });
      assertEquals(
        await sandbox.type("curl -s --interface 127.0.0.7 http://127.0.0.1:8082/"),
        "you come from 127.0.0.7\n",
      );
      return sandbox;
    },
    isOpen: true,
  },

  "Several tunnels in one process": {
    programs: [],
    async run(recipes, s) {
      const sandbox = await Sandbox.make(s);
      sandbox.serve(22, s.use(new UserServer(echo)).port);
      await withToken(sandbox);
      await sandbox.run({ language: "sh", text: "tele --server --in=:22 --out=:40300 --token-file=token" });
      sandbox.stand.set("/etc/tele/token", `${sandbox.folder}/token`);
      await sandbox.configure(`${sandbox.folder}/tele.toml`, recipes.next('token-file = "/etc/tele/token"'));
      assertStringIncludes(await sandbox.run(recipes.next("tele --config=tele.toml --print")), 'name = "home"');
      await sandbox.run(recipes.next("tele --config=tele.toml"));
      await echoesAt(sandbox.port(2222));
      return sandbox;
    },
  },

  "Destinations by SOCKS": {
    programs: ["curl"],
    async run(recipes, s) {
      const sandbox = await Sandbox.make(s);
      await using web = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => new Response("a page\n"));
      // No name of the recipe leads anywhere here, and the page is at an address that only a literal allows.
      sandbox.stand.set("https://wiki.internal.example/", `http://127.0.0.1:${web.addr.port}/`);
      sandbox.stand.set("10.0.0.0/8", "127.0.0.0/8");
      sandbox.serve(443, web.addr.port);
      await withToken(sandbox);
      await sandbox.run(recipes.next("tele --server --allow="));
      await sandbox.run(recipes.next("tele --client --socks=:1080"));
      assertEquals(await sandbox.run(recipes.next("curl --socks5-hostname localhost:1080")), "a page\n");
      return sandbox;
    },
  },

  "Through a load balancer": {
    programs: ["haproxy"],
    isOpen: true,
    async run(recipes, s) {
      const sandbox = await Sandbox.make(s);
      const file = `${sandbox.home}/haproxy.cfg`;
      await sandbox.configure(file, recipes.next("defaults\n    mode tcp\n"));
      const user = s.use(new UserServer(echo));
      sandbox.serve(22, user.port);
      await sandbox.run({ language: "sh", text: "tele --server --in=:22 --out=:40300" });
      // The pair as HAProxy wants it, where it looks for files.
      await sandbox.type("tele --make-cert=tls --host=example.com && cat tls/cert.pem tls/key.pem > tele.pem");
      await sandbox.configure(file, recipes.next("listen tele-tls\n"));
      const balancer = sandbox.start(`exec '${program("haproxy")}' -db -f '${file}'`);
      await within(isListening(sandbox.port(443)), 20_000, `HAProxy: ${balancer.log}`);
      await sandbox.run({ language: "sh", text: "tele --client --in=:2222 --out=example.com:443" });
      await echoesAt(sandbox.port(2222));
      await sandbox.run({
        language: "sh",
        text: "tele --client --in=:2223 --out=example.com:8443 --tls-ca=tls/cert.pem",
      });
      await echoesAt(sandbox.port(2223));
      return sandbox;
    },
  },

  [TITLE]: {
    programs: WEB_SERVERS.map((server) => server.program),
    async run(recipes, s) {
      const sandbox = await Sandbox.make(s);
      sandbox.serve(22, s.use(new UserServer(echo)).port);
      await withToken(sandbox);
      await sandbox.run(recipes.next("tele --server --in=:22 --out=127.0.0.1:40300"));
      const client = recipes.next("tele --client --in=:2222 --out=wss://example.com/tele");
      await sandbox.type("tele --make-cert=tls --host=example.com");
      const pair = { cert: `${sandbox.folder}/tls/cert.pem`, key: `${sandbox.folder}/tls/key.pem` };
      for (const server of WEB_SERVERS) {
        const block = recipes.next(blockFor(server).text);
        const site = await makeSite(s, pair);
        sandbox.serve(443, site.port);
        await startWebServer(s, server, sandbox.translate(block.text), site);
        // The URL tells no port; the certificate is of nobody whom all trust.
        sandbox.stand.set("wss://127.0.0.1/tele", `wss://127.0.0.1:${site.port}/tele --tls-ca=tls/cert.pem`);
        sandbox.serve(2222, freePort());
        await sandbox.run(client);
        await echoesAt(sandbox.port(2222));
      }
      return sandbox;
    },
  },

  "Through a proxy": {
    programs: [...SQUID_PROGRAMS, "chown"],
    isOpen: true,
    async run(recipes, s) {
      const sandbox = await Sandbox.make(s);
      const squid = await startSquid(s, "s@secret");
      sandbox.stand.set("proxy.example.net", "127.0.0.1");
      sandbox.serve(22, s.use(new UserServer(echo)).port);
      sandbox.serve(3128, squid.openPort);
      await sandbox.run({ language: "sh", text: "tele --server --in=:22 --out=:443" });
      await sandbox.run(recipes.next("tele --client --in=:2222 --out=example.com:443 --proxy=http://"));
      await echoesAt(sandbox.port(2222));
      sandbox.serve(3128, squid.port);
      sandbox.serve(2222, freePort());
      await sandbox.run(recipes.next("(umask 077; echo 'http://alice:"));
      await sandbox.run(recipes.next("tele --client --in=:2222 --out=example.com:443 --proxy-file=proxy"));
      await echoesAt(sandbox.port(2222));
      await sandbox.stopAll();
      // Squid writes a line when a connection is over.
      await until(() => squid.log().includes(" alice "), 5_000, "a carrier of alice's");
      return sandbox;
    },
  },

  "By a command": {
    programs: ["ssh", "sshd", "ssh-keygen", "socat"],
    async run(recipes, s) {
      const sandbox = await Sandbox.make(s);
      const sshd = await startSshd(s);
      const config = await provideSsh(sandbox, sshd);
      await Deno.writeTextFile(config, `Host 127.0.0.1\n  Port ${sshd.port}\n`);
      // What stand for those that no test has here let socat run beside the tele server, as they do.
      await sandbox.provide("kubectl", '[ "$1 $2 $3 $4" = "exec -i deploy/web --" ] && shift 4 && exec "$@"');
      await sandbox.provide("docker", '[ "$1 $2 $3" = "exec -i web" ] && shift 3 && exec "$@"');
      sandbox.stand.set("192.0.2.7", "127.0.0.1");
      sandbox.serve(8000, s.use(new UserServer(echo)).port);
      await sandbox.run(recipes.next("tele --server --in=:8000 --out=127.0.0.1:40300"));
      for (const command of ["ssh -W", "kubectl exec", "docker exec"]) {
        sandbox.serve(8001, freePort());
        await sandbox.run(recipes.next(`tele --client --in=:8001 --out='exec:${command}`));
        await echoesAt(sandbox.port(8001));
      }
      return sandbox;
    },
  },

  "Several paths": {
    programs: [],
    isOpen: true,
    async run(recipes, s) {
      const sandbox = await Sandbox.make(s);
      // Addresses of this machine alone stand for its interfaces, and for those that two providers give a server.
      ["eth0", "wlan0", "usb0"].forEach((name, index) => sandbox.stand.set(name, `127.0.0.${index + 1}`));
      sandbox.stand.set("one.127.0.0.1", "127.0.0.1").set("two.127.0.0.1", "127.0.0.2");
      sandbox.serve(8000, s.use(new UserServer(echo)).port);
      await sandbox.run({ language: "sh", text: "tele --server --in=:8000 --out=:40300" });
      for (
        const client of ["tele --client --in=:8001 --out=example.com:40300", "tele --client --in=:8001 --out=one."]
      ) {
        sandbox.serve(8001, freePort());
        await sandbox.run(recipes.next(client));
        await echoesAt(sandbox.port(8001));
      }
      return sandbox;
    },
  },

  "A token for each client": {
    programs: [],
    async run(recipes, s) {
      const sandbox = await Sandbox.make(s);
      sandbox.serve(22, s.use(new UserServer(echo)).port);
      await sandbox.run(recipes.next("(umask 077; tele --make-token --name=alice"));
      await sandbox.run(recipes.next("tele --server --in=:22"));
      await sandbox.run(recipes.next("tele --client --in=:2222"));
      await echoesAt(sandbox.port(2222));
      return sandbox;
    },
  },

  "Unix sockets": {
    programs: ["redis-server", "redis-cli"],
    async run(recipes, s) {
      const sandbox = await Sandbox.make(s);
      const socket = `${sandbox.home}/redis-server.sock`;
      sandbox.stand.set("/run/redis/redis.sock", socket);
      const redis = sandbox.start(
        `exec redis-server --port 0 --unixsocket '${socket}' --save '' --dir '${sandbox.home}'`,
      );
      await until(() => redis.output.includes("eady to accept connections"), 20_000, `Redis: ${redis.output}`);
      await withToken(sandbox);
      await sandbox.run(recipes.next("tele --server --in=unix:/run/redis/redis.sock"));
      await sandbox.run(recipes.next("tele --client --in=unix:$HOME/redis.sock"));
      assertEquals((await Deno.stat(`${sandbox.home}/redis.sock`)).mode! & 0o777, 0o600, "only its owner may connect");
      const commands = "set answer 42\nget answer\n";
      assertEquals(await sandbox.run(recipes.next("redis-cli -s $HOME/redis.sock"), commands), "OK\n42\n");
      return sandbox;
    },
  },

  "As a service": {
    programs: [],
    async run(recipes, s) {
      const sandbox = await Sandbox.make(s);
      sandbox.serve(22, s.use(new UserServer(echo)).port);
      await withToken(sandbox);
      await sandbox.type('mv token "$HOME/token"');
      const tunnels = recipes.next("[[tunnel]]").text.replace("/etc/tele/token", `${sandbox.home}/token`);
      await Deno.writeTextFile(`${sandbox.folder}/tele.toml`, tunnels);
      // What systemd does with it is in tests/e2e/service_test.ts.
      await sandbox.type(`${recipes.next("tele service install --config=tele.toml").text} --dry-run`);
      const unit = recipes.next("[Unit]\n");
      const lines = unit.text.split("\n").filter((line) => line !== "");
      assert(lines.every((line) => /^(\[\w+\]|[A-Z]\w+=\S.*)$/.test(line)), "a unit of systemd");
      // No systemd manages this sandbox: what stands for it starts the command, as the installer's tele.
      const command = /^ExecStart=%h\/\.local\/bin\/(tele .*)$/m.exec(unit.text)?.[1];
      assert(command !== undefined, "a command");
      await sandbox.provide("systemctl", '[ "$*" = "--user enable --now tele" ]');
      await sandbox.provide("loginctl", '[ "$*" = "enable-linger" ]');
      await sandbox.run(recipes.next("systemctl --user enable --now tele"));
      await sandbox.run({ language: "sh", text: command.replaceAll("%h", sandbox.home) });
      await sandbox.run({
        language: "sh",
        text: 'tele --client --in=:2222 --out=example.com:40300 --token-file="$HOME/token"',
      });
      await echoesAt(sandbox.port(2222));
      return sandbox;
    },
  },

  "With certificates": {
    programs: [],
    async run(recipes, s) {
      const sandbox = await Sandbox.make(s);
      sandbox.serve(22, s.use(new UserServer(echo)).port);
      await withToken(sandbox);
      const [make, serve] = recipes.next("tele --make-cert=tls --host=example.com").text.split("\n");
      await sandbox.run({ language: "sh", text: make! });
      await sandbox.run({ language: "sh", text: serve! });
      // On the client there is a copy, as the manual says.
      await Deno.copyFile(`${sandbox.folder}/tls/cert.pem`, `${sandbox.folder}/cert.pem`);
      await sandbox.run(recipes.next("tele --client --in=:2222 --out=example.com:443 --tls-ca=cert.pem"));
      await echoesAt(sandbox.port(2222));
      return sandbox;
    },
  },

  "A certificate for each client": {
    programs: ["openssl"],
    async run(recipes, s) {
      const sandbox = await Sandbox.make(s);
      const copy = (from: string, to: string) => Deno.copyFile(`${sandbox.folder}/${from}`, `${sandbox.folder}/${to}`);
      sandbox.serve(22, s.use(new UserServer(echo)).port);
      const { text } = recipesOf("With certificates").next("tele --make-cert=tls --host=example.com");
      await sandbox.run({ language: "sh", text: text.split("\n")[0]! });
      await sandbox.run(recipes.next("tele --make-cert=laptop --host=laptop"));
      await Promise.all([copy("tls/cert.pem", "cert.pem"), copy("laptop/cert.pem", "laptop.pem")]);
      const [server, client] = [recipes.next("tele --server --in=:22"), recipes.next("tele --client --in=:2222")];
      await sandbox.run(server);
      await sandbox.run(client);
      await echoesAt(sandbox.port(2222));
      await sandbox.stopAll();
      // The same with an authority's certificates, in files of their own.
      await sandbox.run(recipes.next("openssl req -x509"));
      const withOthers = ({ language, text }: Block, ...files: [string, string][]): Block => ({
        language,
        text: files.reduce((changed, [from, to]) => changed.replace(from, to), text),
      });
      await sandbox.run(withOthers(server, ["laptop.pem", "ca.pem"]));
      await sandbox.run(withOthers(client, ["laptop/cert.pem", "desk.pem"], ["laptop/key.pem", "desk-key.pem"]));
      await echoesAt(sandbox.port(2222));
      assertMatch(
        sandbox.logsOf(" began, from ")[0] ?? "",
        / session \w+ \(desk\) began, /,
        "the log names the client",
      );
      return sandbox;
    },
  },

  "RFD 80 mode: any protocol, kept alive": {
    programs: [],
    async run(recipes, s) {
      const sandbox = await Sandbox.make(s);
      const greeting = "8.0.36 a database\n";
      sandbox.serve(3306, s.use(new UserServer(banner(greeting))).port);
      sandbox.serve(22, s.use(new UserServer(echo)).port);
      await sandbox.type("tele --make-cert=tls --host=example.com && cp tls/cert.pem cert.pem");
      await sandbox.type("tele --make-cert=laptop --host=laptop && cp laptop/cert.pem laptop.pem");
      const asksDatabase = async () => {
        using connection = await connectTo(sandbox.port(3307));
        await connection.closeWrite();
        assertEquals(await receiveText(connection), greeting);
      };
      await sandbox.run(recipes.next("tele --server --protocol=teleport-mysql"));
      const client = recipes.next("tele --client --protocol=teleport-mysql");
      await sandbox.run(client);
      await asksDatabase();
      await sandbox.stopAll();
      await sandbox.run(recipes.next("tele --server --in=:22 --route=teleport-mysql=:3306"));
      await sandbox.run(client);
      await asksDatabase();
      // Sessions on the same port, by the recipe of the section on certificates.
      const ofCertificates = recipesOf("A certificate for each client");
      ["tele --make-cert", "tele --server"].forEach((text) => ofCertificates.next(text));
      await sandbox.run(ofCertificates.next("tele --client --in=:2222"));
      await echoesAt(sandbox.port(2222));
      return sandbox;
    },
  },
};

/** A Redis where the recipes expect it. */
async function startRedis(sandbox: Sandbox): Promise<void> {
  const socket = `${sandbox.home}/redis-server.sock`;
  sandbox.stand.set("/run/redis/redis.sock", socket);
  const redis = sandbox.start(`exec redis-server --port 0 --unixsocket '${socket}' --save '' --dir '${sandbox.home}'`);
  await until(() => redis.output.includes("eady to accept connections"), 20_000, `Redis: ${redis.output}`);
}

/** What is sent to a port comes back. */
async function echoesAt(port: number): Promise<void> {
  using connection = await connectTo(port);
  await roundTrip(connection, "a line that comes back\n");
}

/** The section without the blocks that are not run. */
function runnable(section: Section): Section {
  const blocks = section.blocks.filter(({ text }) => !Object.hasOwn(NOT_RUN, text.split("\n")[0]!));
  return { ...section, blocks };
}

/** Nobody should find a token or a key in a commit. */
async function isIgnoredByGit(s: Scenario, folder: string): Promise<void> {
  const names = Array.from(Deno.readDirSync(folder), ({ name, isDirectory }) => isDirectory ? `${name}/` : name);
  if (names.length === 0) return;
  const repository = `${s.home}/repository`;
  await Deno.mkdir(repository);
  await Deno.copyFile(`${CHECKOUT}.gitignore`, `${repository}/.gitignore`);
  const git = async (...args: string[]) => {
    const { stdout } = await new Deno.Command(program("git"), { args, cwd: repository, stderr: "inherit" }).output();
    return new TextDecoder().decode(stdout).trim().split("\n");
  };
  await git("init", "--quiet");
  assertEquals((await git("check-ignore", "--", ...names)).sort(), names.sort(), "what recipes write is ignored");
}

for (const section of SECTIONS.map(runnable).filter(({ blocks }) => blocks.length > 0)) {
  const { title } = section;
  Deno.test({
    name: `the recipes work as printed: ${title}`,
    ...onUnix("sh", "git", ...RUNNERS[title]?.programs ?? []),
    fn: scenario(120_000, async (s) => {
      const runner = RUNNERS[title];
      assert(runner !== undefined, `${title} has a recipe that no test runs:\n${section.blocks[0]!.text}`);
      const recipes = new Recipes(section);
      const sandbox = await runner.run(recipes, s);
      recipes.end();
      const [open, others] = sandbox.warningsOf("anyone who can reach ");
      assertEquals(open.length > 0, runner.isOpen === true, `what is open to everyone: ${open.join("\n")}`);
      assertEquals(others, [], "a recipe that works warns of nothing");
      if (sandbox.folder !== CHECKOUT) await isIgnoredByGit(s, sandbox.folder);
      await sandbox.stopAll();
    }),
  });
}

Deno.test("every recipe that is not run, and every runner, is one of the README or the manual", () => {
  const firstLines = SECTIONS.flatMap(({ blocks }) => blocks.map(({ text }) => text.split("\n")[0]));
  for (const line of Object.keys(NOT_RUN)) assert(firstLines.includes(line), `${line} is in neither`);
  const titles = SECTIONS.map(({ title }) => title);
  for (const title of Object.keys(RUNNERS)) assert(titles.includes(title), `${title} has no recipes`);
});

Deno.test("a new recipe is noticed: without a runner, indented, or without a language", () => {
  const [section] = recipeSections(
    "# tele\n\n## A title\n\n```sh\none\n```\n\n```text\na picture\n```\n\n```sh\ntwo\n```\n",
  );
  assertEquals(section!.blocks.map(({ text }) => text), ["one", "two"]);
  const recipes = new Recipes(section!);
  recipes.next("one");
  assertThrows(() => recipes.end(), Error, "a recipe that no test runs:\ntwo");
  assertThrows(() => recipes.next("three"), Error, "should begin with three");
  assertThrows(() => recipeSections("## A title\n\n    tele --server\n"), Error, "an indented block");
  assertThrows(() => recipeSections("## A title\n\n```\ntele --server\n```\n"), Error, "a block without a language");
});
