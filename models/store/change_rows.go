package store

import (
	"slices"
	"time"

	"github.com/gatehousehq/gatehouse/models"
)

// changeRow is a change as kept; its approvals are rows of their own.
type changeRow struct {
	WorkspaceID     models.WorkspaceID `gorm:"primaryKey"`
	ID              models.ChangeID    `gorm:"primaryKey;autoIncrement:false"`
	Requester       models.UserID
	CreatedAt       time.Time
	RollbackOf      models.ChangeID
	Origin          models.ChangeID
	Type            models.ChangeType
	Environment     models.Environment
	Services        jsonOf[[]models.Slug]
	WindowStart     *time.Time
	WindowEnd       *time.Time
	Plan            string
	HowChecked      string
	RollbackPlan    string
	Risk            jsonOf[models.RiskAnswers]
	ReleaseID       models.ReleaseID
	Artifact        string
	Template        models.Slug
	TemplateVersion int
	IncidentRef     string
	WhyNow          string
	Title           string
	Background      string
	Implementer     models.UserID
	State           models.State
	Revision        models.Revision
	SubmittedAt     *time.Time
	WindowSetAt     *time.Time
	Expedited       bool
	Retrospective   bool
	LastEditor      models.UserID
	Author          models.UserID
	Assessment      jsonOf[models.Assessment]
	PolicyVersion   int
	PolicyRule      string
	Requirements    jsonOf[[]models.Requirement]
	Asked           jsonOf[[]models.Ask]
	Places          jsonOf[[]models.ChannelID]
	Reason          string
	StartedAt       *time.Time
	FinishedAt      *time.Time
	Outcome         models.Outcome
	OutcomeNote     string
	AsBuilt         string
	Incident        string
	OutageMinutes   int
	ReviewOwed      jsonOf[[]string]
	ReviewDue       *time.Time
	Findings        string
	ClosedAt        *time.Time
	DueAt           *time.Time // from Change.Due, for the tick

	RetroReason      string
	RetroApprovedAt  *time.Time
	RetroRefused     bool
	LinkedIncident   string
	AskedAll         bool
	Delegations      jsonOf[[]models.Delegation]
	DebtAt           *time.Time // from Change.DebtDue, for finding who owes something
	Held             jsonOf[models.Hold]
	Overridden       jsonOf[models.Override]
	IncidentPriority int
	Review           jsonOf[models.Judgement]
	BetterType       models.ChangeType // from Review, for the figures
	LessonBucket     models.Bucket     // from Review, for finding what future releases are asked for
	AgreedEnd        *time.Time        // the end of the window, where WindowEnd is what it was extended to
}

func (changeRow) TableName() string { return "changes" }

var changes = tableOf[changeRow]()

func rowOfChange(c *models.Change) changeRow {
	row := changeRow{
		WorkspaceID: c.Workspace, ID: c.ID, Requester: c.Requester, CreatedAt: c.CreatedAt, RollbackOf: c.Identity.RollbackOf, Origin: c.Origin,
		Type: c.Type, Environment: c.Environment, Services: jsonOf[[]models.Slug]{c.Services},
		WindowStart: opt(c.Window.Start), WindowEnd: opt(c.Window.End),
		Plan: c.Plan, HowChecked: c.Check, RollbackPlan: c.Rollback, Risk: jsonOf[models.RiskAnswers]{c.Risk},
		ReleaseID: c.Release, Artifact: c.Artifact,
		Template: c.Template.Name, TemplateVersion: c.Template.Version, IncidentRef: c.IncidentRef, WhyNow: c.WhyNow,
		Title: c.Title, Background: c.Background, Implementer: c.Implementer,
		State: c.State, Revision: c.Revision, SubmittedAt: opt(c.SubmittedAt), WindowSetAt: opt(c.WindowSetAt), Expedited: c.Expedited, Retrospective: c.Retrospective, LastEditor: c.LastEditor, Author: c.Author,
		Assessment: jsonOf[models.Assessment]{c.Assessment}, PolicyVersion: c.PolicyVersion, PolicyRule: c.PolicyRule,
		Requirements: jsonOf[[]models.Requirement]{c.Requirements}, Asked: jsonOf[[]models.Ask]{c.Asked}, Places: jsonOf[[]models.ChannelID]{c.Places}, Reason: c.Reason,
		StartedAt: opt(c.StartedAt), FinishedAt: opt(c.FinishedAt),
		Outcome: c.Outcome, OutcomeNote: c.OutcomeNote, AsBuilt: c.AsBuilt, Incident: c.Incident, OutageMinutes: c.OutageMinutes,
		ReviewOwed: jsonOf[[]string]{c.ReviewOwed}, ReviewDue: opt(c.ReviewDue), Findings: c.Findings,
		ClosedAt: opt(c.ClosedAt), DueAt: opt(c.Due()),
		RetroReason: c.RetroReason, RetroApprovedAt: opt(c.RetroApprovedAt), RetroRefused: c.RetroRefused, LinkedIncident: c.LinkedIncident, AskedAll: c.AskedAll,
		Delegations: jsonOf[[]models.Delegation]{c.Delegations},
		DebtAt:      opt(c.DebtDue()), Held: jsonOf[models.Hold]{c.Held}, Overridden: jsonOf[models.Override]{c.Overridden},
		IncidentPriority: c.IncidentPriority, Review: jsonOf[models.Judgement]{c.Reviewed}, BetterType: c.Reviewed.Better,
	}
	if l, asked := c.Asks(); asked {
		row.LessonBucket = l.Bucket
	}
	if !c.ExtendedTo.IsZero() {
		row.WindowEnd, row.AgreedEnd = opt(c.ExtendedTo), opt(c.Window.End)
	}
	return row
}

// change makes the model. It shares no memory with the row, so that the row
// still says what was there before.
func (r *changeRow) change(approvals []approvalRow) *models.Change {
	assessment := r.Assessment.V
	assessment.Reasons = slices.Clone(assessment.Reasons)
	c := &models.Change{
		Identity: models.Identity{Workspace: r.WorkspaceID, ID: r.ID, Requester: r.Requester,
			CreatedAt: r.CreatedAt.UTC(), RollbackOf: r.RollbackOf, Origin: r.Origin},
		Material: models.Material{Type: r.Type, Environment: r.Environment, Services: slices.Clone(r.Services.V),
			Window: models.Window{Start: val(r.WindowStart), End: val(r.WindowEnd)},
			Plan:   r.Plan, Check: r.HowChecked, Rollback: r.RollbackPlan,
			Risk: r.Risk.V, Release: r.ReleaseID, Artifact: r.Artifact,
			Template: models.TemplateRef{Name: r.Template, Version: r.TemplateVersion}, IncidentRef: r.IncidentRef, WhyNow: r.WhyNow},
		Cosmetic: models.Cosmetic{Title: r.Title, Background: r.Background, Implementer: r.Implementer},
		Progress: models.Progress{State: r.State, Revision: r.Revision, SubmittedAt: val(r.SubmittedAt), WindowSetAt: val(r.WindowSetAt), Expedited: r.Expedited, Retrospective: r.Retrospective,
			LastEditor: r.LastEditor, Author: r.Author, Assessment: assessment,
			PolicyVersion: r.PolicyVersion, PolicyRule: r.PolicyRule,
			Requirements: slices.Clone(r.Requirements.V), Asked: slices.Clone(r.Asked.V), Places: slices.Clone(r.Places.V), Reason: r.Reason,
			StartedAt: val(r.StartedAt), FinishedAt: val(r.FinishedAt),
			Outcome: r.Outcome, OutcomeNote: r.OutcomeNote, AsBuilt: r.AsBuilt, Incident: r.Incident,
			OutageMinutes: r.OutageMinutes, ReviewOwed: slices.Clone(r.ReviewOwed.V), ReviewDue: val(r.ReviewDue),
			Findings: r.Findings, ClosedAt: val(r.ClosedAt),
			RetroReason: r.RetroReason, RetroApprovedAt: val(r.RetroApprovedAt), RetroRefused: r.RetroRefused, LinkedIncident: r.LinkedIncident, AskedAll: r.AskedAll,
			Delegations: slices.Clone(r.Delegations.V), Held: r.Held.V, Overridden: r.Overridden.V,
			IncidentPriority: r.IncidentPriority, Reviewed: r.Review.V},
	}
	if r.AgreedEnd != nil {
		c.ExtendedTo, c.Window.End = c.Window.End, val(r.AgreedEnd)
	}
	for _, a := range approvals {
		c.Approvals = append(c.Approvals, a.approval())
	}
	return c
}

// approvalRow is one decision; Seq is its place in the change's list.
type approvalRow struct {
	WorkspaceID models.WorkspaceID `gorm:"primaryKey"`
	ChangeID    models.ChangeID    `gorm:"primaryKey;autoIncrement:false"`
	Seq         int                `gorm:"primaryKey;autoIncrement:false"`
	ByUser      models.UserID
	Revision    models.Revision
	Decision    models.Decision
	Comment     string
	At          time.Time
	Fits        jsonOf[[]string]
	Behalf      jsonOf[[]models.Behalf]
	Void        string
}

func (approvalRow) TableName() string { return "approvals" }

var approvals = tableOf[approvalRow]()

func rowOfApproval(c *models.Change, seq int) approvalRow {
	a := c.Approvals[seq]
	return approvalRow{WorkspaceID: c.Workspace, ChangeID: c.ID, Seq: seq, ByUser: a.By, Revision: a.Revision,
		Decision: a.Decision, Comment: a.Comment, At: a.At, Fits: jsonOf[[]string]{a.Fits},
		Behalf: jsonOf[[]models.Behalf]{a.Behalf}, Void: a.Void}
}

func (r approvalRow) approval() models.Approval {
	return models.Approval{By: r.ByUser, Revision: r.Revision, Decision: r.Decision, Comment: r.Comment,
		At: r.At.UTC(), Fits: r.Fits.V, Behalf: r.Behalf.V, Void: r.Void}
}

// changeServiceRow lets changes be found by service.
type changeServiceRow struct {
	WorkspaceID models.WorkspaceID `gorm:"primaryKey"`
	Service     models.Slug        `gorm:"primaryKey"`
	ChangeID    models.ChangeID    `gorm:"primaryKey;autoIncrement:false"`
}

func (changeServiceRow) TableName() string { return "change_services" }

var changeServices = tableOf[changeServiceRow]()

// revisionRow is what one submitted revision said.
type revisionRow struct {
	WorkspaceID models.WorkspaceID `gorm:"primaryKey"`
	ChangeID    models.ChangeID    `gorm:"primaryKey;autoIncrement:false"`
	Revision    models.Revision    `gorm:"primaryKey"`
	Material    jsonOf[models.Material]
	At          time.Time
}

func (revisionRow) TableName() string { return "revisions" }

var revisions = tableOf[revisionRow]()
