package view

import (
	"strconv"
	"strings"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/models"
)

// ServiceMeta travels with a service's form.
type ServiceMeta struct {
	Slug        models.Slug `json:"slug,omitempty"` // "" = a new one
	Seen        int         `json:"seen,omitempty"`
	SeenTeam    int         `json:"seen_team,omitempty"`
	ResponseURL string      `json:"response_url,omitempty"`
}

// ServiceForm asks for a service and its team, filled with in.
func ServiceForm(meta ServiceMeta, in models.ServiceInput, f models.Facts) slack.ModalViewRequest {
	meta.ResponseURL, meta.SeenTeam = carried(meta.ResponseURL), in.SeenTeam
	title, submit := "Edit service", "Save"
	var blocks []slack.Block
	if meta.Slug == "" {
		title, submit = "Add a service", "Add"
		blocks = append(blocks, input{field: models.FieldName, label: "Short name", hint: "What people and pipelines type. It never changes: small letters, digits, dots and dashes.",
			element: typed(models.FieldName, string(in.Slug), "payments-api", 63, false)}.block())
	} else {
		blocks = append(blocks, section(bold(esc(in.Name, 60))+" "+code(string(meta.Slug))))
	}
	blocks = append(blocks, inputs(serviceInputs(meta, in, f))...)
	return form(FormService, title, submit, metadata(meta), blocks)
}

func serviceInputs(meta ServiceMeta, in models.ServiceInput, f models.Facts) []input {
	var tiers []*slack.OptionBlockObject
	for t, words := range []string{"tier 0: nothing is more critical", "tier 1", "tier 2", "tier 3: least critical"} {
		tiers = append(tiers, option(strconv.Itoa(t), words))
	}
	tier := strconv.Itoa(int(in.Tier))
	if meta.Slug == "" && in.Name == "" {
		tier = "2"
	}
	return []input{
		{field: models.FieldTitle, label: "Name", hint: "As people call it.", element: typed(models.FieldTitle, in.Name, "Payments API", models.MaxTitle, false)},
		{field: models.FieldTier, label: "Tier", element: chosen(models.FieldTier, "Choose", tiers, tier, "2")},
		{field: models.FieldOwner, label: "Owner", hint: "Approves changes to it.", element: person(models.FieldOwner, in.Owner)},
		{field: models.FieldOpsLead, label: "Operations lead", hint: "Accepts it at a handover, and approves what the policy asks operations for.", optional: true, element: person(models.FieldOpsLead, in.OpsLead)},
		{field: models.FieldTeam, label: "Team", hint: "Its short name. Members review each other's changes: they are the peers.", element: typed(models.FieldTeam, string(in.Team), "payments", 63, false)},
		{field: models.FieldMembers, label: "People of the team", hint: "For all services of this team. Leave it empty for a Slack user group, or to keep the team as it is.", optional: true, element: people(models.FieldMembers, in.Members)},
		{field: models.FieldGroup, label: "Or its Slack user group", hint: "The group's id. Its members are the team, as Slack has them.", optional: true, element: typed(models.FieldGroup, in.Group, "S0123456789", 30, false)},
		{field: models.FieldChannel, label: "Channel", hint: "Cards of its changes stand there too.", optional: true, element: channelChosen(models.FieldChannel, in.Channel)},
		{field: models.FieldEnvironments, label: "Environments", hint: "None chosen means all.", optional: true, element: severalOf(models.FieldEnvironments, "All", environmentOptions(), in.Environments)},
		{field: models.FieldServices, label: "Depends on", hint: "Changes to these are in its way, and the other way round.", optional: true, element: chosenServices(in.DependsOn, f)},
	}
}

// people is a choice of several.
func people(field models.Field, list []models.UserID) slack.BlockElement {
	e := slack.NewOptionsMultiSelectBlockElement(slack.MultiOptTypeUser, plain("Choose people", limitPlaceholder), string(field))
	for _, u := range list[:min(100, len(list))] { // Slack takes no more
		e.InitialUsers = append(e.InitialUsers, string(u))
	}
	return e
}

func channelChosen(field models.Field, c models.ChannelID) slack.BlockElement {
	e := slack.NewOptionsSelectBlockElement(slack.OptTypeConversations, plain("Choose a channel", limitPlaceholder), string(field))
	e.Filter = &slack.SelectBlockElementFilter{Include: []string{"public", "private"}, ExcludeBotUsers: true}
	if channelID.MatchString(string(c)) {
		e.InitialConversation = string(c)
	}
	return e
}

// ReadServiceForm reads a sent form.
func ReadServiceForm(v slack.View) (ServiceMeta, models.ServiceInput) {
	var meta ServiceMeta
	readMetadata(v, &meta)
	a := answersOf(v)
	in := models.ServiceInput{SeenTeam: meta.SeenTeam, Group: strings.ToUpper(strings.TrimSpace(a.text(models.FieldGroup)))}
	in.Slug = meta.Slug
	if meta.Slug == "" {
		in.Slug = models.Slug(strings.ToLower(strings.TrimSpace(a.text(models.FieldName))))
	}
	tier, err := strconv.Atoi(a.option(models.FieldTier))
	if err != nil {
		tier = -1 // for the rules to refuse
	}
	in.Name, in.Tier = a.text(models.FieldTitle), models.Tier(tier)
	in.Team = models.TeamID(strings.ToLower(strings.TrimSpace(a.text(models.FieldTeam))))
	in.Owner, in.OpsLead = models.UserID(a[models.FieldOwner].SelectedUser), models.UserID(a[models.FieldOpsLead].SelectedUser)
	in.Channel = models.ChannelID(a[models.FieldChannel].SelectedConversation)
	for _, u := range a[models.FieldMembers].SelectedUsers {
		in.Members = append(in.Members, models.UserID(u))
	}
	for _, o := range a[models.FieldEnvironments].SelectedOptions {
		in.Environments = append(in.Environments, models.Environment(o.Value))
	}
	in.DependsOn = a.slugs()
	return meta, in
}
