package bot

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// setting the environment: exactly these variables of ours, and no others.
func environment(t *testing.T, set map[string]string) {
	t.Helper()
	for _, entry := range os.Environ() {
		if name, _, _ := strings.Cut(entry, "="); strings.HasPrefix(name, Prefix+"_") {
			t.Setenv(name, "") // puts it back after the test
			_ = os.Unsetenv(name)
		}
	}
	for name, value := range set {
		t.Setenv(name, value)
	}
}

const (
	botToken  = "xoxb-1234567890-abcdefghij"
	appToken  = "xapp-1-A0123-4567-abcdefghij"
	dbAddress = "postgres://gate:hunter2-very-secret@db.example/gatehouse"
)

func goodEnvironment() map[string]string {
	return map[string]string{"GATEHOUSE_SLACK_BOT_TOKEN": botToken, "GATEHOUSE_SLACK_APP_TOKEN": appToken, "GATEHOUSE_CHANGES_CHANNEL": "C0123456789"}
}

func TestLittleIsEnough(t *testing.T) {
	environment(t, goodEnvironment())
	c, err := LoadConfig()
	if err != nil {
		t.Fatal(err)
	}
	want := Config{BotToken: botToken, AppToken: appToken, Mode: ModeSocket, DataDir: "gatehouse-data", ListenAddr: ":8080",
		ChangesChannel: "C0123456789", ChangeCommand: "/change", ChecklistCommand: "/checklist", GatehouseCommand: "/gatehouse", LogLevel: "info", SocketCount: 2}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Error(diff)
	}
	if c.StoreURL() != filepath.Join("gatehouse-data", "gatehouse.db") {
		t.Error(c.StoreURL())
	}
}

func TestVariablesOfOthersAreNotTaken(t *testing.T) {
	set := goodEnvironment()
	for _, name := range []string{"MODE", "LOG_LEVEL", "DATABASE_URL", "DATA_DIR", "SOCKETS", "LISTEN_ADDR", "SLACK_BOT_TOKEN", "SLACK_API_URL"} {
		set[name] = "somebody else's"
	}
	environment(t, set)
	c, err := LoadConfig()
	if err != nil || c.DatabaseURL != "" || c.Mode != ModeSocket || c.LogLevel != "info" {
		t.Errorf("%v %+v", err, c)
	}
}

func TestAnEmptyVariableCountsAsNotSet(t *testing.T) {
	set := goodEnvironment()
	for _, v := range variables(&Config{}) {
		if set[v.name] == "" {
			set[v.name] = ""
		}
		if v.secret {
			set[v.name+"_FILE"] = ""
		}
	}
	environment(t, set)
	c, err := LoadConfig()
	if err != nil || c.SocketCount != 2 || c.Mode != ModeSocket || c.ListenAddr != ":8080" || c.ChangeCommand != "/change" {
		t.Errorf("%v %+v", err, c)
	}
}

func TestEveryProblemIsNamedAtOnceWithWhatItShouldLookLike(t *testing.T) {
	environment(t, map[string]string{
		"GATEHOUSE_SLACK_BOT_TOKEN": "abc", "GATEHOUSE_MODE": "carrier pigeon", "GATEHOUSE_DATABASE_URL": "mysql://x", "GATEHOUSE_LISTEN_ADDR": "8080",
		"GATEHOUSE_CHANGES_CHANNEL": "#changes", "GATEHOUSE_POLICY_FILE": "/does/not/exist.yaml", "GATEHOUSE_SERVICES_FILE": "/does/not/exist/either.yaml",
		"GATEHOUSE_CHANGE_COMMAND": "change", "GATEHOUSE_LOG_LEVEL": "loud", "GATEHOUSE_SOCKETS": "many", "GATEHOUSE_SLACK_API_URL": "slack.com",
		"GATEHOUSE_SLACK_APP_TOKEN_FILE": "/does/not/exist.token", "GATEHOUSE_CHANGE_CHANNEL": "C0123456789",
	})
	_, err := LoadConfig()
	if err == nil {
		t.Fatal("no problem was found")
	}
	want := []string{
		"GATEHOUSE_CHANGES_CHANNEL is \"#changes\": Gatehouse needs the channel's id (open the channel's details in Slack, at the bottom), not its name; it should look like: C0123456789",
		"GATEHOUSE_CHANGE_CHANNEL is not a variable that Gatehouse knows; `gatehouse help config` lists them all",
		"GATEHOUSE_CHANGE_COMMAND is \"change\"; it should look like: /word",
		"GATEHOUSE_DATABASE_URL is no PostgreSQL address; it should look like: postgres://user:password@host/db",
		"GATEHOUSE_LISTEN_ADDR is \"8080\"; it should look like: host:port or :port",
		"GATEHOUSE_LOG_LEVEL is \"loud\"; it should look like: debug, info, warn or error",
		"GATEHOUSE_MODE is \"carrier pigeon\"; it should look like: socket or http",
		"GATEHOUSE_POLICY_FILE is \"/does/not/exist.yaml\", which can't be read; it should look like: a file",
		"GATEHOUSE_SERVICES_FILE is \"/does/not/exist/either.yaml\", which can't be read; it should look like: a file",
		"GATEHOUSE_SLACK_API_URL is \"slack.com\"; it should look like: http://127.0.0.1:8765/api/",
		"GATEHOUSE_SLACK_APP_TOKEN_FILE is \"/does/not/exist.token\", which can't be read; it should be a file that holds nothing but the secret",
		"GATEHOUSE_SLACK_BOT_TOKEN is no bot token; it should look like: xoxb-…",
		"GATEHOUSE_SOCKETS is not a whole number; it should look like: 1 to 10",
	}
	got := strings.Split(err.Error(), "\n")
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestEachProblemByItself(t *testing.T) {
	for _, try := range []struct {
		set  map[string]string
		want string
	}{
		{map[string]string{"GATEHOUSE_SLACK_BOT_TOKEN": ""}, "GATEHOUSE_SLACK_BOT_TOKEN is missing; it should look like: xoxb-…"},
		{map[string]string{"GATEHOUSE_SLACK_APP_TOKEN": ""}, "GATEHOUSE_SLACK_APP_TOKEN is missing, and socket mode needs it; it should look like: xapp-…"},
		{map[string]string{"GATEHOUSE_SLACK_APP_TOKEN": botToken, "GATEHOUSE_SLACK_BOT_TOKEN": appToken},
			"GATEHOUSE_SLACK_BOT_TOKEN holds the app-level token, and GATEHOUSE_SLACK_APP_TOKEN the bot token: swap them; it should look like: xoxb-…"},
		{map[string]string{"GATEHOUSE_MODE": "http"}, "GATEHOUSE_SLACK_SIGNING_SECRET is missing, and http mode needs it; it should look like: 32 hex digits"},
		{map[string]string{"GATEHOUSE_MODE": "http", "GATEHOUSE_SLACK_SIGNING_SECRET": "short"}, "GATEHOUSE_SLACK_SIGNING_SECRET is no signing secret; it should look like: 32 hex digits"},
		{map[string]string{"GATEHOUSE_CHANGES_CHANNEL": ""}, "GATEHOUSE_CHANGES_CHANNEL is missing; it should look like: C0123456789"},
		{map[string]string{"GATEHOUSE_CHANGE_COMMAND": "/checklist"},
			"GATEHOUSE_CHANGE_COMMAND is \"/checklist\", as another command is called; each needs a name of its own; it should look like: /word"},
		{map[string]string{"GATEHOUSE_GATEHOUSE_COMMAND": "/checklist"},
			"GATEHOUSE_CHECKLIST_COMMAND is \"/checklist\", as GATEHOUSE_GATEHOUSE_COMMAND is; each needs a name of its own; it should look like: /word"},
		{map[string]string{"GATEHOUSE_SOCKETS": "11"}, "GATEHOUSE_SOCKETS is 11; it should look like: 1 to 10"},
		{map[string]string{"GATEHOUSE_SOCKETS": "0"}, "GATEHOUSE_SOCKETS is 0; it should look like: 1 to 10"},
		{map[string]string{"GATEHOUSE_LISTEN_ADDR": "localhost:99999"}, "GATEHOUSE_LISTEN_ADDR is \"localhost:99999\"; it should look like: host:port or :port"},
		{map[string]string{"GATEHOUSE_LISTEN_ADDR": "localhost:"}, "GATEHOUSE_LISTEN_ADDR is \"localhost:\"; it should look like: host:port or :port"},
	} {
		set := goodEnvironment()
		for name, value := range try.set {
			set[name] = value
		}
		environment(t, set)
		if _, err := LoadConfig(); err == nil || err.Error() != try.want {
			t.Errorf("%v:\n got %v\nwant %s", try.set, err, try.want)
		}
	}
}

func TestSecretsComeFromFilesToo(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	environment(t, map[string]string{"GATEHOUSE_SLACK_BOT_TOKEN_FILE": file("bot", botToken+"\n"), "GATEHOUSE_SLACK_APP_TOKEN": " " + appToken + "\n",
		"GATEHOUSE_DATABASE_URL_FILE": file("db", "\n"+dbAddress+"\r\n"), "GATEHOUSE_SLACK_SIGNING_SECRET_FILE": file("secret", strings.Repeat("a", 32)), "GATEHOUSE_CHANGES_CHANNEL": "C0123456789"})
	for range 2 { // reading leaves the environment as it is
		c, err := LoadConfig()
		if err != nil || c.BotToken != botToken || c.AppToken != appToken || c.DatabaseURL != dbAddress || string(c.SigningSecret) != strings.Repeat("a", 32) {
			t.Fatalf("%v %q %q", err, string(c.BotToken), string(c.DatabaseURL))
		}
	}
	if os.Getenv("GATEHOUSE_SLACK_BOT_TOKEN") != "" {
		t.Error("the secret was put into the environment, where child processes see it")
	}
	t.Setenv("GATEHOUSE_SLACK_BOT_TOKEN", botToken)
	if _, err := LoadConfig(); err == nil || err.Error() != "GATEHOUSE_SLACK_BOT_TOKEN and GATEHOUSE_SLACK_BOT_TOKEN_FILE are both set; leave one of them out" {
		t.Error(err)
	}
	environment(t, map[string]string{"GATEHOUSE_SLACK_BOT_TOKEN_FILE": file("empty", "\n"), "GATEHOUSE_SLACK_APP_TOKEN": appToken, "GATEHOUSE_CHANGES_CHANNEL": "C0123456789"})
	if _, err := LoadConfig(); err == nil || !strings.Contains(err.Error(), "GATEHOUSE_SLACK_BOT_TOKEN is missing") || !strings.Contains(err.Error(), "empty\", which is empty") {
		t.Error(err)
	}
}

func TestKubernetesServiceLinksAreNoMisspeltVariables(t *testing.T) {
	set := goodEnvironment()
	for _, name := range []string{"GATEHOUSE_SERVICE_HOST", "GATEHOUSE_SERVICE_PORT", "GATEHOUSE_SERVICE_PORT_HTTP", "GATEHOUSE_PORT", "GATEHOUSE_PORT_8080_TCP",
		"GATEHOUSE_PORT_8080_TCP_ADDR", "GATEHOUSE_PORT_8080_TCP_PORT", "GATEHOUSE_PORT_8080_TCP_PROTO"} {
		set[name] = "tcp://10.0.0.1:8080"
	}
	environment(t, set)
	if _, err := LoadConfig(); err != nil {
		t.Error(err)
	}
	t.Setenv("GATEHOUSE_SERVICE_FILE", "x") // SERVICES_FILE was meant
	if _, err := LoadConfig(); err == nil {
		t.Error("a misspelt variable was taken for a service link")
	}
}

func TestSecretsAreNeverShown(t *testing.T) {
	c := Config{BotToken: botToken, AppToken: appToken, SigningSecret: "0123456789abcdef0123456789abcdef", DatabaseURL: dbAddress, Mode: ModeHTTP}
	var shown []string
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%T", "%08.3f", "%c"} {
		shown = append(shown, fmt.Sprintf(verb, c), fmt.Sprintf(verb, &c), fmt.Sprintf(verb, c.BotToken), fmt.Sprintf(verb, []any{c.DatabaseURL, map[string]Secret{"x": c.AppToken}}))
	}
	raw, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewJSONHandler(&log, nil), slog.NewTextHandler(&log, nil)} {
		slog.New(handler).Info("x", "config", c, "token", c.BotToken, "group", slog.GroupValue(slog.Any("db", c.DatabaseURL)), "error", fmt.Errorf("with %v", c.AppToken))
	}
	shown = append(shown, string(raw), log.String(), fmt.Sprint(c), fmt.Sprintln(c.SigningSecret), string(c.BotToken.String()))
	for _, text := range shown {
		for _, secret := range []string{botToken, appToken, "hunter2", "0123456789abcdef", fmt.Sprintf("%x", botToken), fmt.Sprintf("%X", appToken)} {
			if strings.Contains(text, secret) {
				t.Errorf("a secret shows in: %s", text)
			}
		}
	}
	if !strings.Contains(string(raw), "[secret]") {
		t.Errorf("JSON: %s", raw)
	}
}

func TestNoProblemRepeatsASecret(t *testing.T) {
	for _, v := range variables(&Config{}) {
		for _, pasted := range []string{botToken, appToken, "0123456789abcdef0123456789abcdef"} {
			set := goodEnvironment()
			set[v.name] = pasted
			environment(t, set)
			_, err := LoadConfig()
			if err != nil && (strings.Contains(err.Error(), botToken) || strings.Contains(err.Error(), appToken) || strings.Contains(err.Error(), "0123456789abcdef0123")) {
				t.Errorf("%s: %v", v.name, err)
			}
		}
	}
	set := goodEnvironment()
	set["GATEHOUSE_DATABASE_URL"] = "mysql://gate:hunter2@db.example/x"
	environment(t, set)
	if _, err := LoadConfig(); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Error(err)
	}
}

func TestTheTableListsEveryVariable(t *testing.T) {
	var out strings.Builder
	if err := ConfigTable(&out); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if n := reflect.TypeFor[Config]().NumField(); len(lines) != n+1 {
		t.Errorf("%d lines for %d variables", len(lines)-1, n)
	}
	for i, v := range variables(&Config{}) {
		line := lines[i+1]
		if !strings.HasPrefix(v.name, Prefix+"_") || v.shape == "" || v.what == "" {
			t.Errorf("%+v is not described", v)
		}
		for _, part := range []string{v.name, v.byDefault, v.shape, v.what} {
			if !strings.Contains(line, part) {
				t.Errorf("%q is missing in: %s", part, line)
			}
		}
		if strings.Contains(line, "_FILE)") != v.secret {
			t.Errorf("only secrets come from files: %s", line)
		}
	}
}
