package view

import (
	"fmt"
	"strings"
	"time"

	"github.com/gatehousehq/gatehouse/models"
)

// Certificate shows what operations accepted: who, when, what stands on less
// than evidence, and the hash over the versions of the evidence.
func Certificate(r *models.Release, c models.Certificate, f models.Facts) Message {
	tally := map[models.ItemStatus]int{}
	var open []markup
	for _, e := range c.Entries {
		tally[e.Status]++
		if line := entryNews(e); line != "" {
			open = append(open, line)
		}
	}
	heading := markup("Certificate of acceptance: "+r.ID.String()) + " " + esc(c.Name, models.MaxTitle)
	who := "Accepted by " + name(c.By, f)
	if c.AsDeputy {
		who += " as deputy"
	}
	counts := joined(" · ", number(tally[models.ItemVerified])+" verified", some(tally[models.ItemWaived], "waived"),
		some(tally[models.ItemNotApplicable], "not applicable"), some(len(c.Entries)-tally[models.ItemVerified]-tally[models.ItemWaived]-tally[models.ItemNotApplicable], "open"))
	body := joined("\n", who+" "+when(c.At)+", for go-live "+when(c.GoLive), "Items: "+counts, firstOf(open, 8), certifiedChanges(c))
	blocks := Message{}.Blocks
	blocks = append(blocks, section("📜 "+bold(heading)), section(body), small("SHA-256 "+code(c.Hash)))
	if !c.RevokedAt.IsZero() {
		blocks = append(blocks, small("⚠️ No longer in force since "+when(c.RevokedAt)+": an item of it was not met any more."))
	}
	return message(heading+". "+who, blocks...)
}

// certifiedChanges are the production changes that the certificate names; it
// says nothing when there is none, as older ones named none.
func certifiedChanges(c models.Certificate) markup {
	if len(c.Changes) == 0 {
		return ""
	}
	var lines []markup
	for _, x := range c.Changes {
		lines = append(lines, "• "+markup(x.ID.String())+" "+esc(x.Title, 60)+", "+markup(strings.ToLower(x.State.String()))+", "+span(x.Window))
	}
	return "Production changes:\n" + firstOf(lines, 5)
}

func some(n int, what markup) markup {
	if n == 0 {
		return ""
	}
	return number(n) + " " + what
}

// entryNews is what stands on less than evidence; "" for the rest.
func entryNews(e models.CertificateEntry) markup {
	label := number(e.No) + " " + esc(e.ID, 12) + " " + esc(e.Title, 60)
	switch {
	case e.Status == models.ItemWaived:
		return "• " + label + ": waived until " + when(e.Expires) + reason(e.Reason, 80)
	case e.Condition != "" && e.Status != models.ItemVerified:
		return "• " + label + ": to be met after go-live" + reason(e.Condition, 80)
	case e.Status != models.ItemVerified && e.Status != models.ItemNotApplicable && e.Mandatory:
		return "• " + label + ": " + markup(e.Status.String())
	}
	return ""
}

// firstOf is the first lines, and how many more there are.
func firstOf(lines []markup, most int) markup {
	out := joined("\n", lines[:min(most, len(lines))]...)
	if more := len(lines) - most; more > 0 {
		out += "\nand " + number(more) + " more"
	}
	return out
}

// CertificateText is the certificate as a file: every item with the version of
// its evidence. Whoever holds it can compute the hash again from the export.
func CertificateText(c models.Certificate, f models.Facts) string {
	b := &strings.Builder{}
	stamp := func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }
	as := ""
	if c.AsDeputy {
		as = " as deputy"
	}
	fmt.Fprintf(b, "Certificate of acceptance %d of %s: %s\n", c.No, c.Release, oneLine(c.Name))
	fmt.Fprintf(b, "Accepted by %s%s (%s) on %s, for go-live on %s\n", oneLine(f.Name(c.By)), as, c.By, stamp(c.At), stamp(c.GoLive))
	if !c.RevokedAt.IsZero() {
		fmt.Fprintf(b, "No longer in force since %s\n", stamp(c.RevokedAt))
	}
	fmt.Fprintf(b, "SHA-256 %s\n\n", c.Hash)
	for _, e := range c.Entries {
		fmt.Fprintf(b, "%d %s %s: %s", e.No, e.ID, oneLine(e.Title), e.Status)
		if e.Version > 0 {
			fmt.Fprintf(b, "; evidence %d: %s by %s (%s)", e.Version, oneLine(strings.TrimSpace(e.Ref+" "+e.Note)), oneLine(f.Name(e.By)), e.By)
		}
		if e.Status == models.ItemVerified {
			fmt.Fprintf(b, "; verified by %s (%s) on %s", oneLine(f.Name(e.VerifiedBy)), e.VerifiedBy, stamp(e.VerifiedAt))
		}
		if e.Status == models.ItemWaived {
			fmt.Fprintf(b, " until %s", stamp(e.Expires))
		}
		if e.Reason != "" {
			fmt.Fprintf(b, "; reason: %s", oneLine(e.Reason))
		}
		if e.Condition != "" {
			fmt.Fprintf(b, "; condition: %s", oneLine(e.Condition))
		}
		b.WriteString("\n")
	}
	if len(c.Changes) > 0 {
		b.WriteString("\nProduction changes of the release, as they stood:\n")
	}
	for _, x := range c.Changes {
		fmt.Fprintf(b, "%s %s: %s", x.ID, oneLine(x.Title), strings.ToLower(x.State.String()))
		if !x.Window.Start.IsZero() {
			fmt.Fprintf(b, ", %s to %s", stamp(x.Window.Start), stamp(x.Window.End))
		}
		b.WriteString("\n")
	}
	return b.String()
}
