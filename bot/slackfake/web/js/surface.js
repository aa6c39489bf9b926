// A surface is one message, one modal view or one Home view as a person works
// on it: what they have typed and chosen there, and how their acts reach the server.
import { api } from './api.js';
import { store } from './state.js';

// What an element holds before anybody touched it, in the shape of state.values.
const INITIAL = {
  plain_text_input: (el) => ({ value: el.initial_value ?? null }),
  number_input: (el) => ({ value: el.initial_value ?? null }),
  email_text_input: (el) => ({ value: el.initial_value ?? null }),
  url_text_input: (el) => ({ value: el.initial_value ?? null }),
  static_select: (el) => ({ selected_option: el.initial_option ?? null }),
  external_select: (el) => ({ selected_option: el.initial_option ?? null }),
  multi_static_select: (el) => ({ selected_options: el.initial_options ?? [] }),
  multi_external_select: (el) => ({ selected_options: el.initial_options ?? [] }),
  users_select: (el) => ({ selected_user: el.initial_user ?? null }),
  multi_users_select: (el) => ({ selected_users: el.initial_users ?? [] }),
  conversations_select: (el) => ({ selected_conversation: el.initial_conversation ?? null }),
  multi_conversations_select: (el) => ({ selected_conversations: el.initial_conversations ?? [] }),
  channels_select: (el) => ({ selected_channel: el.initial_channel ?? null }),
  multi_channels_select: (el) => ({ selected_channels: el.initial_channels ?? [] }),
  datepicker: (el) => ({ selected_date: el.initial_date ?? null }),
  timepicker: (el) => ({ selected_time: el.initial_time ?? null }),
  datetimepicker: (el) => ({ selected_date_time: el.initial_date_time ?? null }),
  radio_buttons: (el) => ({ selected_option: el.initial_option ?? null }),
  checkboxes: (el) => ({ selected_options: el.initial_options ?? [] }),
};

/** partsOf lists the elements of blocks that can hold or send something, with their block. */
export function partsOf(blocks) {
  return blocks.flatMap((block) =>
    [block.accessory, block.element, ...(block.type === 'actions' ? (block.elements ?? []) : [])]
      .filter((el) => el?.action_id)
      .map((el) => ({ block, el })),
  );
}

export class Surface {
  /** `where` goes with every act ({channel, message_ts} or {view_id}); `kind` is message, modal or home. */
  constructor(kind, where, { onChange } = {}) {
    this.kind = kind;
    this.where = where;
    this.kept = {}; // block_id → action_id → value, in the shape of state.values
    this.onChange = onChange;
  }

  /** keep takes over the values the server holds, where nothing newer was typed here. */
  keep(values = {}) {
    for (const [block, actions] of Object.entries(values)) this.kept[block] = { ...actions, ...this.kept[block] };
  }

  /** prune forgets values whose element is gone: new ids are how an app asks for an empty field. */
  prune(blocks) {
    const parts = partsOf(blocks);
    const lives = (blockId, actionId, type) =>
      parts.some(({ block, el }) => block.block_id === blockId && el.action_id === actionId && (!type || el.type === type));
    for (const [block, actions] of Object.entries(this.kept)) {
      for (const action of Object.keys(actions)) if (!lives(block, action, actions[action].type)) delete actions[action];
    }
  }

  value(block, el) {
    return this.kept[block.block_id]?.[el.action_id] ?? { type: el.type, ...INITIAL[el.type]?.(el) };
  }

  put(block, el, value) {
    (this.kept[block.block_id] ??= {})[el.action_id] = { type: el.type, ...value };
    this.onChange?.(block.block_id);
  }

  /** values is state.values: every element that can hold something, touched or not. */
  values(blocks) {
    const all = {};
    for (const { block, el } of partsOf(blocks)) {
      if (INITIAL[el.type]) (all[block.block_id] ??= {})[el.action_id] = this.value(block, el);
    }
    return all;
  }

  /** click sends one action to the app and resolves to words when it failed, else to ''. */
  async click(block, el, value) {
    const answer = await api.act(store.user, 'click', {
      ...this.where,
      block_id: block.block_id,
      action_id: el.action_id,
      ...value,
      state_values: this.values(this.blocks ?? [block]),
    });
    return answer.ok === false ? answer.error || 'Something went wrong. Try again?' : '';
  }

  /** suggest asks the app for the options of an external select. */
  async suggest(block, el, query) {
    const answer = await api.act(store.user, 'suggest', {
      ...this.where,
      block_id: block.block_id,
      action_id: el.action_id,
      value: query,
    });
    if (answer.ok === false) throw new Error(answer.error || 'The options could not be loaded.');
    return answer;
  }
}
