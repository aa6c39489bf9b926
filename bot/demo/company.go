// Package demo is Gatehouse to try out: a made-up company whose people are
// played on the web page of the Slack stand-in. Its history is raised through
// the same doors that real use goes through, on a clock that can be moved.
package demo

import (
	"slices"

	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/models"
)

// The people of the company. Everybody in it is made up.
const (
	ana  = models.UserID("U0ANA") // payments engineer
	ben  = models.UserID("U0BEN") // payments engineer
	chi  = models.UserID("U0CHI") // owns payments
	dev  = models.UserID("U0DEV") // operations lead
	eli  = models.UserID("U0ELI") // change manager
	fay  = models.UserID("U0FAY") // CAB
	gus  = models.UserID("U0GUS") // CAB
	hana = models.UserID("U0HANA")
	ivo  = models.UserID("U0IVO")
	joy  = models.UserID("U0JOY")
	kai  = models.UserID("U0KAI") // guest
	lea  = models.UserID("U0LEA") // has left
	mira = models.UserID("U0MIRA")
)

const (
	teamID     = "T0PARCEL"
	changes    = "C0CHANGES"
	general    = "C0GENERAL"
	payments   = "C0PAYMENTS"
	storefront = "C0STORE"
	platform   = "C0PLATFORM"
	logistics  = "C0LOGISTICS"
	lockerRoom = "C0LOCKERS"
	iberia     = "C0IBERIA"
)

// people as Slack knows them.
var people = []slackfake.User{
	{ID: string(ana), Name: "ana", RealName: "Ana Duarte", Title: "Engineer, Payments", TZ: "Europe/Berlin"},
	{ID: string(ben), Name: "ben", RealName: "Ben Okafor", Title: "Engineer, Payments", TZ: "Europe/Berlin"},
	{ID: string(chi), Name: "chi", RealName: "Chi Nguyen", Title: "Lead, Payments", TZ: "Europe/Berlin"},
	{ID: string(dev), Name: "dev", RealName: "Dev Anand", Title: "Operations lead", TZ: "America/New_York"},
	{ID: string(eli), Name: "eli", RealName: "Eli Novak", Title: "Change manager", TZ: "Europe/Berlin", IsAdmin: true},
	{ID: string(fay), Name: "fay", RealName: "Fay Lindqvist", Title: "Architect, CAB", TZ: "Europe/Berlin"},
	{ID: string(gus), Name: "gus", RealName: "Gus Romero", Title: "Security, CAB", TZ: "America/New_York"},
	{ID: string(hana), Name: "hana", RealName: "Hana Reyes", Title: "Engineer, Platform", TZ: "Asia/Manila"},
	{ID: string(ivo), Name: "ivo", RealName: "Ivo Petrov", Title: "Lead, Platform", TZ: "Europe/Berlin"},
	{ID: string(joy), Name: "joy", RealName: "Joy Castillo", Title: "Lead, Storefront", TZ: "America/New_York"},
	{ID: string(mira), Name: "mira", RealName: "Mira Holt", Title: "Internal audit", TZ: "Europe/Berlin"},
	{ID: string(kai), Name: "kai", RealName: "Kai Brandt", Title: "Contractor (guest)", TZ: "Europe/Berlin", IsRestricted: true},
	{ID: string(lea), Name: "lea", RealName: "Lea Fontaine", Title: "Engineer, Storefront (left)", TZ: "Europe/Berlin", Deleted: true},
}

// staff are the people, called by their full names.
func staff() []slackfake.User {
	out := slices.Clone(people)
	for i := range out {
		out[i].DisplayName = out[i].RealName
	}
	return out
}

// catalog is the services file of the company.
const catalog = `
teams:
  - {id: payments, name: Payments, members: [U0ANA, U0BEN, U0CHI]}
  - {id: platform, name: Platform, members: [U0HANA, U0IVO, U0DEV, U0ELI]}
  - {id: storefront, name: Storefront, members: [U0JOY, U0LEA, U0BEN, U0ANA]}
  - {id: logistics, name: Logistics, members: [U0HANA, U0JOY, U0FAY]}
roles:
  admin: [U0ELI]
  change_manager: [U0ELI]
  cab: [U0FAY, U0GUS, U0IVO]
  ecab: [U0DEV, U0IVO]
  auditor: [U0MIRA]
services:
  - {slug: identity, name: Identity, tier: 0, team: platform, owner: U0IVO, ops_lead: U0DEV, channel: C0PLATFORM}
  - {slug: payments-api, name: Payments API, tier: 0, team: payments, owner: U0CHI, ops_lead: U0DEV, channel: C0PAYMENTS, depends_on: [ledger, identity]}
  - {slug: ledger, name: Ledger, tier: 1, team: payments, owner: U0CHI, ops_lead: U0DEV, channel: C0PAYMENTS}
  - {slug: checkout, name: Checkout, tier: 1, team: storefront, owner: U0JOY, ops_lead: U0DEV, channel: C0STORE, depends_on: [payments-api, catalog]}
  - {slug: storefront-web, name: Storefront web, tier: 1, team: storefront, owner: U0JOY, ops_lead: U0DEV, channel: C0STORE, depends_on: [checkout, search]}
  - {slug: search, name: Search, tier: 2, team: storefront, owner: U0JOY, ops_lead: U0DEV, channel: C0STORE, depends_on: [catalog]}
  - {slug: catalog, name: Catalogue, tier: 2, team: storefront, owner: U0JOY, ops_lead: U0DEV, channel: C0STORE}
  - {slug: shipping, name: Shipping, tier: 1, team: logistics, owner: U0HANA, ops_lead: U0DEV, channel: C0LOGISTICS, depends_on: [tracking, notifications]}
  - {slug: tracking, name: Parcel tracking, tier: 2, team: logistics, owner: U0HANA, ops_lead: U0DEV, channel: C0LOGISTICS}
  - {slug: warehouse-sync, name: Warehouse sync, tier: 2, team: logistics, owner: U0HANA, ops_lead: U0DEV, channel: C0LOGISTICS}
  - {slug: notifications, name: Notifications, tier: 2, team: platform, owner: U0IVO, ops_lead: U0DEV, channel: C0PLATFORM}
  - {slug: reporting, name: Reporting, tier: 3, team: payments, owner: U0CHI, ops_lead: U0DEV, channel: C0PAYMENTS, depends_on: [ledger]}
`

// channels of the workspace; staff are in all of them, the guest in two.
func channels() []slackfake.Channel {
	var insiders []string
	for _, p := range people {
		if !p.IsRestricted && !p.Deleted {
			insiders = append(insiders, p.ID)
		}
	}
	withGuest := append([]string{string(kai)}, insiders...)
	return []slackfake.Channel{
		{ID: changes, Name: "changes", Topic: "Every change has its card here", Members: withGuest, Bot: true},
		{ID: payments, Name: "payments", Topic: "Payments API, ledger, reporting", Members: insiders, Bot: true},
		{ID: storefront, Name: "storefront", Topic: "Checkout, web, search, catalogue", Members: insiders, Bot: true},
		{ID: platform, Name: "platform", Topic: "Identity, notifications", Members: insiders, Bot: true},
		{ID: logistics, Name: "logistics", Topic: "Shipping, tracking, warehouse", Members: insiders, Bot: true},
		{ID: lockerRoom, Name: "launch-lockers", Topic: "Parcel lockers with live tracking", Members: insiders, Bot: true},
		{ID: iberia, Name: "launch-iberia", Topic: "Spain and Portugal", Members: insiders, Bot: true},
		{ID: general, Name: "general", Topic: "For everybody", Members: withGuest},
	}
}

// hints are what a newcomer may try, printed and shown on the page.
var hints = []string{
	"You are Ana. In #changes type /change new, choose Parcel tracking, answer the six fields and, further down, the questions about risk (one team, three times yes, at least five times), and submit.",
	"Switch to Fay (on the left): the request waits in her messages from Gatehouse. Approve it; one peer is enough at low risk.",
	"Back as Ana: jump the clock to the start of your window, press Start on the card, then Complete.",
	"As Ana, try to approve your own change; as Kai, a guest, try to approve any.",
	"Type /change templates: two recipes are active, one is suspended by its first failed run. Eli, the change manager, can reinstate it.",
	"Joy repairs the catalogue without an approval: be Ivo or Dev of ECAB and give it afterwards; /change list debts shows what is owed.",
	"Chi is away until the day after tomorrow: be Ivo, who decides in Chi's place, and ask /change why for the payout limit. /gatehouse me sets such days.",
	"Type /change list exceptions: Ivo owns Notifications and raised a change there, so nobody could agree as its owner, and it went on without.",
	"As Eli type /gatehouse services payments-api: what runs, what was changed, who edited it. As Mira, the auditor, try to approve anything; /gatehouse roles says why not.",
	"Edit an approved change: the form says how many approvals that resets.",
	"Three releases: open #launch-iberia, press Why red?, then Checklist. As Dev, verify what waits for you with /checklist; TS3 has an open issue, so nobody can.",
	"As Dev, jump to tomorrow 09:00: the handover begins in #launch-iberia. Joy, Ana and Ben vote; Dev accepts with conditions, because two items are not met.",
	"#launch-lockers went live eleven days ago: see its certificate, report an incident, try to close its early-life support as Dev. /gatehouse digest preview shows the morning's readiness.",
	"Open “Break it” and let Slack drop replies or answer 429 while you go on; open the inspector to see every call.",
}
