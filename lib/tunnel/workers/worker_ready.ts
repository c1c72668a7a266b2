/**
 * How a worker tells its parent that it listens: one line on standard output.
 *
 * @module
 */
import type { WorkerReady } from "./worker_process.ts";

/** As a worker writes it, without the line's end. */
export function formatReady({ readyLine, listens }: WorkerReady): string {
  return JSON.stringify({ readyLine, listens });
}

/**
 * Reads the first line. What follows is read, so that nobody waits to write it, and let go.
 *
 * @returns `undefined` if it ends without such a line.
 *
 * @example
 * ```ts
 * import { formatReady, readReady } from "./worker_ready.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const ready = { readyLine: "ready", listens: [":40300"] };
 * assertEquals(await readReady(new Blob([formatReady(ready), "\n"]).stream()), ready);
 * ```
 */
export function readReady(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<WorkerReady | undefined> {
  const ready = Promise.withResolvers<WorkerReady | undefined>();
  const read = async () => {
    let text = "";
    for await (const part of stream.pipeThrough(new TextDecoderStream())) {
      if (text.includes("\n")) continue;
      text += part;
      const end = text.indexOf("\n");
      if (end >= 0) ready.resolve(parseReady(text.slice(0, end)));
    }
  };
  // A pipe that fails is one that ends.
  read().catch(() => {}).then(() => ready.resolve(undefined));
  return ready.promise;
}

function parseReady(line: string): WorkerReady | undefined {
  try {
    const { readyLine, listens } = Object(JSON.parse(line));
    const isReady = typeof readyLine === "string" && Array.isArray(listens);
    return isReady ? { readyLine, listens: listens.map(String) } : undefined;
  } catch {
    return undefined;
  }
}
