/**
 * Names that a certificate is for, and others.
 *
 * @module
 */

/** A value of `--host`. */
export const HOST_NAMES = "localhost,*.example.com,127.0.0.1,::1";

/** Names, and whether a certificate for {@linkcode HOST_NAMES} is good for each. */
export const CERTIFIED: [name: string, good: boolean][] = [
  ["localhost", true],
  ["www.example.com", true],
  ["127.0.0.1", true],
  ["::1", true],
  ["other.example", false],
  ["example.com", false],
  ["a.b.example.com", false],
  ["127.0.0.2", false],
];
