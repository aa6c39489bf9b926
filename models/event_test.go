package models

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func places(out []Delivery) []ChannelID {
	var list []ChannelID
	for _, d := range out {
		if d.Kind == DeliverCard {
			list = append(list, d.Channel)
		}
	}
	return list
}

func TestACardStandsInTheChangesChannelAndThoseOfThreeServicesOnce(t *testing.T) {
	for _, test := range []struct {
		services []Slug
		want     []ChannelID
	}{
		{[]Slug{"pay-api"}, []ChannelID{"CCHANGES", "CPAY"}},
		{[]Slug{"pay-api", "wallet"}, []ChannelID{"CCHANGES", "CPAY"}}, // one channel of two services
		{[]Slug{"docs"}, []ChannelID{"CCHANGES"}},                      // a service without one
		{[]Slug{"docs", "ledger", "web"}, []ChannelID{"CCHANGES", "CLEDGER", "CWEB"}},
		{[]Slug{"ledger", "pay-api", "wallet", "web"}, []ChannelID{"CCHANGES", "CLEDGER", "CPAY"}}, // three services at most
	} {
		w := newWorld()
		c := w.raised(t, func(in *Input) { in.Services = test.services })
		if diff := cmp.Diff(test.want, places(Deliveries(c, c.Events(), w.as(ana)))); diff != "" {
			t.Errorf("%v: %s", test.services, diff)
		}
	}
	w := newWorld().clone()
	s := w.Services["pay-api"]
	s.Channel = "CCHANGES"
	w.Services["pay-api"] = s
	c := w.raised(t, nil)
	if got := places(Deliveries(c, c.Events(), w.as(ana))); len(got) != 1 {
		t.Errorf("a channel counts once: %v", got)
	}
	w.Settings.ChangesChannel = ""
	must(t, c.Cancel("No more.", w.as(ana)))
	for _, d := range Deliveries(c, c.Events(), w.as(ana)) {
		if d.Kind == DeliverThread || d.Channel == "" && d.User == "" {
			t.Errorf("without a changes channel: %+v", d)
		}
	}
}

func TestADraftShowsInNoChannelNotEvenWhenItIsCancelled(t *testing.T) {
	w := newWorld()
	c := w.in(t, Draft)
	if out := Deliveries(c, c.Events(), w.as(ana)); len(out) != 0 {
		t.Errorf("a draft: %+v", out)
	}
	must(t, c.Cancel("Nobody needs it.", w.as(kim)))
	out := Deliveries(c, c.Events(), w.as(kim))
	if len(out) != 1 || out[0].Kind != DeliverNote || out[0].User != ana {
		t.Errorf("only Ana hears of it: %+v", out)
	}
}

// told is who hears of what, by whom it was done.
func TestRequesterAndImplementerHearWhatOthersDid(t *testing.T) {
	base := func(w *world, t *testing.T) *Change {
		return w.raised(t, func(in *Input) { in.Implementer = cai })
	}
	for name, test := range map[string]struct {
		by   UserID
		do   func(c *Change, f Facts) error
		want []UserID
	}{
		"approved in full":             {dee, func(c *Change, f Facts) error { return c.Approve(c.Revision, f) }, []UserID{ana, cai}},
		"rejected":                     {dee, func(c *Change, f Facts) error { return c.Reject("No.!", c.Revision, f) }, []UserID{ana, cai}},
		"sent back":                    {dee, func(c *Change, f Facts) error { return c.AskForChanges("More.", c.Revision, f) }, []UserID{ana, cai}},
		"cancelled by the implementer": {cai, func(c *Change, f Facts) error { return c.Cancel("No more.", f) }, []UserID{ana}},
		"cancelled by the requester":   {ana, func(c *Change, f Facts) error { return c.Cancel("No more.", f) }, []UserID{cai}},
		"withdrawn in part":            {ben, func(c *Change, f Facts) error { return c.Withdraw(f) }, nil},
		"approved in part":             {dee, func(c *Change, f Facts) error { c.Approvals[0].Void = "for the test"; return c.Approve(c.Revision, f) }, nil},
	} {
		w := newWorld()
		c := w.approvedBy(t, base(w, t), ben)
		c.Events()
		must(t, test.do(c, w.as(test.by)))
		var told []UserID
		for _, d := range Deliveries(c, c.Events(), w.as(test.by)) {
			if d.Kind == DeliverNote {
				told = append(told, d.User)
			}
		}
		if diff := cmp.Diff(test.want, told); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestAHomeIsRefreshedForThoseWhoOpenedIt(t *testing.T) {
	w := newWorld().clone()
	for _, u := range []UserID{ana, dee, ray} {
		p := w.People[u]
		p.SeesHome = true
		w.People[u] = p
	}
	c := w.raised(t, nil)
	var homes []UserID
	for _, d := range Deliveries(c, c.Events(), w.as(ana)) {
		if d.Kind == DeliverHome {
			homes = append(homes, d.User)
		}
	}
	slices.Sort(homes)
	if diff := cmp.Diff([]UserID{ana, dee}, homes); diff != "" {
		t.Error(diff)
	}
}

func TestDecisionsAreSentBeforeCardsAndCardsBeforeTheirLines(t *testing.T) {
	order := []DeliveryKind{DeliverNote, DeliverAsk, DeliverCard, DeliverThread, DeliverHome}
	for i, k := range order {
		if k.Priority() != i+1 || k.EditedInPlace() != (k == DeliverCard || k == DeliverAsk || k == DeliverHome) {
			t.Errorf("%s: priority %d, edited in place %v", k, k.Priority(), k.EditedInPlace())
		}
	}
}

func TestEventsAreHandedOverOnce(t *testing.T) {
	c := newWorld().raised(t, nil)
	if len(c.Events()) == 0 || len(c.Events()) != 0 {
		t.Error("events are handed over once")
	}
}

func TestACardIsKeptUpToDateWhereTheServiceWasTakenOut(t *testing.T) {
	w := newWorld()
	c := w.raised(t, func(in *Input) { in.Services = []Slug{"pay-api", "web"} })
	must(t, w.editing(c, ana, func(in *Input) { in.Services = []Slug{"pay-api"} }))
	c.Events()
	must(t, c.Cancel("Not needed any more.", w.as(ana)))
	var cards []ChannelID
	for _, d := range Deliveries(c, c.Events(), w.as(ana)) {
		if d.Kind == DeliverCard {
			cards = append(cards, d.Channel)
		}
	}
	if want := []ChannelID{"CCHANGES", "CPAY", "CWEB"}; !slices.Equal(cards, want) {
		t.Errorf("cards wanted in %v, want %v: a card left alone would keep its buttons", cards, want)
	}
}
