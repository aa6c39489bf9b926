package view

import (
	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/models"
)

// HomeData is what one person sees of the changes: what waits for their
// decision, what they raised or carry out, and what is planned.
type HomeData struct {
	Waiting, Mine []*models.Change
	Older         int // how many of theirs are open besides those in Mine and Waiting
	Coming        []*models.Change
	Freezes       []models.FreezeSpan // in force and ahead, by start
	Undelivered   []models.Undelivered
	Items, Verify []models.OpenItem // of releases: theirs to do, and to verify
	Releases      []*models.Release // theirs, or with something for them
}

// Commands are what the slash commands are called in this workspace.
type Commands struct{ Change, Checklist, Gatehouse string }

// homeMost is how many changes each part of the Home shows.
const homeMost = 8

// Home is the App Home of f.Actor: what needs them first, each change with
// the buttons that they may use now. What does not fit is counted, with the
// command that lists it; Slack takes no more than 100 blocks.
func Home(d HomeData, c Commands, f models.Facts) slack.HomeTabViewRequest {
	blocks := append(undelivered(d.Undelivered, f), header("Needs you"))
	blocks = append(blocks, homePart(d.Waiting, 0, "Nothing waits for you.", c.Change+" approvals", f)...)
	blocks = append(blocks, divider(), header("What you run"))
	blocks = append(blocks, homePart(d.Mine, d.Older, "You have no open change.", c.Change+" mine", f)...)
	blocks = append(blocks, actions(raise())...)
	blocks = append(blocks, divider(), header("Coming up"))
	blocks = append(blocks, coming(d.Coming, c.Change+" calendar", f)...)
	blocks = append(blocks, freezesAhead(d.Freezes, c.Change+" freeze", f)...)
	blocks = append(blocks, homeReleases(d, c.Checklist, f)...)
	return slack.HomeTabViewRequest{Type: slack.VTHomeTab, Blocks: slack.Blocks{BlockSet: blocks}}
}

// homePart shows the first of a list, and counts the rest with those that were
// not read.
func homePart(list []*models.Change, unread int, none markup, rest string, f models.Facts) []slack.Block {
	if len(list)+unread == 0 {
		return []slack.Block{section(none)}
	}
	var out []slack.Block
	for _, c := range list[:min(homeMost, len(list))] {
		out = append(out, section(homeLine(c, f)))
		out = append(out, actions(privateButtons(c, f)...)...)
	}
	return append(out, restLine(max(0, len(list)-homeMost)+unread, rest)...)
}

func coming(list []*models.Change, rest string, f models.Facts) []slack.Block {
	if len(list) == 0 {
		return []slack.Block{section("Nothing is planned.")}
	}
	var out []slack.Block
	for _, c := range list[:min(homeMost, len(list))] {
		out = append(out, sectionWith(listLine(c, f), details(c)))
	}
	return append(out, restLine(len(list)-homeMost, rest)...)
}

// homeDesk is how many items and releases each part of the Home shows.
const homeDesk = 5

// homeReleases is what the person has to do in releases; nothing when they have
// to do with none.
func homeReleases(d HomeData, command string, f models.Facts) []slack.Block {
	if len(d.Releases) == 0 {
		return nil
	}
	out := []slack.Block{divider(), header("Your releases")}
	gauge := models.NewGauge(f)
	for _, r := range d.Releases[:min(homeDesk, len(d.Releases))] {
		out = append(out, sectionWith(releaseListLine(r, gauge), openChecklist(r)))
	}
	out = append(out, restLine(len(d.Releases)-homeDesk, command+" list")...)
	return append(out, deskBlocks(DeskData{d.Items, d.Verify, nil}, homeDesk, command, f)...)
}

// freezesMostAtHome is how many times of freezes the Home names.
const freezesMostAtHome = 5

// freezesAhead says when work is held back; nothing when nothing is frozen.
func freezesAhead(list []models.FreezeSpan, rest string, f models.Facts) []slack.Block {
	if len(list) == 0 {
		return nil
	}
	out := []slack.Block{divider(), header("Freezes ahead")}
	for _, x := range list[:min(freezesMostAtHome, len(list))] {
		out = append(out, section(freezeLine(x.Freeze, x.Window, f)))
	}
	return append(out, restLine(len(list)-freezesMostAtHome, rest)...)
}

// homeLine is a change in three lines: status and title, where and when, and
// how far it is.
func homeLine(c *models.Change, f models.Facts) markup {
	s := statusOf(c)
	return joined("\n",
		markup(s.sign)+" "+markup(s.word)+" · "+ref(c),
		joined(" · ", serviceList(c.Services, f, halfLine), environment(c), span(c.Window), atRisk(c)),
		progress(c, f))
}

func moreLine(n int) []slack.Block {
	if n <= 0 {
		return nil
	}
	return []slack.Block{small("and " + number(n) + " more")}
}

// restLine says how much is left out, and the command that lists it; none = there
// is no more than this.
func restLine(n int, command string) []slack.Block {
	if n <= 0 || command == "" {
		return moreLine(n)
	}
	return []slack.Block{small("and " + number(n) + " more: " + code(command))}
}

// mineMost is how many changes each part of a private answer shows.
const mineMost = 5

// Mine answers the bare command: what needs f.Actor, what they run, and a
// button to raise a change. More stands in the Home.
func Mine(d HomeData, c Commands, f models.Facts) Message {
	text := "Needs you: " + count(len(d.Waiting), "change", "changes") + shortText(d.Waiting, f) +
		"\nYou run " + count(len(d.Mine)+d.Older, "open change", "open changes") + shortText(d.Mine, f)
	blocks := []slack.Block{section("*Needs you*")}
	blocks = append(blocks, shortList(d.Waiting, 0, "Nothing waits for you.", c.Change+" approvals", f)...)
	blocks = append(blocks, section("*What you run*"))
	blocks = append(blocks, shortList(d.Mine, d.Older, "You have no open change.", c.Change+" mine", f)...)
	return message(text, append(blocks, actions(raise())...)...)
}

func shortText(list []*models.Change, f models.Facts) markup {
	out := markup(".")
	for _, c := range list[:min(mineMost, len(list))] {
		out += "\n" + listLine(c, f)
	}
	return out
}

func shortList(list []*models.Change, unread int, none markup, rest string, f models.Facts) []slack.Block {
	if len(list)+unread == 0 {
		return []slack.Block{section(none)}
	}
	var out []slack.Block
	for _, c := range list[:min(mineMost, len(list))] {
		out = append(out, sectionWith(listLine(c, f), open(c)))
	}
	return append(out, restLine(max(0, len(list)-mineMost)+unread, rest)...)
}
