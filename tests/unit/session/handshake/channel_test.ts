/** What a handshake channel takes for a frame, and how it names those who send something else. */
import { concat } from "@std/bytes/concat";
import { assertEquals, assertRejects } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import { MAX_HANDSHAKE_FRAME_BYTES } from "../../../../lib/session/session_constants.ts";
import { HandshakeChannel } from "../../../../lib/session/handshake/channel.ts";
import { memoryPipe } from "../../../support/memory_pipe.ts";
import { framed } from "../../../../lib/ping/codec.ts";
import { attach, meetWell, newClient, newServer, serve } from "../../../support/handshakes.ts";

Deno.test("a frame above 2 KiB is refused from its length alone, one of 2 KiB is taken", async () => {
  for (const length of [MAX_HANDSHAKE_FRAME_BYTES + 1, 0x7fff_ffff, 0xffff_ffff]) {
    const header = new Uint8Array(4);
    new DataView(header.buffer).setUint32(0, length);
    for (const side of ["server", "client"]) {
      const { a, b } = memoryPipe();
      await (side === "server" ? a : b).write(header);
      const meeting = side === "server" ? serve(b, newServer) : attach(a, newClient);
      const peer = side === "server" ? "client" : "server";
      const error = await assertRejects(() => meeting, TeleError, `this is not how a tele ${peer} begins`);
      assertEquals(error.code, "protocol");
    }
  }
  const { a, b } = memoryPipe();
  const largest = new Uint8Array(MAX_HANDSHAKE_FRAME_BYTES).map((_, i) => i);
  await a.write(concat([framed(largest), framed(largest)]));
  const channel = new HandshakeChannel(b);
  assertEquals([await channel.receive(), await channel.receive()], [largest, largest]);
});

Deno.test("session bytes that come with the accept are kept, whole frames and parts of one", async () => {
  for (const behind of [[0, 0, 0, 2, 0x10, 7], [0, 0], [0, 0, 0, 200, 0x10, 1, 2, 3], []]) {
    const { a, b } = memoryPipe();
    const { accepted } = await meetWell(newClient, { ...newServer, behind: new Uint8Array(behind) }, [a, b]);
    assertEquals([...accepted.leftover], behind);
  }
});

Deno.test("a channel knows whether the peer sent anything at all", async () => {
  const { a, b } = memoryPipe();
  const channel = new HandshakeChannel(b);
  assertEquals(channel.heardAnything, false);
  await a.write(new Uint8Array([0]));
  await a.closeWrite();
  await assertRejects(() => channel.receive(), TeleError);
  assertEquals(channel.heardAnything, true);
});

Deno.test("garbage, an HTTP request and a TLS hello are no handshake", async () => {
  const openings = [
    ["GET / HTTP/1.1\r\nHost: a\r\n\r\n", "protocol"],
    ["\x16\x03\x01\x02\x00\x01\x00", "refused"],
    ["\0\0\0\x05hello", "protocol"],
  ] as const;
  for (const [bytes, code] of openings) {
    const { a, b } = memoryPipe();
    await a.write(new TextEncoder().encode(bytes));
    const error = await assertRejects(() => serve(b, newServer), TeleError);
    assertEquals(error.code, code);
  }
});

/** The first bytes of others, as their servers or clients sent them, in Latin-1. */
const FOREIGN_SERVERS: [string, string][] = [
  ["SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n", "an SSH server"],
  ["HTTP/1.1 400 Bad Request\r\nServer: nginx\r\n", "a web (HTTP) server"],
  ["<!DOCTYPE HTML>\n<html lang='en'>", "a web (HTTP) server"],
  ["220 mail.example.com ESMTP Postfix\r\n", "a mail or FTP server"],
  ["* OK [CAPABILITY IMAP4rev1] ready\r\n", "an IMAP server"],
  ["+OK POP3 ready\r\n", "a POP3 server"],
  ["-ERR unknown command\r\n", "a Redis server"],
  ["E\0\0\0\x8dSFATAL\0VFATAL\0C0A000\0", "a PostgreSQL server"],
  ["\x4a\0\0\0\x0a8.0.36\0\x08\0\0\0", "a MySQL or MariaDB server"],
  ["\x46\0\0\0\xff\x6a\x04Host '10.0.0.1' is not allowed", "a MySQL or MariaDB server"],
  ['INFO {"server_id":"N"} \r\n', "a NATS server"],
  ["RFB 003.008\n", "a VNC server"],
  ["@RSYNCD: 31.0 sha512\n", "an rsync server"],
  ["\xff\xfd\x18\xff\xfd\x20", "a Telnet server"],
];
const FOREIGN_CLIENTS: [string, string][] = [
  ["SSH-2.0-OpenSSH_9.2p1\r\n", "an SSH client"],
  ["GET / HTTP/1.1\r\nHost: a\r\n\r\n", "a web (HTTP) client"],
  ["CONNECT a:443 HTTP/1.1\r\n", "a web (HTTP) client"],
  ["EHLO me\r\n", "a mail or FTP client"],
  ["*2\r\n$7\r\nCOMMAND\r\n$4\r\nDOCS\r\n", "a Redis client"],
  ["\0\0\0\x08\x04\xd2\x16\x2f", "a PostgreSQL client"],
  ["\0\0\0\x29\0\x03\0\0user\0tele\0", "a PostgreSQL client"],
  ["AMQP\0\0\x09\x01", "an AMQP client"],
];

/** What balancers put in front of their clients' bytes, in both versions. */
const PROXY_HEADERS = [
  "PROXY TCP4 192.0.2.1 192.0.2.2 51000 40300\r\n\0\0\0\x48\x01tele",
  "PROXY UNKNOWN\r\n",
  "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x01\xc0\0\x02\x02\xc7\x38\x9d\x6c",
];

Deno.test("a PROXY header in front of a client's hello is told, with what to switch off", async () => {
  for (const header of PROXY_HEADERS) {
    const { a, b } = memoryPipe();
    await a.write(latin1(header));
    const error = await assertRejects(() => serve(b, newServer), TeleError, "a PROXY header comes first");
    assertEquals(error.code, "protocol");
  }
});

/** Text as bytes, one for each character. */
const latin1 = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

Deno.test("who answers in a tele server's place, or comes in a client's, is named", async () => {
  for (const [greeting, name] of FOREIGN_SERVERS) {
    const { a, b } = memoryPipe();
    await b.write(latin1(greeting));
    const error = await assertRejects(
      () => attach(a, newClient),
      TeleError,
      `: ${name} answers there, not a tele server`,
    );
    // Waiting does not mend it, but for a hotel's portal.
    assertEquals(error.code, name.includes("HTTP") ? "protocol" : "refused");
  }
  for (const [greeting, name] of FOREIGN_CLIENTS) {
    const { a, b } = memoryPipe();
    await a.write(latin1(greeting));
    const error = await assertRejects(() => serve(b, newServer), TeleError, `${name} speaks here: users' programs`);
    assertEquals(error.code, "protocol");
  }
});

Deno.test("TLS where there should be none is named, with the option that helps", async () => {
  const clientHello = new Uint8Array([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc]);
  const alert = new Uint8Array([0x15, 3, 3, 0, 2, 2, 50]);
  const { a, b } = memoryPipe();
  await a.write(clientHello);
  await assertRejects(() => serve(b, newServer), TeleError, "the client speaks TLS, this tele server does not");
  const { a: near, b: far } = memoryPipe();
  await far.write(alert);
  await assertRejects(() => attach(near, newClient), TeleError, "the server speaks TLS: start the client with --tls");
});
