import { assertEquals, assertRejects } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import {
  canBeReadAgain,
  markOf,
  readFiles,
  settle,
  type Texts,
  watchContent,
  watchFiles,
} from "../../../../lib/tunnel/files/watched_files.ts";
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
  const files = { "--tls-cert": world.cert, "--tls-key": world.key, "--tls-client-ca": undefined };
  const stop = watchFiles({
    files,
    since: markOf(files),
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

/** A watched file whose content is read by `reading`, which may do more. */
async function watchOne(
  body: (
    world: { path: string; clock: FakeClock; lines: string[]; seen: string[]; begin: () => void },
  ) => Promise<void>,
  reading: (path: string) => Promise<string> = Deno.readTextFile,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "tele-watched-" });
  const [path, clock] = [`${folder}/token`, new FakeClock()];
  const [lines, seen]: string[][] = [[], []];
  await Deno.writeTextFile(path, "first");
  const files = { "--token-file": path };
  const since = markOf(files);
  let stop = () => {};
  const begin = () => {
    stop = watchContent({
      files,
      since,
      clock,
      log: (level, message) => void lines!.push(`${level}: ${message}`),
      read: () => reading(path),
      onChange: (text) => void seen!.push(text),
      used: () => "used",
    });
  };
  try {
    await body({ path, clock, lines: lines!, seen: seen!, begin });
  } finally {
    stop();
    await Deno.remove(folder, { recursive: true });
  }
  assertEquals(clock.pendingTimers, 0);
}

Deno.test("what changes between the first reading and the first look is not missed", () =>
  watchOne(async ({ path, clock, seen, begin }) => {
    await Deno.writeTextFile(path, "second");
    begin();
    await looks(clock, 2);
    assertEquals(seen, ["second"]);
  }));

Deno.test("what changes while it is read is read again before it counts", () => {
  let readings = 0;
  return watchOne(async ({ path, clock, seen, begin }) => {
    begin();
    await Deno.writeTextFile(path, "the half");
    await looks(clock, 3);
    assertEquals(seen, ["the half and the other half"]);
    assertEquals(readings, 2);
  }, async (path) => {
    const text = await Deno.readTextFile(path);
    if (++readings === 1) await Deno.writeTextFile(path, "the half and the other half");
    return text;
  });
});

Deno.test("a pipe in a file's place is told, never opened, and what comes behind it is used", {
  ignore: Deno.build.os === "windows",
}, () =>
  watchOne(async ({ path, clock, lines, seen, begin }) => {
    begin();
    await Deno.remove(path);
    const { success } = await new Deno.Command("mkfifo", { args: [path] }).output();
    assertEquals(success, true);
    await looks(clock, 3);
    assertEquals(lines, [
      "warn: --token-file changed, but the former is still used: there is no regular file now: put one there",
    ]);
    await Deno.remove(path);
    await Deno.writeTextFile(path, "second");
    await looks(clock, 2);
    assertEquals(seen, ["second"]);
  }));

Deno.test("a file that is being written is waited for, and one that is always written for ten seconds", async () => {
  const path = await Deno.makeTempFile();
  const clock = new FakeClock();
  let text = "";
  const write = () => Deno.writeTextFileSync(path, text += "x");
  const settled = async (writes: number) => {
    let isOver = false;
    const settling = settle({ "--config": path }, clock).then(() => isOver = true);
    let ms = 0;
    for (; !isOver; ms += 100) {
      if (writes-- > 0) write();
      await clock.advance(100);
    }
    await settling;
    return ms;
  };
  try {
    assertEquals([await settled(0), await settled(5), await settled(1_000)], [200, 800, 10_000]);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("what is no regular file cannot be read again; one that is not there can", async () => {
  const folder = await Deno.makeTempDir();
  const [here, gone] = [{ "--tls-ca": folder }, { "--tls-ca": `${folder}/gone`, "--tls-cert": undefined }];
  assertEquals([canBeReadAgain(here), canBeReadAgain(gone)], [false, true]);
  await Deno.remove(folder);
});
