// The page's only way to the server: the control API under /_fake/.
// Every failure comes out as an Error whose message can be shown to a person.

const TROUBLE = 'We had some trouble connecting. Try again?';

async function call(method, path, body) {
  let response;
  try {
    response = await fetch(`/_fake/${path}`, {
      method,
      headers: body === undefined ? {} : { 'Content-Type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new Error(TROUBLE);
  }
  const answer = await response.json().catch(() => null);
  if (!response.ok || answer === null) throw new Error(answer?.error || TROUBLE);
  return answer;
}

const query = (params) =>
  new URLSearchParams(Object.entries(params).filter(([, value]) => value != null && value !== '')).toString();
const get = (path, params = {}) => call('GET', `${path}?${query(params)}`);

export const api = {
  state: (user) => get('state', { user }),
  messages: (user, channel, thread) => get('messages', { user, channel, thread }).then((answer) => answer.messages ?? []),
  views: (user) => get('views', { user }).then((answer) => answer.stack ?? []),
  home: (user) => get('home', { user }).then((answer) => answer.view),
  traffic: (after, limit) => get('traffic', { after, limit }).then((answer) => answer.entries ?? []),
  faults: () => get('faults').then((answer) => answer.rules ?? []),
  addFault: (rule) => call('POST', 'faults', rule),
  removeFault: (id) => call('DELETE', `faults?${query({ id })}`),
  dropSockets: () => call('POST', 'sockets/drop', {}),
  moveClock: (how) => call('POST', 'clock', how),
  /** act does what a person does; a refusal in Slack's words, and a lost connection, come back as {ok: false, error}. */
  act: (user, type, rest = {}) =>
    call('POST', 'act', { user, type, ...rest }).catch((error) => ({ ok: false, error: error.message })),
};

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 8000;

/**
 * listen opens the event stream of one person and keeps it open: `onEvent` gets
 * every poke, `onLink` whether the line is up. Returns a function that ends it.
 */
export function listen(user, onEvent, onLink) {
  let source;
  let timer = 0;
  let wait = FIRST_RETRY_MS;
  const open = () => {
    source = new EventSource(`/_fake/events?${query({ user })}`);
    source.onopen = () => {
      wait = FIRST_RETRY_MS;
      onLink(true);
    };
    source.onmessage = (event) => onEvent(JSON.parse(event.data));
    source.onerror = () => {
      // The browser's own retry gives up after an HTTP error, so the wait is ours.
      source.close();
      onLink(false);
      timer = setTimeout(open, wait);
      wait = Math.min(wait * 2, LAST_RETRY_MS);
    };
  };
  open();
  return {
    close: () => (clearTimeout(timer), source.close()),
    retry: () => (clearTimeout(timer), source.close(), (wait = FIRST_RETRY_MS), open()),
  };
}
