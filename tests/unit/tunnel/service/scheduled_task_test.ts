import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { isMarked } from "../../../../lib/tunnel/service/marked_text.ts";
import { scheduledTask, taskPlan } from "../../../../lib/tunnel/service/scheduled_task.ts";
import { exampleService } from "../../../support/example_service.ts";

/** The words of a task, as XML has them. */
function argumentsOf(...args: string[]): string | undefined {
  const text = scheduledTask(exampleService({ words: ["C:\\tele.exe", ...args] }), "PC\\alice");
  return /<Arguments>(.*)<\/Arguments>/.exec(text)?.[1];
}

Deno.test("a task is marked, is its user's, and has neither a time limit nor a wish for mains", () => {
  const text = scheduledTask(exampleService({ words: ["C:\\R&D\\tele.exe", "--config=C:\\x"] }), "PC\\älice");
  assert(isMarked(text) && text.startsWith("<?xml "));
  assertEquals(text.match(/<UserId>PC\\&#228;lice<\/UserId>/g)?.length, 2);
  assertStringIncludes(text, "<Command>C:\\R&#38;D\\tele.exe</Command>");
  assertStringIncludes(text, "<ExecutionTimeLimit>PT0S</ExecutionTimeLimit>");
  assertStringIncludes(text, "<StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>");
});

Deno.test("words are quoted as programs of Windows take them apart", () => {
  assertEquals(argumentsOf("--config=C:\\x.toml"), "--config=C:\\x.toml");
  assertEquals(argumentsOf("--config=C:\\a b\\", "x"), "&#34;--config=C:\\a b\\\\&#34; x");
  assertEquals(argumentsOf('a\\"b'), "&#34;a\\\\\\&#34;b&#34;");
});

Deno.test("the task of a name is made from its file, and ends before it is deleted", () => {
  const plan = taskPlan("tele", "C:\\Users\\a\\AppData\\Local");
  assertEquals(plan.file, "C:\\Users\\a\\AppData\\Local\\tele\\tele.xml");
  assertEquals(plan.begin[0], ["schtasks", "/Create", "/F", "/TN", "tele", "/XML", plan.file]);
  assertEquals(plan.end.map((words) => words[1]), ["/End", "/Delete"]);
});
