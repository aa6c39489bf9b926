package jobs

import (
	"strings"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/models"
)

func TestAFileStandsUnderTheCardOnceWhateverSlackDoes(t *testing.T) {
	for name, rules := range map[string][]slackfake.Rule{
		"in order":       nil,
		"replies lost":   {{Method: "files.completeUploadExternal", Kind: slackfake.DropReply, Times: 2}},
		"upload broken":  {{Method: "upload", Kind: slackfake.Error500, Times: 1}, {Method: "files.getUploadURLExternal", Kind: slackfake.DropReply, Times: 1}},
		"told to wait":   {{Method: "files.completeUploadExternal", Kind: slackfake.RateLimit, Times: 1}},
		"refused inside": {{Method: "files.completeUploadExternal", Kind: "fatal_error", Times: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, fast, func(w *world, jobs ...*Jobs) {
				r := w.plan("Market expansion")
				w.quiet()
				for _, rule := range rules {
					_, err := w.fake.Break(rule)
					w.must(err)
				}
				w.onRelease(ana, r.ID, func(r *models.Release, f models.ReleaseFacts) error {
					return r.Schedule(models.MeetingInput{At: f.Now.Add(72 * time.Hour), Place: "Room 4"}, f)
				})
				w.quiet()
				files := 0
				for _, m := range w.fake.Thread(w.fake.Messages(payRoom)[0]) {
					files += len(m.Files)
				}
				kept := w.fake.Files()
				if files != 1 || len(kept) != 1 || !strings.Contains(string(kept[0].Data), "LOCATION:Room 4") {
					t.Errorf("%d files under the card, %d in Slack", files, len(kept))
				}
			})
		})
	}
}

func TestAMeetingHasOnePromptThatIsEditedToItsResult(t *testing.T) {
	each(t, fast, func(w *world, jobs ...*Jobs) {
		r := w.plan("Market expansion")
		w.onRelease(ana, r.ID, func(r *models.Release, f models.ReleaseFacts) error {
			if err := r.Schedule(models.MeetingInput{At: f.Now.Add(72 * time.Hour)}, f); err != nil {
				return err
			}
			return r.Convene(f)
		})
		w.quiet()
		w.onRelease(ana, r.ID, func(r *models.Release, f models.ReleaseFacts) error {
			return r.Vote(0, models.ChoiceNotReady, "The rota has gaps.", f)
		})
		w.onRelease(dee, r.ID, func(r *models.Release, f models.ReleaseFacts) error {
			return r.Decline(0, "No rota.", f.Now.Add(240*time.Hour), f)
		})
		w.quiet()
		all := w.fake.Messages(payRoom)
		if len(all) != 2 || !strings.Contains(all[1].Text, "Handover declined") {
			t.Fatalf("the channel has %d messages, want card and prompt: %v", len(all), all)
		}
		minutes := 0
		for _, m := range w.fake.Thread(all[0]) {
			if strings.Contains(m.Text, "Decided by") && strings.Contains(m.Plain(), "The rota has gaps.") {
				minutes++
			}
		}
		if minutes != 1 {
			t.Errorf("the minutes stand there %d times", minutes)
		}
	})
}
