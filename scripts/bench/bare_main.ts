/**
 * The least that a relay on Deno can be: `bare_main.ts LISTEN-HOST LISTEN-PORT HOST PORT`. Two of them in a row are the
 * platform's floor for a tunnel.
 *
 * @module
 */

/** One of these for each direction of a connection, used again and again. */
const BUFFER_BYTES = 256 * 1024;

async function pump(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(BUFFER_BYTES);
  for (let read = await from.read(buffer); read !== null; read = await from.read(buffer)) {
    for (let written = 0; written < read;) written += await to.write(buffer.subarray(written, read));
  }
  await to.closeWrite();
}

async function relay(from: Deno.TcpConn, hostname: string, port: number): Promise<void> {
  using near = from;
  using far = await Deno.connect({ hostname, port });
  near.setNoDelay(true);
  far.setNoDelay(true);
  await Promise.all([pump(near, far), pump(far, near)]);
}

const [listenHost, listenPort, host, port] = Deno.args;
for await (const connection of Deno.listen({ hostname: listenHost, port: Number(listenPort) })) {
  // One that breaks concerns nobody but its two ends, which see it closed.
  relay(connection, host, Number(port)).catch(() => {});
}
