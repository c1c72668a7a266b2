/** Recipes of ways between the two roles: a balancer, a web server, a proxy, a command, several paths. */
import { isListening } from "../support/middle_box.ts";
import { SQUID_PROGRAMS, startSquid } from "../support/proxies.ts";
import { echoesAt, provideSsh, withToken } from "../support/recipe_parts.ts";
import { testRecipes } from "../support/recipe_tests.ts";
import { Sandbox } from "../support/sandbox.ts";
import { program } from "../support/skip.ts";
import { startSshd } from "../support/sshd.ts";
import { echo, freePort, UserServer } from "../support/user_programs.ts";
import { until, within } from "../support/wait.ts";
import { blockFor, makeSite, startWebServer, WEB_SERVERS } from "../support/web_servers.ts";

testRecipes("ways", {
  "Through a load balancer": {
    programs: ["haproxy"],
    isOpen: true,
    async run(recipes, s) {
      const sandbox = await Sandbox.make(s);
      const file = `${sandbox.home}/haproxy.cfg`;
      await sandbox.configure(file, recipes.next("defaults\n    mode tcp\n"));
      const user = s.use(new UserServer(echo));
      sandbox.serve(22, user.port);
      await sandbox.run({ language: "sh", text: "tele --server --in=:22 --out=:40300" });
      // The pair as HAProxy wants it, where it looks for files.
      await sandbox.type("tele --make-cert=tls --host=example.com && cat tls/cert.pem tls/key.pem > tele.pem");
      await sandbox.configure(file, recipes.next("listen tele-tls\n"));
      const balancer = sandbox.start(`exec '${program("haproxy")}' -db -f '${file}'`);
      await within(isListening(sandbox.port(443)), 20_000, `HAProxy: ${balancer.log}`);
      await sandbox.run({ language: "sh", text: "tele --client --in=:2222 --out=example.com:443" });
      await echoesAt(sandbox.port(2222));
      await sandbox.run({
        language: "sh",
        text: "tele --client --in=:2223 --out=example.com:8443 --tls-ca=tls/cert.pem",
      });
      await echoesAt(sandbox.port(2223));
      return sandbox;
    },
  },

  "Several servers": {
    programs: ["haproxy"],
    async run(recipes, s) {
      const sandbox = await Sandbox.make(s);
      sandbox.serve(5432, s.use(new UserServer(echo)).port);
      await withToken(sandbox);
      const server = recipes.next("(umask 077; tele --make-token > fleet-key)");
      await sandbox.run(server);
      // The other machine is this one: only its ports differ.
      const command = server.text.split("\n")[1]!;
      const other = command.replace(":40300", ":40302").replace("10.0.0.5:40301", "10.0.0.6:40303");
      await sandbox.run({ language: "sh", text: other });
      const file = `${sandbox.home}/haproxy.cfg`;
      const block = recipes.next("defaults\n    mode tcp\n");
      await sandbox.configure(file, { ...block, text: block.text.replace("10.0.0.6:40300", "10.0.0.6:40302") });
      const balancer = sandbox.start(`exec '${program("haproxy")}' -db -f '${file}'`);
      await within(isListening(sandbox.port(443)), 20_000, `HAProxy: ${balancer.log}`);
      await sandbox.run({ language: "sh", text: "tele --client --in=:2222 --out=example.com:443 --token-file=token" });
      await echoesAt(sandbox.port(2222));
      return sandbox;
    },
  },

  "Several processes": {
    // The system deals connections to processes in Linux alone, and this is of it.
    programs: ["ip"],
    async run(recipes, s) {
      const sandbox = await Sandbox.make(s);
      sandbox.serve(5432, s.use(new UserServer(echo)).port);
      sandbox.serve(40300, freePort());
      await withToken(sandbox);
      await sandbox.run(recipes.next("tele --server --in=:5432 --out=:40300 --token-file=token --workers=auto"));
      await sandbox.run({
        language: "sh",
        text: "tele --client --in=:2222 --out=example.com:40300 --token-file=token",
      });
      await echoesAt(sandbox.port(2222));
      return sandbox;
    },
  },

  "Through a web server": {
    programs: WEB_SERVERS.map((server) => server.program),
    async run(recipes, s) {
      const sandbox = await Sandbox.make(s);
      sandbox.serve(22, s.use(new UserServer(echo)).port);
      await withToken(sandbox);
      await sandbox.run(recipes.next("tele --server --in=:22 --out=127.0.0.1:40300"));
      const client = recipes.next("tele --client --in=:2222 --out=wss://example.com/tele");
      await sandbox.type("tele --make-cert=tls --host=example.com");
      const pair = { cert: `${sandbox.folder}/tls/cert.pem`, key: `${sandbox.folder}/tls/key.pem` };
      for (const server of WEB_SERVERS) {
        const block = recipes.next(blockFor(server).text);
        const site = await makeSite(s, pair);
        sandbox.serve(443, site.port);
        await startWebServer(s, server, sandbox.translate(block.text), site);
        // The URL tells no port; the certificate is of nobody whom all trust.
        sandbox.stand.set("wss://127.0.0.1/tele", `wss://127.0.0.1:${site.port}/tele --tls-ca=tls/cert.pem`);
        sandbox.serve(2222, freePort());
        await sandbox.run(client);
        await echoesAt(sandbox.port(2222));
      }
      return sandbox;
    },
  },

  "Through a proxy": {
    programs: [...SQUID_PROGRAMS, "chown"],
    isOpen: true,
    async run(recipes, s) {
      const sandbox = await Sandbox.make(s);
      const squid = await startSquid(s, "s@secret");
      sandbox.stand.set("proxy.example.net", "127.0.0.1");
      sandbox.serve(22, s.use(new UserServer(echo)).port);
      sandbox.serve(3128, squid.openPort);
      await sandbox.run({ language: "sh", text: "tele --server --in=:22 --out=:443" });
      await sandbox.run(recipes.next("tele --client --in=:2222 --out=example.com:443 --proxy=http://"));
      await echoesAt(sandbox.port(2222));
      sandbox.serve(3128, squid.port);
      sandbox.serve(2222, freePort());
      await sandbox.run(recipes.next("(umask 077; echo 'http://alice:"));
      await sandbox.run(recipes.next("tele --client --in=:2222 --out=example.com:443 --proxy-file=proxy"));
      await echoesAt(sandbox.port(2222));
      await sandbox.stopAll();
      // Squid writes a line when a connection is over.
      await until(() => squid.log().includes(" alice "), 5_000, "a carrier of alice's");
      return sandbox;
    },
  },

  "By a command": {
    programs: ["ssh", "sshd", "ssh-keygen", "socat"],
    async run(recipes, s) {
      const sandbox = await Sandbox.make(s);
      const sshd = await startSshd(s);
      const config = await provideSsh(sandbox, sshd);
      await Deno.writeTextFile(config, `Host 127.0.0.1\n  Port ${sshd.port}\n`);
      // What stand for those that no test has here let socat run beside the tele server, as they do.
      await sandbox.provide("kubectl", '[ "$1 $2 $3 $4" = "exec -i deploy/web --" ] && shift 4 && exec "$@"');
      await sandbox.provide("docker", '[ "$1 $2 $3" = "exec -i web" ] && shift 3 && exec "$@"');
      sandbox.stand.set("192.0.2.7", "127.0.0.1");
      sandbox.serve(8000, s.use(new UserServer(echo)).port);
      await sandbox.run(recipes.next("tele --server --in=:8000 --out=127.0.0.1:40300"));
      for (const command of ["ssh -W", "kubectl exec", "docker exec"]) {
        sandbox.serve(8001, freePort());
        await sandbox.run(recipes.next(`tele --client --in=:8001 --out='exec:${command}`));
        await echoesAt(sandbox.port(8001));
      }
      return sandbox;
    },
  },

  "Several paths": {
    programs: [],
    isOpen: true,
    async run(recipes, s) {
      const sandbox = await Sandbox.make(s);
      // Addresses of this machine alone stand for its interfaces, and for those that two providers give a server.
      ["eth0", "wlan0", "usb0"].forEach((name, index) => sandbox.stand.set(name, `127.0.0.${index + 1}`));
      sandbox.stand.set("one.127.0.0.1", "127.0.0.1").set("two.127.0.0.1", "127.0.0.2");
      sandbox.serve(8000, s.use(new UserServer(echo)).port);
      await sandbox.run({ language: "sh", text: "tele --server --in=:8000 --out=:40300" });
      for (
        const client of ["tele --client --in=:8001 --out=example.com:40300", "tele --client --in=:8001 --out=one."]
      ) {
        sandbox.serve(8001, freePort());
        await sandbox.run(recipes.next(client));
        await echoesAt(sandbox.port(8001));
      }
      return sandbox;
    },
  },
});
