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

// Secret is a value that must not be seen: it prints as [secret].
type Secret string

func (Secret) String() string       { return "[secret]" }
func (Secret) GoString() string     { return "[secret]" }
func (Secret) LogValue() slog.Value { return slog.StringValue("[secret]") }

// Mode is how Slack reaches Gatehouse.
type Mode string

// Socket needs no public address; HTTP is for those who have one.
const (
	ModeSocket Mode = "socket"
	ModeHTTP   Mode = "http"
)

// Config is everything that is set from outside, as environment variables.
// Secrets may also stand in a file whose path is in the variable with _FILE
// added. Fields are plain texts so that every problem can be reported at
// once; Validate says whether they make sense.
type Config struct {
	BotToken       Secret `envconfig:"SLACK_BOT_TOKEN" desc:"the app's bot token" shape:"xoxb-…" secret:"yes"`
	Mode           Mode   `envconfig:"MODE" default:"socket" desc:"how Slack reaches Gatehouse" shape:"socket or http"`
	AppToken       Secret `envconfig:"SLACK_APP_TOKEN" desc:"app-level token with connections:write; needed in socket mode" shape:"xapp-…" secret:"yes"`
	SigningSecret  Secret `envconfig:"SLACK_SIGNING_SECRET" desc:"the app's signing secret; needed in http mode" shape:"32 hex digits" secret:"yes"`
	DatabaseURL    Secret `envconfig:"DATABASE_URL" desc:"PostgreSQL; empty keeps everything in one SQLite file in the data directory" shape:"postgres://user:password@host/db" secret:"yes"`
	DataDir        string `envconfig:"DATA_DIR" default:"gatehouse-data" desc:"where the SQLite file stands" shape:"a directory"`
	ListenAddr     string `envconfig:"LISTEN_ADDR" default:":8080" desc:"where HTTP is served: Slack's requests in http mode, and the probes" shape:"host:port"`
	ChangesChannel string `envconfig:"CHANGES_CHANNEL" desc:"the channel in which every change has its card" shape:"C0123456789"`
	PolicyFile     string `envconfig:"POLICY_FILE" desc:"approval policy as YAML; empty = the built-in one" shape:"a file"`
	ServicesFile   string `envconfig:"SERVICES_FILE" desc:"services, teams and roles as YAML, read at start" shape:"a file"`
	ChangeCommand  string `envconfig:"CHANGE_COMMAND" default:"/change" desc:"the slash command, as in the app's manifest" shape:"/word"`
	LogLevel       string `envconfig:"LOG_LEVEL" default:"info" desc:"how much is logged" shape:"debug, info, warn or error"`
	SocketCount    int    `envconfig:"SOCKETS" default:"2" desc:"Socket Mode connections of this process; all replicas together may have ten" shape:"1 to 10"`
	SlackAPIURL    string `envconfig:"SLACK_API_URL" default:"https://slack.com/api/" desc:"Slack's Web API; another one only for tests and the demo" shape:"https://…/"`
}

// LoadConfig reads the environment. The error names every problem, one a
// line, with the variable and what it should look like.
func LoadConfig() (Config, error) {
	var c Config
	problems := readSecretFiles()
	problems = append(problems, unknownVariables()...)
	if err := envconfig.Process(Prefix, &c); err != nil {
		// Only SOCKETS can fail to parse: every other field is a text.
		problems = append(problems, fmt.Errorf("%s_SOCKETS is not a whole number; it should look like: 1 to 10", Prefix))
	}
	problems = append(problems, c.problems()...)
	return c, errors.Join(problems...)
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
	check := func(ok bool, variable, problem string) {
		if !ok {
			out = append(out, fmt.Errorf("%s_%s %s; it should look like: %s", Prefix, variable, problem, shapeOf(variable)))
		}
	}
	check(c.BotToken != "", "SLACK_BOT_TOKEN", "is missing")
	check(c.BotToken == "" || strings.HasPrefix(string(c.BotToken), "xoxb-"), "SLACK_BOT_TOKEN", "is no bot token")
	check(c.Mode == ModeSocket || c.Mode == ModeHTTP, "MODE", fmt.Sprintf("is %q", string(c.Mode)))
	if c.Mode == ModeSocket {
		check(c.AppToken != "", "SLACK_APP_TOKEN", "is missing, and socket mode needs it")
		check(c.AppToken == "" || strings.HasPrefix(string(c.AppToken), "xapp-"), "SLACK_APP_TOKEN", "is no app-level token")
	}
	if c.Mode == ModeHTTP {
		check(c.SigningSecret != "", "SLACK_SIGNING_SECRET", "is missing, and http mode needs it")
		check(c.SigningSecret == "" || secretShape.MatchString(string(c.SigningSecret)), "SLACK_SIGNING_SECRET", "is no signing secret")
	}
	u, err := url.Parse(string(c.DatabaseURL))
	check(c.DatabaseURL == "" || (err == nil && (u.Scheme == "postgres" || u.Scheme == "postgresql") && u.Host != ""), "DATABASE_URL", "is no PostgreSQL address")
	check(c.DatabaseURL != "" || c.DataDir != "", "DATA_DIR", "is empty")
	_, _, err = net.SplitHostPort(c.ListenAddr)
	check(err == nil, "LISTEN_ADDR", fmt.Sprintf("is %q", c.ListenAddr))
	check(c.ChangesChannel != "", "CHANGES_CHANNEL", "is missing")
	check(c.ChangesChannel == "" || channelShape.MatchString(c.ChangesChannel), "CHANGES_CHANNEL", fmt.Sprintf("is %q: Gatehouse needs the channel's id (open the channel's details in Slack, at the bottom), not its name", c.ChangesChannel))
	check(readable(c.PolicyFile), "POLICY_FILE", fmt.Sprintf("is %q, which can't be read", c.PolicyFile))
	check(readable(c.ServicesFile), "SERVICES_FILE", fmt.Sprintf("is %q, which can't be read", c.ServicesFile))
	check(commandShape.MatchString(c.ChangeCommand), "CHANGE_COMMAND", fmt.Sprintf("is %q", c.ChangeCommand))
	_, err = c.level()
	check(err == nil, "LOG_LEVEL", fmt.Sprintf("is %q", c.LogLevel))
	check(c.SocketCount >= 1 && c.SocketCount <= 10, "SOCKETS", fmt.Sprintf("is %d", c.SocketCount))
	u, err = url.Parse(c.SlackAPIURL)
	check(err == nil && u.Host != "" && strings.HasSuffix(c.SlackAPIURL, "/"), "SLACK_API_URL", fmt.Sprintf("is %q", c.SlackAPIURL))
	return out
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
	for field := range reflect.TypeFor[Config]().Fields() {
		name := Prefix + "_" + field.Tag.Get("envconfig")
		if field.Tag.Get("secret") != "" {
			name += " (or …_FILE)"
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", name, field.Tag.Get("default"), field.Tag.Get("shape"), field.Tag.Get("desc"))
	}
	return table.Flush()
}

// readSecretFiles puts the content of X_FILE into X, before the rest is read.
func readSecretFiles() []error {
	var out []error
	for field := range reflect.TypeFor[Config]().Fields() {
		if field.Tag.Get("secret") == "" {
			continue
		}
		name := Prefix + "_" + field.Tag.Get("envconfig")
		path := os.Getenv(name + "_FILE")
		if path == "" {
			continue
		}
		if os.Getenv(name) != "" {
			out = append(out, fmt.Errorf("%s and %s_FILE are both set; leave one of them out", name, name))
			continue
		}
		content, err := os.ReadFile(path)
		if err != nil {
			out = append(out, fmt.Errorf("%s_FILE is %q, which can't be read; it should be a file that holds nothing but the secret", name, path))
			continue
		}
		_ = os.Setenv(name, strings.TrimSpace(string(content)))
		_ = os.Unsetenv(name + "_FILE")
	}
	return out
}

// unknownVariables finds misspelt names, which would be silently ignored.
func unknownVariables() []error {
	known := []string{}
	for field := range reflect.TypeFor[Config]().Fields() {
		name := Prefix + "_" + field.Tag.Get("envconfig")
		known = append(known, name)
		if field.Tag.Get("secret") != "" {
			known = append(known, name+"_FILE")
		}
	}
	var out []error
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, Prefix+"_") && !slices.Contains(known, name) {
			out = append(out, fmt.Errorf("%s is not a variable that Gatehouse knows; `gatehouse help config` lists them all", name))
		}
	}
	return out
}

func shapeOf(variable string) string {
	for field := range reflect.TypeFor[Config]().Fields() {
		if field.Tag.Get("envconfig") == variable {
			return field.Tag.Get("shape")
		}
	}
	return ""
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
