package bot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gatehousehq/gatehouse/bot/slackapi"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

// finding is one line of the doctor: what was looked at, what was seen, and
// what to do about it ("" = it is well).
type finding struct{ what, seen, mend string }

// Doctor looks at everything that Gatehouse depends on and says what to mend.
// It changes nothing. The error is non-nil when something is wrong.
func Doctor(ctx context.Context, c Config, configErr error, w io.Writer) error {
	d := &doctor{config: c}
	d.look(ctx, configErr)
	bad := 0
	for _, f := range d.findings {
		mark := "ok  "
		if f.mend != "" {
			mark = "BAD "
			bad++
		}
		_, _ = fmt.Fprintf(w, "%s %-18s %s\n", mark, f.what, f.seen)
		if f.mend != "" {
			_, _ = fmt.Fprintf(w, "     %-18s → %s\n", "", strings.ReplaceAll(f.mend, "\n", "\n                          "))
		}
	}
	if bad > 0 {
		return fmt.Errorf("%d of %d checks need attention", bad, len(d.findings))
	}
	return nil
}

type doctor struct {
	config   Config
	findings []finding
}

func (d *doctor) ok(what, seen string, args ...any) {
	d.findings = append(d.findings, finding{what: what, seen: fmt.Sprintf(seen, args...)})
}

func (d *doctor) bad(what, seen, mend string) {
	d.findings = append(d.findings, finding{what, seen, mend})
}

func (d *doctor) look(ctx context.Context, configErr error) {
	if configErr != nil {
		d.bad("configuration", "not complete", configErr.Error())
	} else {
		d.ok("configuration", "%s mode", d.config.Mode)
	}
	d.zones()
	client, id, signedIn := d.slack(ctx)
	directory := d.database(ctx, models.WorkspaceID(id.TeamID))
	if signedIn {
		d.channels(ctx, client, directory)
	}
	if len(directory.Services) > 0 {
		d.roles(directory)
	}
}

func (d *doctor) zones() {
	if _, err := time.LoadLocation("America/St_Johns"); err != nil {
		d.bad("time zones", "zone data is missing", "Use a binary built from cmd/gatehouse, which carries it.")
		return
	}
	d.ok("time zones", "zone data is there")
}

// slack signs in, and looks at what the tokens allow.
func (d *doctor) slack(ctx context.Context) (*slackapi.Client, slackapi.Identity, bool) {
	var id slackapi.Identity
	if !strings.HasPrefix(string(d.config.BotToken), "xoxb-") {
		d.bad("bot token", "there is none", "Set GATEHOUSE_SLACK_BOT_TOKEN to the one under OAuth & Permissions; it begins with xoxb-.")
		return nil, id, false
	}
	client, err := slackapi.New(slackapi.Config{BotToken: string(d.config.BotToken), AppToken: string(d.config.AppToken), BaseURL: d.config.SlackAPIURL})
	if err != nil {
		d.bad("bot token", "can't be tried", err.Error())
		return nil, id, false
	}
	if id, err = client.AuthTest(ctx); err != nil {
		d.bad("bot token", refusedOr("Slack does not accept it", "it could not be tried", err), inWords(err))
	} else {
		d.ok("bot token", "workspace %s, as %s", id.Team, id.BotUser)
		d.scopes(id)
		d.clock(id)
	}
	if d.config.Mode == ModeSocket {
		d.sockets(ctx, client)
	}
	return client, id, err == nil
}

func (d *doctor) sockets(ctx context.Context, client *slackapi.Client) {
	if !strings.HasPrefix(string(d.config.AppToken), "xapp-") {
		d.bad("socket mode", "there is no app-level token", "Set GATEHOUSE_SLACK_APP_TOKEN to one from Basic Information, App-Level Tokens, with connections:write; it begins with xapp-.")
		return
	}
	if _, err := client.OpenSocketURL(ctx); err != nil {
		d.bad("socket mode", refusedOr("no connection to be had", "it could not be tried", err), inWords(err))
		return
	}
	d.ok("socket mode", "the app-level token opens connections")
}

func (d *doctor) scopes(id slackapi.Identity) {
	var missing []string
	for _, s := range Scopes {
		if !slices.Contains(id.Scopes, s.Name) {
			missing = append(missing, s.Name+" ("+s.Why+")")
		}
	}
	if len(missing) > 0 {
		d.bad("scopes", fmt.Sprintf("%d missing", len(missing)), "Add them under OAuth & Permissions and reinstall the app: "+strings.Join(missing, "; "))
		return
	}
	d.ok("scopes", "all %d granted", len(Scopes))
}

// maxSkew is well inside the five minutes after which Slack's signatures
// would be refused.
const maxSkew = 60 * time.Second

func (d *doctor) clock(id slackapi.Identity) {
	switch skew := id.Ahead; {
	case !id.HasDate:
		d.ok("clock", "Slack told no time to compare with")
	case skew.Abs() > maxSkew:
		way := "ahead of"
		if skew < 0 {
			way = "behind"
		}
		d.bad("clock", fmt.Sprintf("this machine is %s %s Slack's time", skew.Abs().Round(time.Second), way),
			"Switch on time synchronisation (NTP); at five minutes every request would be refused.")
	default:
		d.ok("clock", "within %s of Slack's", max(skew.Abs(), time.Second).Round(time.Second))
	}
}

// lookWithin bounds how long a database that does not answer is waited for.
const lookWithin = 10 * time.Second

// database looks at it without changing anything, and reads what the
// workspace has there. It never returns nil.
func (d *doctor) database(ctx context.Context, ws models.WorkspaceID) *models.Directory {
	ctx, cancel := context.WithTimeout(ctx, lookWithin)
	defer cancel()
	empty := &models.Directory{}
	began := time.Now()
	s, err := store.Open(ctx, store.Options{URL: d.config.StoreURL(), ReadOnly: true})
	if err != nil {
		mend := "Look whether it runs, and at GATEHOUSE_DATABASE_URL. In a new database `gatehouse migrate` makes the tables."
		if d.config.DatabaseURL == "" {
			mend = "Look at GATEHOUSE_DATA_DIR. For a new installation, `gatehouse migrate` makes the file."
		}
		d.bad("database", err.Error(), mend)
		return empty
	}
	defer func() { _ = s.Close() }()
	d.ok("database", "%s, opened in %s", s.Engine(), time.Since(began).Round(time.Millisecond))
	if ws == "" {
		return empty
	}
	directory, err := s.Directory(ctx, ws)
	if err == nil {
		d.messages(ctx, s, ws)
	}
	switch {
	case errors.Is(err, store.ErrNotFound):
		d.stranger(ctx, s)
	case err != nil:
		d.bad("database", "can't be read: "+err.Error(), "Look at the database's own log.")
	default:
		return directory
	}
	return empty
}

// messages: what Slack did not take is sent again only when somebody has mended
// its cause.
func (d *doctor) messages(ctx context.Context, s *store.Store, ws models.WorkspaceID) {
	list, err := s.Undelivered(ctx, ws)
	parked := slices.DeleteFunc(slices.Clone(list), func(u models.Undelivered) bool { return u.Reason == "" })
	switch {
	case err != nil:
		d.bad("messages", "can't be read: "+err.Error(), "Look at the database's own log.")
	case len(parked) > 0:
		d.bad("messages", fmt.Sprintf("%d could not be delivered", len(parked)),
			parked[0].Reason+" Then send it again: admins and change managers find all of them in Gatehouse's Home tab.")
	case len(list) > 0:
		d.ok("messages", "%d not confirmed by Slack yet", len(list))
	default:
		d.ok("messages", "all delivered")
	}
}

// stranger: the database does not know the workspace that the token is for.
func (d *doctor) stranger(ctx context.Context, s *store.Store) {
	others, err := s.Workspaces(ctx)
	if err != nil || len(others) == 0 {
		d.ok("workspace", "not served yet; `gatehouse serve` sets it up")
		return
	}
	names := make([]string, len(others))
	for i, w := range others {
		names[i] = w.Name
	}
	d.bad("workspace", "the database serves "+strings.Join(names, ", ")+", and the bot token is for another one",
		"Use the bot token of that workspace, or a database of its own for this one.")
}

func (d *doctor) channels(ctx context.Context, client *slackapi.Client, directory *models.Directory) {
	wanted := map[string]string{d.config.ChangesChannel: "changes channel"}
	for _, s := range directory.ActiveServices() {
		if s.Channel != "" && wanted[string(s.Channel)] == "" {
			wanted[string(s.Channel)] = "channel of " + string(s.Slug)
		}
	}
	delete(wanted, "")
	for _, id := range slices.Sorted(maps.Keys(wanted)) {
		d.channel(ctx, client, id, wanted[id])
	}
}

func (d *doctor) channel(ctx context.Context, client *slackapi.Client, id, what string) {
	channel, err := client.Channel(ctx, id)
	switch {
	case err != nil:
		d.bad(what, id+" can't be read", inWords(err))
	case channel.Archived:
		d.bad(what, "#"+channel.Name+" is archived", "Choose another channel, or bring it back.")
	case !channel.Member:
		d.bad(what, "Gatehouse is not in #"+channel.Name, "Type /invite @Gatehouse in it.")
	default:
		d.ok(what, "#%s", channel.Name)
	}
}

func (d *doctor) roles(directory *models.Directory) {
	var nobody []string
	for _, role := range models.StandingRoles {
		if len(directory.Roles[role]) == 0 && role != models.RoleAuditor { // nothing waits for an auditor
			nobody = append(nobody, role.String())
		}
	}
	if len(nobody) > 0 {
		d.bad("roles", "nobody is "+strings.Join(nobody, ", "), "Name people with `/gatehouse roles` (the first admin begins with `/gatehouse setup`), or under roles in the services file; changes that need these roles can't be approved.")
		return
	}
	d.ok("roles", "every role is held by somebody")
}

// refusedOr tells what Slack refused from what never got an answer.
func refusedOr(refused, unanswered string, err error) string {
	if failed, ok := errors.AsType[*slackapi.Error](err); ok && failed.Code == "" {
		return unanswered
	}
	return refused
}

// inWords is what a failed call to Slack means to an operator.
func inWords(err error) string {
	var failed *slackapi.Error
	if !errors.As(err, &failed) {
		return err.Error()
	}
	words := failed.Words()
	if failed.Needed != "" { // else the words would say that the doctor knows
		words.Do = "Add the permission " + failed.Needed + " to the token and install the app again."
	}
	switch {
	case failed.Trouble == slackapi.Unreachable:
		words.Do = "Look at this machine's network, DNS and proxy (HTTPS_PROXY): it has to reach slack.com by HTTPS."
	case failed.Code == "": // nobody goes on trying when the doctor has ended
		words.Do = "Run the doctor again in a moment."
	}
	if failed.Code == "" {
		return words.String()
	}
	return words.String() + " [" + failed.Code + "]"
}
