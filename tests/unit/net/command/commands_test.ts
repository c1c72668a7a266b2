/** All commands that carriers go by. */
import { assertEquals } from "@std/assert";
import { Commands } from "../../../../lib/net/command/commands.ts";
import { FakeClock, settle } from "../../../support/fake_clock.ts";
import { FakeProcess } from "../../../support/fake_process.ts";

/** Commands in memory. */
function make(): { clock: FakeClock; commands: Commands; started: FakeProcess[]; words: string[][]; lines: string[] } {
  const clock = new FakeClock();
  const [started, words, lines]: [FakeProcess[], string[][], string[]] = [[], [], []];
  const commands = new Commands({
    clock,
    log: (level, message) => void lines.push(`${level}: ${message}`),
    start(given) {
      words.push([...given]);
      const process = new FakeProcess();
      started.push(process);
      return process;
    },
  });
  return { clock, commands, started, words, lines };
}

Deno.test("each carrier has a command of its own, which ends with it", async () => {
  const { commands, started, words, clock } = make();
  const duplexes = [1, 2].map(() => commands.open(["ssh", "-W"], "exec:ssh -W"));
  assertEquals([words, duplexes[0]!.peer], [[["ssh", "-W"], ["ssh", "-W"]], "exec:ssh -W"]);
  duplexes[0]!.close();
  assertEquals(started.map(({ signals }) => signals), [["SIGTERM"], []]);
  started[0]!.end(143, { signal: "SIGTERM", hasClosed: true });
  await settle();
  started[1]!.onTerminate = () => started[1]!.end(0);
  await commands.stop();
  assertEquals([started[1]!.signals, clock.pendingTimers], [["SIGTERM"], 0]);
});

Deno.test("what commands say is in the log at level debug, at most 20 lines a second, and so is how they end", async () => {
  const { commands, started, lines, clock } = make();
  commands.open(["a"], "exec:a");
  started[0]!.say("Warning: Permanently added 'host'.\n");
  await settle();
  assertEquals(lines, ["debug: the command says: Warning: Permanently added 'host'."]);
  started[0]!.say("chatter\n".repeat(1_000));
  await settle();
  await clock.advance(1_000);
  assertEquals([lines.length, lines.at(-1)], [21, "debug: 981 more lines of the command"]);
  started[0]!.end(3);
  await settle();
  assertEquals(lines.at(-1), "debug: the command ended with exit code 3");
});

Deno.test("the end of all waits for those that obey, ends the others, and does not wait for ever", async () => {
  const { commands, started, clock } = make();
  commands.open(["a"], "exec:a");
  let hasStopped = false;
  const stopping = commands.stop().then(() => hasStopped = true);
  await settle();
  await clock.advance(2_000);
  await settle();
  assertEquals([started[0]!.signals, hasStopped], [["SIGTERM", "SIGKILL"], false]);
  await clock.advance(500);
  await stopping;
});

Deno.test("a process that ends in this moment ends its commands in this moment", async () => {
  const { commands, started } = make();
  commands.open(["a"], "exec:a");
  commands.kill();
  assertEquals(started[0]!.signals, ["SIGKILL"]);
  started[0]!.end(137, { signal: "SIGKILL" });
  await commands.stop();
});
