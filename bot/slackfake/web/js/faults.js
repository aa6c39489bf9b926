// "Break it": switches that make the workspace misbehave as Slack sometimes
// does, each with a sentence that says what will happen.
import { h, button, icon, iconButton, fill } from './dom.js';
import { api } from './api.js';
import { toast } from './notice.js';
import { on } from './state.js';

const CALLS = [
  'chat.postMessage',
  'chat.update',
  'chat.postEphemeral',
  'conversations.open',
  'views.open',
  'views.update',
  'views.publish',
  'users.info',
  'response_url',
  '*',
];
const DELIVERIES = [
  'deliveries',
  'slash',
  'block_actions',
  'view_submission',
  'block_suggestion',
  'shortcut',
  'message_action',
  'events_api',
];
const WORDS = {
  '*': 'every call',
  deliveries: 'every delivery',
  slash: 'slash commands',
  block_actions: 'button clicks',
  view_submission: 'sent forms',
  block_suggestion: 'option lists',
  shortcut: 'shortcuts',
  message_action: 'message shortcuts',
  events_api: 'events',
  socket: 'sockets',
};
const CODES = [
  'channel_not_found',
  'not_in_channel',
  'is_archived',
  'user_disabled',
  'restricted_action',
  'message_not_found',
  'hash_conflict',
  'token_revoked',
  'missing_scope',
  'internal_error',
  'fatal_error',
];

// group, rule kind, name, sentence, and what the rule needs besides.
const FAULTS = [
  {
    group: 'When the app calls Slack',
    methods: CALLS,
    faults: [
      {
        kind: 'rate_limit',
        name: 'Rate limit',
        says: 'Slack answers 429 and asks for five seconds of patience. Nothing is done.',
        rule: { retry_after: 5 },
      },
      { kind: 'error_500', name: 'Server error', says: 'Slack answers 500. Nothing is done.' },
      { kind: 'html_502', name: 'Bad gateway', says: 'A proxy answers with a web page instead of JSON. Nothing is done.' },
      { kind: 'hang', name: 'Hang', says: 'Slack takes the call and never answers. Nothing is done.' },
      {
        kind: 'drop_reply',
        name: 'Do it, lose the reply',
        says: 'Slack does the work, then the line breaks: the app cannot know.',
      },
      { kind: 'truncate', name: 'Half an answer', says: 'Slack does the work and sends half of the JSON.' },
      { kind: 'slow', name: 'Slow', says: 'Every answer takes two seconds longer.', rule: { ms: 2000 } },
      { kind: 'code', name: 'Refuse', says: 'Slack answers ok: false with this code.', codes: CODES },
    ],
  },
  {
    group: 'When Slack calls the app',
    methods: DELIVERIES,
    faults: [
      { kind: 'duplicate', name: 'Deliver twice', says: 'The same command, click or form arrives two times.' },
      { kind: 'reorder', name: 'Out of order', says: 'A delivery waits until the next one has overtaken it.' },
      {
        kind: 'delay',
        name: 'Late',
        says: 'A delivery arrives four seconds late; by then it can open no form.',
        rule: { ms: 4000 },
      },
      { kind: 'drop', name: 'Lose it', says: 'The delivery never arrives.' },
    ],
  },
  {
    group: 'The socket',
    methods: ['socket'],
    faults: [
      { kind: 'drop_socket', name: 'Cut while delivering', says: 'The socket breaks as soon as something was written to it.' },
      { kind: 'refuse', name: 'Refuse to connect', says: 'No socket can be opened.' },
    ],
  },
];

const TIMES = [
  [1, 'once'],
  [3, '3 times'],
  [10, '10 times'],
  [0, 'until removed'],
];

/** mountFaults returns the panel and a function that reads the rules again. */
export function mountFaults({ onCount }) {
  const active = h('ul', { class: 'fault-active', 'aria-label': 'Switched on', data: { testid: 'active-faults' } });
  const none = h('p', { class: 'muted' }, 'Everything works. Switch something on and watch what Gatehouse says.');
  const clear = button(
    { class: 'button small', data: { testid: 'clear-faults' }, on: { click: () => change(() => api.removeFault()) } },
    'Mend everything',
  );
  const drop = button(
    {
      class: 'button small',
      data: { testid: 'drop-sockets' },
      on: { click: () => change(() => api.dropSockets(), 'All sockets were cut. The app should be back within seconds.') },
    },
    'Drop all sockets now',
  );
  const root = h(
    'div',
    { class: 'faults', data: { testid: 'faults' } },
    h('section', { class: 'fault-now' }, h('div', { class: 'fault-now-head' }, h('h3', {}, 'Switched on'), clear), none, active),
    FAULTS.map((group) => faultGroup(group, group.group === 'The socket' ? drop : null)),
  );

  async function change(act, words) {
    try {
      await act();
      if (words) toast(words);
    } catch (error) {
      toast(error.message, { tone: 'error' });
    }
    await read();
  }

  async function read() {
    const rules = await api.faults().catch(() => null);
    if (!rules) return;
    fill(
      active,
      rules.map((rule) =>
        h(
          'li',
          { class: 'fault-rule', data: { ruleId: rule.id } },
          icon('fault'),
          h('span', {}, describe(rule)),
          iconButton('trash', `Remove: ${describe(rule)}`, () => change(() => api.removeFault(rule.id)), {
            class: 'icon-button small',
          }),
        ),
      ),
    );
    none.hidden = rules.length > 0;
    clear.hidden = rules.length === 0;
    onCount(rules.length);
  }

  function faultGroup({ group, methods, faults }, extra) {
    const method = choice(
      'What it hits',
      methods.map((name) => [name, WORDS[name] ?? name]),
    );
    const times = choice('How often', TIMES);
    const head = h('div', { class: 'fault-head' }, h('h3', {}, group), methods.length > 1 && method, times, extra);
    return h(
      'section',
      { class: 'fault-group' },
      head,
      h(
        'ul',
        { class: 'fault-list' },
        faults.map((fault) => switchFor(fault, method, times)),
      ),
    );
  }

  function switchFor(fault, method, times) {
    const code =
      fault.codes &&
      choice(
        'Code',
        fault.codes.map((name) => [name, name]),
      );
    const add = () =>
      change(() =>
        api.addFault({ method: method.value, kind: code ? code.value : fault.kind, times: Number(times.value), ...fault.rule }),
      );
    return h(
      'li',
      { class: 'fault' },
      h('div', { class: 'fault-words' }, h('strong', {}, fault.name), h('span', {}, fault.says), code),
      button(
        {
          class: 'button small',
          'aria-label': `Switch on: ${fault.name}`,
          data: { testid: `fault-${fault.kind}` },
          on: { click: add },
        },
        'Switch on',
      ),
    );
  }

  // Rules wear off as calls use them up, which shows as traffic.
  on('traffic', read);
  return { root, read };
}

function choice(label, options) {
  return h(
    'select',
    { class: 'input plain-select', 'aria-label': label },
    options.map(([value, words]) => h('option', { value }, words)),
  );
}

function describe(rule) {
  const fault = FAULTS.flatMap((group) => group.faults).find((one) => one.kind === rule.kind);
  const often = rule.times ? `${rule.times} more ${rule.times === 1 ? 'time' : 'times'}` : 'until removed';
  return `${fault?.name ?? `Refuse with ${rule.kind}`} · ${WORDS[rule.method] ?? rule.method} · ${often}`;
}
