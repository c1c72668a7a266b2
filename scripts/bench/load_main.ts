/**
 * The user's programs of the bench where there is no C compiler, and so no path of IP packets either: what is left to
 * measure needs echoes only. The same commands and output as those of `load.c`.
 *
 * @module
 */
import { pause } from "../../tests/support/wait.ts";
import { quantile } from "./statistics.ts";

const MESSAGE_BYTES = 64;

/** Between two connections, so that the end of one is over when the next begins: else ssh's Nagle delays that one. */
const REST_MS = 300;

/** What comes this early is warming up: this part of the time is not counted. */
const WARM_PART = 0.1;

const BLOCK_BYTES = 256 * 1024;

async function serve(hostname: string, port: number): Promise<never> {
  const listener = Deno.listen({ hostname, port });
  while (true) answer(await listener.accept()).catch(() => {});
}

async function answer(connection: Deno.TcpConn): Promise<void> {
  using _closed = connection;
  connection.setNoDelay(true);
  const buffer = new Uint8Array(BLOCK_BYTES);
  for (let read = await connection.read(buffer); read !== null; read = await connection.read(buffer)) {
    await writeAll(connection, buffer.subarray(0, read));
  }
}

async function dial(hostname: string, port: number): Promise<Deno.TcpConn> {
  const connection = await Deno.connect({ hostname, port });
  connection.setNoDelay(true);
  return connection;
}

async function roundTripMs(connection: Deno.TcpConn, message: Uint8Array): Promise<number> {
  const startMs = performance.now();
  await writeAll(connection, message);
  for (let got = 0; got < message.length;) {
    const read = await connection.read(message.subarray(got));
    if (read === null) throw new Error("the connection ended");
    got += read;
  }
  return performance.now() - startMs;
}

async function ping(hostname: string, port: number, seconds: number): Promise<void> {
  using connection = await dial(hostname, port);
  const message = new Uint8Array(MESSAGE_BYTES).fill("e".charCodeAt(0));
  const samples: number[] = [];
  const startMs = performance.now();
  let all = 0;
  for (let after = 0; after < seconds;) {
    const took = await roundTripMs(connection, message);
    all++;
    after = (performance.now() - startMs) / 1_000;
    if (after >= seconds * WARM_PART) samples.push(took * 1_000);
  }
  const [p50, p99] = [0.5, 0.99].map((part) => quantile(samples, part));
  console.log(JSON.stringify({ all, count: samples.length, p50, p99 }));
}

async function first(hostname: string, port: number, count: number): Promise<void> {
  const message = new Uint8Array(MESSAGE_BYTES).fill("e".charCodeAt(0));
  for (let done = 0; done < count; done++) {
    const startMs = performance.now();
    const connection = await dial(hostname, port);
    await roundTripMs(connection, message);
    console.log((performance.now() - startMs).toFixed(3));
    connection.close();
    await pause(REST_MS);
  }
}

async function writeAll(connection: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) written += await connection.write(bytes.subarray(written));
}

const [command, host, port, number] = Deno.args;
const commands = { serve, ping, first };
await commands[command as keyof typeof commands](host, Number(port), Number(number));
