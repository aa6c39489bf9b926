package view

import (
	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/models"
)

// FormDelegate hands one decision on.
const FormDelegate = "delegate.form"

// DelegateForm asks who decides on the change in f.Actor's place.
func DelegateForm(c *models.Change, f models.Facts, responseURL string) slack.ModalViewRequest {
	to := models.UserID("")
	words := markup("Whoever you choose is asked at once. They can give what you could have given and nothing else, it is recorded as on your behalf, and you can still decide until they have.")
	for _, d := range c.Delegations {
		if d.From == f.Actor.ID {
			to = d.To
			words = bold(name(to, f)) + " decides in your place now. Choose somebody else, or yourself to take it back."
		}
	}
	blocks := []slack.Block{
		section(ref(c) + "\n" + joined(" · ", serviceList(c.Services, f, halfCard), environment(c), span(c.Window))),
		section(words),
		input{field: models.FieldDelegate, label: "Who decides in your place?",
			hint:    "Not the requester, the implementer, or whoever edited the change last. It ends with this decision; for days that you are away, set an absence.",
			element: person(models.FieldDelegate, to)}.block(),
	}
	return form(FormDelegate, "Delegate "+c.ID.String(), "Hand it on", metadata(reasonMeta{Change: c.ID, ResponseURL: carried(responseURL)}), blocks)
}

// ReadDelegateForm reads a sent form. A zero id means that it is not ours.
func ReadDelegateForm(v slack.View) (id models.ChangeID, to models.UserID, responseURL string) {
	var meta reasonMeta
	readMetadata(v, &meta)
	return meta.Change, models.UserID(answersOf(v)[models.FieldDelegate].SelectedUser), meta.ResponseURL
}
