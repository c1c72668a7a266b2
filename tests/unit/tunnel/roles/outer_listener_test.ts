import { assert, assertEquals, assertNotEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { closedAreFree } from "../../../../lib/net/acceptor.ts";
import { dial } from "../../../../lib/net/dial.ts";
import type { Duplex } from "../../../../lib/net/duplex.ts";
import { leafOf } from "../../../../lib/net/leaf.ts";
import { listen, type Listening } from "../../../../lib/net/listen.ts";
import type { PassedLayer } from "../../../../lib/session/handshake/preface.ts";
import type { FleetNode } from "../../../../lib/tunnel/roles/fleet_node.ts";
import { listenOuter } from "../../../../lib/tunnel/roles/outer_listener.ts";
import { dialTls } from "../../../../lib/net/tls_dial.ts";
import { tlsWarmUp } from "../../../../lib/net/tls_warm_up.ts";
import { parseAddress } from "../../../../lib/net/address.ts";
import { sealClient } from "../../../../lib/net/seal_client.ts";
import { openWebSocket } from "../../../../lib/net/websocket/websocket_client.ts";
import { derOf } from "../../../support/certificates.ts";
import { clientHello, inRecords } from "../../../support/client_hellos.ts";
import { serverOptions } from "../../../support/command_lines.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { collect } from "../../../support/reading.ts";
import { certificates, tlsTest } from "../../../support/tls_world.ts";
import { freePort, writeAll } from "../../../support/user_programs.ts";
import { until, within } from "../../../support/wait.ts";

/** Listens with these flags, and tells what each connection was chosen for: `choices` grows as they come. */
async function withListener(
  flags: string[],
  body: (world: Outer) => Promise<void>,
  TELE_TOKEN?: string,
): Promise<void> {
  const clock = new FakeClock({ wallMs: Date.now() });
  const world: Outer = { port: 0, choices: [], leafs: [], lines: [] };
  const log = (level: string, message: string) => void world.lines.push(`${level}: ${message}`);
  const options = serverOptions(["--server", "--out=127.0.0.1:0", ...flags], { TELE_TOKEN });
  const listening: Listening = await listenOuter(options, log, clock, (outer, choice) => {
    world.choices.push(
      choice.kind === "session" ? "session" : `${choice.route.protocol} ${choice.pings ? "with" : "without"} pings`,
    );
    world.leafs.push(outer.leaf);
    outer.close();
  });
  world.port = Number(listening.addresses[0]!.split(":")[1]);
  try {
    await body(world);
  } finally {
    listening.close();
  }
  assertEquals(clock.pendingTimers, 0, "nothing is watched any more");
}

interface Outer {
  port: number;
  choices: string[];
  /** What the server has shown on each of them. */
  leafs: (Uint8Array | undefined)[];
  lines: string[];
}

/** The flags of TLS, with files that are gone after `body`. */
async function withKeys(body: (flags: string[]) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const { server } = await certificates();
    await Deno.writeTextFile(`${folder}/cert.pem`, server.cert);
    await Deno.writeTextFile(`${folder}/key.pem`, server.key);
    await body([`--tls-cert=${folder}/cert.pem`, `--tls-key=${folder}/key.pem`]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Connects, offering these names, until the listener closes the connection. */
async function visit(port: number, protocols: string[]): Promise<void> {
  const { ca } = await certificates();
  const { duplex } = await dialTls(parseAddress(`127.0.0.1:${port}`), { protocols, ca: ca.cert });
  await duplex.write(new Uint8Array(4));
  await within(duplex.read(new Uint8Array(1)).catch(() => null), 5_000, "the end");
  duplex.close();
}

const TOKEN = "a token for the listener";

/** Seals as a client does, and returns the leaf that it saw. */
async function seal(transport: Duplex): Promise<Uint8Array | undefined> {
  const duplex = await sealClient(transport, { address: "there", protocol: "tele/2" });
  await duplex.write(new Uint8Array(4));
  await within(duplex.read(new Uint8Array(1)).catch(() => null), 5_000, "the end");
  return duplex.leaf;
}

tlsTest(
  "with a token one port takes who seals, by WebSocket too, and who does not",
  () =>
    withListener(["--in=:22"], async (world) => {
      const address = parseAddress(`127.0.0.1:${world.port}`);
      const direct = await seal(await dial(address));
      const request = { url: "ws://there/", host: "there", target: "/" };
      const inWebSocket = await seal(await openWebSocket(await dial(address), request));
      const plain = await dial(address);
      await plain.write(new Uint8Array(4));
      await within(plain.read(new Uint8Array(1)).catch(() => null), 5_000, "the end");
      assertEquals(world.choices, ["session", "session", "session"]);
      assert(direct !== undefined);
      assertEquals(world.leafs, [direct, direct, undefined]);
      assertEquals(inWebSocket, direct, "one key for the process");
      assertEquals(world.lines, []);
    }, TOKEN),
);

tlsTest(
  "behind certificates the seal is their TLS, and one that is inside of it too has another key",
  () =>
    withKeys((keys) =>
      withListener(["--in=:22", ...keys], async (world) => {
        const { ca, server } = await certificates();
        const address = parseAddress(`127.0.0.1:${world.port}`);
        assertEquals(await seal(await dial(address)), leafOf(derOf(server)));
        const { duplex } = await dialTls(address, { protocols: ["tele/2"], ca: ca.cert });
        const inner = await seal(duplex);
        await visit(world.port, ["tele/2"]);
        assertEquals(world.choices, ["session", "session", "session"]);
        assertEquals(world.leafs, [leafOf(derOf(server)), inner, leafOf(derOf(server))]);
        assertNotEquals(inner, leafOf(derOf(server)));
      }, TOKEN)
    ),
);

Deno.test("who says never takes no TLS, whatever the token", () =>
  withListener(["--in=:22", "--encryption=never"], async ({ port, choices }) => {
    using visitor = await Deno.connect({ hostname: "127.0.0.1", port });
    await visitor.write(new Uint8Array([0x16, 3, 1]));
    await within(visitor.read(new Uint8Array(1)), 5_000, "the end");
    assertEquals(choices, ["session"], "handed on as it came, for the handshake to say so");
  }, TOKEN));

Deno.test("over plain TCP whoever comes is there for a session", async () => {
  await withListener(["--in=:22"], async ({ port, choices }) => {
    using visitor = await Deno.connect({ hostname: "127.0.0.1", port });
    await visitor.write(new Uint8Array(4));
    await within(visitor.read(new Uint8Array(1)), 5_000, "the end");
    assertEquals(choices, ["session"]);
  });
});

tlsTest(
  "ALPN chooses between sessions and each protocol, with pings or without",
  () =>
    withKeys((keys) =>
      withListener(["--in=:22", "--route=sql=:3306", ...keys], async ({ port, choices, lines }) => {
        for (const names of [["tele/2"], ["sql-ping", "sql"], ["sql"], ["sql", "tele/2"]]) await visit(port, names);
        assertEquals(choices, ["session", "sql with pings", "sql without pings", "session"]);
        assertEquals(lines, []);
      })
    ),
);

tlsTest(
  "who offers no name is taken for the only protocol there is, and never for a session",
  () =>
    withKeys(async (keys) => {
      await withListener(["--route=sql=:3306", ...keys], async ({ port, choices }) => {
        await visit(port, []);
        assertEquals(choices, ["sql without pings"]);
      });
      for (
        const several of [["--in=:22"], ["--route=sql=:3306", "--route=web=:80"], ["--in=:22", "--route=sql=:3306"]]
      ) {
        await withListener([...several, ...keys], async ({ port, choices, lines }) => {
          await visit(port, []);
          assertEquals([choices, lines.length], [[], 1], several.join(" "));
          assertEquals(
            lines[0]!.includes("it offers no protocol by ALPN, or speaks another; this server speaks "),
            true,
            lines[0],
          );
        });
      }
    }),
);

/** Asks as a web client does, and reads what is answered, to the end. */
async function browse(duplex: Duplex, request: string): Promise<string> {
  await duplex.write(new TextEncoder().encode(request));
  const { bytes } = await within(collect(duplex), 5_000, "an answer");
  duplex.close();
  return new TextDecoder().decode(bytes);
}

const PAGE = "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n";

Deno.test("a WebSocket is there for a session, and a page is for whoever wants one", async () => {
  await withListener(["--in=:22"], async ({ port, choices, lines }) => {
    const dialed = () => dial(parseAddress(`127.0.0.1:${port}`));
    const request = { url: "ws://here/", host: "here", target: "/any/path" };
    (await openWebSocket(await dialed(), request)).close();
    assertStringIncludes(await browse(await dialed(), PAGE), "This is a tele server.");
    assertStringIncludes(await browse(await dialed(), PAGE.replace("GET", "POST")), "405 Method Not Allowed");
    assertEquals(choices, ["session"]);
    await until(() => lines.length === 2, 5_000, "both lines");
    assertEquals(lines.map((line) => line.replace(/from \S+/, "from X")), [
      "debug: carrier from X ended before it was attached: it was a web client, and has its page",
      "warn: carrier from X ended before it was attached: a web client was refused: only WebSockets and GET are " +
      "answered here",
    ]);
  });
});

tlsTest(
  "inside TLS a WebSocket comes by ALPN's http/1.1 or without ALPN, and so does a page",
  () =>
    withKeys((keys) =>
      withListener(["--in=:22", "--route=sql=:3306", ...keys], async ({ port, choices, lines }) => {
        const { ca } = await certificates();
        const request = { url: "wss://here/", host: "here", target: "/" };
        for (const protocols of [["http/1.1"], ["h2", "http/1.1"], []]) {
          const dialed = async () =>
            (await dialTls(parseAddress(`127.0.0.1:${port}`), { protocols, ca: ca.cert })).duplex;
          (await openWebSocket(await dialed(), request)).close();
          assertStringIncludes(await browse(await dialed(), PAGE), "This is a tele server.");
        }
        assertEquals(choices, ["session", "session", "session"]);
        assertEquals(lines.filter((line) => !line.startsWith("debug: ")), []);
        // Whoever chose HTTP and speaks something else is nobody that this server knows.
        await visit(port, ["http/1.1"]);
        await until(() => lines.at(-1)!.startsWith("warn: "), 5_000, "the line");
        assertStringIncludes(lines.at(-1)!, "it offers no protocol by ALPN");
      })
    ),
);

tlsTest(
  "a port of RFD 80 mode alone takes no WebSocket: what comes there is its protocol's",
  () =>
    withKeys((keys) =>
      withListener(["--route=web=:80", ...keys], async ({ port, choices }) => {
        const { ca } = await certificates();
        const { duplex } = await dialTls(parseAddress(`127.0.0.1:${port}`), { protocols: [], ca: ca.cert });
        assertEquals(await browse(duplex, PAGE), "");
        assertEquals(choices, ["web without pings"]);
        await assertRejects(
          () => dialTls(parseAddress(`127.0.0.1:${port}`), { protocols: ["http/1.1"], ca: ca.cert }),
          Error,
          "it speaks TLS but not http/1.1",
        );
      })
    ),
);

tlsTest(
  "a port of several protocols and no sessions has no page either: nobody would carry a WebSocket there",
  () =>
    withKeys((keys) =>
      withListener(["--route=sql=:3306", "--route=web=:80", ...keys], async ({ port, choices, lines }) => {
        const { ca } = await certificates();
        const { duplex } = await dialTls(parseAddress(`127.0.0.1:${port}`), { protocols: [], ca: ca.cert });
        assertEquals(await browse(duplex, PAGE), "");
        assertEquals([choices, lines.length], [[], 1]);
        assertStringIncludes(lines[0]!, "it offers no protocol by ALPN");
      })
    ),
);

tlsTest(
  "a web client without TLS is told so on a port with TLS",
  () =>
    withKeys((keys) =>
      withListener(["--in=:22", ...keys], async ({ port, lines }) => {
        const answer = await browse(await dial(parseAddress(`127.0.0.1:${port}`)), PAGE);
        assertStringIncludes(answer, "HTTP/1.1 400 Bad Request");
        assertStringIncludes(answer, "This port takes TLS: write https:// or wss://.");
        await until(() => lines.length === 1, 5_000, "the line");
        assertStringIncludes(lines[0]!, "a web client came without TLS: let it use https:// or wss://");
      })
    ),
);

tlsTest("who will end TLS gets ready for it before anybody comes, and who will not does not", async () => {
  let started = 0;
  tlsWarmUp.start = () => Promise.resolve(void started++);
  try {
    await withListener(["--in=:1", "--encryption=never"], () => Promise.resolve(assertEquals(started, 0)), TOKEN);
    await withListener(["--in=:1"], () => Promise.resolve(assertEquals(started, 1)), TOKEN);
    await withKeys((flags) => withListener(["--in=:1", ...flags], () => Promise.resolve(assertEquals(started, 2))));
  } finally {
    Reflect.deleteProperty(tlsWarmUp, "start");
  }
});

Deno.test("nobody can come before other servers and workers can ask for what comes", async () => {
  const options = serverOptions(["--server", "--in=:22", `--out=127.0.0.1:${freePort()}`]);
  const dialed: string[] = [];
  const node = {
    async listen() {
      // As long as a busy system may need for it.
      await new Promise((resolve) => setTimeout(resolve, 20));
      dialed.push(await dial(options.out!).then(() => "open", () => "refused"));
    },
  } as unknown as FleetNode;
  const listening = await listenOuter(options, () => {}, new FakeClock(), (outer) => outer.close(), { node });
  assertEquals(dialed, ["refused"]);
  listening.close();
});

/** A server that has left its port to another worker, whose carriers come to it all the same; then it comes back. */
async function visitBehindLeaving(
  flags: string[],
  layer: PassedLayer,
  visit: (port: number) => Promise<void>,
): Promise<void> {
  const port = freePort();
  const options = serverOptions(["--server", "--in=:22", `--out=127.0.0.1:${port}`, ...flags]);
  const clock = new FakeClock({ wallMs: Date.now() });
  const left: string[] = [];
  const node = {
    listen: () => Promise.resolve(),
    leave: () => void left.push("the node"),
    comeBack: () => Promise.resolve(void left.push("back at the node")),
    passTls: (carrier: Duplex) => Promise.resolve(carrier),
  } as unknown as FleetNode;
  const listening = await listenOuter(options, () => {}, clock, (outer, { kind }) => {
    left.push(kind);
    outer.close();
  }, { node });
  listening.leave();
  await closedAreFree();
  const isRefused = () => dial(parseAddress(`127.0.0.1:${port}`)).then((each) => each.close(), () => true);
  assertEquals(await within(isRefused(), 5_000, "a refusal"), true);
  const beside = await listen(parseAddress("127.0.0.1:0"), {
    use: "user",
    defaultHosts: [],
    clock,
    log: () => {},
    onConnection: (link) => listening.welcome(link, layer),
  });
  await visit(Number(beside.addresses[0]!.split(":")[1]));
  beside.close();
  await listening.comeBack();
  await visit(port);
  listening.close();
  assertEquals(left, ["the node", "session", "back at the node", "session"]);
}

tlsTest(
  "who leaves its ports to others refuses who comes there, takes what is passed on, and may come back",
  async () => {
    await visitBehindLeaving([], "inner", async (port) => {
      using visitor = await Deno.connect({ hostname: "127.0.0.1", port });
      await visitor.write(new Uint8Array(4));
      await within(visitor.read(new Uint8Array(1)), 5_000, "the end");
    });
    await withKeys((keys) => visitBehindLeaving(keys, "outer", (port) => visit(port, ["tele/2"])));
  },
);

/** Those who come to a listener with these flags and end, by turns in the middle of TLS and before; and who it counts no more. */
async function leaving(flags: readonly string[], protocols: string[]): Promise<void> {
  const gone: string[] = [];
  const node = {
    listen: () => Promise.resolve(),
    passTls: (carrier: Duplex) => Promise.resolve(carrier),
    fleet: { decided: (peer: string) => void gone.push(peer) },
  } as unknown as FleetNode;
  const options = serverOptions(["--server", "--in=:22", "--out=127.0.0.1:0", ...flags], {});
  const clock = new FakeClock({ wallMs: Date.now() });
  const listening = await listenOuter(options, () => {}, clock, (outer) => outer.close(), { node });
  const port = Number(listening.addresses[0]!.split(":")[1]);
  const came: string[] = [];
  for (const words of [new Uint8Array(0), inRecords(clientHello(protocols)), new Uint8Array(0)]) {
    using visitor = await Deno.connect({ hostname: "127.0.0.1", port });
    came.push(`127.0.0.1:${visitor.localAddr.port}`);
    if (words.length > 0) await writeAll(visitor, words);
  }
  await until(() => gone.length === 3, 10_000, "the departure of all");
  listening.close();
  assertEquals(new Set(gone), new Set(came));
}

tlsTest("who leaves before it is let in is counted no more by who deals sessions", async () => {
  await withKeys((keys) => leaving(keys, ["tele/2"]));
  const folder = await Deno.makeTempDir();
  try {
    const file = `${folder}/token`;
    await Deno.writeTextFile(file, "a token of more than sixteen letters\n", { mode: 0o600 });
    await leaving([`--token-file=${file}`], ["tele/2"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
