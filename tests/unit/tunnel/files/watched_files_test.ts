import { assertEquals, assertRejects } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import { readFiles, type Texts, watchFiles } from "../../../../lib/tunnel/files/watched_files.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { looks } from "../../../support/looks.ts";

/** A folder with two files that are watched. */
async function watch(body: (world: WatchedPair) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "tele-watched-" });
  const clock = new FakeClock();
  const world: WatchedPair = {
    clock,
    cert: `${folder}/cert.pem`,
    key: `${folder}/key.pem`,
    lines: [],
    seen: [],
    fits: true,
  };
  await Deno.writeTextFile(world.cert, "cert 1");
  await Deno.writeTextFile(world.key, "key 1");
  const stop = watchFiles({
    files: { "--tls-cert": world.cert, "--tls-key": world.key, "--tls-client-ca": undefined },
    clock,
    log: (level, message) => void world.lines.push(`${level}: ${message}`),
    onChange: (texts) => {
      if (!world.fits) throw new TeleError("bad-input", "the two do not belong together");
      world.seen.push(texts);
    },
  });
  try {
    await body(world);
  } finally {
    stop();
    await Deno.remove(folder, { recursive: true });
  }
  assertEquals(clock.pendingTimers, 0);
}

interface WatchedPair {
  clock: FakeClock;
  cert: string;
  key: string;
  lines: string[];
  seen: Texts[];
  fits: boolean;
}

Deno.test("a file that never ends is refused by a sentence, in place of being read for ever", {
  ignore: Deno.build.os === "windows",
}, async () => {
  const error = await assertRejects(() => readFiles({ "--tls-cert": "/dev/zero" }), TeleError);
  assertEquals(error.code, "bad-input");
  assertEquals(
    error.message,
    "--tls-cert=/dev/zero cannot be read: it holds more than 8 MiB: is it the right file?",
  );
});

Deno.test("files that do not change are not read again; changed ones are, once", () =>
  watch(async (world) => {
    await looks(world.clock, 3);
    assertEquals(world.seen, []);
    await Deno.writeTextFile(world.cert, "cert two");
    await looks(world.clock, 3);
    assertEquals(world.seen, [{ "--tls-cert": "cert two", "--tls-key": "key 1" }]);
    assertEquals(world.lines, ["info: --tls-cert and --tls-key changed: what is there now is used from here on"]);
  }));

Deno.test("a state in between is no news; one that stays is told once, and mended when the files are", () =>
  watch(async (world) => {
    world.fits = false;
    await Deno.writeTextFile(world.cert, "cert two");
    await looks(world.clock, 1);
    assertEquals(world.lines, [], "the key may be on its way");
    await looks(world.clock, 4);
    const warning = "warn: --tls-cert and --tls-key changed, but the former is still used: ";
    assertEquals(world.lines, [`${warning}the two do not belong together`]);
    world.fits = true;
    await Deno.writeTextFile(world.key, "key two");
    await looks(world.clock, 2);
    assertEquals(world.seen.length, 1);
    await Deno.remove(world.cert);
    await looks(world.clock, 3);
    assertEquals(world.lines.slice(2), [`${warning}--tls-cert=${world.cert} cannot be read: there is no such file`]);
  }));

Deno.test("a file that cannot be read is named with its option", async () => {
  const error = await assertRejects(() => readFiles({ "--tls-key": "/nowhere/key.pem" }), TeleError);
  assertEquals(error.code, "bad-input");
  assertEquals(error.message, "--tls-key=/nowhere/key.pem cannot be read: there is no such file");
});
