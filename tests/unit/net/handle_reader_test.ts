/** Reading from a handle: into the reader's own memory, or through the small buffer while little comes. */
import { assertEquals } from "@std/assert";
import { HandleReader } from "../../../lib/net/handle_reader.ts";
import { END_OF_FILE, type StreamBinding, type TcpHandle } from "../../../lib/net/runtime.ts";

const KIB = 1024;

/** A handle to which things come when a test says so. */
class FakeHandle {
  buffer: Uint8Array = new Uint8Array();
  isReading = false;
  starts = 0;
  startStatus = 0;
  onread = () => {};
  readonly state = new Int32Array(1);

  useUserBuffer(buffer: Uint8Array): void {
    this.buffer = buffer;
  }

  readStart(): number {
    this.starts++;
    this.isReading = this.startStatus === 0;
    return this.startStatus;
  }

  readStop(): number {
    this.isReading = false;
    return 0;
  }

  /** `count` bytes come, each of them `value`; or an end, or an error number. */
  arrive(count: number, value = 1): void {
    if (count > 0) this.buffer.fill(value, 0, count);
    this.state[0] = count;
    this.onread();
  }
}

function world() {
  const handle = new FakeHandle();
  const told: string[] = [];
  const streams = { streamBaseState: handle.state, kReadBytesOrError: 0 } as unknown as StreamBinding;
  const reader = new HandleReader(handle as unknown as TcpHandle, streams, {
    readEnded: () => void told.push("end"),
    readFailed: (error) => void told.push((error as Error).message),
  });
  const read = (into: Uint8Array) => {
    if (reader.hasBytes) return void told.push(`read ${reader.take(into)}`);
    reader.wait(into, (count) => void told.push(`read ${count}`), (error) => void told.push(`failed: ${error}`));
  };
  return { handle, reader, told, read };
}

Deno.test("what comes goes into the reader's own memory, and nothing is read while nobody asks", () => {
  const { handle, reader, told, read } = world();
  const into = new Uint8Array(8 * KIB);
  read(into);
  assertEquals([handle.buffer, reader.heardAnything], [into, false]);
  handle.arrive(5 * KIB, 7);
  assertEquals(told, ["read 5120"]);
  assertEquals([into[5 * KIB - 1], into[5 * KIB]], [7, 0]);
  assertEquals([handle.isReading, reader.heardAnything], [false, true]);
});

Deno.test("after four small reads reading never stops, and goes through one buffer", () => {
  const { handle, told, read } = world();
  const into = new Uint8Array(8 * KIB);
  for (let turn = 0; turn < 4; turn++) {
    read(into);
    handle.arrive(10);
  }
  assertEquals([handle.isReading, handle.buffer.length], [true, 2 * KIB]);
  const { starts } = handle;
  for (const count of [1, 64, 65, 1_000]) {
    read(into);
    handle.arrive(count, count & 0xff);
    assertEquals([told.at(-1), into[count - 1]], [`read ${count}`, count & 0xff]);
  }
  assertEquals([handle.starts, handle.isReading], [starts, true]);
});

Deno.test("one small read between large ones does not count", () => {
  const { handle, read } = world();
  const into = new Uint8Array(8 * KIB);
  for (let turn = 0; turn < 20; turn++) {
    read(into);
    handle.arrive(turn % 4 === 0 ? 8 * KIB : 10);
  }
  assertEquals(handle.isReading, false);
});

Deno.test("what comes into the small buffer before anyone asks is kept, and holds the sender up", () => {
  const { handle, reader, told, read } = world();
  for (let turn = 0; turn < 4; turn++) {
    read(new Uint8Array(8 * KIB));
    handle.arrive(10);
  }
  handle.arrive(100, 9);
  assertEquals([handle.isReading, reader.hasBytes], [false, true]);
  const into = new Uint8Array(60);
  read(into);
  read(into);
  assertEquals(told.slice(-2), ["read 60", "read 40"]);
  assertEquals([into[0], reader.hasBytes], [9, false]);
  read(into);
  handle.arrive(2 * KIB);
  assertEquals([told.at(-1), handle.isReading], ["read 60", false], "a full one is the last small one");
});

Deno.test("an end is told to its owner, who tells the read that waits", () => {
  const { handle, reader, told, read } = world();
  read(new Uint8Array(10));
  handle.arrive(END_OF_FILE);
  assertEquals([told, reader.sawEnd, handle.isReading], [["end"], true, false]);
  reader.end();
  reader.end();
  assertEquals(told, ["end", "read null"]);
});

Deno.test("a failure is told with the system's name, one at the start too, and the read that waits fails once", () => {
  const { handle, reader, told, read } = world();
  read(new Uint8Array(10));
  handle.arrive(-104);
  reader.close(() => "reset");
  reader.close(() => "again");
  handle.arrive(10);
  assertEquals(told, ["read ECONNRESET", "failed: reset"]);
  const other = world();
  other.handle.startStatus = -9;
  other.read(new Uint8Array(10));
  assertEquals(other.told, ["read EBADF"]);
});
