/** Other programs at either end of a connection are known by their first bytes, and named. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { foreignClient, foreignProtocolOf, foreignServer } from "../../../lib/net/foreign_protocol.ts";
import { encodeHello } from "../../../lib/session/handshake/messages.ts";
import { framed } from "../../../lib/ping/codec.ts";

/** Each character is a byte. */
function bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

const FIRST_BYTES: [string, string][] = [
  ["SSH-2.0-OpenSSH_9.6\r\n", "an SSH"],
  ["HTTP/1.1 400 Bad Request\r\n", "a web (HTTP)"],
  ["GET / HTTP/1.1\r\n", "a web (HTTP)"],
  ["\n <!DOCTYPE html>", "a web (HTTP)"],
  ["220 mail.example ESMTP\r\n", "a mail or FTP"],
  ["EHLO there\r\n", "a mail or FTP"],
  ["* OK IMAP4rev1\r\n", "an IMAP"],
  ["+OK POP3\r\n", "a POP3"],
  ["-ERR unknown command\r\n", "a Redis"],
  ["*1\r\n$4\r\nPING\r\n", "a Redis"],
  ["E\0\0\0\x8cSFATAL", "a PostgreSQL"],
  ["\0\0\0\x08\x04\xd2\x16\x2f", "a PostgreSQL"],
  ["J\0\0\0\x0a8.0.36\0", "a MySQL or MariaDB"],
  ['INFO {"server_id"', "a NATS"],
  ["RFB 003.008\n", "a VNC"],
  ["@RSYNCD: 31.0\n", "an rsync"],
  ["AMQP\0\0\x09\x01", "an AMQP"],
  ["\xff\xfd\x18", "a Telnet"],
];

Deno.test("each protocol is known by what its programs say first", () => {
  for (const [first, name] of FIRST_BYTES) assertEquals(foreignProtocolOf(bytes(first)), name, first);
});

Deno.test("a hello of tele, a ping and nothing at all are nobody else's", () => {
  const hello = encodeHello({
    kind: "new",
    nonce: new Uint8Array(32),
    publicKey: new Uint8Array(32),
    fields: new Map(),
  });
  for (const own of [framed(hello), new Uint8Array(4), new Uint8Array(0)]) {
    assertEquals([foreignProtocolOf(own), foreignClient(own), foreignServer("a:1", own)], [
      undefined,
      undefined,
      undefined,
    ]);
  }
});

Deno.test("a server of another protocol is final, but for a web server, which may stand in front of an outage", () => {
  const ssh = foreignServer("example.com:22", bytes("SSH-2.0-x\r\n"));
  assertEquals(ssh?.code, "refused");
  assertEquals(
    ssh?.message,
    "example.com:22: an SSH server answers there, not a tele server: give the host and port at which that listens",
  );
  assertEquals(foreignServer("example.com:80", bytes("HTTP/1.1 503 x\r\n"))?.code, "protocol");
});

Deno.test("a client of another protocol, and a PROXY header of either version, are told what to change", () => {
  assertStringIncludes(foreignClient(bytes("GET / HTTP/1.1\r\n"))!.message, "a web (HTTP) client speaks here");
  for (const header of ["PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n", "\r\n\r\n\0\r\nQUIT\n\x21\x11"]) {
    const error = foreignClient(bytes(header))!;
    assertEquals(error.code, "protocol");
    assertStringIncludes(error.message, "switch it off in the balancer or proxy");
  }
});
