package view

import (
	"strings"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/models"
)

// TokenMade shows a token's secret, the only time that anybody sees it.
func TokenMade(t models.Token, secret string) Message {
	line := "The token " + bold(esc(t.Name, 40)) + " is made, and holds until " + when(t.ExpiresAt) + ". It may " + scopesOf(t) +
		"; what comes by it counts as yours, so somebody else verifies it."
	return message(line+"\nSave its secret now. It is kept nowhere, and nobody can show it again:\n"+code(secret), section(line),
		section("Save its secret now. It is kept nowhere, and nobody can show it again:\n"+code(secret)))
}

// TokenRevoked says that a token opens nothing from now on.
func TokenRevoked(t models.Token) Message {
	line := "The token " + bold(esc(t.Name, 40)) + " is revoked: from now on it opens nothing, and its name is not given again."
	return message(line, section(line))
}

// tokensMost is how many tokens a list names.
const tokensMost = 20

// Tokens lists what lets pipelines in, the newest first.
func Tokens(list []models.Token, command string, f models.Facts) Message {
	if len(list) == 0 {
		line := "No token was made yet. An admin makes one for a pipeline with " + code(command+" token new ci-shop") + "."
		return message(line, section(line))
	}
	text, blocks := bold("Tokens of pipelines"), []slack.Block{section(bold("Tokens of pipelines"))}
	for _, t := range list[:min(tokensMost, len(list))] {
		line := tokenLine(t, f)
		text += "\n" + line
		blocks = append(blocks, section(line))
	}
	return message(text, append(blocks, moreLine(len(list)-tokensMost)...)...)
}

func tokenLine(t models.Token, f models.Facts) markup {
	used := markup("never used")
	if !t.UsedAt.IsZero() {
		used = "last used " + when(t.UsedAt)
	}
	until := "until " + when(t.ExpiresAt)
	if !t.RevokedAt.IsZero() {
		until = "since " + when(t.RevokedAt)
	} else if !f.Now.Before(t.ExpiresAt) {
		until = "since " + when(t.ExpiresAt)
	}
	return joined(" · ", bold(esc(t.Name, 40)), markup(t.State(f.Now))+" "+until, "may "+scopesOf(t), "made by "+name(t.By, f), used)
}

func scopesOf(t models.Token) markup {
	var words []string
	for _, s := range t.Scopes {
		words = append(words, s.String())
	}
	return esc(strings.Join(words, " and "), 80)
}
