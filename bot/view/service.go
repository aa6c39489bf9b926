package view

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/models"
)

// Buttons of services. Their value is the service and the version that was
// shown ([ServiceValue]); that of ActionServicePage is [ServicePageValue];
// ActionServiceNew has none.
const (
	ActionServiceNew    = "service.new"
	ActionServiceOpen   = "service.open"
	ActionServicePage   = "service.page"
	ActionServiceBack   = "service.page.back"
	ActionServiceEdit   = "service.edit"
	ActionServiceRetire = "service.retire"
	ActionServiceReturn = "service.return" // bring a retired one back
	ActionServiceEvents = "service.events"
)

// FormService adds a service or edits one.
const FormService = "service.form"

// ServiceActions lists every button id of services and roles.
func ServiceActions() []string {
	return []string{ActionServiceNew, ActionServiceOpen, ActionServicePage, ActionServiceBack, ActionServiceEdit,
		ActionServiceRetire, ActionServiceReturn, ActionServiceEvents, ActionRole}
}

// ServiceValue is what a service's button carries: "payments-api:3".
func ServiceValue(s models.Service) string { return string(s.Slug) + ":" + strconv.Itoa(s.Version) }

// ParseServiceValue reads it.
func ParseServiceValue(s string) (slug models.Slug, seen int, ok bool) {
	word, n, found := strings.Cut(s, ":")
	seen, err := strconv.Atoi(n)
	return models.Slug(word), seen, found && err == nil && word != "" && seen >= 0
}

// ServicePageValue leads to a page of the list: "2:pay", the page and the
// words that were searched for.
func ServicePageValue(page int, words string) string {
	return strconv.Itoa(page) + ":" + clip16(words, 100)
}

// ParseServicePageValue reads it.
func ParseServicePageValue(s string) (page int, words string, ok bool) {
	n, words, found := strings.Cut(s, ":")
	page, err := strconv.Atoi(n)
	return page, words, found && err == nil && page >= 0
}

// servicesMost is how many services one page lists.
const servicesMost = 10

// ServiceList is one page of the services that somebody's words name, retired
// ones last. A page that is not there is the last one.
func ServiceList(list []models.Service, words string, page int, f models.Facts) slack.ModalViewRequest {
	pages := max(1, (len(list)+servicesMost-1)/servicesMost)
	page = min(page, pages-1)
	from := page * servicesMost
	to := min(len(list), from+servicesMost)
	head := "*" + count(len(list), "service", "services") + "*"
	if words != "" {
		head += " with “" + esc(words, 40) + "” in the name"
	}
	if pages > 1 {
		head += ", " + number(from+1) + " to " + number(to)
	}
	blocks := []slack.Block{section(head)}
	if len(list) == 0 && words == "" {
		blocks = append(blocks, section("There is none yet. A production change needs one: add it here, or import a file with `gatehouse import services`."))
	}
	for _, s := range list[from:to] {
		blocks = append(blocks, sectionWith(serviceLine(s, f), button(ActionServiceOpen, "Open", ServiceValue(s))))
	}
	var buttons []*slack.ButtonBlockElement
	if page > 0 {
		buttons = append(buttons, button(ActionServiceBack, "‹ Back", ServicePageValue(page-1, words)))
	}
	if page < pages-1 {
		buttons = append(buttons, button(ActionServicePage, "More ›", ServicePageValue(page+1, words)))
	}
	if models.MayManageServices(f) == nil {
		buttons = append(buttons, button(ActionServiceNew, "Add a service…", ""))
	}
	return modal("Services", "Close", append(blocks, actions(buttons...)...))
}

// serviceLine is a service in two lines.
func serviceLine(s models.Service, f models.Facts) markup {
	line := bold(esc(s.Name, 60)) + " " + code(string(s.Slug)) + " · tier " + number(int(s.Tier))
	if s.Retired {
		line += " · 🗄️ retired"
	}
	return line + "\n" + joined(" · ", teamWords(s, f), "owner "+personOr(s.Owner, "nobody", f), channel(s.Channel))
}

func personOr(u models.UserID, none markup, f models.Facts) markup {
	if u == "" {
		return none
	}
	return name(u, f)
}

// teamWords is the service's team and how many belong to it.
func teamWords(s models.Service, f models.Facts) markup {
	t, known := f.Teams[s.Team]
	if !known {
		return "no team"
	}
	out := esc(t.Name, 40) + " (" + count(len(t.Members), "person", "people") + ")"
	if t.Group != "" {
		out += ", a Slack user group"
	}
	return out
}

// ServiceModal is everything about a service: what it is, what runs, what was
// done to it. note says what was just done, "" for nothing.
func ServiceModal(s models.Service, h models.ServiceHistory, note string, f models.Facts) slack.ModalViewRequest {
	var blocks []slack.Block
	if note != "" {
		blocks = append(blocks, section("✅ "+esc(note, 200)))
	}
	blocks = append(blocks, section(serviceLine(s, f)), fields(
		"*Operations lead*\n"+personOr(s.OpsLead, "nobody", f), "*Environments*\n"+environmentsOf(s),
		"*Depends on*\n"+slugList(s.DependsOn), "*Needed by*\n"+slugList(f.Dependents(s.Slug))), section(runningWords(h)), section(todayWords(h, f)))
	if len(h.Latest) > 0 {
		blocks = append(blocks, section("*Latest changes*"))
	}
	for _, c := range h.Latest {
		blocks = append(blocks, sectionWith(listLine(c, f)+incidents(c), open(c)))
	}
	if h.More {
		blocks = append(blocks, small("All of them: `/change list state:all service:"+esc(string(s.Slug), 63)+"`"))
	}
	return modal("Service", "Close", append(blocks, actions(serviceButtons(s, f)...)...))
}

// serviceButtons are those that f.Actor may use.
func serviceButtons(s models.Service, f models.Facts) []*slack.ButtonBlockElement {
	value := ServiceValue(s)
	out := []*slack.ButtonBlockElement{button(ActionServiceEvents, "Who edited it", value)}
	if models.MayManageServices(f) != nil {
		return out
	}
	out = append(out, button(ActionServiceEdit, "Edit…", value), button(ActionMaintenance, "Maintenance windows…", string(s.Slug)))
	if s.Retired {
		return append(out, button(ActionServiceReturn, "Bring it back", value))
	}
	words := "Nothing can be raised on it any more, and production work that waits on it can't start. Its history stays."
	if n := len(f.Dependents(s.Slug)); n > 0 {
		words += " " + string(count(n, "service depends", "services depend")) + " on it."
	}
	retire := button(ActionServiceRetire, "Retire…", value).WithStyle(slack.StyleDanger)
	retire.Confirm = confirm("Retire this service?", words, "Retire it", "Keep it", slack.StyleDanger)
	return append(out, retire)
}

func environmentsOf(s models.Service) markup {
	if len(s.Environments) == 0 {
		return "all"
	}
	var out markup
	for _, e := range s.Environments {
		out = joined(", ", out, esc(string(e), 20))
	}
	return out
}

func slugList(list []models.Slug) markup {
	if len(list) == 0 {
		return "nothing"
	}
	var out markup
	for _, s := range list[:min(listMost, len(list))] {
		out = joined(", ", out, code(string(s)))
	}
	if n := len(list) - listMost; n > 0 {
		out += " and " + number(n) + " more"
	}
	return out
}

func runningWords(h models.ServiceHistory) markup {
	if len(h.Running) == 0 {
		return "*Runs now*\nNo change has said yet which version it left running."
	}
	out := markup("*Runs now*")
	for _, x := range h.Running {
		out += "\n" + esc(string(x.Environment), 20) + ": " + bold(esc(x.Version, 60)) + ", from " + markup(x.Change.String()) + ", " + when(x.At)
	}
	return out
}

// todayWords answers "what changed here?", the first question of an outage.
func todayWords(h models.ServiceHistory, f models.Facts) markup {
	if len(h.Today) == 0 {
		return "*Changed in the last 24 hours*\nNothing."
	}
	out := markup("*Changed in the last 24 hours*")
	for _, c := range h.Today {
		out += "\n• " + bold(id(c)) + " " + esc(c.Title, 40) + " · " + joined(" · ", environment(c), "began "+when(c.StartedAt), name(c.Implementer, f)) + ended(c)
	}
	return out
}

// ended is how work ended, and what it caused.
func ended(c *models.Change) markup {
	var out markup
	if c.Outcome != "" {
		out = " · " + markup(c.Outcome.String())
	}
	return out + incidents(c)
}

// incidents are those that the work caused or repaired.
func incidents(c *models.Change) markup {
	var out markup
	if c.Incident != "" {
		out += " · caused " + esc(c.Incident, 40)
	}
	if c.IncidentRef != "" || c.LinkedIncident != "" {
		out += " · for " + esc(cmp.Or(c.IncidentRef, c.LinkedIncident), 40)
	}
	return out
}

// ServiceEvents is who did what to a service, the newest first.
func ServiceEvents(s models.Service, events []models.Event, f models.Facts) slack.ModalViewRequest {
	blocks := []slack.Block{section(bold(esc(s.Name, 60)) + " " + code(string(s.Slug)))}
	if len(events) == 0 {
		blocks = append(blocks, section("Nothing is recorded yet."))
	}
	for _, e := range newestFirst(events)[:min(historyMost, len(events))] {
		e.Reason = "" // names the service
		blocks = append(blocks, section(when(e.At)+" · "+historyLine(e, f)))
		if diff := historyDiff(e); diff != nil {
			blocks = append(blocks, diff)
		}
	}
	return modal("Who edited it", "Close", blocks)
}

// ServiceOptions are the services that match what was typed, by slug or name,
// as many as a select takes.
func ServiceOptions(services []models.Service, query string) Options {
	out := Options{Options: []*slack.OptionBlockObject{}}
	query = strings.ToLower(strings.TrimSpace(query))
	for _, s := range services {
		if s.Retired || !strings.Contains(strings.ToLower(string(s.Slug)+" "+s.Name), query) {
			continue
		}
		if out.Options = append(out.Options, serviceOption(s)); len(out.Options) == mostOptions {
			break
		}
	}
	return out
}
