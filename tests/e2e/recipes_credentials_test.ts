/** Recipes of who can connect: tokens, certificates, and RFD 80 mode, which has certificates alone. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { echoesAt, recipesOf, withToken } from "../support/recipe_parts.ts";
import { testRecipes } from "../support/recipe_tests.ts";
import type { Block } from "../support/recipes.ts";
import { Sandbox } from "../support/sandbox.ts";
import { banner, connectTo, echo, receiveText, UserServer } from "../support/user_programs.ts";

testRecipes("credentials", {
  "Who can connect": {
    programs: [],
    async run(recipes, s) {
      const sandbox = await Sandbox.make(s);
      await sandbox.run(recipes.next("(umask 077; tele --make-token > token)"));
      const { mode, size } = await Deno.stat(`${sandbox.folder}/token`);
      assertEquals(mode! & 0o777, 0o600, "nobody else can read it");
      assert(size > 40, "it is a long one");
      sandbox.serve(8000, s.use(new UserServer(echo)).port);
      await sandbox.run(recipes.next("tele --server --in=:8000"));
      await sandbox.run(recipes.next("tele --client --in=:8001"));
      await echoesAt(sandbox.port(8001));
      return sandbox;
    },
  },

  "A token for each client": {
    programs: [],
    async run(recipes, s) {
      const sandbox = await Sandbox.make(s);
      sandbox.serve(22, s.use(new UserServer(echo)).port);
      await sandbox.run(recipes.next("(umask 077; tele --make-token --name=alice"));
      await sandbox.run(recipes.next("tele --server --in=:22"));
      await sandbox.run(recipes.next("tele --client --in=:2222"));
      await echoesAt(sandbox.port(2222));
      return sandbox;
    },
  },

  "With certificates": {
    programs: [],
    async run(recipes, s) {
      const sandbox = await Sandbox.make(s);
      sandbox.serve(22, s.use(new UserServer(echo)).port);
      await withToken(sandbox);
      const [make, serve] = recipes.next("tele --make-cert=tls --host=example.com").text.split("\n");
      await sandbox.run({ language: "sh", text: make! });
      await sandbox.run({ language: "sh", text: serve! });
      // On the client there is a copy, as the manual says.
      await Deno.copyFile(`${sandbox.folder}/tls/cert.pem`, `${sandbox.folder}/cert.pem`);
      await sandbox.run(recipes.next("tele --client --in=:2222 --out=example.com:443 --tls-ca=cert.pem"));
      await echoesAt(sandbox.port(2222));
      return sandbox;
    },
  },

  "A certificate for each client": {
    programs: ["openssl"],
    async run(recipes, s) {
      const sandbox = await Sandbox.make(s);
      const copy = (from: string, to: string) => Deno.copyFile(`${sandbox.folder}/${from}`, `${sandbox.folder}/${to}`);
      sandbox.serve(22, s.use(new UserServer(echo)).port);
      const { text } = recipesOf("With certificates").next("tele --make-cert=tls --host=example.com");
      await sandbox.run({ language: "sh", text: text.split("\n")[0]! });
      await sandbox.run(recipes.next("tele --make-cert=laptop --host=laptop"));
      await Promise.all([copy("tls/cert.pem", "cert.pem"), copy("laptop/cert.pem", "laptop.pem")]);
      const [server, client] = [recipes.next("tele --server --in=:22"), recipes.next("tele --client --in=:2222")];
      await sandbox.run(server);
      await sandbox.run(client);
      await echoesAt(sandbox.port(2222));
      await sandbox.stopAll();
      // The same with an authority's certificates, in files of their own.
      await sandbox.run(recipes.next("openssl req -x509"));
      const withOthers = ({ language, text }: Block, ...files: [string, string][]): Block => ({
        language,
        text: files.reduce((changed, [from, to]) => changed.replace(from, to), text),
      });
      await sandbox.run(withOthers(server, ["laptop.pem", "ca.pem"]));
      await sandbox.run(withOthers(client, ["laptop/cert.pem", "desk.pem"], ["laptop/key.pem", "desk-key.pem"]));
      await echoesAt(sandbox.port(2222));
      assertMatch(
        sandbox.logsOf(" began, from ")[0] ?? "",
        / session \w+ \(desk\) began, /,
        "the log names the client",
      );
      return sandbox;
    },
  },

  "RFD 80 mode: any protocol, kept alive": {
    programs: [],
    async run(recipes, s) {
      const sandbox = await Sandbox.make(s);
      const greeting = "8.0.36 a database\n";
      sandbox.serve(3306, s.use(new UserServer(banner(greeting))).port);
      sandbox.serve(22, s.use(new UserServer(echo)).port);
      await sandbox.type("tele --make-cert=tls --host=example.com && cp tls/cert.pem cert.pem");
      await sandbox.type("tele --make-cert=laptop --host=laptop && cp laptop/cert.pem laptop.pem");
      const asksDatabase = async () => {
        using connection = await connectTo(sandbox.port(3307));
        await connection.closeWrite();
        assertEquals(await receiveText(connection), greeting);
      };
      await sandbox.run(recipes.next("tele --server --protocol=teleport-mysql"));
      const client = recipes.next("tele --client --protocol=teleport-mysql");
      await sandbox.run(client);
      await asksDatabase();
      await sandbox.stopAll();
      await sandbox.run(recipes.next("tele --server --in=:22 --route=teleport-mysql=:3306"));
      await sandbox.run(client);
      await asksDatabase();
      // Sessions on the same port, by the recipe of the section on certificates.
      const ofCertificates = recipesOf("A certificate for each client");
      ["tele --make-cert", "tele --server"].forEach((text) => ofCertificates.next(text));
      await sandbox.run(ofCertificates.next("tele --client --in=:2222"));
      await echoesAt(sandbox.port(2222));
      return sandbox;
    },
  },
});
