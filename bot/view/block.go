package view

import "github.com/slack-go/slack"

func header(s string) slack.Block {
	return slack.NewHeaderBlock(label(s, limitHeader))
}

func section(m markup) slack.Block {
	return slack.NewSectionBlock(text(m, limitText), nil, nil)
}

// sectionWith is a line with one button at its right.
func sectionWith(m markup, b *slack.ButtonBlockElement) slack.Block {
	return slack.NewSectionBlock(text(m, limitText), nil, slack.NewAccessory(b))
}

// sectionWithMenu is a line with a menu at its right; without one, a line.
func sectionWithMenu(m markup, menu *slack.OverflowBlockElement) slack.Block {
	if menu == nil {
		return section(m)
	}
	return slack.NewSectionBlock(text(m, limitText), nil, slack.NewAccessory(menu))
}

// verbatim shows somebody's text as typed; long ones take several sections.
func verbatim(s string) []slack.Block {
	var out []slack.Block
	for _, part := range chunks(s, limitText-100) {
		out = append(out, slack.NewSectionBlock(plain(part, limitText), nil, nil, slack.SectionBlockOptionExpand(true)))
	}
	return out
}

// fields stand in two columns.
func fields(list ...markup) slack.Block {
	var out []*slack.TextBlockObject
	for _, m := range list {
		if m != "" {
			out = append(out, text(m, limitField))
		}
	}
	return slack.NewSectionBlock(nil, out, nil)
}

// small is secondary text in one line.
func small(m markup) slack.Block {
	return slack.NewContextBlock("", text(m, limitText))
}

func divider() slack.Block { return slack.NewDividerBlock() }

func actions(list ...*slack.ButtonBlockElement) []slack.Block {
	if len(list) == 0 {
		return nil
	}
	elements := make([]slack.BlockElement, 0, len(list))
	for _, b := range list {
		elements = append(elements, b)
	}
	return []slack.Block{slack.NewActionBlock("", elements...)}
}

func button(id, words, value string) *slack.ButtonBlockElement {
	return slack.NewButtonBlockElement(id, value, label(words, limitButton))
}

func confirm(title, words, yes, no string, style slack.Style) *slack.ConfirmationBlockObject {
	return slack.NewConfirmationBlockObject(plain(title, 100), plain(words, limitConfirm), plain(yes, 30), plain(no, 30)).WithStyle(style)
}

// rich is text in which Slack parses nothing, with styles of ours.
type rich struct{ elements []slack.RichTextElement }

func run(s string, style slack.RichTextSectionTextStyle) slack.RichTextSectionElement {
	if s == "" {
		s = blank
	}
	if style == (slack.RichTextSectionTextStyle{}) {
		return slack.NewRichTextSectionTextElement(s, nil)
	}
	return slack.NewRichTextSectionTextElement(s, &style)
}

func (r *rich) line(runs ...slack.RichTextSectionElement) {
	r.elements = append(r.elements, slack.NewRichTextSection(runs...))
}

// titled is somebody's text as typed, set off under a title.
func (r *rich) titled(title, s string) {
	r.line(run(title, slack.RichTextSectionTextStyle{Bold: true}))
	r.elements = append(r.elements, &slack.RichTextQuote{Type: slack.RTEQuote, Elements: []slack.RichTextSectionElement{run(s, slack.RichTextSectionTextStyle{})}})
}

func (r *rich) block() slack.Block { return slack.NewRichTextBlock("", r.elements...) }
