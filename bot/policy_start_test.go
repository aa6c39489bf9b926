package bot

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/models/store"
)

// TestTheFirstStartNamesAllThatIsWrongWithAPolicyFile: with the program itself,
// on an empty database and before Slack is asked anything. Later, when there is
// a policy to go on with, the same file stops nobody.
func TestTheFirstStartNamesAllThatIsWrongWithAPolicyFile(t *testing.T) {
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			r := newRig(t, setting{engine, ModeSocket}, rigged{people: 3, require: "1 of cab"})
			path := filepath.Join(t.TempDir(), "policy.yaml")
			write := func(source string) {
				t.Helper()
				if err := os.WriteFile(path, []byte(source), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			start := func(more ...string) (*process, error) {
				p := r.launch(append(more, "GATEHOUSE_POLICY_FILE="+path)...)
				ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
				defer cancel()
				_, err := p.ready(ctx)
				return p, err
			}
			const bad = "version: x\nnotce: {low: 1}\nrules:\n  - {name: a, require: [1 of boss, two of cab]}\n  - {name: b, when: {risk: [terrible]}, require: 1 of peer}\n"
			write(bad)
			// No Slack answers there: it is not asked.
			p, err := start("GATEHOUSE_SLACK_API_URL=http://127.0.0.1:9/api/")
			if err == nil {
				t.Fatal("it serves by a file that is refused")
			}
			said := p.said.String()
			mustHold(t, said, path+" is refused", "does not start", "gatehouse policy validate "+path,
				"line 1: expected a whole number from 1", `not "x"`,
				`line 2: unknown key "notce"; known here: additions, name, notice`,
				`line 4: nobody holds "boss"; roles are peer`,
				`line 4: "two of cab" is no requirement; write for example "1 of peer"`,
				`line 5: "terrible" is none of low, medium, high, very_high`,
				"line 5: expected a list; write it in brackets: [1 of peer]")
			if code := p.cmd.ProcessState.ExitCode(); code != 1 {
				t.Errorf("it ends with %d", code)
			}

			write("version: 2\nname: Ours\nrules:\n  - {name: all, require: [1 of cab]}\n")
			if p, err = start(); err != nil {
				t.Fatalf("a mended file does not serve: %v\n%s", err, p.said)
			}
			p.stop(t, 15*time.Second)
			write(strings.Replace(bad, "version: x", "version: 3", 1))
			if p, err = start(); err != nil {
				t.Fatalf("a refused file stops what has a policy to go on with: %v\n%s", err, p.said)
			}
			mustHold(t, p.said.String(), "the last good policy stays in force", "unknown key")
			p.stop(t, 15*time.Second)
		})
	}
}
