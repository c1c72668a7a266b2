/** Recipes of user's servers: one, several, on the client's side, and wherever the server gets to. */
import { assertEquals, assertMatch } from "@std/assert";
import { isListening } from "../support/middle_box.ts";
import { POSTGRES_PROGRAMS, startPostgres } from "../support/postgres.ts";
import { echoesAt, recipesOf, withToken } from "../support/recipe_parts.ts";
import { testRecipes } from "../support/recipe_tests.ts";
import { Sandbox } from "../support/sandbox.ts";
import { program } from "../support/skip.ts";
import { echo, UserServer } from "../support/user_programs.ts";
import { until, within } from "../support/wait.ts";

/** A Redis where the recipes expect it. */
async function startRedis(sandbox: Sandbox): Promise<void> {
  const socket = `${sandbox.home}/redis-server.sock`;
  sandbox.stand.set("/run/redis/redis.sock", socket);
  const redis = sandbox.start(`exec redis-server --port 0 --unixsocket '${socket}' --save '' --dir '${sandbox.home}'`);
  await until(() => redis.output.includes("eady to accept connections"), 20_000, `Redis: ${redis.output}`);
}

testRecipes("services", {
  "A database": {
    programs: ["chown", ...POSTGRES_PROGRAMS],
    async run(recipes, s) {
      const sandbox = await Sandbox.make(s, undefined, { PGUSER: "tele", PGDATABASE: "postgres" });
      sandbox.serve(5432, await startPostgres(s));
      await withToken(sandbox);
      await sandbox.run(recipes.next("tele --server --in=:5432"));
      await sandbox.run(recipes.next("tele --client --in=:15432"));
      const answer = await sandbox.run(recipes.next("psql -h localhost -p 15432"), "select 6 * 7 as answer;\n");
      assertMatch(answer, /answer[\s-]+42\b/);
      return sandbox;
    },
  },

  "Several services": {
    programs: ["redis-server", "redis-cli"],
    async run(recipes, s) {
      const sandbox = await Sandbox.make(s);
      await startRedis(sandbox);
      sandbox.serve(5432, s.use(new UserServer(echo)).port);
      await sandbox.run(recipesOf("A token for each client").next("(umask 077; tele --make-token --name=alice"));
      await sandbox.run(recipes.next("tele --server --service=db=:5432"));
      await sandbox.run(recipes.next("tele --client --forward=:15432=db"));
      assertEquals(await sandbox.run(recipes.next("redis-cli -p 16379"), "set answer 42\nget answer\n"), "OK\n42\n");
      await echoesAt(sandbox.port(15432));
      return sandbox;
    },
  },

  "Services of the client's side": {
    programs: ["redis-server", "redis-cli"],
    async run(recipes, s) {
      const sandbox = await Sandbox.make(s);
      await startRedis(sandbox);
      await sandbox.run(recipesOf("A token for each client").next("(umask 077; tele --make-token --name=alice"));
      await sandbox.run(recipes.next("tele --server --reverse-listen="));
      await sandbox.run(recipes.next("tele --client --reverse="));
      await until(() => sandbox.logsOf("has the name cache").length > 0, 20_000, "the client's service");
      assertEquals(await sandbox.run(recipes.next("redis-cli -p 16379"), "set answer 42\nget answer\n"), "OK\n42\n");
      return sandbox;
    },
  },

  "Where users come from": {
    programs: ["nginx", "curl"],
    async run(recipes, s) {
      const sandbox = await Sandbox.make(s);
      const block = sandbox.translate(recipes.next("server {").text);
      const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
      const paths = temporary.map((of) => `${of}_temp_path ${sandbox.home}/${of};`).join("\n");
      const head = `daemon off;\nmaster_process off;\npid ${sandbox.home}/nginx.pid;\nerror_log stderr;\nevents {}`;
      await Deno.writeTextFile(
        `${sandbox.home}/nginx.conf`,
        `${head}\nhttp {\naccess_log off;\n${paths}\n${block}\n}\n`,
      );
      sandbox.start(`exec '${program("nginx")}' -e stderr -c '${sandbox.home}/nginx.conf'`);
      await within(isListening(sandbox.port(8081)), 20_000, "nginx");
      const make = recipesOf("A token for each client").next("(umask 077; tele --make-token --name=alice");
      await sandbox.run(make);
      await sandbox.type("sed -i 's/$/ addresses=trusted/' tokens");
      await sandbox.run(recipes.next("tele --server --in=:8081"));
      const client = "tele --client --in=0.0.0.0:8082 --out=example.com:40300 --token-file=alice.token";
      await sandbox.run({ language: "sh", text: client });
      assertEquals(
        await sandbox.type("curl -s --interface 127.0.0.7 http://127.0.0.1:8082/"),
        "you come from 127.0.0.7\n",
      );
      return sandbox;
    },
    isOpen: true,
  },

  "Destinations by SOCKS": {
    programs: ["curl"],
    async run(recipes, s) {
      const sandbox = await Sandbox.make(s);
      await using web = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => new Response("a page\n"));
      // No name of the recipe leads anywhere here, and the page is at an address that only a literal allows.
      sandbox.stand.set("https://wiki.internal.example/", `http://127.0.0.1:${web.addr.port}/`);
      sandbox.stand.set("10.0.0.0/8", "127.0.0.0/8");
      sandbox.serve(443, web.addr.port);
      await withToken(sandbox);
      await sandbox.run(recipes.next("tele --server --allow="));
      await sandbox.run(recipes.next("tele --client --socks=:1080"));
      assertEquals(await sandbox.run(recipes.next("curl --socks5-hostname localhost:1080")), "a page\n");
      return sandbox;
    },
  },

  "Unix sockets": {
    programs: ["redis-server", "redis-cli"],
    async run(recipes, s) {
      const sandbox = await Sandbox.make(s);
      await startRedis(sandbox);
      await withToken(sandbox);
      await sandbox.run(recipes.next("tele --server --in=unix:/run/redis/redis.sock"));
      await sandbox.run(recipes.next("tele --client --in=unix:$HOME/redis.sock"));
      assertEquals((await Deno.stat(`${sandbox.home}/redis.sock`)).mode! & 0o777, 0o600, "only its owner may connect");
      const commands = "set answer 42\nget answer\n";
      assertEquals(await sandbox.run(recipes.next("redis-cli -s $HOME/redis.sock"), commands), "OK\n42\n");
      return sandbox;
    },
  },
});
