/**
 * A service as a unit of systemd: systemd.service(5), systemd.exec(5).
 *
 * @module
 */
import { badInput } from "../../net/error.ts";
import { MARK_LINE, marked } from "./marked_text.ts";
import type { Account, Service, ServicePlan } from "./service.ts";

/** What any service may have: none of it needs a right that a user's own systemd lacks. */
const SANDBOX = `\
NoNewPrivileges=yes
ProtectSystem=strict
ProtectControlGroups=yes
ProtectKernelTunables=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
UMask=0077
# No MemoryDenyWriteExecute: the JavaScript engine (V8) compiles into memory that it then runs.
`;

/** What only the systemd of the machine can give: each takes a capability away, which a user's cannot. */
const SYSTEM_SANDBOX = `\
CapabilityBoundingSet=CAP_NET_BIND_SERVICE
PrivateDevices=yes
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectProc=invisible
RemoveIPC=yes
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
`;

/** Folders that `ProtectHome=` is about. */
const HOMES = /^\/(home|root|run\/user)\//;

/**
 * The unit's text.
 *
 * @throws {TeleError} `bad-input` for a path in `/tmp`, if the service runs as a user of its own.
 *
 * @example
 * ```ts
 * import { systemdUnit } from "./systemd_unit.ts";
 * import { assertStringIncludes } from "@std/assert";
 *
 * const unit = systemdUnit({
 *   name: "tele",
 *   words: ["/usr/bin/tele", "--config=/etc/100%.toml"],
 *   account: { kind: "dynamic" },
 *   reads: ["/usr/bin/tele", "/etc/100%.toml"],
 *   writes: [],
 *   startsCommands: false,
 *   cacheHome: undefined,
 * });
 * assertStringIncludes(unit, 'ExecStart="/usr/bin/tele" "--config=/etc/100%%.toml"\n');
 * ```
 */
export function systemdUnit(service: Service): string {
  const { name, words, account, cacheHome } = service;
  const isSystem = account !== undefined;
  return marked(`\
# ${MARK_LINE}
[Unit]
Description=tele, connections that outlive the network (${name})
After=network.target

[Service]
Type=notify
ExecStart=${words.map(quotedWord).join(" ")}
ExecReload=/bin/kill -HUP $MAINPID
Restart=always
RestartSec=5
RestartPreventExitStatus=2
WatchdogSec=60
TimeoutStopSec=150
# Who clients are to their servers, across restarts.
StateDirectory=${name}
StateDirectoryMode=0700
Environment=XDG_STATE_HOME=%S/${name}
${cacheHome === undefined ? "" : `Environment=${quoted(`HOME=${cacheHome}`)}\n`}\
${account === undefined ? "" : accountLines(account)}\
${writableLine(service)}\
${isSystem ? homeLine(service) : ""}\
${temporaryLine(service)}\
${SANDBOX}${isSystem ? SYSTEM_SANDBOX : ""}
[Install]
WantedBy=${isSystem ? "multi-user.target" : "default.target"}
`);
}

/** Where the unit belongs, and the commands of systemctl(1); `home` is that of a service of a user. */
export function systemdPlan(name: string, home: string | undefined): ServicePlan {
  const unit = `${name}.service`;
  const systemctl = home === undefined ? ["systemctl"] : ["systemctl", "--user"];
  const journal = home === undefined ? "journalctl" : "journalctl --user";
  const hints = [
    `its log: ${journal} -u ${name}; after a change of the configuration: ${systemctl.join(" ")} reload ${name}`,
  ];
  if (home !== undefined) hints.push("it ends when you log out, unless you have run: loginctl enable-linger");
  return {
    file: home === undefined ? `/etc/systemd/system/${unit}` : `${home}/.config/systemd/user/${unit}`,
    begin: [[...systemctl, "daemon-reload"], [...systemctl, "enable", unit], [...systemctl, "restart", unit]],
    beginsAnew: true,
    end: [[...systemctl, "disable", "--now", unit]],
    forget: [[...systemctl, "daemon-reload"]],
    status: [...systemctl, "status", "--no-pager", unit],
    hints,
  };
}

/**
 * A `/tmp` of its own, unless one of its files is in the machine's.
 *
 * @throws {TeleError} `bad-input` if it is, and systemd gives it one of its own whatever the unit says.
 */
function temporaryLine({ reads, writes, account }: Service): string {
  const path = [...reads, ...writes].find((path) => /^\/(var\/)?tmp(\/|$)/.test(path));
  if (path === undefined) return "PrivateTmp=yes\n";
  if (account?.kind !== "dynamic") return "";
  throw badInput(`${path} is where a service sees a folder of its own: put it elsewhere, for example into /etc/tele`);
}

/** A port below 1024 is a capability, which root alone has by itself. */
function accountLines(account: Account): string {
  const ports = "AmbientCapabilities=CAP_NET_BIND_SERVICE\n";
  if (account.kind === "dynamic") return `DynamicUser=yes\n${ports}`;
  if (account.uid !== 0) return `User=${account.uid}\n${ports}`;
  return "# Some of its files are root's alone: it is root, without root's capabilities.\nUser=root\n";
}

function writableLine({ writes, cacheHome }: Service): string {
  const paths = [...writes, ...cacheHome === undefined ? [] : [`-${cacheHome}/.cache/deno`]];
  return paths.length === 0 ? "" : `ReadWritePaths=${paths.map(quoted).join(" ")}\n`;
}

/** Commands may need to write there, as ssh does its known hosts. */
function homeLine({ reads, writes, startsCommands, cacheHome }: Service): string {
  if (startsCommands) return "";
  const isAtHome = cacheHome !== undefined || [...reads, ...writes].some((path) => HOMES.test(path));
  return `ProtectHome=${isAtHome ? "read-only" : "yes"}\n`;
}

/** A word in double quotes, in which `%` is a specifier. */
function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, "\\$&").replaceAll("%", "%%")}"`;
}

/** A word of a command, in which `$` is a variable. */
function quotedWord(text: string): string {
  return quoted(text).replaceAll("$", "$$$$");
}
