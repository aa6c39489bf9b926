package store

import (
	"time"

	"github.com/gatehousehq/gatehouse/models"
)

// releaseRow is a release as kept. What is asked for in queries has a column of
// its own; the rest is only ever read whole.
type releaseRow struct {
	WorkspaceID models.WorkspaceID `gorm:"primaryKey"`
	ID          models.ReleaseID   `gorm:"primaryKey;autoIncrement:false"`
	State       models.ReleaseState
	Name        string
	ProjectLead models.UserID
	OpsLead     models.UserID
	Deputy      models.UserID
	Channel     models.ChannelID
	Tier        models.Tier
	GoLive      *time.Time
	Baseline    *time.Time
	DueAt       *time.Time // when something happens by itself; NULL = never
	CreatedBy   models.UserID
	CreatedAt   *time.Time
	ConfirmAt   *time.Time
	LiveAt      *time.Time
	ClosedAt    *time.Time
	Reason      string
	LastNo      int

	Services     jsonOf[[]models.Slug]
	Attributes   jsonOf[[]models.Attribute]
	Template     jsonOf[models.TemplateRef]
	Moves        jsonOf[[]models.GoLiveMove]
	Items        jsonOf[[]models.Item]
	Buckets      jsonOf[map[models.Bucket]models.BucketDuty]
	Meetings     jsonOf[[]models.Meeting]
	Certificates jsonOf[[]models.Certificate]
	EarlyLife    jsonOf[models.EarlyLife]
	Incidents    jsonOf[[]models.EarlyIncident]
	Asked        jsonOf[[]models.ReleaseAsk]
	Places       jsonOf[[]models.ChannelID]
}

func (releaseRow) TableName() string { return "releases" }

var releases = tableOf[releaseRow]()

func rowOfRelease(r *models.Release, due time.Time) releaseRow {
	return releaseRow{
		WorkspaceID: r.Workspace, ID: r.ID, State: r.State, Name: r.Name, ProjectLead: r.ProjectLead, OpsLead: r.OpsLead,
		Deputy: r.Deputy, Channel: r.Channel, Tier: r.Tier, GoLive: opt(r.GoLive), Baseline: opt(r.Baseline), DueAt: opt(due),
		CreatedBy: r.CreatedBy, CreatedAt: opt(r.CreatedAt), ConfirmAt: opt(r.ConfirmAt), LiveAt: opt(r.LiveAt),
		ClosedAt: opt(r.ClosedAt), Reason: r.Reason, LastNo: r.LastNo,
		Services: jsonOf[[]models.Slug]{r.Services}, Attributes: jsonOf[[]models.Attribute]{r.Attributes},
		Template: jsonOf[models.TemplateRef]{r.Template}, Moves: jsonOf[[]models.GoLiveMove]{r.Moves},
		Items: jsonOf[[]models.Item]{r.Items}, Buckets: jsonOf[map[models.Bucket]models.BucketDuty]{r.Buckets},
		Meetings: jsonOf[[]models.Meeting]{r.Meetings}, Certificates: jsonOf[[]models.Certificate]{r.Certificates},
		EarlyLife: jsonOf[models.EarlyLife]{r.EarlyLife}, Incidents: jsonOf[[]models.EarlyIncident]{r.Incidents},
		Asked: jsonOf[[]models.ReleaseAsk]{r.Asked}, Places: jsonOf[[]models.ChannelID]{r.Places},
	}
}

func (r releaseRow) release() *models.Release {
	return &models.Release{
		ReleaseIdentity: models.ReleaseIdentity{Workspace: r.WorkspaceID, ID: r.ID, CreatedBy: r.CreatedBy, CreatedAt: val(r.CreatedAt)},
		ReleasePlan: models.ReleasePlan{Name: r.Name, Services: r.Services.V, ProjectLead: r.ProjectLead, OpsLead: r.OpsLead,
			Deputy: r.Deputy, GoLive: val(r.GoLive), Channel: r.Channel, Attributes: r.Attributes.V, Template: r.Template.V},
		ReleaseProgress: models.ReleaseProgress{State: r.State, Tier: r.Tier, Baseline: val(r.Baseline), Moves: r.Moves.V, LastNo: r.LastNo,
			Items: r.Items.V, Buckets: r.Buckets.V, Meetings: r.Meetings.V, ConfirmAt: val(r.ConfirmAt), Certificates: r.Certificates.V,
			LiveAt: val(r.LiveAt), EarlyLife: r.EarlyLife.V, Incidents: r.Incidents.V, ClosedAt: val(r.ClosedAt), Reason: r.Reason,
			Asked: r.Asked.V, Places: r.Places.V},
	}
}

// releaseItemRow is what queries over all releases ask of an item.
type releaseItemRow struct {
	WorkspaceID models.WorkspaceID `gorm:"primaryKey"`
	ReleaseID   models.ReleaseID   `gorm:"primaryKey;autoIncrement:false"`
	No          int                `gorm:"primaryKey;autoIncrement:false"`
	Ref         string             // "DO2"
	Bucket      models.Bucket
	Owner       models.UserID // who works on it, as Release.OwnerOf says
	Status      models.ItemStatus
	Mandatory   bool
	Due         *time.Time
	WaivedUntil *time.Time
}

func (releaseItemRow) TableName() string { return "release_items" }

var releaseItems = tableOf[releaseItemRow]()

func rowOfItem(r *models.Release, i *models.Item) releaseItemRow {
	row := releaseItemRow{WorkspaceID: r.Workspace, ReleaseID: r.ID, No: i.No, Ref: i.ID, Bucket: i.Bucket, Owner: r.OwnerOf(i),
		Status: i.Status, Mandatory: i.Mandatory, Due: opt(i.Due)}
	if i.Waiver != nil && i.Status == models.ItemWaived {
		row.WaivedUntil = opt(i.Waiver.Expires)
	}
	return row
}

// saveItems writes the rows of items that are not as they were.
func saveItems(before, after *models.Release) []stmt {
	was := map[int]releaseItemRow{}
	if before != nil {
		for k := range before.Items {
			was[before.Items[k].No] = rowOfItem(before, &before.Items[k])
		}
	}
	var changed []releaseItemRow
	for k := range after.Items {
		row := rowOfItem(after, &after.Items[k])
		old, known := was[row.No]
		if _, differs := releaseItems.update(&old, &row, ""); !known || differs {
			changed = append(changed, row)
		}
		delete(was, row.No)
	}
	var out []stmt
	for no := range was {
		out = append(out, stmt{sql: "DELETE FROM release_items WHERE workspace_id = ? AND release_id = ? AND no = ?",
			args: []any{after.Workspace, after.ID, no}})
	}
	if len(changed) == 0 {
		return out
	}
	write := releaseItems.insert(changed)
	write.sql += ` ON CONFLICT (workspace_id, release_id, no) DO UPDATE SET ref = excluded.ref, bucket = excluded.bucket, owner = excluded.owner,
		status = excluded.status, mandatory = excluded.mandatory, due = excluded.due, waived_until = excluded.waived_until`
	return append(out, write)
}
