// Dates and times. Days and times of day are the plain inputs of the browser;
// a moment is both together, on the clock of the person played.
import { h } from './dom.js';
import { toUnix, isoDate, isoTime, dateLong, placeOf, offsetName } from './dates.js';
import { zone, now } from './state.js';

/** picker makes a date or a time input; field is where state.values keeps it. */
export function picker(slot, type, field) {
  const node = h('input', {
    type,
    id: slot.inputId,
    class: 'input date-input',
    ...slot.naming,
    data: slot.data,
    value: slot.value[field] ?? '',
  });
  node.addEventListener('change', async () => {
    const before = slot.value[field];
    if ((await slot.change({ [field]: node.value || null }, node)) === false) node.value = before ?? '';
  });
  return node;
}

/** makeMoment makes a datetimepicker; the words below it say whose clock it is. */
export function makeMoment(slot) {
  const at = slot.value.selected_date_time;
  const date = h('input', {
    type: 'date',
    class: 'input date-input',
    'aria-label': 'Date',
    data: { part: 'date' },
    value: at ? isoDate(at, zone()) : '',
  });
  const time = h('input', {
    type: 'time',
    class: 'input date-input',
    'aria-label': 'Time',
    data: { part: 'time' },
    value: at ? isoTime(at, zone()) : '',
  });
  const says = h('span', { class: 'moment-says' });
  const node = h('div', { class: 'moment', role: 'group', ...slot.naming, data: slot.data }, date, time, says);
  const explain = (unix) => {
    const where = `${placeOf(zone())} (${offsetName(unix ?? now(), zone())})`;
    says.textContent = unix ? `${dateLong(unix, zone())}, ${isoTime(unix, zone())} in ${where}` : `Time in ${where}`;
  };
  const changed = () => {
    const unix = toUnix(date.value, time.value, zone());
    explain(unix);
    // Half a moment is not sent: with only a date there is nothing to say yet.
    if (unix !== null || (!date.value && !time.value)) slot.change({ selected_date_time: unix }, node);
    else slot.keep({ selected_date_time: null });
  };
  date.addEventListener('change', changed);
  time.addEventListener('change', changed);
  explain(at);
  return node;
}
