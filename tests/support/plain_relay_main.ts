/**
 * What tele is not: a plain TCP relay with tele's command line, which passes every break on to the users.
 *
 * @module
 */
import net from "node:net";

if (Deno.args[0] === "--version") {
  console.log("a plain relay");
  Deno.exit(0);
}
const to = Number(
  Deno.args.find((arg) => arg.startsWith(Deno.args[0] === "--server" ? "--in=" : "--out="))!.split(":")[1],
);
const server = net.createServer({ allowHalfOpen: true }, (near) => {
  const far = net.connect({ host: "127.0.0.1", port: to, allowHalfOpen: true });
  for (const [one, other] of [[near, far], [far, near]]) {
    one.pipe(other);
    one.on("error", () => other.resetAndDestroy());
  }
});
server.listen(
  0,
  "127.0.0.1",
  () => console.log(`connect to 127.0.0.1:${(server.address() as net.AddressInfo).port}, ready`),
);
