package slackapi

// Method names as they stand in errors, logs and holds.
const (
	MethodPost      = "chat.postMessage"
	MethodUpdate    = "chat.update"
	MethodEphemeral = "chat.postEphemeral"
	MethodPermalink = "chat.getPermalink"
	MethodRespond   = "response_url"
	MethodOpen      = "views.open"
	MethodPush      = "views.push"
	MethodReplace   = "views.update"
	MethodPublish   = "views.publish"
	MethodDM        = "conversations.open"
	MethodChannel   = "conversations.info"
	MethodHistory   = "conversations.history"
	MethodReplies   = "conversations.replies"
	MethodUser      = "users.info"
	MethodGroups    = "usergroups.list"
	MethodGroup     = "usergroups.users.list"
	MethodUploadURL = "files.getUploadURLExternal"
	MethodUpload    = "upload"
	MethodShare     = "files.completeUploadExternal"
	MethodAuth      = "auth.test"
	MethodSocket    = "apps.connections.open"
)

// act words what a method was for. retried says that Gatehouse repeats it by
// itself; what spends a trigger only the person can repeat.
type act struct {
	failed, unsure string
	retried        bool
}

var someAct = act{"Slack did not do what Gatehouse asked for.", "Slack may not have done what Gatehouse asked for.", true}

var acts = map[string]act{
	MethodPost:      {"The message was not posted.", "The message may not have been posted.", true},
	MethodUpdate:    {"The message was not brought up to date.", "The message may not have been brought up to date.", true},
	MethodEphemeral: {"The private line was not shown.", "The private line may not have been shown.", false},
	MethodRespond:   {"The answer was not shown.", "The answer may not have been shown.", false},
	MethodOpen:      {"The form could not be opened.", "The form may not have opened.", false},
	MethodPush:      {"The next form could not be opened.", "The next form may not have opened.", false},
	MethodReplace:   {"The form could not be refreshed.", "The form may not have been refreshed.", false},
	MethodPublish:   {"Your Home tab was not brought up to date.", "Your Home tab may not be up to date.", true},
	MethodDM:        {"The direct message could not be opened.", "The direct message may not have been opened.", true},
	MethodUser:      {"The person could not be looked up.", "The person could not be looked up.", true},
	MethodGroups:    {"The user groups could not be read.", "The user groups could not be read.", true},
	MethodGroup:     {"The members of the user group could not be read.", "The members of the user group could not be read.", true},
	MethodChannel:   {"The channel could not be looked up.", "The channel could not be looked up.", true},
	MethodHistory:   {"Gatehouse could not look whether its message is there.", "Gatehouse could not look whether its message is there.", true},
	MethodReplies:   {"Gatehouse could not look whether its message is there.", "Gatehouse could not look whether its message is there.", true},
	MethodPermalink: {"The link to the message could not be made.", "The link to the message could not be made.", true},
	MethodUploadURL: {"The file was not uploaded.", "The file may not have been uploaded.", true},
	MethodUpload:    {"The file was not uploaded.", "The file may not have been uploaded.", true},
	MethodShare:     {"The file was not shared.", "The file may not have been shared.", true},
	MethodAuth:      {"Gatehouse could not sign in to Slack.", "Gatehouse could not sign in to Slack.", true},
	MethodSocket:    {"Gatehouse could not connect to Slack.", "Gatehouse could not connect to Slack.", true},
}

// verdict is what one of Slack's codes means to a program and to a person.
type verdict struct {
	kind    Kind
	trouble Trouble
	why, do string
}

const (
	tellOperator = "Please tell whoever runs Gatehouse; its log has the details."
	askAdmin     = "Please ask a Slack admin of this workspace."
	otherChannel = "Choose another channel in /gatehouse setup."
	inviteOr     = "Invite Gatehouse there with /invite, or choose another channel in /gatehouse setup."
	reinstall    = "Whoever runs Gatehouse must install the app again and give it the new token; what is waiting is sent then."
	openAgain    = "Please open it again."
)

func verdictOf(code string) verdict {
	if v, ok := verdicts[code]; ok {
		return v
	}
	return verdict{Never, Refused, "Slack refused it for a reason Gatehouse does not know.", tellOperator}
}

// verdicts is the one place where Slack's codes mean anything. Sources: the
// error lists of the methods above in Slack's reference.
var verdicts = map[string]verdict{
	"ratelimited":                {kind: Later, trouble: Busy},
	"rate_limited":               {kind: Later, trouble: Busy},
	"message_limit_exceeded":     {kind: Later, trouble: Busy},
	"too_many_websockets":        {kind: Later, trouble: Busy},
	"service_unavailable":        {kind: Later, trouble: Maintenance},
	"request_timeout":            {kind: Later, trouble: Maintenance}, // our body did not arrive whole
	"team_added_to_org":          {kind: Later, trouble: Maintenance}, // moving to an Enterprise organisation
	"external_channel_migrating": {kind: Later, trouble: Maintenance},
	"update_failed":              {kind: Later, trouble: Maintenance},

	"fatal_error":    {kind: MayHaveHappened, trouble: NoAnswer}, // "some aspect of the operation succeeded"
	"internal_error": {kind: MayHaveHappened, trouble: NoAnswer},

	"channel_not_found":                        {Never, ChannelClosed, "The channel is gone, or it is private and Gatehouse was not invited.", inviteOr},
	"not_in_channel":                           {Never, ChannelClosed, "Gatehouse is not in that channel.", inviteOr},
	"is_archived":                              {Never, ChannelClosed, "The channel is archived.", "Unarchive it, or choose another channel in /gatehouse setup."},
	"is_inactive":                              {Never, ChannelClosed, "The channel is frozen, archived or deleted.", otherChannel},
	"restricted_action":                        {Never, ChannelClosed, "This workspace does not let Gatehouse post in that channel.", "Ask a Slack admin to allow it, or choose another channel in /gatehouse setup."},
	"restricted_action_read_only_channel":      {Never, ChannelClosed, "The channel is read-only.", otherChannel},
	"restricted_action_thread_only_channel":    {Never, ChannelClosed, "The channel allows replies in threads only.", otherChannel},
	"restricted_action_non_threadable_channel": {Never, ChannelClosed, "The channel allows no threads.", otherChannel},
	"restricted_action_thread_locked":          {Never, ChannelClosed, "The thread is locked.", "Unlock it, or look at the card itself: it is up to date."},
	"thread_not_found":                         {Never, ChannelClosed, "The thread is gone.", "Look at the card itself: it is up to date."},
	"invalid_thread_ts":                        {Never, ChannelClosed, "Slack allows no thread under that message.", "Look at the card itself: it is up to date."},
	"cannot_reply_to_message":                  {Never, ChannelClosed, "Slack allows no thread under that message.", "Look at the card itself: it is up to date."},
	"method_not_supported_for_channel_type":    {Never, ChannelClosed, "Slack does not allow this in that kind of channel.", otherChannel},
	"messages_tab_disabled":                    {Never, ChannelClosed, "Direct messages from Gatehouse are switched off in this workspace.", "Ask a Slack admin to switch on the Messages tab of the app."},
	"team_access_not_granted":                  {Never, ChannelClosed, "Gatehouse has no access to that workspace.", askAdmin},
	"access_denied":                            {Never, ChannelClosed, "This workspace does not let Gatehouse do that.", askAdmin},
	"no_permission":                            {Never, ChannelClosed, "This workspace does not let Gatehouse do that.", askAdmin},
	"ekm_access_denied":                        {Never, ChannelClosed, "The organisation's admins have suspended posting there.", askAdmin},

	"user_not_found":           {Never, PersonGone, "Slack does not know that person in this workspace.", "Choose somebody else."},
	"users_not_found":          {Never, PersonGone, "Slack does not know that person in this workspace.", "Choose somebody else."},
	"user_not_visible":         {Never, PersonGone, "Gatehouse may not see that person.", "Choose somebody else, or ask a Slack admin."},
	"user_disabled":            {Never, PersonGone, "That person's account is deactivated.", "Choose somebody else."},
	"user_not_in_channel":      {Never, PersonGone, "That person is not in the channel.", "Invite them there, or choose somebody else."},
	"cannot_dm_bot":            {Never, PersonGone, "Slack allows no direct messages to a bot.", "Choose a person."},
	"invalid_user_combination": {Never, PersonGone, "Slack allows no conversation with that person.", "Choose somebody else."},

	"file_not_found":              {Never, MessageGone, "The file is gone, or is shared already.", "Look under the card."},
	"file_upload_size_restricted": {Never, BadContent, "This workspace takes no files of that size.", askAdmin},
	"storage_limit_reached":       {Never, BadContent, "This workspace has no room for files left.", askAdmin},
	"file_uploads_disabled":       {Never, BadContent, "Files are switched off in this workspace.", askAdmin},

	"message_not_found":   {Never, MessageGone, "The message was deleted.", "Gatehouse posts it anew."},
	"cant_update_message": {Never, MessageGone, "Slack no longer lets Gatehouse edit that message.", "Gatehouse posts it anew."},
	"edit_window_closed":  {Never, MessageGone, "This workspace does not allow edits of messages that old.", "Gatehouse posts it anew."},
	"cant_delete_message": {Never, MessageGone, "Slack does not let Gatehouse delete that message.", "Delete it by hand."},

	"account_inactive":          {Never, AppRemoved, "Gatehouse was removed from this workspace, or its account was deactivated.", reinstall},
	"token_revoked":             {Never, AppRemoved, "Gatehouse's access to this workspace was revoked.", reinstall},
	"token_expired":             {Never, AppRemoved, "Gatehouse's access to this workspace has run out.", reinstall},
	"invalid_auth":              {Never, AppRemoved, "Slack does not accept Gatehouse's token, or not from this network.", reinstall},
	"not_authed":                {Never, AppRemoved, "Slack received no token from Gatehouse.", tellOperator},
	"org_login_required":        {Never, AppRemoved, "This workspace is moving to an Enterprise organisation.", reinstall},
	"enterprise_is_restricted":  {Never, AppRemoved, "The organisation does not allow this app.", askAdmin},
	"two_factor_setup_required": {Never, AppRemoved, "This workspace demands two-factor sign-in for the account that installed Gatehouse.", askAdmin},
	"accesslimited":             {Never, AppRemoved, "This workspace does not accept calls from Gatehouse's network.", askAdmin},

	"missing_scope":           {Never, ScopeMissing, "Gatehouse was installed without a permission it needs for this.", "Whoever runs Gatehouse must add it to the app and install it again; `gatehouse doctor` names it."},
	"not_allowed_token_type":  {Never, ScopeMissing, "Gatehouse was given the wrong kind of token for this.", "Whoever runs Gatehouse finds the right one with `gatehouse doctor`."},
	"socket_mode_not_enabled": {Never, ScopeMissing, "Socket Mode is switched off in the app's settings.", "Whoever runs Gatehouse must switch it on there."},
	"not_enabled":             {Never, ScopeMissing, "The app's Home tab is switched off.", "Whoever runs Gatehouse must switch it on under App Home."},

	"paid_teams_only":       {Never, PlanLacks, "User groups are not part of this workspace's plan.", "Name people instead of a group."},
	"plan_upgrade_required": {Never, PlanLacks, "This workspace's plan does not have this feature.", "Name people instead of a group."},
	"no_such_subteam":       {Never, PersonGone, "The user group is gone.", "Choose another group, or name people."},
	"subteam_not_found":     {Never, PersonGone, "The user group is gone.", "Choose another group, or name people."},

	"invalid_blocks":                 {Never, BadContent, "Gatehouse made a message that Slack does not accept.", tellOperator},
	"invalid_blocks_format":          {Never, BadContent, "Gatehouse made a message that Slack does not accept.", tellOperator},
	"invalid_attachments":            {Never, BadContent, "Gatehouse made a message that Slack does not accept.", tellOperator},
	"invalid_arguments":              {Never, BadContent, "Gatehouse made a message that Slack does not accept.", tellOperator},
	"invalid_arg_name":               {Never, BadContent, "Gatehouse made a message that Slack does not accept.", tellOperator},
	"invalid_form_data":              {Never, BadContent, "Gatehouse made a message that Slack does not accept.", tellOperator},
	"invalid_json":                   {Never, BadContent, "Gatehouse made a message that Slack does not accept.", tellOperator},
	"json_not_object":                {Never, BadContent, "Gatehouse made a message that Slack does not accept.", tellOperator},
	"markdown_text_conflict":         {Never, BadContent, "Gatehouse made a message that Slack does not accept.", tellOperator},
	"invalid_metadata_format":        {Never, BadContent, "Gatehouse made a message that Slack does not accept.", tellOperator},
	"invalid_metadata_schema":        {Never, BadContent, "Gatehouse made a message that Slack does not accept.", tellOperator},
	"metadata_too_large":             {Never, BadContent, "Gatehouse made a message that Slack does not accept.", tellOperator},
	"metadata_must_be_sent_from_app": {Never, BadContent, "Gatehouse was given the wrong kind of token for this.", tellOperator},
	"no_text":                        {Never, BadContent, "The message was empty.", tellOperator},
	"msg_too_long":                   {Never, BadContent, "The message is longer than Slack allows.", "Shorten the text and try again."},
	"msg_blocks_too_long":            {Never, BadContent, "The message is longer than Slack allows.", "Shorten the text and try again."},
	"view_too_large":                 {Never, BadContent, "The form is longer than Slack allows.", "Shorten the text and try again."},
	"too_many_attachments":           {Never, BadContent, "The message is longer than Slack allows.", "Shorten the text and try again."},
	"duplicate_external_id":          {Never, BadContent, "The same form is open already.", "Go on in the open one."},

	"hash_conflict":  {Never, ViewChanged, "It was changed at the same moment.", openAgain},
	"view_not_found": {Never, ViewChanged, "The form was closed.", openAgain},
	"not_found":      {Never, ViewChanged, "The form was closed.", openAgain},

	"expired_trigger_id":   {Never, TooLate, "Slack allows three seconds to open a form, and this took longer.", openAgain},
	"trigger_expired":      {Never, TooLate, "Slack allows three seconds to open a form, and this took longer.", openAgain},
	"exchanged_trigger_id": {Never, TooLate, "This click has opened a form already.", openAgain},
	"trigger_exchanged":    {Never, TooLate, "This click has opened a form already.", openAgain},
	"invalid_trigger_id":   {Never, TooLate, "Slack no longer knows this click.", openAgain},
	"invalid_trigger":      {Never, TooLate, "Slack no longer knows this click.", openAgain},
	"push_limit_reached":   {Never, TooLate, "Slack allows three forms on top of each other.", "Close one and try again."},
	"expired_url":          {Never, TooLate, "Slack takes answers to a click for 30 minutes only.", "Open it again to see where it stands."},
	"no_such_url":          {Never, TooLate, "Slack no longer knows this click.", openAgain},
	"used_url":             {Never, TooLate, "Slack takes five answers to a click and no more.", "Open it again to see where it stands."},
}
