/** A command from its start to the end of all that it has started. */
import { assertEquals } from "@std/assert";
import { RunningCommand } from "../../../../lib/net/command/running_command.ts";
import { FakeClock, settle } from "../../../support/fake_clock.ts";
import { FakeProcess } from "../../../support/fake_process.ts";

/** A command that runs. */
function start(): {
  clock: FakeClock;
  process: FakeProcess;
  command: RunningCommand;
  lines: string[];
  isOver(): boolean;
} {
  const [clock, process, lines] = [new FakeClock(), new FakeProcess(), [] as string[]];
  const command = new RunningCommand(process, clock, (line) => lines.push(line));
  let isOver = false;
  command.over.then(() => isOver = true);
  return { clock, process, command, lines, isOver: () => isOver };
}

Deno.test("a command that ends by itself is over, and leaves no timer", async () => {
  const { clock, process, command, isOver } = start();
  process.end(0);
  await settle();
  assertEquals([isOver(), command.status?.code, process.signals, clock.pendingTimers], [true, 0, [], 0]);
  command.end();
  assertEquals([process.signals, clock.pendingTimers], [[], 0]);
});

Deno.test("a command is told to end once, and ended when it does not", async () => {
  const { clock, process, command, isOver } = start();
  command.end();
  command.end();
  assertEquals(process.signals, ["SIGTERM"]);
  await clock.advance(1_999);
  assertEquals(process.signals, ["SIGTERM"]);
  await clock.advance(1);
  assertEquals([process.signals, isOver()], [["SIGTERM", "SIGKILL"], false]);
  process.end(137, { signal: "SIGKILL" });
  await settle();
  assertEquals([isOver(), clock.pendingTimers], [true, 0]);
});

Deno.test("a command that obeys is not ended any more", async () => {
  const { clock, process, command, isOver } = start();
  process.onTerminate = () => process.end(0);
  command.end();
  await settle();
  assertEquals([isOver(), process.signals, clock.pendingTimers], [true, ["SIGTERM"], 0]);
});

Deno.test("what a command leaves behind is told to end, and ended when it does not", async () => {
  const { clock, process, isOver } = start();
  process.end(0, { leaves: true });
  await settle();
  assertEquals([isOver(), process.signals], [false, ["SIGTERM"]]);
  await clock.advance(2_000);
  await settle();
  assertEquals([isOver(), process.signals, clock.pendingTimers], [true, ["SIGTERM", "SIGKILL"], 0]);
});

Deno.test("a command that fails is told by its code or signal, with its last line", async () => {
  const cases = [
    {
      code: 255,
      signal: null,
      said: "one\nPermission denied (publickey).\n",
      told: ": Permission denied (publickey).",
    },
    { code: 255, signal: null, said: "no line end", told: ": no line end" },
    { code: 1, signal: null, said: "", told: "" },
    { code: 137, signal: "SIGKILL" as const, said: "", told: "" },
  ];
  for (const { code, signal, said, told } of cases) {
    const { process, command, clock } = start();
    if (said !== "") process.say(said);
    process.end(code, { signal });
    const how = signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
    assertEquals(await command.failure(), `the command ${how}${told}`);
    await settle();
    assertEquals(clock.pendingTimers, 0);
  }
});

Deno.test("a command that ended well, or goes on for longer than a moment, has not failed", async () => {
  const well = start();
  well.process.end(0);
  assertEquals(await well.command.failure(), undefined);
  const { command, clock } = start();
  const asked = command.failure();
  await settle();
  await clock.advance(500);
  assertEquals(await asked, undefined);
  assertEquals(clock.pendingTimers, 0);
});

Deno.test("each line of standard error is told when it comes", async () => {
  const { process, lines } = start();
  process.say("one\ntwo\nthr");
  await settle();
  assertEquals(lines, ["one", "two"]);
  process.end(0);
  await settle();
  assertEquals(lines, ["one", "two", "thr"]);
});
