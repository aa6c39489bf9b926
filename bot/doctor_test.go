package bot

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/files"
	"github.com/gatehousehq/gatehouse/models/store"
	"github.com/gatehousehq/gatehouse/models/store/storetest"
)

// patient is an installation that the doctor looks at.
type patient struct {
	t      *testing.T
	fake   *slackfake.Server
	config Config
	err    error // of reading the configuration
}

const patientCatalog = `
teams:
  - {id: web, name: Web, members: [U0ANA]}
roles: {admin: [U0ANA], change_manager: [U0ANA], cab: [U0ANA], ecab: [U0ANA]}
services:
  - {slug: tracking, name: Parcel tracking, tier: 2, team: web, owner: U0ANA, ops_lead: U0ANA, channel: C0TRACKING}
`

// healthy is an installation with nothing to mend.
func healthy(t *testing.T, engine string) *patient {
	t.Helper()
	p := &patient{t: t}
	var err error
	p.fake, err = slackfake.New(slackfake.Config{
		Team: slackfake.Team{ID: "T0TEST", Name: "Test"}, Users: []slackfake.User{{ID: "U0ANA", Name: "ana", RealName: "Ana"}},
		Channels: []slackfake.Channel{{ID: "C0CHANGES", Name: "changes", Bot: true}, {ID: "C0TRACKING", Name: "tracking", Bot: true}},
		BotToken: botToken, AppToken: appToken, Pace: slackfake.Pace{Off: true},
	})
	p.must(err)
	base, stop, err := p.fake.Listen("127.0.0.1:0")
	p.must(err)
	t.Cleanup(stop)
	manifest, err := Manifest(ManifestOptions{Mode: ModeSocket})
	p.must(err)
	p.must(p.fake.Install(manifest))
	p.config = Config{BotToken: botToken, AppToken: appToken, Mode: ModeSocket, DataDir: t.TempDir(), ListenAddr: ":8080", ChangesChannel: "C0CHANGES",
		ChangeCommand: "/change", ChecklistCommand: "/checklist", GatehouseCommand: "/gatehouse", LogLevel: "info", SocketCount: 2, SlackAPIURL: base + "/api/"}
	if engine == string(store.Postgres) {
		p.config.DatabaseURL = Secret(storetest.URL(t, store.Postgres))
	}
	p.served("T0TEST", "Test", patientCatalog)
	return p
}

func (p *patient) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// served puts into the database what serving a workspace leaves there.
func (p *patient) served(ws models.WorkspaceID, name, catalog string) {
	p.t.Helper()
	ctx := p.t.Context()
	s, err := store.Open(ctx, store.Options{URL: p.config.StoreURL(), Logger: storetest.Logger(p.t)})
	p.must(err)
	defer func() { p.must(s.Close()) }()
	p.must(s.EnsureWorkspace(ctx, ws, name, "U0BOT"))
	c, err := files.ReadCatalog([]byte(catalog))
	p.must(err)
	_, err = s.ImportCatalog(ctx, ws, store.Catalog(c))
	p.must(err)
}

// looks runs the doctor. Whatever it finds, it shows no secret.
func (p *patient) looks() (string, error) {
	p.t.Helper()
	var out strings.Builder
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	err := Doctor(ctx, p.config, p.err, &out)
	for _, secret := range []string{botToken, appToken, "hunter2", "ticket="} {
		if strings.Contains(out.String(), secret) || err != nil && strings.Contains(err.Error(), secret) {
			p.t.Errorf("the doctor shows a secret: %s\n%v", out.String(), err)
		}
	}
	return out.String(), err
}

func TestAHealthyInstallationRaisesNoAlarm(t *testing.T) {
	for _, engine := range storetest.Engines {
		t.Run(string(engine), func(t *testing.T) {
			p := healthy(t, string(engine))
			report, err := p.looks()
			if err != nil || strings.Contains(report, "BAD") {
				t.Errorf("%v\n%s", err, report)
			}
			for _, check := range []string{"configuration", "time zones", "bot token", "scopes", "clock", "socket mode", "database", "changes channel", "channel of tracking", "roles"} {
				if !strings.Contains(report, "ok   "+check) {
					t.Errorf("%s was not looked at:\n%s", check, report)
				}
			}
		})
	}
}

// faults are seeded one by one. The doctor must name that check and its fix,
// and find nothing else wrong.
var faults = []struct {
	name  string
	seed  func(t *testing.T, p *patient)
	check string
	words []string
	also  string // a second check that can't be well then
}{
	{"swapped tokens", func(t *testing.T, p *patient) {
		environment(t, map[string]string{"GATEHOUSE_SLACK_BOT_TOKEN": appToken, "GATEHOUSE_SLACK_APP_TOKEN": botToken, "GATEHOUSE_CHANGES_CHANNEL": "C0CHANGES",
			"GATEHOUSE_DATA_DIR": p.config.DataDir, "GATEHOUSE_SLACK_API_URL": p.config.SlackAPIURL})
		p.config, p.err = LoadConfig()
	}, "configuration", []string{"GATEHOUSE_SLACK_BOT_TOKEN holds the app-level token", "swap them"}, "bot token"},
	{"no bot token", func(_ *testing.T, p *patient) { p.config.BotToken = ""; p.err = p.config.Validate() },
		"bot token", []string{"Set GATEHOUSE_SLACK_BOT_TOKEN"}, "configuration"},
	{"wrong bot token", func(_ *testing.T, p *patient) { p.config.BotToken = "xoxb-wrong" }, "bot token", []string{"Slack does not accept Gatehouse's token", "install the app again"}, ""},
	{"revoked token", func(_ *testing.T, p *patient) { p.fake.Uninstall() }, "bot token", []string{"was removed from this workspace", "install the app again"}, "socket mode"},
	{"wrong app token", func(_ *testing.T, p *patient) { p.config.AppToken = "xapp-wrong" }, "socket mode", []string{"Slack does not accept Gatehouse's token"}, ""},
	{"app token without its permission", func(_ *testing.T, p *patient) {
		_, err := p.fake.Break(slackfake.Rule{Method: "apps.connections.open", Kind: "missing_scope"})
		p.must(err)
	}, "socket mode", []string{"without a permission it needs"}, ""},
	{"socket mode off", func(t *testing.T, p *patient) {
		manifest, err := Manifest(ManifestOptions{Mode: ModeHTTP, PublicURL: "https://gatehouse.example.com"})
		p.must(err)
		p.must(p.fake.Install(manifest))
	}, "socket mode", []string{"Socket Mode is switched off", "must switch it on"}, ""},
	{"missing scope", func(t *testing.T, p *patient) {
		manifest, err := Manifest(ManifestOptions{Mode: ModeSocket})
		p.must(err)
		p.must(p.fake.Install([]byte(strings.Replace(string(manifest), "\"im:write\",\n", "", 1))))
	}, "scopes", []string{"1 missing", "im:write (opening a direct message with somebody)", "reinstall"}, ""},
	{"machine's clock ahead", func(t *testing.T, p *patient) { p.skew(-3 * time.Minute) }, "clock", []string{"3m0s ahead of Slack's time", "time synchronisation"}, ""},
	{"machine's clock behind", func(t *testing.T, p *patient) { p.skew(10 * time.Minute) }, "clock", []string{"10m0s behind Slack's time", "time synchronisation"}, ""},
	{"not in the changes channel", func(_ *testing.T, p *patient) { p.must(p.fake.Kick("changes", p.fake.BotUser())) }, "changes channel", []string{"not in #changes", "/invite @Gatehouse"}, ""},
	{"not in a service's channel", func(_ *testing.T, p *patient) { p.must(p.fake.Kick("tracking", p.fake.BotUser())) }, "channel of tracking", []string{"not in #tracking", "/invite"}, ""},
	{"archived channel", func(_ *testing.T, p *patient) { p.must(p.fake.Archive("changes", true)) }, "changes channel", []string{"#changes is archived", "bring it back"}, ""},
	{"channel that is not there", func(_ *testing.T, p *patient) { p.config.ChangesChannel = "C0NOTHERE" }, "changes channel", []string{"C0NOTHERE can't be read", "channel is gone"}, ""},
	{"no database file", func(_ *testing.T, p *patient) { p.config.DataDir = filepath.Join(p.config.DataDir, "nothing") }, "database", []string{"there is no database at", "gatehouse migrate"}, ""},
	{"file that is no database", func(_ *testing.T, p *patient) {
		p.must(os.WriteFile(p.config.StoreURL(), []byte(strings.Repeat("not a database ", 1000)), 0o600))
	}, "database", []string{"GATEHOUSE_DATA_DIR"}, ""},
	{"database that does not answer", func(_ *testing.T, p *patient) {
		p.config.DatabaseURL = "postgres://gate:hunter2@127.0.0.1:1/gatehouse"
	}, "database", []string{"reach the database", "Look whether it runs"}, ""},
	{"database without tables", func(t *testing.T, p *patient) { p.config.DatabaseURL = Secret(storetest.EmptyURL(t, store.Postgres)) }, "database", []string{"no Gatehouse data yet", "gatehouse migrate"}, ""},
	{"database of another workspace", func(t *testing.T, p *patient) {
		p.config.DataDir = t.TempDir()
		p.served("T0ELSE", "Elsewhere", patientCatalog)
	}, "workspace", []string{"the database serves Elsewhere", "Use the bot token of that workspace"}, ""},
	{"role that nobody holds", func(t *testing.T, p *patient) {
		p.config.DataDir = t.TempDir()
		p.served("T0TEST", "Test", strings.Replace(patientCatalog, "cab: [U0ANA], ", "", 1))
	}, "roles", []string{"nobody is CAB", "Name people with `/gatehouse roles`"}, ""},
	{"Slack can't be reached", func(_ *testing.T, p *patient) { p.config.SlackAPIURL = "http://127.0.0.1:1/api/" }, "bot token", []string{"it could not be tried", "Slack could not be reached", "proxy"}, "socket mode"},
}

// skew makes Slack's clock show another time than ours.
func (p *patient) skew(off time.Duration) {
	target, err := url.Parse(strings.TrimSuffix(p.config.SlackAPIURL, "/api/"))
	p.must(err)
	proxy := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) },
		ModifyResponse: func(r *http.Response) error {
			r.Header.Set("Date", time.Now().Add(off).UTC().Format(http.TimeFormat))
			return nil
		},
	})
	p.t.Cleanup(proxy.Close)
	p.config.SlackAPIURL = proxy.URL + "/api/"
}

func TestEverySeededFaultIsFoundWithItsFix(t *testing.T) {
	for _, fault := range faults {
		t.Run(fault.name, func(t *testing.T) {
			p := healthy(t, "")
			fault.seed(t, p)
			report, err := p.looks()
			if err == nil {
				t.Error("no error, so the exit status is 0")
			}
			_, rest, found := strings.Cut(report, "BAD  "+fault.check)
			if !found {
				t.Fatalf("%s is not named:\n%s", fault.check, report)
			}
			rest, _, _ = strings.Cut(rest, "\nok ")
			rest, _, _ = strings.Cut(rest, "\nBAD ")
			for _, words := range append(fault.words, "→") {
				if !strings.Contains(rest, words) {
					t.Errorf("%q is missing in:\n%s", words, rest)
				}
			}
			for line := range strings.SplitSeq(report, "\n") {
				if name, bad := strings.CutPrefix(line, "BAD  "); bad && !strings.HasPrefix(name, fault.check) {
					if name = strings.TrimSpace(name[:18]); !strings.Contains(fault.also, name) {
						t.Errorf("a false alarm about %q:\n%s", name, report)
					}
				}
			}
		})
	}
}

func TestTheDoctorChangesNothing(t *testing.T) {
	p := healthy(t, "")
	before, err := os.ReadFile(p.config.StoreURL())
	p.must(err)
	if _, err := p.looks(); err != nil {
		t.Error(err)
	}
	after, err := os.ReadFile(p.config.StoreURL())
	p.must(err)
	if string(before) != string(after) {
		t.Error("the database file is different")
	}
	if n := len(p.fake.Messages("changes")); n != 0 || p.fake.Sockets() != 0 {
		t.Errorf("%d messages, %d sockets", n, p.fake.Sockets())
	}
	p.config.DataDir = filepath.Join(t.TempDir(), "nothing")
	_, _ = p.looks()
	if _, err := os.Stat(p.config.DataDir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the data directory was made: %v", err)
	}
}
