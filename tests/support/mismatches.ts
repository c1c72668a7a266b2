/**
 * Clients that are not the right ones for a server, or find that the server is not, and what both say.
 *
 * @module
 */
import type { KeyFiles } from "./key_files.ts";

/** The servers that clients meet. `notTele`, `ca` and `expired` are TLS servers of somebody else. */
export type ServerName = "guarded" | "plain" | "elsewhere" | "mutual" | "notTele" | "ca" | "expired";

/** A client that is not the right one for a server, or finds that the server is not. */
export interface Mismatch {
  name: string;
  server: ServerName;
  /** Arguments of the client. */
  args: string[];
  /** What the client says. */
  told: RegExp;
  /** What the server says; undefined where it cannot know. */
  logged?: RegExp;
  /** The user's client waits: the server may be started anew with TLS at any moment. */
  waits?: boolean;
  /** Modes in which it is tried; both unless given. */
  only?: "session";
}

/** What {@linkcode mismatches} needs beside the right files. */
export interface ClientFiles {
  /** Path of a token that is not the server's. */
  otherToken: string;
  /** Path of the CA that issues clients' certificates. */
  clientCa: string;
  /** Path of the CA that stands in a server's place. */
  selfCa: string;
  /** Arguments with a client certificate that has expired. */
  expired: string[];
  /** Arguments with a client certificate of another CA. */
  foreign: string[];
}

/** All wrong clients. */
export function mismatches(
  keys: KeyFiles,
  { otherToken, clientCa, selfCa, expired, foreign }: ClientFiles,
): Mismatch[] {
  const [tls, token] = [keys.clientArgs, keys.tokenArgs];
  const notAccepted = "certificate that it does not accept \\(--tls-cert\\): ";
  return [
    {
      name: "a wrong token",
      server: "guarded",
      args: [...tls, `--token-file=${otherToken}`],
      told: /the token is not the tele server's: set TELE_TOKEN or --token-file on this side/,
      logged: /the tele client's token is not this server's/,
      only: "session",
    },
    {
      name: "no token",
      server: "guarded",
      args: tls,
      told: /the tele server wants a token: set TELE_TOKEN or --token-file on this side/,
      logged: /the tele client has no token: set TELE_TOKEN or --token-file on its side/,
      only: "session",
    },
    {
      name: "a token only at the client",
      server: "plain",
      args: token,
      told: /the tele server has no token, this side has one/,
      logged:
        /the client speaks TLS, this tele server does not: .* if the client has a token, give this server the same/,
      only: "session",
    },
    {
      name: "a wrong CA",
      server: "guarded",
      args: [`--tls-ca=${clientCa}`, ...token],
      told: /issued by nobody whom this client trusts \(pass its CA with --tls-ca=FILE/,
      logged: /it does not trust this server's certificate \(UnknownCA\): check the tele client's --tls-ca/,
    },
    {
      name: "a wrong name",
      server: "elsewhere",
      args: tls,
      told: /the server's certificate is for elsewhere\.example, not for 127\.0\.0\.1: .* --tls-name=NAME/,
    },
    {
      name: "an expired certificate of the server",
      server: "expired",
      args: tls,
      told: /the server's certificate was .* or is not valid now \(renew the server's --tls-cert\)/,
    },
    {
      name: "the certificate of a CA in a server's place",
      server: "ca",
      args: [`--tls-ca=${selfCa}`],
      told: /the server's certificate/,
    },
    {
      name: "a TLS server that is no tele server",
      server: "notTele",
      args: tls,
      told: /it speaks TLS but not .*: it is no tele server, or not one for that protocol/,
    },
    {
      name: "plaintext that meets TLS",
      server: "guarded",
      args: [...token, "--encryption=never"],
      told: /the server speaks TLS: start the client with --tls/,
      logged: /it does not speak TLS: start the tele client with --tls/,
      waits: true,
      only: "session",
    },
    {
      name: "TLS that meets plaintext",
      server: "plain",
      args: tls,
      told: /the server there speaks no TLS: leave --tls away, or start the tele server with --tls-cert/,
      logged: /the client speaks TLS, this tele server does not: start it with --tls-cert and --tls-key/,
      waits: true,
    },
    {
      name: "no client certificate",
      server: "mutual",
      args: tls,
      told: /the server wants a client certificate: pass one with --tls-cert and --tls-key/,
      logged: /it presented no client certificate: start the tele client with --tls-cert/,
    },
    {
      name: "an expired client certificate",
      server: "mutual",
      args: [...tls, ...expired],
      told: new RegExp(`${notAccepted}this client's certificate expired on`),
      logged: /its client certificate has expired: renew the client's --tls-cert/,
    },
    {
      name: "a foreign client certificate",
      server: "mutual",
      args: [...tls, ...foreign],
      told: new RegExp(`${notAccepted}add it or its CA to the server's --tls-client-ca`),
      logged: /its client certificate was issued by a CA that this server's --tls-client-ca does not have/,
    },
  ];
}
