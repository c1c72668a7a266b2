import { assertEquals } from "@std/assert";
import type { Listening } from "../../../../lib/net/listen.ts";
import { listenOuter } from "../../../../lib/tunnel/roles/outer_listener.ts";
import { dialTls } from "../../../../lib/net/tls_dial.ts";
import { parseAddress } from "../../../../lib/net/address.ts";
import { serverOptions } from "../../../support/command_lines.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { certificates, tlsTest } from "../../../support/tls_world.ts";
import { within } from "../../../support/wait.ts";

/** Listens with these flags, and tells what each connection was chosen for: `choices` grows as they come. */
async function withListener(flags: string[], body: (world: Outer) => Promise<void>): Promise<void> {
  const clock = new FakeClock({ wallMs: Date.now() });
  const world: Outer = { port: 0, choices: [], lines: [] };
  const log = (level: string, message: string) => void world.lines.push(`${level}: ${message}`);
  const options = serverOptions(["--server", "--out=127.0.0.1:0", ...flags]);
  const listening: Listening = await listenOuter(options, log, clock, (outer, choice) => {
    world.choices.push(
      choice.kind === "session" ? "session" : `${choice.route.protocol} ${choice.pings ? "with" : "without"} pings`,
    );
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
  await within(duplex.read(new Uint8Array(1)).catch(() => null), 5_000, "the end");
  duplex.close();
}

Deno.test("over plain TCP whoever comes is there for a session", async () => {
  await withListener(["--in=:22"], async ({ port, choices }) => {
    using visitor = await Deno.connect({ hostname: "127.0.0.1", port });
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
          assertEquals(lines[0]!.includes("it offers no protocol by ALPN, and this server speaks "), true, lines[0]);
        });
      }
    }),
);
