// All of Slack's selects, as one table over one control.
import { select, filtered } from './select.js';
import { plainText } from './notice.js';
import { store, userOf, channelOf, titleOf, nameOf } from './state.js';

const asChoice = (option) => ({ key: option.value, text: plainText(option.text), note: plainText(option.description), option });
const groupsOf = ({ option_groups: groups, options = [] }) =>
  groups?.length
    ? groups.map((group) => ({ label: plainText(group.label), options: group.options.map(asChoice) }))
    : [{ options: options.map(asChoice) }];

const personChoice = (user) => ({ key: user.id, text: nameOf(user), note: user.title });
const everybody = () => [{ options: store.data.users.filter((user) => !user.deleted && !user.is_bot).map(personChoice) }];
const channelChoice = (channel) => ({ key: channel.id, text: channel.kind === 'im' ? titleOf(channel) : `#${channel.name}` });
const channels = (kinds) => () => [
  { options: store.data.channels.filter((channel) => kinds.includes(channel.kind) && !channel.archived).map(channelChoice) },
];

const KINDS = { public: ['channel'], private: ['private'], im: ['im'] };
const conversations = (el) => channels((el.filter?.include ?? ['public', 'private', 'im']).flatMap((kind) => KINDS[kind] ?? []));

const known = {
  options: { chosen: (value) => value && asChoice(value), value: (choice) => choice.option },
  person: { chosen: (id) => id && personChoice(userOf(id) ?? { id, name: id }), value: (choice) => choice.key },
  channel: { chosen: (id) => id && channelChoice(channelOf(id) ?? { id, name: id }), value: (choice) => choice.key },
};

// field: where state.values keeps the choice; its plural is the one for several.
export const SELECTS = {
  static_select: { field: 'selected_option', kind: known.options, source: (el) => filtered(() => groupsOf(el)) },
  external_select: { field: 'selected_option', kind: known.options, external: true },
  users_select: { field: 'selected_user', kind: known.person, source: () => filtered(everybody), default: 'Choose a person' },
  conversations_select: {
    field: 'selected_conversation',
    kind: known.channel,
    source: (el) => filtered(conversations(el)),
    default: 'Choose a conversation',
  },
  channels_select: {
    field: 'selected_channel',
    kind: known.channel,
    source: () => filtered(channels(['channel'])),
    default: 'Choose a channel',
  },
};

/** makeSelect makes the control for any of them, with one choice or several. */
export function makeSelect(slot) {
  const { el } = slot;
  const multi = el.type.startsWith('multi_');
  const spec = SELECTS[el.type.replace('multi_', '')];
  const field = multi ? `${spec.field}s` : spec.field;
  const current = [slot.value[field]].flat().map(spec.kind.chosen).filter(Boolean);
  const node = select({
    id: slot.inputId,
    label: slot.naming['aria-label'],
    data: slot.data,
    multi,
    chosen: current,
    max: el.max_selected_items,
    placeholder: plainText(el.placeholder) || spec.default || 'Choose an option',
    clearable: slot.block.type === 'input' && slot.block.optional === true,
    source: spec.external ? (query) => slot.surface.suggest(slot.block, el, query).then(groupsOf) : spec.source(el),
    slow: spec.external,
    minQuery: spec.external ? (el.min_query_length ?? 3) : 0,
    onChange: (choices) => {
      const values = choices.map(spec.kind.value);
      return slot.change({ [field]: multi ? values : (values[0] ?? null) }, node);
    },
  });
  return node;
}
