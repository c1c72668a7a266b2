/** Accepting: what fails, what goes on, and when an address is free again. */
import { assertEquals } from "@std/assert";
import { Acceptor, closedAreFree } from "../../../lib/net/acceptor.ts";
import { FakeClock } from "../../support/fake_clock.ts";

/** An accept that the test settles. */
type Waiting = PromiseWithResolvers<Deno.Conn>;

/** A listener whose accepts end when the test says so, as those of Deno end later than they are told. */
function world() {
  const accepts: Waiting[] = [];
  const lines: string[] = [];
  const taken: Deno.Conn[] = [];
  const clock = new FakeClock();
  let isClosed = false;
  let closes = 0;
  const listener = {
    accept() {
      const accept = Promise.withResolvers<Deno.Conn>();
      if (isClosed) accept.reject(new Deno.errors.BadResource("closed"));
      else accepts.push(accept);
      return accept.promise;
    },
    close() {
      isClosed = true;
      closes++;
    },
  } as unknown as Deno.Listener;
  const log = (_level: string, line: string) => void lines.push(line);
  const acceptor = new Acceptor(listener, { clock, log, onConnection: (connection) => void taken.push(connection) });
  return { acceptor, accepts, lines, taken, clock, closes: () => closes };
}

/** Lets everything happen that is due. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

const connection = {} as Deno.Conn;

Deno.test("each connection is handed on, and one that is gone before it was accepted is no reason for a pause", async () => {
  const { acceptor, accepts, taken, lines } = world();
  accepts[0]!.resolve(connection);
  await settle();
  accepts[1]!.reject(new Deno.errors.ConnectionReset("gone"));
  await settle();
  accepts[2]!.resolve(connection);
  await settle();
  assertEquals([taken.length, lines, accepts.length], [2, [], 4]);
  acceptor.close();
  accepts[3]!.reject(new Deno.errors.Interrupted("closed"));
});

Deno.test("where accepting does not work it is told once, and tried again after a pause, until it works", async () => {
  const { acceptor, accepts, taken, lines, clock } = world();
  for (let at = 0; at < 3; at++) {
    accepts[at]!.reject(new Error("out of luck"));
    await clock.advance(99);
    assertEquals(accepts.length, at + 1);
    await clock.advance(1);
  }
  assertEquals(lines, ["cannot accept connections for now: out of luck"]);
  accepts[3]!.resolve(connection);
  await settle();
  accepts[4]!.reject(new Error("again"));
  await settle();
  assertEquals([taken.length, lines.length], [1, 1], "one that was let in is no reason for another line");
  acceptor.close();
  await clock.advance(100);
  assertEquals([accepts.length, clock.pendingTimers], [5, 0], "a closed one tries no more");
});

Deno.test("an address is free when the accept that waited on it has ended, not when it is told to", async () => {
  const { acceptor, accepts } = world();
  let isFree = false;
  acceptor.close();
  const free = closedAreFree().then(() => isFree = true);
  await settle();
  assertEquals(isFree, false);
  accepts[0]!.reject(new Deno.errors.Interrupted("closed"));
  await free;
});

Deno.test("one that is closed in a pause holds no address", async () => {
  const { acceptor, accepts, clock } = world();
  accepts[0]!.reject(new Error("out of luck"));
  await settle();
  acceptor.close();
  await closedAreFree();
  await clock.advance(100);
});

Deno.test("what was closed already, as by a drain, is not closed once more when its process ends", async () => {
  const { acceptor, accepts, closes } = world();
  acceptor.close();
  acceptor.close();
  assertEquals(closes(), 1);
  accepts[0]!.reject(new Deno.errors.Interrupted("closed"));
  await closedAreFree();
});
