/**
 * The user's server, a process of its own: an ordinary HTTP file server that knows nothing of tele.
 *
 *     GET /file?name=X&bytes=N&seed=S   generated data with its Content-Length
 *     PUT /file?name=X                  takes data; the answer is JSON with `bytes` and `sha256` of what came
 *     GET /echo                         a WebSocket that says what it hears
 *
 * It prints `ready PORT`, then what it has seen from its side, one JSON object a line: `{ name, receivedBytes }` while
 * data comes, `{ name, sentSha256 }` when data was read to its end. It ends when standard input does.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { SeededData, viewOf } from "../../tests/support/random.ts";

/** The shortest time between two reports of one upload, in milliseconds. */
const REPORT_MS = 50;

/** What the file server says on standard output. */
export interface FileServerReport {
  name: string;
  receivedBytes?: number;
  sentSha256?: string;
}

function report(line: FileServerReport): void {
  console.log(JSON.stringify(line));
}

function sendData(name: string, query: URLSearchParams): Response {
  const bytes = Number(query.get("bytes"));
  const data = new SeededData(bytes, Number(query.get("seed")));
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      const block = data.next();
      if (block) return controller.enqueue(block.slice());
      report({ name, sentSha256: data.sha256() });
      controller.close();
    },
  });
  return new Response(body, {
    headers: { "content-type": "application/octet-stream", "content-length": String(bytes) },
  });
}

async function takeData(name: string, body: ReadableStream<Uint8Array<ArrayBuffer>> | null): Promise<Response> {
  const hash = createHash("sha256");
  let bytes = 0;
  let reportedAtMs = 0;
  try {
    for await (const chunk of body ?? []) {
      hash.update(viewOf(chunk));
      bytes += chunk.byteLength;
      if (performance.now() - reportedAtMs < REPORT_MS) continue;
      reportedAtMs = performance.now();
      report({ name, receivedBytes: bytes });
    }
  } finally {
    report({ name, receivedBytes: bytes });
  }
  return Response.json({ bytes, sha256: hash.digest("hex") });
}

function echo(request: Request): Response {
  const { socket, response } = Deno.upgradeWebSocket(request);
  socket.onmessage = ({ data }) => {
    if (socket.readyState === WebSocket.OPEN) socket.send(data);
  };
  socket.onerror = () => {};
  return response;
}

function answer(request: Request): Response | Promise<Response> {
  const { pathname, searchParams } = new URL(request.url);
  if (pathname === "/echo") return echo(request);
  if (pathname !== "/file") return new Response("not found\n", { status: 404 });
  const name = searchParams.get("name") ?? "";
  return request.method === "PUT" ? takeData(name, request.body) : sendData(name, searchParams);
}

if (import.meta.main) {
  Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen: ({ port }) => console.log(`ready ${port}`),
    onError: () => new Response("the request ended early\n", { status: 400 }),
  }, answer);
  for await (const _ of Deno.stdin.readable);
  Deno.exit(0);
}
