/** Requests of SOCKS, in whatever pieces they come. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Socks5Request, SocksReply, socksReply, type SocksStep } from "../../../../lib/net/proxy/socks5_server.ts";

const GREETING = [5, 2, 0, 2];
const bytes = (...all: number[]) => new Uint8Array(all);
const letters = (text: string) => [...new TextEncoder().encode(text)];

/** All that follows from `all`, which comes in pieces of `size` bytes. */
function stepsOf(all: readonly number[], size: number): SocksStep[] {
  const request = new Socks5Request();
  const steps: SocksStep[] = [];
  for (let at = 0; at < all.length; at += size) {
    let step = request.take(bytes(...all.slice(at, at + size)));
    if (step.kind === "send") {
      steps.push(step);
      step = request.take(bytes());
    }
    if (step.kind !== "more") steps.push(step);
    if (step.kind === "connect") return steps;
  }
  return steps;
}

Deno.test("a request is read for each kind of address, with what stands behind it, however it is cut", () => {
  const cases: [address: number[], host: string][] = [
    [[1, 192, 0, 2, 1], "192.0.2.1"],
    [[3, 11, ...letters("example.com")], "example.com"],
    [[4, 0x20, 1, 0xd, 0xb8, ...Array(11).fill(0), 1], "2001:db8::1"],
  ];
  for (const [address, host] of cases) {
    const all = [...GREETING, 5, 1, 0, ...address, 1, 187];
    for (let size = 1; size <= all.length; size++) {
      const [greeted, step] = stepsOf(all, size);
      assertEquals(greeted, { kind: "send", bytes: bytes(5, 0) });
      assertEquals(step, { kind: "connect", target: { host, port: 443 }, rest: bytes() }, `${host} by ${size}`);
    }
    const [, step] = stepsOf([...all, 7, 8], 100);
    assertEquals(step!.kind === "connect" && step!.rest, bytes(7, 8));
  }
});

Deno.test("what is not CONNECT, or of another version, or wants to tell who it is, is refused in the words of the RFC", () => {
  const refusal = (...all: number[]) => {
    const step = stepsOf(all, 100).at(-1)!;
    assert(step.kind === "refuse", step.kind);
    return step;
  };
  const ofRequest = (...request: number[]) => refusal(...GREETING, ...request);
  for (const command of [2, 3, 0]) {
    const { bytes: told, reason } = ofRequest(5, command, 0, 1, 127, 0, 0, 1, 0, 80);
    assertEquals(told, socksReply(SocksReply.commandUnknown));
    assertStringIncludes(reason, "only CONNECT");
  }
  for (const kind of [0, 2, 5]) {
    assertEquals(ofRequest(5, 1, 0, kind, 9, 9)!.bytes, socksReply(SocksReply.addressUnknown));
  }
  assertEquals(ofRequest(5, 1, 0, 3, 0, 0, 80)!.bytes, socksReply(SocksReply.addressUnknown), "a name without letters");
  assertEquals(refusal(5, 1, 2).bytes, bytes(5, 0xff));
  assertEquals(refusal(4, 1, 0, 80).bytes, bytes());
  assertEquals(refusal(...letters("GET / HTTP/1.1")).bytes, bytes());
});
