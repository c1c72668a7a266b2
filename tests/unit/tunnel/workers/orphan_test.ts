/** A worker whose parent has ended. */
import { assertEquals } from "@std/assert";
import { LEAVE_PORTS, RETURN_TO_PORTS } from "../../../../lib/tunnel/workers/life_line.ts";
import { watchParent } from "../../../../lib/tunnel/workers/orphan.ts";
import { settle } from "../../../support/fake_clock.ts";

function setUp(folder: string | undefined, isAsked = false, says: number[] = [], returning = () => Promise.resolve()) {
  const pipe = Promise.withResolvers<number | null>();
  const lines: string[] = [];
  const draining = {
    isAsked,
    asked: 0,
    left: 0,
    returned: 0,
    hasLeftPorts: false,
    ask: () => void draining.asked++,
    leavePorts() {
      draining.left++;
      draining.hasLeftPorts = true;
    },
    returnToPorts() {
      draining.returned++;
      return returning();
    },
  };
  const log = (level: string, message: string) => void lines.push(`${level} ${message}`);
  const read = (into: Uint8Array) => {
    const word = says.shift();
    if (word === undefined) return pipe.promise;
    into[0] = word;
    return Promise.resolve(1);
  };
  const watch = watchParent({ input: { read }, seat: { folder }, draining, log });
  return { watch, lines, draining, end: () => pipe.resolve(null) };
}

/** A folder like that of workers. */
async function folder(...files: string[]): Promise<string> {
  const path = await Deno.makeTempDir();
  for (const file of files) await Deno.writeTextFile(`${path}/${file}`, "");
  return path;
}

const isThere = (path: string) => Deno.stat(path).then(() => true, () => false);

Deno.test("it drains, and says why; one that drains already goes on with that", async () => {
  const { lines, draining, end } = setUp(undefined);
  await settle();
  assertEquals([draining.asked, lines], [0, []]);
  end();
  await settle();
  assertEquals([draining.asked, lines.length], [1, 1]);
  const leaving = setUp(undefined, true);
  leaving.end();
  await settle();
  assertEquals([leaving.draining.asked, leaving.lines], [0, []]);
});

Deno.test("it leaves its ports when its parent says that others listen there, and drains by a signal alone", async () => {
  const { draining, lines, end } = setUp(undefined, false, [LEAVE_PORTS]);
  await settle();
  assertEquals([draining.left, draining.asked, lines], [1, 0, []]);
  end();
  await settle();
  assertEquals([draining.left, draining.asked], [1, 1]);
});

Deno.test("without its parent it comes back to the ports that it left, drains as before, and says whether it can", async () => {
  const { draining, lines, end } = setUp(undefined, true, [LEAVE_PORTS]);
  await settle();
  assertEquals([draining.returned, lines], [0, []]);
  end();
  await settle();
  assertEquals([draining.returned, draining.asked, lines.length], [1, 0, 1]);
  const taken = setUp(undefined, true, [LEAVE_PORTS], () => Promise.reject(new Error("another program has the port")));
  await settle();
  taken.end();
  await settle();
  assertEquals(taken.lines, [
    "warn the parent has ended, and this worker cannot listen again: another program has the port",
  ]);
  const { draining: followed } = setUp(undefined, true, [LEAVE_PORTS, RETURN_TO_PORTS]);
  await settle();
  assertEquals([followed.left, followed.returned], [1, 1], "while its parent is there, too, when that says so");
  const staying = setUp(undefined, true, [RETURN_TO_PORTS]);
  staying.end();
  await settle();
  assertEquals(staying.draining.returned, 0);
});

Deno.test({
  name: "the last one removes the folder of the parent, also where one was killed, and one before it does not",
  ignore: Deno.build.os !== "linux",
  async fn() {
    for (const [files, others, isLeft] of [[["key", "ab"], 0, false], [["key", "ab"], 1, true]] as const) {
      const path = await folder(...files);
      const listeners = Array.from({ length: others }, () => Deno.listen({ transport: "unix", path: `${path}/cd` }));
      const { watch, end } = setUp(path);
      end();
      await settle();
      await watch.clean();
      assertEquals(await isThere(path), isLeft);
      for (const each of listeners) each.close();
      if (isLeft) await Deno.remove(path, { recursive: true });
    }
  },
});

Deno.test("while its parent is there, the folder is the parent's", async () => {
  const path = await folder("key");
  const { watch, end } = setUp(path);
  await watch.clean();
  assertEquals(await isThere(path), true);
  end();
  await Deno.remove(path, { recursive: true });
});
