/**
 * Faults of the handshake: `lib/session/handshake`, and the decoders of `lib/net/bytes.ts`.
 *
 * @module
 */
import { type Edit, fault, type Mutation } from "./mutation.ts";

/** A message decoder that takes whatever stands behind the end. */
const OPEN_END: Edit = {
  file: "lib/net/bytes.ts",
  from: "    if (left > 0) throw",
  to: "    if (left < 0) throw",
};

/** All of them. */
export const HANDSHAKE: readonly Mutation[] = [
  { name: "bytes behind the end of a handshake message ignored", edits: [OPEN_END], fuzz: "messages" },
  fault(
    "unknown session believed without a proof",
    "session/handshake/client_handshake.ts",
    'if (!await checkProof(keys, "server accept", commit.kind, whole, answer.proof)) {',
    "if (whole.length === 0) {",
  ),
  fault(
    "the client's proof not checked",
    "session/handshake/server_handshake.ts",
    'if (!await checkProof(keys, "client commit", commit.kind, this.#transcript, proof)) {',
    "if (proof.length === 0) {",
  ),
  fault(
    "the token left out of the keys",
    "session/handshake/token.ts",
    "  return crypto.subtle.digest(",
    "  if (token.length > 0) return Promise.resolve(new Uint8Array(0));\n  return crypto.subtle.digest(",
  ),
  {
    name: "bytes behind the end ignored, and lengths left out of the transcript",
    edits: [OPEN_END, {
      file: "lib/session/handshake/transcript.ts",
      from: "    const bytes = new Uint8Array(before + FRAME_HEADER_BYTES + message.length);\n" +
        "    bytes.set(this.#bytes);\n" +
        "    writeFrameHeader(bytes, before, message.length);\n" +
        "    bytes.set(message, before + FRAME_HEADER_BYTES);\n",
      to: "    const bytes = new Uint8Array(before + message.length);\n" +
        "    bytes.set(this.#bytes);\n" +
        "    bytes.set(message, before);\n",
    }],
    fuzz: "spliced-handshake",
  },
];
