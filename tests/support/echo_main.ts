/**
 * A user's server or client as a process of its own, so that it can be killed.
 *
 *     deno run --allow-net echo_main.ts serve PORT     echoes, prints "ready PORT"
 *     deno run --allow-net echo_main.ts hold PORT      connects, proves that an echo answers, prints "ready PORT", waits
 *
 * @module
 */
import { connectTo, echo, endingOf, roundTrip, UserServer } from "./user_programs.ts";

const [role, port] = [Deno.args[0], Number(Deno.args[1])];
if (role === "serve") {
  const server = new UserServer(echo, port);
  console.log(`ready ${server.port}`);
} else {
  const connection = await connectTo(port);
  await roundTrip(connection, "hello");
  console.log(`ready ${port}`);
  console.log(await endingOf(connection));
}
