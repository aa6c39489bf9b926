package view

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehousehq/gatehouse/models"
)

func dateTime(at time.Time) map[string]any {
	return map[string]any{"selected_date_time": at.Unix()}
}

// TestFormsOfReleasesChangeNothingByThemselves: a form that is opened and sent
// as it is gives back what the release holds.
func TestFormsOfReleasesChangeNothingByThemselves(t *testing.T) {
	for _, k := range []cast{everyday(), hostile(), longest()} {
		s := k.released()
		s.r.Attributes = []models.Attribute{models.PersonalData, models.Compliance}
		f, url := s.facts(ana), "https://hooks.slack.example/1"
		compare := func(what string, want, got any) {
			t.Helper()
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s, %s (-shown +read):\n%s", k.name, what, diff)
			}
		}
		in := models.ReleaseInputOf(s.r)
		meta, got := ReadReleaseForm(sent(t, ReleaseForm(ReleaseMeta{ResponseURL: url}, in, f.Facts), nil))
		in.Template = got.Template // is chosen only where there are several
		compare("a new release", in, got)
		compare("its meta", ReleaseMeta{Seen: in.Seen, ResponseURL: url}, meta)

		meta, got = ReadReleaseForm(sent(t, ReleaseForm(ReleaseMeta{ID: s.r.ID, ResponseURL: url}, in, f.Facts), nil))
		in.GoLive, in.Template = time.Time{}, "" // is moved, with a reason, and kept
		compare("an edit", in, got)
		compare("its meta", ReleaseMeta{ID: s.r.ID, Seen: in.Seen, ResponseURL: url}, meta)

		to := ReadGoLiveForm(sent(t, GoLiveForm(s.r, f, url), nil))
		compare("a go-live", GoLiveAnswer{ReleaseMeta: ReleaseMeta{ID: s.r.ID, ResponseURL: url}, To: s.r.GoLive}, to)

		up := models.MeetingInput{At: s.r.Upcoming().At, Length: s.r.Upcoming().Length, Place: s.r.Upcoming().Place, Guests: []models.UserID{gus, paul}}
		hm, meeting := ReadHandoverForm(sent(t, HandoverForm(s.r, up, f, url), nil))
		compare("a handover", up, meeting)
		compare("its meta", HandoverMeta{Release: s.r.ID, ResponseURL: url}, hm)

		b := models.BucketDocumentation
		bm, owner, verifies := ReadBucketForm(sent(t, BucketForm(BucketMeta{ReleaseRef: bucketRef(s.r, b, 0), Under: "V2", ResponseURL: url}, s.r, b, f), nil))
		compare("a bucket", []models.UserID{s.r.BucketOwner(b), s.r.Buckets[b].Verifier}, []models.UserID{owner, verifies})
		compare("its meta", BucketMeta{bucketRef(s.r, b, 0), "V2", url}, bm)

		next := s.now.AddDate(0, 0, 7).Truncate(time.Minute)
		held := k.convened()
		for _, kind := range []string{ActionDecline, ActionAdjourn} {
			m := held.r.InSession()
			pm, why, at := ReadPutOffForm(sent(t, PutOffForm(kind, held.r, m, next, url), map[models.Field]map[string]any{models.FieldReason: {"value": k.note}}))
			compare(kind, []any{k.note, next.UTC()}, []any{why, at.UTC()})
			compare("its meta", HandoverMeta{Release: held.r.ID, Meeting: m.No, Kind: kind, ResponseURL: url}, pm)
		}
		must(held.r.Vote(0, models.ChoiceNotReady, k.note, held.facts(ben)))
		_, choice, comment := ReadVoteForm(sent(t, VoteForm(held.r, held.r.InSession(), held.facts(ben), url), nil))
		v, _ := held.r.InSession().VoteOf(ben)
		compare("a vote", []any{v.Choice, v.Comment}, []any{choice, comment})
	}
}

// TestWhatIsAskedOfAReleaseIsReadBack: each form with its golden answers, and
// the release that it is about.
func TestWhatIsAskedOfAReleaseIsReadBack(t *testing.T) {
	type values = map[models.Field]map[string]any
	const url, said = "https://hooks.slack.example/1", "because *it* <is> & stays"
	for _, k := range []cast{everyday(), hostile(), longest()} {
		s := k.released()
		f := s.facts(ana)
		compare := func(what string, want, got any) {
			t.Helper()
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s, %s (-sent +read):\n%s", k.name, what, diff)
			}
		}
		meta, handover := ReleaseMeta{ID: s.r.ID, ResponseURL: url}, HandoverMeta{Release: s.r.ID, ResponseURL: url}

		rm, why := ReadReleaseReasonForm(sent(t, ReleaseReasonForm(s.r, f, url), values{models.FieldReason: {"value": said}}))
		compare("a cancellation", []any{meta, said}, []any{rm, why})

		next := *f.Template
		next.Version, next.Items = next.Version+1, append(slices.Clone(next.Items),
			models.TemplateItem{ID: "DO97", Bucket: models.BucketDocumentation, Title: k.note, Due: 5}, models.TemplateItem{ID: "TS98", Bucket: models.BucketTests, Title: k.note, Due: 5})
		newer := f
		newer.Template = &next
		offered := decoded(AdoptForm(s.r, newer, url))["blocks"].([]any)
		all := offered[len(offered)-1].(map[string]any)["element"].(map[string]any)["options"].([]any)
		rm, ids := ReadAdoptForm(sent(t, AdoptForm(s.r, newer, url), values{models.FieldItem: {"selected_options": all}}))
		var want []string
		for _, o := range s.r.Offers(&next) {
			want = append(want, o.ID)
		}
		compare("lines of a newer template", []any{meta, want}, []any{rm, ids})

		rm, in := ReadNewItemForm(sent(t, NewItemForm(s.r, f, url), values{models.FieldTitle: {"value": "One <line> & more"}, models.FieldBucket: chose(string(models.BucketTests))}))
		compare("a new item as it is proposed", []any{meta, models.NewItem{Bucket: models.BucketTests, Title: "One <line> & more", Mandatory: true, DueDays: 5}}, []any{rm, in})
		_, in = ReadNewItemForm(sent(t, NewItemForm(s.r, f, url), values{models.FieldTitle: {"value": "Another"}, models.FieldExpected: {"value": said},
			models.FieldBucket: chose(string(models.BucketEarlyLife)), models.FieldKind: chose("advisory"), models.FieldDue: {"value": "0"}, models.FieldTests: chose("yes"), models.FieldOwner: {"selected_user": string(ben)}}))
		compare("a new item", models.NewItem{Bucket: models.BucketEarlyLife, Title: "Another", Expected: said, Tests: true, Owner: ben}, in)
		if _, in = ReadNewItemForm(sent(t, NewItemForm(s.r, f, url), values{models.FieldDue: {"value": "soon"}})); in.DueDays != -1 {
			t.Errorf("%s: days that are no number are read as %d", k.name, in.DueDays)
		}

		proposed, err := s.r.Proposed(f)
		must(err)
		meeting := &models.Meeting{No: 2}
		about := handover
		about.Meeting = 2
		for n := range proposed {
			about.Items = append(about.Items, proposed[n].No)
			proposed[n].Title = "" // the item's own
			proposed[n].Due = proposed[n].Due.Truncate(time.Minute)
			proposed[n].After = n%2 == 0
		}
		hm, list := ReadConditionsForm(sent(t, ConditionsForm(s.r, meeting, proposed, f, url), nil))
		for n := range proposed { // what is spelled in several lines is asked for as it is kept
			proposed[n].Test = strings.TrimSpace(proposed[n].Test)
		}
		compare("conditions as they are proposed", []any{about, proposed}, []any{hm, list})
		own := models.ConditionInput{Title: "A rota", Owner: ben, Due: opening.AddDate(0, 1, 0), Test: said, After: true}
		of := func(part models.Field) models.Field { return models.ConditionField(part, 0) }
		_, list = ReadConditionsForm(sent(t, ConditionsForm(s.r, meeting, nil, f, url), values{of(models.FieldTitle): {"value": own.Title}, of(models.FieldOwner): {"selected_user": string(ben)},
			of(models.FieldDue): dateTime(own.Due), of(models.FieldCheck): {"value": said}, of(models.FieldKind): chose(conditionAfter)}))
		compare("a condition of one's own", []models.ConditionInput{own}, list)

		for kind, days := range map[string]int{ActionEarlyLife: models.EarlyLifeDays(s.r.Tier), ActionExtend: 5} {
			about := handover
			about.Kind = kind
			given := ""
			if kind == ActionExtend {
				given = said
			}
			hm, n, why := ReadSupportForm(sent(t, SupportForm(kind, s.r, f, url), values{models.FieldReason: {"value": said}}))
			compare(kind, []any{about, days, given}, []any{hm, n, why})
		}

		hm, name, priority, note := ReadIncidentForm(sent(t, IncidentForm(s.r, url), values{models.FieldIncident: {"value": " INC-7 "}, models.FieldPriority: chose("2"), models.FieldNote: {"value": said}}))
		compare("an incident", []any{handover, "INC-7", 2, said}, []any{hm, name, priority, note})
	}
}

// TestTheFormOfAnItemIsReadBack: each act with what it asks for, and the item
// as it was shown.
func TestTheFormOfAnItemIsReadBack(t *testing.T) {
	given := map[models.Field]map[string]any{
		models.FieldEvidence: {"value": "https://wiki.example/x as <agreed> & signed"}, models.FieldReason: {"value": "because *it* is"},
		models.FieldExpiry: dateTime(opening.AddDate(0, 1, 0)), models.FieldOpenIssues: {"value": "3"},
	}
	seen := map[models.ItemAct]int{}
	for _, k := range []cast{everyday(), hostile(), longest()} {
		s := k.released()
		for n := range s.r.Items {
			i := &s.r.Items[n]
			for _, u := range []models.UserID{ana, ben, mia} {
				for _, x := range itemActs {
					if !s.r.Fits(x.act, i, s.facts(u)) {
						continue
					}
					meta := ItemMeta{Under: "V2", Bucket: 3, Page: 1, ResponseURL: "https://hooks.slack.example/1"}
					v := ItemForm(meta, s.r, i, x.act, s.facts(u))
					got := ReadItemForm(sent(t, v, given))
					if live := ReadItemForm(sent(t, v, nil)); live.Act != x.act { // redrawn as it is
						t.Errorf("%s: %s is drawn as %s", i.ID, x.act, live.Act)
					}
					want := ItemAnswer{ItemMeta: meta, Act: x.act}
					want.Release, want.No, want.Seen = s.r.ID, i.No, i.Version()
					three := 3
					for _, field := range x.asks {
						switch {
						case field == models.FieldEvidence:
							want.Evidence.Kind, want.Evidence.Ref, want.Evidence.Note = models.EvidenceLink, "https://wiki.example/x", "as <agreed> & signed"
						case field == models.FieldReason:
							want.Reason = "because *it* is"
						case field == models.FieldExpiry:
							want.Until = opening.AddDate(0, 1, 0)
						case field == models.FieldOwner:
							want.Owner = s.r.OwnerOf(i)
						case field == models.FieldOpenIssues && i.Tests:
							want.Issues, want.Evidence.OpenIssues = &three, &three
						}
					}
					if want.Evidence.Kind == "" {
						want.Evidence.Kind = got.Evidence.Kind // nothing was asked
					}
					if diff := cmp.Diff(want, got); diff != "" {
						t.Fatalf("%s, %s of %s by %s (-shown +read):\n%s", k.name, x.act, i.ID, u, diff)
					}
					seen[x.act]++
				}
			}
		}
	}
	if len(seen) < len(itemActs)-1 { // nothing waits for reopening in every cast
		t.Errorf("only these were tried: %v", seen)
	}
	t.Log(seen)
}
