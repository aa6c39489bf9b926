package bot

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/files"
)

// safely answers what makes a change's risk medium: a peer and the owner.
func safely(form slackfake.Fields) slackfake.Fields {
	for field, answer := range map[string]string{"users": "one team", "rehearsed": "yes", "rollback_tested": "yes", "reversible": "yes", "done_before": "one to four times"} {
		form[field] = answer
	}
	return form
}

// reads waits until the last message to somebody holds the words.
func (w *world) reads(name, words string) {
	w.t.Helper()
	w.until(name+" reads "+words, func() bool {
		all := w.fake.DM(name)
		return len(all) > 0 && strings.Contains(all[len(all)-1].Text, words)
	})
}

func TestAnApproverHandsADecisionOnAndAnAbsentOneIsStoodInFor(t *testing.T) {
	tell := func(t *testing.T, w *world) {
		mustDo(t, w.As("ana").Slash("general", "/change new"))
		mustDo(t, w.As("ana").Submit(safely(goodForm(w, 96*time.Hour))))
		w.told("ana", "CHG-1", "1 peer", "1 service owner")
		w.card("changes", "CHG-1")
		w.card("tracking", "CHG-1")

		// Chi, the owner, hands this decision to Fay, who has no part in it.
		mustDo(t, w.As("chi").Click(w.dm("chi", "CHG-1"), "change.delegate"))
		w.until("the form is there", func() bool { v, ok := w.As("chi").View(); return ok && v.CallbackID == "delegate.form" })
		if r := w.As("chi").Submit(slackfake.Fields{"delegate": "U0ANA"}); r.Errors["delegate"] == "" {
			t.Errorf("the requester decides on her own change: %+v", r)
		}
		mustDo(t, w.As("chi").Submit(slackfake.Fields{"delegate": "U0FAY"}))
		w.told("chi", "handed your decision", "fay")
		w.reads("chi", "fay decides in your place")
		mustDo(t, w.As("fay").Click(w.dm("fay", "in the place of chi"), "change.approve"))
		w.told("fay", "1 of 2")
		mustDo(t, w.As("ana").Slash("general", "/change why 1"))
		w.told("ana", "1 service owner: ✅ fay on behalf of chi", "1 peer: 1 missing", "Risk")

		// Ben, the peer, goes away, and Gus is asked in his place.
		mustDo(t, w.As("ben").Slash("general", "/gatehouse me"))
		w.told("ben", "09:00 to 18:00")
		line := w.fake.Ephemerals("ben")
		mustDo(t, w.As("ben").Click(line[len(line)-1], "me.edit"))
		w.until("the form is there", func() bool { v, ok := w.As("ben").View(); return ok && v.CallbackID == "me.form" })
		if r := w.As("ben").Submit(slackfake.Fields{"away_from": "2020-01-02", "away_until": "2020-01-01"}); r.Errors["away_until"] == "" {
			t.Errorf("an absence that ends before it begins: %+v", r)
		}
		today := w.now().Format(time.DateOnly)
		mustDo(t, w.As("ben").Submit(slackfake.Fields{"away_from": today, "away_until": w.now().AddDate(0, 0, 2).Format(time.DateOnly), "delegate": "U0GUS"}))
		w.told("ben", "gus decides in your place")
		w.until("Gus is asked", func() bool { return len(w.fake.DM("gus")) > 0 })
		w.reads("ben", "gus decides in your place") // an edit may wait its turn in Slack's pace
		mustDo(t, w.As("gus").Click(w.dm("gus", "in the place of ben"), "change.approve"))
		w.told("gus", "last one needed")
		mustHold(t, w.card("changes", "CHG-1").Plain(), "Approved", "on behalf of")
		w.dm("ana", "CHG-1", "Approved", "fay on behalf of chi")
		w.dm("fay", "CHG-1")
		w.dm("ben", "CHG-1")
		w.dm("chi", "CHG-1")
		w.thread(w.card("changes", "CHG-1"))
	}
	for _, s := range []setting{settings[0], settings[3]} { // either engine, either door
		t.Run(string(s.engine)+"/"+string(s.mode), func(t *testing.T) {
			t.Parallel() // most of it is waiting
			tell(t, newWorld(t, s))
		})
	}
}

func TestWhoeverComesBackDecidesAgain(t *testing.T) {
	w := newWorld(t, settings[0])
	mustDo(t, w.As("ana").Slash("general", "/change new"))
	mustDo(t, w.As("ana").Submit(safely(goodForm(w, 96*time.Hour))))
	w.told("ana", "CHG-1", "1 peer", "1 service owner")
	w.card("changes", "CHG-1")
	w.card("tracking", "CHG-1")
	w.dm("ben", "CHG-1")
	w.dm("chi", "asks for your decision")

	mustDo(t, w.As("chi").Slash("general", "/gatehouse me"))
	w.told("chi", "09:00 to 18:00")
	line := w.fake.Ephemerals("chi")
	mustDo(t, w.As("chi").Click(line[len(line)-1], "me.edit"))
	w.until("the form is there", func() bool { v, ok := w.As("chi").View(); return ok && v.CallbackID == "me.form" })
	today := w.now().Format(time.DateOnly)
	mustDo(t, w.As("chi").Submit(slackfake.Fields{"away_from": today, "away_until": today, "delegate": "U0FAY"}))
	w.told("chi", "fay decides in your place")
	w.until("fay is asked", func() bool { return strings.Contains(requestOf(w, "fay").Text, "in the place of chi") })
	w.reads("chi", "fay decides in your place")

	w.later(24 * time.Hour)
	w.until("the requests say so", func() bool {
		return strings.Contains(requestOf(w, "chi").Text, "asks for your decision") && strings.Contains(requestOf(w, "fay").Text, "that has ended")
	})
	mustDo(t, w.As("chi").Click(requestOf(w, "chi"), "change.approve"))
	w.told("chi", "1 of 2")
	w.dm("chi", "Your absence is over")
	for _, m := range w.fake.DM("fay") { // the request, and that she stands in until tomorrow
		w.claimed["dm-fay"+m.TS] = true
	}
}

// requestOf is the message that asks somebody about CHG-1.
func requestOf(w *world, name string) slackfake.Message {
	all := w.fake.DM(name)
	i := slices.IndexFunc(all, func(m slackfake.Message) bool { return strings.Contains(m.Text, "CHG-1") })
	if i < 0 {
		return slackfake.Message{}
	}
	return all[i]
}

func TestASmallTeamGoesOnWithoutWhatNobodyCanGive(t *testing.T) {
	w := newWorld(t, settings[0])
	source := []byte("version: 9\nname: Small\nsmall_team: true\nrules:\n  - {name: all, require: [1 of peer, 1 of group:S0DBA]}\n")
	p, err := files.Policy(source)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.app.Store.ActivatePolicy(t.Context(), testWorkspace, p.Version, source, files.Policy); err != nil {
		t.Fatal(err)
	}
	if err := w.app.Jobs.RefreshGroups(t.Context()); err != nil { // Slack knows no such group
		t.Fatal(err)
	}
	w.dm("eli", "Nobody can give", "S0DBA")
	mustDo(t, w.As("eli").Slash("general", "/gatehouse policy"))
	w.told("eli", "Policy version 9", "Small-team mode", "Nobody can give", "S0DBA")

	mustDo(t, w.As("ana").Slash("general", "/change new"))
	mustDo(t, w.As("ana").Submit(safely(goodForm(w, 96*time.Hour))))
	w.told("ana", "CHG-1", "Nobody can give", "S0DBA")
	mustDo(t, w.As("ben").Click(w.dm("ben", "CHG-1"), "change.approve"))
	w.told("ben", "1 of 2")
	w.later(20 * time.Minute)
	mustHold(t, w.card("changes", "CHG-1").Plain(), "Awaiting approval")
	w.later(11 * time.Minute)
	w.until("it goes on", func() bool {
		c, err := w.app.Store.Change(t.Context(), testWorkspace, 1)
		return err == nil && c.State == models.Approved
	})
	mustHold(t, w.card("changes", "CHG-1").Plain(), "Approved", "1 of 2, by ben", "not met: nobody eligible")
	w.card("tracking", "CHG-1")
	w.dm("ana", "CHG-1", "not met: nobody eligible")
	w.dm("ben", "CHG-1")
	w.thread(w.card("changes", "CHG-1"))
	mustDo(t, w.As("ana").Slash("general", "/change list exceptions"))
	w.told("ana", "CHG-1")
}

func TestSlackSaysWhoBelongsToAGroup(t *testing.T) {
	w := newWorld(t, settings[0], func(c *slackfake.Config) {
		c.UserGroups = []slackfake.UserGroup{{ID: "S0DBA", Handle: "dba", Users: []string{"gus"}}}
	})
	source := []byte("version: 9\nname: Groups\nrules:\n  - {name: all, require: [1 of group:S0DBA]}\n")
	if _, err := w.app.Store.ActivatePolicy(t.Context(), testWorkspace, 9, source, files.Policy); err != nil {
		t.Fatal(err)
	}
	if err := w.app.Jobs.RefreshGroups(t.Context()); err != nil {
		t.Fatal(err)
	}
	mustDo(t, w.As("ana").Slash("general", "/change new"))
	mustDo(t, w.As("ana").Submit(safely(goodForm(w, 96*time.Hour))))
	w.told("ana", "CHG-1")
	w.card("changes", "CHG-1")
	w.card("tracking", "CHG-1")
	ask := w.dm("gus", "CHG-1")

	// Gus leaves the group and Fay joins it: his message is late, hers counts.
	if err := w.fake.SetUserGroup(slackfake.UserGroup{ID: "S0DBA", Handle: "dba", Users: []string{"fay"}}); err != nil {
		t.Fatal(err)
	}
	w.until("Gatehouse knows", func() bool {
		d, err := w.app.Store.Directory(t.Context(), testWorkspace)
		return err == nil && len(d.Teams["S0DBA"].Members) == 1 && d.Teams["S0DBA"].Members[0] == "U0FAY"
	})
	mustDo(t, w.As("gus").Click(ask, "change.approve"))
	w.told("gus", "you no longer hold a role")
	mustDo(t, w.As("fay").Click(w.card("changes", "CHG-1"), "change.approve"))
	w.told("fay", "last one needed")
	w.dm("ana", "CHG-1", "Approved")
	w.dm("gus", "CHG-1")
	w.thread(w.card("changes", "CHG-1"))
}

func TestAPolicyFileThatIsRefusedOrOlderLeavesTheStoredOneInForce(t *testing.T) {
	w := newWorld(t, settings[0])
	path := t.TempDir() + "/policy.yaml"
	for _, test := range []struct{ source, trouble string }{
		{"version: 99\nrules:\n  - {name: a, require: [1 of boss]}\n", "line 3: nobody holds \"boss\""},
		{"version: 1\nrules:\n  - {name: all, require: []}\n", ""},
	} {
		if err := os.WriteFile(path, []byte(test.source), 0o600); err != nil {
			t.Fatal(err)
		}
		w.app.config.PolicyFile, w.app.policyTrouble = path, ""
		if err := w.app.prepare(t.Context()); err != nil {
			t.Fatalf("serving does not go on: %v", err)
		}
		d, err := w.app.Store.Directory(t.Context(), testWorkspace)
		if err != nil || d.Policy.Name != "Gatehouse default" {
			t.Errorf("%v, in force: %s", err, d.Policy.Name)
		}
		if test.trouble != "" {
			mustHold(t, d.PolicyTrouble, test.trouble)
			w.dm("eli", "The policy file is refused", "line 3")
		} else if d.PolicyTrouble != "" {
			t.Errorf("trouble is left: %s", d.PolicyTrouble)
		}
	}
}
