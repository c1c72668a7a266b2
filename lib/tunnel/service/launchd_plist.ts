/**
 * A service as a job of launchd: launchd.plist(5).
 *
 * @module
 */
import { MARK_LINE, marked } from "./marked_text.ts";
import type { Service, ServicePlan } from "./service.ts";
import { xmlText } from "./xml_text.ts";

/** Who a job of launchd belongs to. */
export interface LaunchdOwner {
  /** The user's home folder; `undefined` for a job of the system. */
  readonly home: string | undefined;
  /** The user's number. */
  readonly uid: number;
}

/** The property list. */
export function launchdPlist({ name, words, cacheHome }: Service, owner: LaunchdOwner): string {
  const strings = words.map((word) => `    <string>${xmlText(word)}</string>\n`).join("");
  const log = xmlText(logOf(name, owner));
  return marked(`\
<?xml version="1.0" encoding="UTF-8"?>
<!-- ${MARK_LINE} -->
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>${name}</string>
  <key>ProgramArguments</key>
  <array>
${strings}  </array>
${cacheHome === undefined ? "" : homeKeys(cacheHome)}\
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <true/>
  <key>Umask</key>
  <integer>63</integer>
  <key>StandardOutPath</key>
  <string>${log}</string>
  <key>StandardErrorPath</key>
  <string>${log}</string>
</dict>
</plist>
`);
}

/** Where the property list belongs, and the commands of launchctl(1). */
export function launchdPlan(name: string, owner: LaunchdOwner): ServicePlan {
  const { home, uid } = owner;
  const domain = home === undefined ? "system" : `gui/${uid}`;
  const file = `${home ?? ""}/Library/${home === undefined ? "LaunchDaemons" : "LaunchAgents"}/${name}.plist`;
  return {
    file,
    begin: [["launchctl", "bootstrap", domain, file]],
    beginsAnew: false,
    end: [["launchctl", "bootout", `${domain}/${name}`]],
    forget: [],
    status: ["launchctl", "print", `${domain}/${name}`],
    hints: [
      `its log: ${logOf(name, owner)}; after a change of the configuration: launchctl kill SIGHUP ${domain}/${name}`,
    ],
  };
}

function logOf(name: string, { home }: LaunchdOwner): string {
  return `${home ?? ""}/Library/Logs/${name}.log`;
}

function homeKeys(home: string): string {
  return `\
  <key>EnvironmentVariables</key>
  <dict>
    <key>HOME</key>
    <string>${xmlText(home)}</string>
  </dict>
`;
}
