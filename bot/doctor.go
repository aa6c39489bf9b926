package bot

import (
	"context"
	"errors"
	"fmt"
	"io"
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
	directory := &models.Directory{}
	if id, ok := d.slack(ctx); ok {
		directory = d.database(ctx, models.WorkspaceID(id.TeamID))
		d.channels(ctx, directory)
	} else {
		d.database(ctx, "")
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

// maxSkew is well inside the five minutes after which Slack's signatures
// would be refused.
const maxSkew = 60 * time.Second

func (d *doctor) slack(ctx context.Context) (slackapi.Identity, bool) {
	client, err := slackapi.New(slackapi.Config{BotToken: string(d.config.BotToken), AppToken: string(d.config.AppToken), BaseURL: d.config.SlackAPIURL})
	if err != nil {
		d.bad("bot token", "not usable", err.Error())
		return slackapi.Identity{}, false
	}
	id, err := client.AuthTest(ctx)
	if err != nil {
		d.bad("bot token", "Slack does not accept it", inWords(err))
		return id, false
	}
	d.ok("bot token", "workspace %s, as %s", id.Team, id.BotUser)
	var missing []string
	for _, s := range Scopes {
		if !slices.Contains(id.Scopes, s.Name) {
			missing = append(missing, s.Name+" ("+s.Why+")")
		}
	}
	if len(missing) > 0 {
		d.bad("scopes", fmt.Sprintf("%d missing", len(missing)), "Add them under OAuth & Permissions and reinstall the app: "+strings.Join(missing, "; "))
	} else {
		d.ok("scopes", "all %d granted", len(Scopes))
	}
	switch skew := id.Ahead; {
	case !id.HasDate:
		d.ok("clock", "Slack told no time to compare with")
	case skew.Abs() > maxSkew:
		d.bad("clock", fmt.Sprintf("this machine is %s off Slack's time", skew.Round(time.Second)), "Switch on time synchronisation (NTP); at five minutes every request would be refused.")
	default:
		d.ok("clock", "within %s of Slack's", max(skew.Abs(), time.Second).Round(time.Second))
	}
	if d.config.Mode == ModeSocket {
		if _, err := client.OpenSocketURL(ctx); err != nil {
			d.bad("socket mode", "no connection to be had", inWords(err))
		} else {
			d.ok("socket mode", "the app-level token opens connections")
		}
	}
	return id, true
}

func (d *doctor) database(ctx context.Context, ws models.WorkspaceID) *models.Directory {
	empty := &models.Directory{}
	began := time.Now()
	s, err := store.Open(ctx, store.Options{URL: d.config.StoreURL(), ReadOnly: true})
	if err != nil {
		d.bad("database", "can't be opened", err.Error())
		return empty
	}
	defer func() { _ = s.Close() }()
	if err := s.Ping(ctx); err != nil {
		d.bad("database", "does not answer", err.Error())
		return empty
	}
	d.ok("database", "%s, opened in %s", s.Engine(), time.Since(began).Round(time.Millisecond))
	if ws == "" {
		return empty
	}
	directory, err := s.Directory(ctx, ws)
	if errors.Is(err, store.ErrNotFound) {
		d.ok("workspace", "not served yet; `gatehouse serve` sets it up")
		return empty
	}
	if err != nil {
		d.bad("database", "can't be read", err.Error())
		return empty
	}
	return directory
}

func (d *doctor) channels(ctx context.Context, directory *models.Directory) {
	client, err := slackapi.New(slackapi.Config{BotToken: string(d.config.BotToken), BaseURL: d.config.SlackAPIURL})
	if err != nil {
		return // the bot token's own line says so
	}
	wanted := map[string]string{d.config.ChangesChannel: "changes channel"}
	for _, s := range directory.ActiveServices() {
		if s.Channel != "" && wanted[string(s.Channel)] == "" {
			wanted[string(s.Channel)] = "channel of " + string(s.Slug)
		}
	}
	delete(wanted, "")
	for id, what := range wanted {
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
}

func (d *doctor) roles(directory *models.Directory) {
	var nobody []string
	for _, role := range models.StandingRoles {
		if len(directory.Roles[role]) == 0 {
			nobody = append(nobody, role.String())
		}
	}
	if len(nobody) > 0 {
		d.bad("roles", "nobody is "+strings.Join(nobody, ", "), "Name people under roles in the services file; changes that need these roles can't be approved.")
		return
	}
	d.ok("roles", "every role is held by somebody")
}

// inWords is what a failed call to Slack means to an operator.
func inWords(err error) string {
	var failed *slackapi.Error
	if errors.As(err, &failed) {
		return failed.Words().String() + " [" + failed.Code + "]"
	}
	return err.Error()
}
