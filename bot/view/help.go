package view

import (
	"strings"

	"github.com/slack-go/slack"
)

// Verb is one word of a slash command, for its help.
type Verb struct {
	Name    string
	Usage   string // what may stand after the command: "history CHG-4"
	What    string // what it does, without a full stop
	Aliases []string
}

// helpMost keeps help on one screen: 25 lines with its first and last.
const helpMost = 22

// Help lists what a command can do, one line a verb, and ends with a note.
func Help(command string, verbs []Verb, note string) Message {
	out := "*What " + code(command) + " can do*"
	for _, v := range verbs[:min(helpMost, len(verbs))] {
		out += "\n" + verbLine(command, v)
	}
	if more := len(verbs) - helpMost; more > 0 {
		out += "\nand " + number(more) + " more"
	}
	out += "\n" + esc(strings.TrimSpace(note+" Only you see this."), 200)
	return message(out, section(out))
}

func verbLine(command string, v Verb) markup {
	usage := v.Usage
	if usage == "" {
		usage = v.Name
	}
	line := code(strings.TrimSpace(command+" "+usage)) + " " + esc(v.What, 90)
	if len(v.Aliases) > 0 {
		line += " (also: " + esc(strings.Join(v.Aliases, ", "), 60) + ")"
	}
	return line
}

// Suggestion is a verb that may have been meant, of this command or another.
type Suggestion struct {
	Command string
	Verb    Verb
}

// Unknown answers a word that the command does not know: up to three others, as
// words, best first; nothing is done on a guess.
func Unknown(command, typed string, near []Suggestion) Message {
	out := "I don't know “" + esc(typed, 60) + "”, so nothing was done."
	if len(near) > 0 {
		out += " Did you mean:"
		for _, s := range near[:min(3, len(near))] {
			out += "\n" + verbLine(s.Command, s.Verb)
		}
	}
	out += "\n" + code(command+" help") + " lists everything."
	return message(out, section(out))
}

// MessageAnswer is for whoever writes to Gatehouse in a direct message:
// nothing typed there decides anything, and silence would look broken.
func MessageAnswer(command string) Message {
	out := "I can't act on messages, only on commands and buttons. Type " + code(command) + " in any channel to see what needs you, " +
		code(command+" new") + " to raise a change, or " + code(command+" help") + " for the rest."
	return message(out, section(out))
}

// Refusal shows a rule's no to the person who asked, in the rule's words.
func Refusal(text string) Message {
	return message(esc(text, 3000), verbatim(clip(text, 3000))...)
}

// Trouble says that something broke on our side; reference is in the log.
func Trouble(reference string) Message {
	out := "Gatehouse could not finish this; something on its side went wrong. Look at the change before you try again: it shows what was recorded. If it happens again, give an admin this reference: " + code(reference)
	return message(out, section(out))
}

// Working is the honest answer when the time for an answer is up.
func Working() Message {
	const out = "Working on it: not recorded yet. You get the result here."
	return Message{Text: out, Blocks: []slack.Block{section(out)}}
}
