import { assertEquals, assertStringIncludes } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import type { Step } from "../../../../lib/tunnel/doctor/step.ts";
import { adviceFor } from "../../../../lib/tunnel/doctor/advice.ts";

Deno.test("what the network says gets advice, whichever step meets it", () => {
  const advice = (words: string) => adviceFor("connection", new TeleError("carrier-lost", `host:1: ${words}`)) ?? "";
  assertStringIncludes(advice("connection refused"), "start the tele server");
  assertStringIncludes(advice("the name cannot be resolved"), "correct the name");
  assertStringIncludes(advice("nobody answers the attempts to connect"), "firewall");
  assertStringIncludes(advice("no route to host"), "check this machine's network");
});

Deno.test("a sentence of tele that says what to change gets no other, and a loss without one does", () => {
  const token = new TeleError("refused", "the tele server wants a token: set TELE_TOKEN or --token-file");
  assertEquals(adviceFor("handshake", token), undefined);
  assertStringIncludes(adviceFor("handshake", new TeleError("carrier-lost", "it was closed")) ?? "", "--out of a tele");
  const unknown = new TeleError("unknown-session", "the second connection came to another tele server");
  assertStringIncludes(adviceFor("loss", unknown) ?? "", "balance source");
});

Deno.test("what a proxy says is about the proxy, and its refusal is no advice to start a tele server", () => {
  const refused = new TeleError(
    "carrier-lost",
    "host:1: the proxy http://p:3128 cannot be reached: connection refused",
  );
  assertEquals(adviceFor("proxy", refused), undefined);
});

Deno.test("who has ended a doctor gets no advice, in whichever step", () => {
  const steps: Step[] = ["connection", "seal", "handshake", "token", "round trip", "loss", "idle"];
  const advice = steps.map((step) => adviceFor(step, new TeleError("closed", "ended by SIGINT")));
  assertEquals(advice.filter((each) => each !== undefined), []);
});
