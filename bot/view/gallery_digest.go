package view

import (
	"slices"
	"time"

	"github.com/gatehousehq/gatehouse/models"
)

func (g *gallery) digests(k cast) {
	var all, waiting, owing []*models.Change
	for _, p := range k.lives() {
		c := *p.c
		switch {
		case len(c.ReviewOwed) > 0:
			owing = append(owing, &c)
		case c.State == models.AwaitingApproval:
			waiting = append(waiting, &c)
		}
		if c.State == models.AwaitingApproval || c.State == models.Approved || c.State == models.InProgress {
			all = append(all, &c)
		}
	}
	f, berlin := k.facts(ana, opening), time.FixedZone("CET", 3600)
	d := models.Digest{Date: time.Date(opening.Year(), opening.Month(), opening.Day(), 0, 0, 0, 0, berlin), Waiting: waiting, Reviews: owing}
	for _, c := range all {
		d.Planned = append(d.Planned, models.DigestChange{Change: c, Conflicts: []models.ChangeID{7, 9}, Freezes: k.freezes()})
	}
	d.Freezes = []models.FreezeSpan{{Freeze: k.freezes()[0], Window: k.freezes()[0].When.Window}}
	for _, x := range []models.Ready{
		{Readiness: models.Readiness{Verified: 72, Applicable: 100, Colour: models.Red, Why: []models.Cause{{ID: "DO2", What: "overdue since 2 Mar"}, {ID: "TS5", What: k.note}}}, Forecast: models.Forecast{Remaining: 28, Late: 6}},
		{Readiness: models.Readiness{Verified: 3, Applicable: 3, Colour: models.Green}},
		{Readiness: models.Readiness{Applicable: 9, Colour: models.Amber}, Forecast: models.Forecast{Remaining: 9, NoPace: true}},
	} {
		r := &models.Release{ReleaseIdentity: models.ReleaseIdentity{ID: 3}, ReleasePlan: models.ReleasePlan{Name: k.in.Title, GoLive: opening.Add(100 * time.Hour)}}
		d.Releases = append(d.Releases, models.DigestRelease{Release: r, Ready: x})
	}
	g.add(Digest(d, f), k.name, "digest", "day")
	week := d
	week.Full, week.Planned = true, slices.Concat(d.Planned, d.Planned, d.Planned)
	g.add(Digest(week, f), k.name, "digest", "week")
	short := models.Digest{Date: d.Date, Planned: d.Planned[:1]}
	short.Planned[0].Conflicts, short.Planned[0].Freezes = nil, nil
	g.add(Digest(short, f), k.name, "digest", "short")
	late := models.Digest{Date: d.Date, Releases: d.Releases[:1]}
	f.Now = d.Releases[0].Release.GoLive.Add(time.Hour)
	for _, c := range all {
		if c.State == models.InProgress {
			late.Planned = append(late.Planned, models.DigestChange{Change: c})
		}
	}
	g.add(Digest(late, f), k.name, "digest", "late")
	g.add(Digest(models.Digest{Date: d.Date}, f), k.name, "digest", "nothing")
	g.add(DigestOver(d.Date), k.name, "digest", "over")
	in := models.DefaultDigest(f)
	on := models.Schedule{Target: "C0CHANGES", Cron: in.Line(), Zone: "Europe/Berlin", NextAt: opening.Add(time.Hour)}
	own := models.Schedule{Target: string(ana), Cron: "0 8 1 * *", Zone: k.in.Title, NextAt: on.NextAt}
	g.add(DigestStatus(on.Target, &on), k.name, "digest", "on")
	g.add(DigestStatus(own.Target, &own), k.name, "digest", "own")
	g.add(DigestStatus(on.Target, nil), k.name, "digest", "off")
	g.add(DigestForm(on.Target, in, "https://hooks.slack.example/commands/T0/1/abc"), k.name, "form", "digest")
	g.add(DigestForm(own.Target, models.DigestInputOf(own), ""), k.name, "form", "digest", "own")
}

func (g *gallery) tokens(k cast) {
	f := k.facts(ana, opening)
	made := models.Token{ID: 1, Name: "ci-shop", Scopes: models.TokenScopes, By: ana, CreatedAt: opening, ExpiresAt: opening.AddDate(0, 0, models.TokenDays)}
	used, revoked, expired := made, made, made
	used.UsedAt, revoked.RevokedAt, expired.ExpiresAt = opening.Add(-time.Hour), opening, opening
	g.add(TokenMade(made, "gatehouse-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"), k.name, "token", "made")
	g.add(TokenRevoked(revoked), k.name, "token", "revoked")
	g.add(Tokens(nil, "/gatehouse", f), k.name, "token", "none")
	g.add(Tokens([]models.Token{made, used, revoked, expired}, "/gatehouse", f), k.name, "token", "list")
}
