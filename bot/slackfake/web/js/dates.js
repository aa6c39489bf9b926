// Times as people read them, always in one named zone and on a 24-hour clock.
// Input and output are unix seconds; nothing here reads the machine's zone.

const formatters = new Map();

function formatter(zone, options) {
  const key = zone + JSON.stringify(options);
  if (!formatters.has(key)) formatters.set(key, make(zone, options));
  return formatters.get(key);
}

function make(zone, options) {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: zone, ...options });
  } catch {
    return new Intl.DateTimeFormat('en-US', { timeZone: 'UTC', ...options });
  }
}

const FULL = {
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
};

/** partsOf splits a moment into zero-padded strings: year, month, day, hour, minute, second. */
export function partsOf(unix, zone) {
  return Object.fromEntries(
    formatter(zone, FULL)
      .formatToParts(unix * 1000)
      .map((part) => [part.type, part.value]),
  );
}

const word = (unix, zone, options) => formatter(zone, options).format(unix * 1000);

/** isoDate is YYYY-MM-DD, isoTime HH:mm: the forms that date and time inputs hold. */
export function isoDate(unix, zone) {
  const { year, month, day } = partsOf(unix, zone);
  return `${year}-${month}-${day}`;
}
export function isoTime(unix, zone) {
  const { hour, minute } = partsOf(unix, zone);
  return `${hour}:${minute}`;
}

function ordinal(day) {
  const n = Number(day);
  const suffix = n % 100 >= 11 && n % 100 <= 13 ? 'th' : ({ 1: 'st', 2: 'nd', 3: 'rd' }[n % 10] ?? 'th');
  return `${n}${suffix}`;
}

const month = (unix, zone, length) => word(unix, zone, { month: length });
const weekday = (unix, zone, length = 'long') => word(unix, zone, { weekday: length });

export function dateLong(unix, zone) {
  return `${weekday(unix, zone)}, ${dateMedium(unix, zone)}`;
}
function dateMedium(unix, zone) {
  const { day, year } = partsOf(unix, zone);
  return `${month(unix, zone, 'long')} ${ordinal(day)}, ${year}`;
}
function dateShort(unix, zone) {
  const { day, year } = partsOf(unix, zone);
  return `${month(unix, zone, 'short')} ${Number(day)}, ${year}`;
}

/** dayAndTime is the short form for clocks: "Thu 14 May, 09:42". */
export function dayAndTime(unix, zone) {
  return `${weekday(unix, zone, 'short')} ${Number(partsOf(unix, zone).day)} ${month(unix, zone, 'short')}, ${isoTime(unix, zone)}`;
}

/** fullMoment leaves nothing open; it is what hovering over a time shows. */
export const fullMoment = (unix, zone) => `${dateLong(unix, zone)} at ${withSeconds(unix, zone)} ${offsetName(unix, zone)}`;

function withSeconds(unix, zone) {
  return `${isoTime(unix, zone)}:${partsOf(unix, zone).second}`;
}

/** relativeDay is "today", "yesterday", "tomorrow", or null for other days. */
export function relativeDay(unix, zone, now) {
  const days = dayNumber(unix, zone) - dayNumber(now, zone);
  return { '-1': 'yesterday', 0: 'today', 1: 'tomorrow' }[days] ?? null;
}

const dayNumber = (unix, zone) => Date.parse(`${isoDate(unix, zone)}T00:00:00Z`) / 86400000;

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** dayDivider heads the messages of one day. */
export function dayDivider(unix, zone, now) {
  const relative = relativeDay(unix, zone, now);
  if (relative) return capital(relative);
  const { day, year } = partsOf(unix, zone);
  const sameYear = year === partsOf(now, zone).year;
  return `${weekday(unix, zone)}, ${month(unix, zone, 'long')} ${ordinal(day)}${sameYear ? '' : `, ${year}`}`;
}

/** ago says how long ago, or how far ahead, in one unit. */
export function ago(unix, now) {
  const seconds = Math.round(unix - now);
  const [unit, size] =
    [
      ['day', 86400],
      ['hour', 3600],
      ['minute', 60],
    ].find(([, s]) => Math.abs(seconds) >= s) ?? [];
  if (!unit) return 'just now';
  return new Intl.RelativeTimeFormat('en', { numeric: 'auto' }).format(Math.trunc(seconds / size), unit);
}

const pretty = (plain) => (unix, zone, now) => relativeDay(unix, zone, now) ?? plain(unix, zone);
const slashed = (unix, zone) => {
  const { year, month: m, day } = partsOf(unix, zone);
  return `${m}/${day}/${year}`;
};

// The tokens of <!date^…>, each a function of (unix, zone, now).
const TOKENS = {
  date_num: isoDate,
  date_slash: slashed,
  date: dateMedium,
  date_short: dateShort,
  date_long: dateLong,
  date_pretty: pretty(dateMedium),
  date_short_pretty: pretty(dateShort),
  date_long_pretty: pretty(dateLong),
  day_divider_pretty: dayDivider,
  time: isoTime,
  time_secs: withSeconds,
  ago: (unix, zone, now) => ago(unix, now),
};

/**
 * dateToken fills the format of one <!date^…> token. Relative words start with a
 * capital only where they open the line, as a reader expects.
 */
export function dateToken(format, unix, zone, now, opensLine = false) {
  const filled = format.replace(/\{(\w+)\}/g, (whole, name) => TOKENS[name]?.(unix, zone, now) ?? whole);
  return opensLine && format.startsWith('{') ? capital(filled) : filled;
}

/** placeOf is the city of a zone name: "Europe/Lisbon" reads Lisbon. */
export const placeOf = (zone) => (zone || 'UTC').split('/').pop().replaceAll('_', ' ');

/** offsetName is the zone's distance from UTC at that moment: "GMT+1". */
export function offsetName(unix, zone) {
  const parts = formatter(zone, { hour: '2-digit', timeZoneName: 'shortOffset' }).formatToParts(unix * 1000);
  return parts.find((part) => part.type === 'timeZoneName')?.value ?? 'UTC';
}

/** toUnix is the moment at which a clock in the zone shows that date and time; null while either is missing. */
export function toUnix(date, time, zone) {
  if (!date || !time) return null;
  const wanted = Date.parse(`${date}T${time}:00Z`) / 1000;
  if (Number.isNaN(wanted)) return null;
  let guess = wanted;
  // The offset depends on the answer, so ask twice: once is wrong near a clock change.
  for (let i = 0; i < 2; i++) guess = wanted - offsetSeconds(guess, zone);
  return guess;
}

function offsetSeconds(unix, zone) {
  const { year, month: m, day, hour, minute, second } = partsOf(unix, zone);
  return Date.UTC(year, m - 1, day, hour, minute, second) / 1000 - Math.floor(unix);
}
