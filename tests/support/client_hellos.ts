/**
 * Hellos of TLS clients, as bytes.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import { ByteWriter } from "../../lib/net/bytes.ts";

/**
 * The message of a hello (RFC 8446, 4.1.2) that offers `protocols` by ALPN; without them it has another extension only,
 * or none at all.
 */
export function clientHello(protocols: readonly string[] | "no extensions" | undefined): Uint8Array<ArrayBuffer> {
  const body = new ByteWriter().u16(0x0303).bytes(new Uint8Array(32).fill(7));
  body.u8(32).bytes(new Uint8Array(32).fill(9)).u16(4).u16(0x1301).u16(0x1302).u8(1).u8(0);
  if (protocols !== "no extensions") {
    const versions = new ByteWriter().u16(43).u16(3).u8(2).u16(0x0304).done();
    const extensions = protocols === undefined ? versions : concat([versions, alpn(protocols)]);
    body.u16(extensions.length).bytes(extensions);
  }
  const bytes = body.done();
  return new ByteWriter().u8(1).u8(bytes.length >> 16).u16(bytes.length & 0xffff).bytes(bytes).done();
}

function alpn(protocols: readonly string[]): Uint8Array {
  const names = new ByteWriter();
  for (const name of protocols) names.u8(name.length).bytes(new TextEncoder().encode(name));
  const list = names.done();
  return new ByteWriter().u16(16).u16(list.length + 2).u16(list.length).bytes(list).done();
}

/** A message in records of at most `size` bytes each. */
export function inRecords(message: Uint8Array, size = 16_384): Uint8Array<ArrayBuffer> {
  const records = new ByteWriter();
  for (let at = 0; at < message.length; at += size) {
    const part = message.subarray(at, at + size);
    records.u8(0x16).u16(0x0301).u16(part.length).bytes(part);
  }
  return records.done();
}
