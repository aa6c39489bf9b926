package view

import "github.com/slack-go/slack"

// modal is a window; title and buttons are cut to what Slack shows.
func modal(title, dismiss string, blocks []slack.Block) slack.ModalViewRequest {
	return slack.ModalViewRequest{
		Type: slack.VTModal, Title: plain(oneLine(title), limitTitle), Close: plain(dismiss, limitTitle),
		Blocks: slack.Blocks{BlockSet: blocks},
	}
}

// form is a modal that can be sent.
func form(id, title, submit, metadata string, blocks []slack.Block) slack.ModalViewRequest {
	v := modal(title, "Close", blocks)
	v.CallbackID, v.Submit, v.PrivateMetadata = id, plain(submit, limitTitle), metadata
	return v
}

// Skeleton is opened at once, before the record is read.
func Skeleton(title string) slack.ModalViewRequest {
	return modal(title, "Close", []slack.Block{section("Loading…")})
}

// FormGone is a modal that only says something: why a form can't open, or
// what came of one that was opened from a shortcut. text is the words of a
// rule, or the Text of a [Message].
func FormGone(title, text string) slack.ModalViewRequest {
	if m := markup(clean(text)); isMarkup(m) {
		return modal(title, "Close", []slack.Block{section(m)})
	}
	return modal(title, "Close", verbatim(text))
}
