// Emoji by name, for the names that work messages use. An unknown name stays
// written out, as it does for a custom emoji that the workspace lacks.

const TABLE = `
+1 thumbsup 👍|-1 thumbsdown 👎|100 💯|1234 🔢|8ball 🎱|abacus 🧮|airplane ✈️|alarm_clock ⏰|alembic ⚗️|ambulance 🚑|anchor ⚓|angry 😠|arrow_down ⬇️
arrow_forward ▶️|arrow_backward ◀️|arrow_heading_down ⤵️|arrow_left ⬅️|arrow_right ➡️|arrow_right_hook ↪️|arrow_up ⬆️|arrow_up_down ↕️|arrow_upper_right ↗️|arrows_counterclockwise 🔄|arrows_clockwise 🔃|art 🎨
balance_scale scales ⚖️|ballot_box_with_check ☑️|bangbang ‼️|bar_chart 📊|beers 🍻|bell 🔔|no_bell 🔕|bike 🚲|birthday 🎂|black_circle ⚫|black_large_square ⬛|black_square_for_stop ⏹️|blue_heart 💙|blush 😊|boat sailboat ⛵|bomb 💣|book open_book 📖
bookmark 🔖|bookmark_tabs 📑|books 📚|boom collision 💥|bow 🙇|brain 🧠|bricks 🧱|bridge_at_night 🌉|broken_heart 💔|broom 🧹|bug 🐛|building_construction 🏗️|bulb 💡|bullettrain_side 🚄|bust_in_silhouette 👤|busts_in_silhouette 👥
cake 🍰|calendar 📆|date 📅|spiral_calendar_pad spiral_calendar 🗓️|camera 📷|card_file_box 🗃️|card_index 📇|card_index_dividers 🗂️|castle 🏰|european_castle 🏰|cat 🐱|chart chart_with_upwards_trend 📈|chart_with_downwards_trend 📉|checkered_flag 🏁|chains ⛓️
clap 👏|clipboard 📋|clock1 🕐|clock3 🕒|clock9 🕘|closed_lock_with_key 🔐|cloud ☁️|coffee ☕|collision 💥|computer 💻|confetti_ball 🎊|confused 😕|construction 🚧|construction_worker 👷|control_knobs 🎛️|cool 🆒|crescent_moon 🌙
crossed_fingers 🤞|cry 😢|crying_cat_face 😿|crystal_ball 🔮|cyclone 🌀|dancer 💃|dart 🎯|dash 💨|desktop_computer 🖥️|diamond_shape_with_a_dot_inside 💠|dizzy 💫|dog 🐶|door 🚪|double_vertical_bar pause_button ⏸️|dragon 🐉|droplet 💧|ear 👂
earth_africa 🌍|earth_americas 🌎|earth_asia 🌏|electric_plug 🔌|email envelope ✉️|envelope_with_arrow 📩|exclamation heavy_exclamation_mark ❗|grey_exclamation ❕|eyes 👀|face_palm facepalm 🤦|factory 🏭|fast_forward ⏩|fearful 😨|file_cabinet 🗄️|file_folder 📁
fire 🔥|fire_engine 🚒|fire_extinguisher 🧯|fireworks 🎆|fist ✊|flag-eu 🇪🇺|flags 🎏|floppy_disk 💾|flying_saucer 🛸|four_leaf_clover 🍀|freezing_face 🥶|ice_cube 🧊|ghost 👻|gift 🎁|globe_with_meridians 🌐|grey_question ❔|grimacing 😬|grin 😁|grinning 😀
guardsman 💂|hammer 🔨|hammer_and_wrench 🛠️|hammer_and_pick ⚒️|handshake 🤝|hatched_chick 🐥|heart ❤️|heavy_check_mark ✔️|heavy_division_sign ➗|heavy_minus_sign ➖|heavy_multiplication_x ✖️|heavy_plus_sign ➕|helicopter 🚁|herb 🌿|hourglass ⌛
hourglass_flowing_sand ⏳|house 🏠|hugging_face 🤗|hushed 😯|inbox_tray 📥|outbox_tray 📤|incoming_envelope 📨|information_source ℹ️|interrobang ⁉️|jigsaw 🧩|joy 😂|key 🔑|keyboard ⌨️|keycap_ten 🔟|label 🏷️|ladder 🪜
large_blue_circle blue_circle 🔵|large_green_circle green_circle 🟢|large_yellow_circle yellow_circle 🟡|large_orange_circle orange_circle 🟠|large_purple_circle purple_circle 🟣|large_brown_circle 🟤|red_circle 🔴|white_circle ⚪|large_blue_square 🟦|large_green_square 🟩|large_yellow_square 🟨|large_orange_square 🟧|large_red_square 🟥|large_purple_square 🟪|white_large_square ⬜
large_blue_diamond 🔷|large_orange_diamond 🔶|small_blue_diamond 🔹|small_orange_diamond 🔸|small_red_triangle 🔺|small_red_triangle_down 🔻|laughing 😆|leaves 🍃|left_right_arrow ↔️|leftwards_arrow_with_hook ↩️|lightning zap ⚡|link 🔗|lock 🔒|lock_with_ink_pen 🔏|unlock 🔓|loudspeaker 📢
mag 🔍|mag_right 🔎|mailbox 📫|mailbox_with_mail 📬|mega 📣|memo pencil 📝|pencil2 ✏️|microscope 🔬|money_with_wings 💸|moneybag 💰|moyai 🗿|muscle 💪|mute 🔇|nerd_face 🤓|neutral_face 😐|new 🆕|new_moon 🌑|newspaper 📰
next_track_button black_right_pointing_double_triangle_with_vertical_bar ⏭️|no_entry ⛔|no_entry_sign 🚫|no_good 🙅|notebook 📓|octagonal_sign stop_sign 🛑|o ⭕|ok 🆗|ok_hand 👌|onion 🧅|open_file_folder 📂|open_hands 👐|package 📦|page_facing_up 📄|page_with_curl 📃|palm_tree 🌴
paperclip 📎|partying_face 🥳|party_popper tada 🎉|pensive 😔|person_raising_hand raising_hand 🙋|pill 💊|pizza 🍕|point_down 👇|point_left 👈|point_right 👉|point_up ☝️|police_car 🚓|popcorn 🍿|pray 🙏|present 🎁|printer 🖨️|purple_heart 💜|pushpin 📌|round_pushpin 📍
question ❓|rabbit 🐰|radioactive_sign ☢️|biohazard_sign ☣️|railway_car 🚃|rainbow 🌈|raised_hand hand ✋|raised_hands 🙌|receipt 🧾|recycle ♻️|relaxed ☺️|relieved 😌|repeat 🔁|restroom 🚻|rewind ⏪|robot_face robot 🤖|rocket 🚀|rolling_on_the_floor_laughing 🤣|rose 🌹|rotating_light 🚨|runner 🏃
safety_pin 🧷|safety_vest 🦺|salute saluting_face 🫡|satellite 🛰️|satellite_antenna 📡|scissors ✂️|scream 😱|scroll 📜|see_no_evil 🙈|seedling 🌱|shield 🛡️|ship 🚢|shrug 🤷|sleeping 😴|sleuth_or_spy 🕵️|slightly_frowning_face 🙁|slightly_smiling_face 🙂|smile 😄|smiley 😃|smiling_face_with_3_hearts 🥰|smirk 😏
snail 🐌|snowflake ❄️|sob 😭|sos 🆘|sparkle ❇️|sparkles ✨|speech_balloon 💬|stadium 🏟️|star ⭐|star2 🌟|star-struck 🤩|stop_button ⏹️|stopwatch ⏱️|sunglasses 😎|sunny ☀️|sunrise 🌅|sweat 😓|sweat_smile 😅|tada 🎉|technologist 🧑‍💻|telephone ☎️|test_tube 🧪
thermometer 🌡️|thinking_face thinking 🤔|thought_balloon 💭|thread 🧵|ticket 🎫|timer_clock ⏲️|toolbox 🧰|tools 🛠️|tractor 🚜|traffic_light vertical_traffic_light 🚦|triangular_flag_on_post 🚩|triangular_ruler 📐|trophy 🏆|truck 🚚|turtle 🐢|umbrella ☔|unicorn_face unicorn 🦄|up 🆙|upside_down_face 🙃
v ✌️|vibration_mode 📳|warning ⚠️|waning_gibbous_moon 🌖|wastebasket 🗑️|watch ⌚|wave 👋|wheel 🛞|white_check_mark ✅|white_flag 🏳️|wind_blowing_face 🌬️|wink 😉|wrench 🔧|writing_hand ✍️|x ❌|negative_squared_cross_mark ❎|yum 😋|zipper_mouth_face 🤐|zzz 💤
one 1️⃣|two 2️⃣|three 3️⃣|four 4️⃣|five 5️⃣|six 6️⃣|seven 7️⃣|eight 8️⃣|nine 9️⃣|zero 0️⃣|a 🅰️|b 🅱️|copyright ©️|registered ®️|tm ™️`;

const byName = new Map();
for (const entry of TABLE.trim().split(/[|\n]/)) {
  const words = entry.split(' ');
  const sign = words.pop();
  for (const name of words) byName.set(name, sign);
}

/** emoji is the sign for a name without its colons, or undefined. */
export const emoji = (name) => byName.get(name);

/** emojiOf a rich_text element: its code points when it carries them, else by name. */
export function emojiOf({ name, unicode }) {
  if (/^[0-9a-f]+(-[0-9a-f]+)*$/i.test(unicode ?? ''))
    return String.fromCodePoint(...unicode.split('-').map((hex) => parseInt(hex, 16)));
  return emoji(name) ?? `:${name}:`;
}

/** withEmoji replaces :names: in plain text. */
export const withEmoji = (text) => text.replace(/:([a-z0-9_+'-]+):(?::skin-tone-\d:)?/g, (whole, name) => emoji(name) ?? whole);
