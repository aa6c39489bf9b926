// The workspace's clock, shown in the persona's zone, and the menu that moves it on.
import { h, button, icon, fill } from './dom.js';
import { opensMenu } from './floating.js';
import { api } from './api.js';
import { toast, announce } from './notice.js';
import { store, on, now, zone, me, nameOf, refresh, tell } from './state.js';
import { dayAndTime, isoTime, partsOf, placeOf } from './dates.js';

const TICK_MS = 1000;
const HOUR = 3600;

/** mountClock draws the clock; without a way to move it, it only tells the time. */
export function mountClock(root) {
  const long = h('span', { class: 'clock-long' });
  const short = h('span', { class: 'clock-short' });
  const movable = button(
    { class: 'chrome-button clock', data: { testid: 'clock' }, title: "The workspace's clock. Press to jump ahead." },
    icon('clock'),
    long,
    short,
    icon('down', 'small'),
  );
  const fixed = h('span', { class: 'chrome-button clock', data: { testid: 'clock' } }, icon('clock'));
  opensMenu(movable, 'Jump ahead', jumps, { align: 'end' });
  let minute = '';

  function draw() {
    if (!store.data) return;
    const shown = `${dayAndTime(now(), zone())} ${placeOf(zone())}`;
    const face = store.data.clock?.can_jump ? movable : fixed;
    if (face.parentNode !== root) fill(root, face);
    if (face === fixed) fixed.append(long, short);
    if (shown === minute) return;
    minute = shown;
    long.textContent = shown;
    short.textContent = isoTime(now(), zone());
    movable.setAttribute('aria-label', `It is ${shown}. Jump ahead`);
    // Clocks of personas, "today" and day dividers follow by the minute.
    tell('clock');
  }
  setInterval(draw, TICK_MS);
  on('state', draw);
}

function jumps() {
  const { minute, second } = partsOf(now(), zone());
  const toNextHour = HOUR - Number(minute) * 60 - Number(second);
  const first = nameOf(me()).split(' ')[0];
  return [
    { heading: 'Jump ahead' },
    { label: '10 minutes', data: { testid: 'jump-10m' }, onSelect: () => jump({ advance: 600 }) },
    { label: '1 hour', data: { testid: 'jump-1h' }, onSelect: () => jump({ advance: HOUR }) },
    {
      label: 'To the next full hour',
      note: `${isoTime(now() + toNextHour, zone())} for ${first}`,
      data: { testid: 'jump-hour' },
      onSelect: () => jump({ advance: toNextHour }),
    },
    {
      label: 'Tomorrow 09:00',
      note: `for ${first}, ${placeOf(zone())}`,
      data: { testid: 'jump-tomorrow' },
      onSelect: () => jump({ tomorrow: '09:00', user: store.user }),
    },
    { label: '1 week', data: { testid: 'jump-week' }, onSelect: () => jump({ advance: 7 * 24 * HOUR }) },
  ];
}

async function jump(how) {
  try {
    await api.moveClock(how);
    await refresh();
    announce(`It is now ${dayAndTime(now(), zone())}`);
  } catch (error) {
    toast(error.message, { tone: 'error' });
  }
}
