// @ts-check
/**
 * Sizes, rates, lengths of time and times of day, as the page tells them. The browser has this file alone: the log has
 * its own in `lib/tunnel/values`, and the test of this one compares.
 *
 * @module
 */

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/**
 * A size, in the largest unit of which there is at least one.
 *
 * @param {number} bytes
 * @returns {string} Such as `1.2 MiB`.
 */
export function size(bytes) {
  if (!(bytes > 0)) return "0 B";
  let amount = Math.round(bytes);
  let unit = 0;
  // Compared as it is shown, or 1023.7 KiB would become "1024 KiB".
  while (Math.round(amount) >= 1024 && unit < UNITS.length - 1) {
    amount /= 1024;
    unit++;
  }
  return `${unit > 0 && amount < 9.95 ? tenths(amount) : Math.round(amount)} ${UNITS[unit]}`;
}

/**
 * A rate.
 *
 * @param {number | null} bytesPerSecond `null` when it is not known.
 * @returns {string} Such as `1.2 MiB/s`, or a dash.
 */
export function rate(bytesPerSecond) {
  return bytesPerSecond === null ? "–" : `${size(bytesPerSecond)}/s`;
}

/**
 * A length of time, in the detail that helps: tenths below ten seconds, then the two largest units.
 *
 * @param {number} ms Milliseconds.
 * @returns {string} Such as `3.1 s`, `2 min 5 s`, `1 d 6 h`.
 */
export function duration(ms) {
  if (!(ms > 0)) return "0 s";
  if (Math.round(ms) < 1000) return `${Math.round(ms)} ms`;
  if (Math.round(ms / 100) < 100) return `${tenths(ms / 1000)} s`;
  return age(ms);
}

/**
 * A length of time that goes on, in whole seconds: tenths would be old before they are read.
 *
 * @param {number} ms Milliseconds.
 * @returns {string} Such as `3 s`, `2 min 5 s`, `1 d 6 h`.
 */
export function age(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000)) || 0;
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return twoUnits(seconds, 60, "min", "s");
  const minutes = Math.round(seconds / 60);
  if (minutes < 24 * 60) return twoUnits(minutes, 60, "h", "min");
  return twoUnits(Math.round(minutes / 60), 24, "d", "h");
}

/**
 * A round trip.
 *
 * @param {number | null} seconds
 * @returns {string} Such as `0.4 ms`, `84 ms`, `1.2 s`, or a dash.
 */
export function roundTrip(seconds) {
  if (seconds === null) return "–";
  const ms = seconds * 1000;
  return ms < 9.95 ? `${tenths(ms)} ms` : duration(ms);
}

/**
 * A time of day, in the time zone of who draws the page.
 *
 * @param {string} iso A time such as `2026-03-01T12:00:00.000Z`.
 * @returns {string} Such as `12:00:00`.
 */
export function timeOfDay(iso) {
  const date = new Date(iso);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits).join(":");
}

/**
 * The time zone of {@linkcode timeOfDay}.
 *
 * @param {string} iso A time, since summer has another one.
 * @returns {string} Such as `UTC`, `UTC+02:00`.
 */
export function timeZone(iso) {
  const minutes = -new Date(iso).getTimezoneOffset();
  if (minutes === 0) return "UTC";
  const whole = Math.floor(Math.abs(minutes) / 60);
  return `UTC${minutes < 0 ? "−" : "+"}${twoDigits(whole)}:${twoDigits(Math.abs(minutes) % 60)}`;
}

/**
 * A number of things.
 *
 * @param {number} count
 * @param {string} one The word for one of them; an `s` makes it many.
 * @returns {string} Such as `1 stream`, `3 streams`, `no streams`.
 */
export function many(count, one) {
  return `${count === 0 ? "no" : count} ${one}${count === 1 ? "" : "s"}`;
}

/** @param {number} amount */
function tenths(amount) {
  return Math.round(amount * 10) / 10;
}

/** @param {number} amount */
function twoDigits(amount) {
  return String(amount).padStart(2, "0");
}

/**
 * @param {number} count
 * @param {number} perLarge
 * @param {string} large
 * @param {string} small
 */
function twoUnits(count, perLarge, large, small) {
  const rest = count % perLarge;
  const whole = `${(count - rest) / perLarge} ${large}`;
  return rest === 0 ? whole : `${whole} ${rest} ${small}`;
}
