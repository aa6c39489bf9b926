package bot

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/kelseyhightower/envconfig"
)

// Prefix is what every variable of Gatehouse begins with.
const Prefix = "GATEHOUSE"

// Secret is a value that must not be seen: however it is printed or encoded,
// it shows as [secret].
type Secret string

const hidden = "[secret]"

func (Secret) String() string               { return hidden }
func (Secret) Format(f fmt.State, _ rune)   { _, _ = io.WriteString(f, hidden) }
func (Secret) LogValue() slog.Value         { return slog.StringValue(hidden) }
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// Mode is how Slack reaches Gatehouse.
type Mode string

// Socket needs no public address; HTTP is for those who have one.
const (
	ModeSocket Mode = "socket"
	ModeHTTP   Mode = "http"
)

// Config is everything that is set from outside, as environment variables. A
// variable that is empty counts as not set. Secrets may also stand in a file
// whose path is in the variable with _FILE added. Fields are plain texts so
// that every problem can be reported at once; Validate says whether they make
// sense.
//
// The tags hold whole names: with a prefix envconfig would also take MODE or
// DATABASE_URL, which may be set for something else.
type Config struct {
	BotToken         Secret `envconfig:"GATEHOUSE_SLACK_BOT_TOKEN" desc:"the app's bot token" shape:"xoxb-…" secret:"yes"`
	Mode             Mode   `envconfig:"GATEHOUSE_MODE" default:"socket" desc:"how Slack reaches Gatehouse" shape:"socket or http"`
	AppToken         Secret `envconfig:"GATEHOUSE_SLACK_APP_TOKEN" desc:"app-level token with connections:write; needed in socket mode" shape:"xapp-…" secret:"yes"`
	SigningSecret    Secret `envconfig:"GATEHOUSE_SLACK_SIGNING_SECRET" desc:"the app's signing secret; needed in http mode" shape:"32 hex digits" secret:"yes"`
	DatabaseURL      Secret `envconfig:"GATEHOUSE_DATABASE_URL" desc:"PostgreSQL; empty keeps everything in one SQLite file in the data directory" shape:"postgres://user:password@host/db" secret:"yes"`
	DataDir          string `envconfig:"GATEHOUSE_DATA_DIR" default:"gatehouse-data" desc:"where the SQLite file stands" shape:"a directory"`
	ListenAddr       string `envconfig:"GATEHOUSE_LISTEN_ADDR" default:":8080" desc:"where HTTP is served: Slack's requests in http mode, and the probes" shape:"host:port or :port"`
	ChangesChannel   string `envconfig:"GATEHOUSE_CHANGES_CHANNEL" desc:"the channel in which every change has its card" shape:"C0123456789"`
	PolicyFile       string `envconfig:"GATEHOUSE_POLICY_FILE" desc:"approval policy as YAML; empty = the built-in one" shape:"a file"`
	ServicesFile     string `envconfig:"GATEHOUSE_SERVICES_FILE" desc:"services, teams and roles as YAML, read at start" shape:"a file"`
	TemplatesFile    string `envconfig:"GATEHOUSE_TEMPLATES_FILE" desc:"templates for standard changes as YAML, read at start" shape:"a file"`
	Checklists       string `envconfig:"GATEHOUSE_CHECKLISTS" desc:"own checklist templates as YAML, read at start" shape:"a file, or a directory of .yaml files"`
	ChangeCommand    string `envconfig:"GATEHOUSE_CHANGE_COMMAND" default:"/change" desc:"the slash command for changes, as in the app's manifest" shape:"/word"`
	ChecklistCommand string `envconfig:"GATEHOUSE_CHECKLIST_COMMAND" default:"/checklist" desc:"the slash command for releases, as in the app's manifest" shape:"/word"`
	GatehouseCommand string `envconfig:"GATEHOUSE_GATEHOUSE_COMMAND" default:"/gatehouse" desc:"the slash command for settings, as in the app's manifest" shape:"/word"`
	LogLevel         string `envconfig:"GATEHOUSE_LOG_LEVEL" default:"info" desc:"how much is logged" shape:"debug, info, warn or error"`
	SlackAPIURL      string `envconfig:"GATEHOUSE_SLACK_API_URL" desc:"another Web API than Slack's own; only for tests and the demo" shape:"http://127.0.0.1:8765/api/"`
	// SocketCount stands last: envconfig stops at the first value it can't read.
	SocketCount int `envconfig:"GATEHOUSE_SOCKETS" default:"2" desc:"Socket Mode connections of this process; all replicas together may have ten" shape:"1 to 10"`
}

// variable is one field of Config, as it is set from outside.
type variable struct {
	name, byDefault, shape, what string
	secret                       bool
	value                        reflect.Value
}

func variables(c *Config) []variable {
	var out []variable
	for field, value := range reflect.ValueOf(c).Elem().Fields() {
		tag := field.Tag.Get
		out = append(out, variable{tag("envconfig"), tag("default"), tag("shape"), tag("desc"), tag("secret") != "", value})
	}
	return out
}

// LoadConfig reads the environment. The error names every problem, one a
// line, with the variable and what it should look like.
func LoadConfig() (Config, error) {
	var c Config
	var problems []error
	if err := envconfig.Process("", &c); err != nil { // every field but the number is a text, which is always readable
		c.SocketCount = 2
		if os.Getenv("GATEHOUSE_SOCKETS") != "" {
			problems = append(problems, errors.New("GATEHOUSE_SOCKETS is not a whole number; it should look like: 1 to 10"))
		}
	}
	for _, v := range variables(&c) {
		if v.secret {
			problems = append(problems, v.readSecret())
		}
		if v.value.Kind() == reflect.String && v.value.String() == "" {
			v.value.SetString(v.byDefault)
		}
	}
	problems = append(problems, unknownVariables(&c)...)
	problems = append(problems, c.problems()...)
	return c, errors.Join(problems...)
}

// readSecret takes the content of the file that X_FILE names, and the line
// end off that a secret was pasted with.
func (v variable) readSecret() error {
	path := os.Getenv(v.name + "_FILE")
	switch {
	case path == "":
		v.value.SetString(strings.TrimSpace(v.value.String()))
		return nil
	case v.value.String() != "":
		return fmt.Errorf("%s and %s_FILE are both set; leave one of them out", v.name, v.name)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("%s_FILE is %s, which can't be read; it should be a file that holds nothing but the secret", v.name, quoted(path))
	}
	v.value.SetString(strings.TrimSpace(string(content)))
	if v.value.String() == "" {
		return fmt.Errorf("%s_FILE is %s, which is empty; it should be a file that holds nothing but the secret", v.name, quoted(path))
	}
	return nil
}

// Validate reports every problem at once.
func (c Config) Validate() error { return errors.Join(c.problems()...) }

var (
	channelShape = regexp.MustCompile(`^[CG][A-Z0-9]{2,}$`)
	commandShape = regexp.MustCompile(`^/[a-z0-9_-]{1,31}$`)
	secretShape  = regexp.MustCompile(`^[0-9a-f]{32}$`)
)

func (c Config) problems() []error {
	var out []error
	shapes := map[string]string{}
	for _, v := range variables(&c) {
		shapes[v.name] = v.shape
	}
	check := func(ok bool, name, problem string) {
		if name = Prefix + "_" + name; !ok {
			out = append(out, fmt.Errorf("%s %s; it should look like: %s", name, problem, shapes[name]))
		}
	}
	c.checkSlack(check)
	check(c.DatabaseURL == "" || isPostgres(string(c.DatabaseURL)), "DATABASE_URL", "is no PostgreSQL address")
	check(c.DatabaseURL != "" || c.DataDir != "", "DATA_DIR", "is empty")
	check(isAddress(c.ListenAddr), "LISTEN_ADDR", "is "+quoted(c.ListenAddr))
	check(readable(c.TemplatesFile), "TEMPLATES_FILE", "is "+quoted(c.TemplatesFile)+", which can't be read")
	check(readable(c.PolicyFile), "POLICY_FILE", "is "+quoted(c.PolicyFile)+", which can't be read")
	check(readable(c.ServicesFile), "SERVICES_FILE", "is "+quoted(c.ServicesFile)+", which can't be read")
	_, err := c.level()
	check(err == nil, "LOG_LEVEL", "is "+quoted(c.LogLevel))
	check(c.SocketCount >= 1 && c.SocketCount <= 10, "SOCKETS", fmt.Sprintf("is %d", c.SocketCount))
	return out
}

func (c Config) checkSlack(check func(ok bool, name, problem string)) {
	swapped := strings.HasPrefix(string(c.BotToken), "xapp-") && strings.HasPrefix(string(c.AppToken), "xoxb-")
	missing := func(s Secret) bool { return s == "" }
	check(!swapped, "SLACK_BOT_TOKEN", "holds the app-level token, and GATEHOUSE_SLACK_APP_TOKEN the bot token: swap them")
	check(!missing(c.BotToken), "SLACK_BOT_TOKEN", "is missing")
	check(swapped || missing(c.BotToken) || strings.HasPrefix(string(c.BotToken), "xoxb-"), "SLACK_BOT_TOKEN", "is no bot token")
	check(c.Mode == ModeSocket || c.Mode == ModeHTTP, "MODE", "is "+quoted(string(c.Mode)))
	if c.Mode == ModeSocket {
		check(!missing(c.AppToken), "SLACK_APP_TOKEN", "is missing, and socket mode needs it")
		check(swapped || missing(c.AppToken) || strings.HasPrefix(string(c.AppToken), "xapp-"), "SLACK_APP_TOKEN", "is no app-level token")
	}
	if c.Mode == ModeHTTP {
		check(!missing(c.SigningSecret), "SLACK_SIGNING_SECRET", "is missing, and http mode needs it")
		check(missing(c.SigningSecret) || secretShape.MatchString(string(c.SigningSecret)), "SLACK_SIGNING_SECRET", "is no signing secret")
	}
	check(c.ChangesChannel != "", "CHANGES_CHANNEL", "is missing")
	check(c.ChangesChannel == "" || channelShape.MatchString(c.ChangesChannel), "CHANGES_CHANNEL",
		"is "+quoted(c.ChangesChannel)+": Gatehouse needs the channel's id (open the channel's details in Slack, at the bottom), not its name")
	for name, command := range map[string]string{"CHANGE_COMMAND": c.ChangeCommand, "CHECKLIST_COMMAND": c.ChecklistCommand, "GATEHOUSE_COMMAND": c.GatehouseCommand} {
		check(commandShape.MatchString(command), name, "is "+quoted(command))
	}
	check(c.ChangeCommand != c.ChecklistCommand && c.ChangeCommand != c.GatehouseCommand, "CHANGE_COMMAND", "is "+quoted(c.ChangeCommand)+", as another command is called; each needs a name of its own")
	check(c.ChecklistCommand != c.GatehouseCommand, "CHECKLIST_COMMAND", "is "+quoted(c.ChecklistCommand)+", as GATEHOUSE_GATEHOUSE_COMMAND is; each needs a name of its own")
	u, err := url.Parse(c.SlackAPIURL)
	check(c.SlackAPIURL == "" || err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && strings.HasSuffix(u.Path, "/"), "SLACK_API_URL", "is "+quoted(c.SlackAPIURL))
}

func isPostgres(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "postgres" || u.Scheme == "postgresql") && (u.Host != "" || u.Query().Get("host") != "")
}

func isAddress(address string) bool {
	_, port, err := net.SplitHostPort(address)
	if err != nil || port == "" {
		return false
	}
	_, err = net.LookupPort("tcp", port)
	return err == nil
}

// quoted shows a value, unless it is a token that stands in the wrong place.
func quoted(value string) string {
	if strings.Contains(value, "xox") || strings.Contains(value, "xapp-") || secretShape.MatchString(value) {
		return "a token or secret, which belongs elsewhere"
	}
	return fmt.Sprintf("%q", value)
}

func (c Config) level() (slog.Level, error) {
	var level slog.Level
	err := level.UnmarshalText([]byte(c.LogLevel))
	return level, err
}

// StoreURL is what the store opens: PostgreSQL, or the SQLite file.
func (c Config) StoreURL() string {
	if c.DatabaseURL != "" {
		return string(c.DatabaseURL)
	}
	return filepath.Join(c.DataDir, "gatehouse.db")
}

// ConfigTable writes every variable with its default, its form and what it is for.
func ConfigTable(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "VARIABLE\tDEFAULT\tLOOKS LIKE\tWHAT IT IS")
	for _, v := range variables(&Config{}) {
		name := v.name
		if v.secret {
			name += " (or …_FILE)"
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", name, v.byDefault, v.shape, v.what)
	}
	return table.Flush()
}

// serviceLinks are what Kubernetes sets in every pod beside a service that is
// called "gatehouse".
var serviceLinks = regexp.MustCompile(`^GATEHOUSE_(SERVICE_(HOST|PORT)|PORT)(_[A-Z0-9_]+)?$`)

// unknownVariables finds misspelt names, which would be silently ignored.
func unknownVariables(c *Config) []error {
	var known []string
	for _, v := range variables(c) {
		known = append(known, v.name)
		if v.secret {
			known = append(known, v.name+"_FILE")
		}
	}
	var out []error
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, Prefix+"_") && !slices.Contains(known, name) && !serviceLinks.MatchString(name) {
			out = append(out, fmt.Errorf("%s is not a variable that Gatehouse knows; `gatehouse help config` lists them all", name))
		}
	}
	return out
}

func readable(path string) bool {
	if path == "" {
		return true
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	return f.Close() == nil
}
