package models

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Import is what a file says of services and teams.
type Import struct {
	Source   string // the file's name, for the audit log
	Services []ServiceRow
	Teams    []TeamRow
	// Tier and Owner are those of new services that name none.
	Tier  *Tier
	Owner UserID
}

// ServiceRow is one service as a file says it. A field that the file does not
// have is left as it is stored; Has names those that it has, nil means all.
type ServiceRow struct {
	Line    int
	Service Service
	Has     map[Field]bool
	Bad     bool // could not be read whole, and is reported by the reader
}

// TeamRow is one team as a file says it.
type TeamRow struct {
	Line int
	Team Team
}

// ImportProblem is one thing that keeps a file from being imported.
type ImportProblem struct {
	Line int
	Text string
}

// ServiceChange is one service that an import adds or alters.
type ServiceChange struct {
	Line    int
	Was     Service // empty for a new one
	Service Service
	Diff    []FieldDiff
}

// Added reports whether the service is a new one.
func (c ServiceChange) Added() bool { return c.Was.Slug == "" }

// Event is its line of the audit log.
func (c ServiceChange) Event(source string, f Facts) Event {
	kind := EventServiceEdited
	if c.Added() {
		kind = EventServiceAdded
	}
	return Event{Kind: kind, Actor: f.Actor.ID, At: f.Now, Reason: strings.TrimSpace(string(c.Service.Slug) + " " + source), Diff: c.Diff}
}

// ImportPlan is what an import would do, or did. With any problem it does nothing.
type ImportPlan struct {
	Changes  []ServiceChange
	Teams    []Team
	Same     int // services that the file says as they are
	Problems []ImportProblem
}

// Plan compares the file with what is stored and refuses what can't be: all of
// it at once, by line.
func (in Import) Plan(f Facts) ImportPlan {
	p := planner{f: f, services: maps.Clone(f.Services), teams: maps.Clone(f.Teams), lines: map[Slug]int{}}
	if p.services == nil {
		p.services = map[Slug]Service{}
	}
	if p.teams == nil {
		p.teams = map[TeamID]Team{}
	}
	p.readTeams(in.Teams)
	for _, row := range in.Services {
		p.read(in.defaults(row, f))
	}
	p.suspects = mayCircle(p.services)
	for _, row := range in.Services {
		if !row.Bad {
			p.links(row.Line, row.Service.Slug)
		}
	}
	slices.SortStableFunc(p.out.Problems, func(a, b ImportProblem) int { return a.Line - b.Line })
	return p.out
}

// defaults gives a new service what the file does not say of it.
func (in Import) defaults(row ServiceRow, f Facts) ServiceRow {
	if _, known := f.Services[row.Service.Slug]; known || row.Has == nil {
		return row
	}
	row.Has = maps.Clone(row.Has)
	if in.Tier != nil && !row.Has[FieldTier] {
		row.Service.Tier, row.Has[FieldTier] = *in.Tier, true
	}
	if row.Service.Owner == "" && in.Owner != "" {
		row.Service.Owner, row.Has[FieldOwner] = in.Owner, true
	}
	return row
}

type planner struct {
	f        Facts
	services map[Slug]Service // as they would be
	teams    map[TeamID]Team
	lines    map[Slug]int // where each service of the file stands
	suspects map[Slug]bool
	told     map[Slug]bool
	out      ImportPlan
}

func (p *planner) bad(line int, format string, args ...any) {
	p.out.Problems = append(p.out.Problems, ImportProblem{line, fmt.Sprintf(format, args...)})
}

// readTeams takes the teams of the file. Who belongs to a Slack group is
// Slack's to say.
func (p *planner) readTeams(rows []TeamRow) {
	said := map[TeamID]TeamRow{}
	for _, row := range rows {
		t, was := row.Team, p.f.Teams[row.Team.ID]
		t.Members = distinct(slices.Clone(t.Members))
		if first, again := said[t.ID]; again {
			if first.Team.Group != t.Group || !slices.Equal(first.Team.Members, t.Members) {
				p.bad(row.Line, "the team %s has other people here than in line %d", t.ID, first.Line)
			}
			continue
		}
		said[t.ID] = TeamRow{row.Line, t}
		if t.Group != "" && len(t.Members) > 0 {
			p.bad(row.Line, "the team %s has people and a Slack user group: give one of the two", t.ID)
			continue
		}
		if t.Name == "" {
			t.Name = was.Name
		}
		if t.Name == "" {
			t.Name = upperFirst(strings.ReplaceAll(string(t.ID), "-", " "))
		}
		if t.Group != "" && t.Group == was.Group {
			t.Members, t.CheckedAt = was.Members, was.CheckedAt
		}
		if t.Version = was.Version; was.ID == "" || was.Name != t.Name || was.Group != t.Group || !slices.Equal(distinct(slices.Clone(was.Members)), distinct(slices.Clone(t.Members))) {
			t.Version++
			p.out.Teams = append(p.out.Teams, t)
		}
		p.teams[t.ID] = t
	}
}

// over is the service with what the row says put over what is stored.
func (row ServiceRow) over(was Service) Service {
	next, s := was, row.Service
	has := func(field Field) bool { return row.Has == nil || row.Has[field] }
	next.Slug = s.Slug
	for field, take := range map[Field]func(){
		FieldTitle: func() { next.Name = s.Name }, FieldTier: func() { next.Tier = s.Tier }, FieldTeam: func() { next.Team = s.Team },
		FieldOwner: func() { next.Owner = s.Owner }, FieldOpsLead: func() { next.OpsLead = s.OpsLead }, FieldChannel: func() { next.Channel = s.Channel },
		FieldEnvironments: func() { next.Environments = s.Environments }, FieldServices: func() { next.DependsOn = s.DependsOn },
		FieldRetired: func() { next.Retired = s.Retired },
	} {
		if has(field) {
			take()
		}
	}
	return next.tidy()
}

// FieldRetired is whether a service is retired.
const FieldRetired Field = "retired"

// read takes one service of the file.
func (p *planner) read(row ServiceRow) {
	slug := row.Service.Slug
	if first, again := p.lines[slug]; again && slug != "" {
		p.bad(row.Line, "the service %s is listed twice; it stands in line %d already", slug, first)
		return
	}
	p.lines[slug] = row.Line
	was := p.f.Services[slug]
	if row.Bad {
		if _, known := p.services[slug]; !known && slug != "" {
			p.services[slug] = Service{Slug: slug} // so that nobody who depends on it is blamed
		}
		return
	}
	next := row.over(was)
	p.services[slug] = next
	wrong := next.wrong(p.f)
	if was.Slug == "" && row.Has != nil && !row.Has[FieldTier] {
		wrong[FieldTier] = "Give the tier of a new service, from 0, the most critical, to 3."
	}
	for _, field := range slices.Sorted(maps.Keys(wrong)) {
		p.bad(row.Line, "%s: %s", slug, wrong[field])
	}
	if _, known := p.teams[next.Team]; next.Team != "" && !known {
		p.bad(row.Line, "%s: there is no team %q; name its people or its Slack user group", slug, string(next.Team))
	}
	if diff := was.tidy().diff(next, p.f); was.Slug != "" && len(diff) == 0 {
		p.out.Same++
	} else {
		next.ID, next.Version = was.ID, was.Version+1
		p.out.Changes = append(p.out.Changes, ServiceChange{row.Line, was, next, diff})
	}
}

// links checks what a service depends on, once all of the file is known. A
// circle is told once, at the first of its services.
func (p *planner) links(line int, slug Slug) {
	if p.lines[slug] != line {
		return
	}
	for _, on := range p.services[slug].DependsOn {
		if _, known := p.services[on]; !known {
			p.bad(line, "%s: depends on %q, and there is no such service", slug, string(on))
		}
	}
	if !p.suspects[slug] || p.told[slug] {
		return
	}
	circle := Circle(p.services, slug)
	if circle == nil {
		return
	}
	if p.told == nil {
		p.told = map[Slug]bool{}
	}
	for _, s := range circle {
		p.told[s] = true
	}
	p.bad(line, "these depend on each other in a circle: %s", circleWords(circle))
}
