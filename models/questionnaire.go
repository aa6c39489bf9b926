package models

import "strings"

// Answer is what a person says to a yes-or-no question.
type Answer int

// The answers. An optional question that is not answered counts as the worse
// of the two.
const (
	Unanswered Answer = 0
	Yes        Answer = 1
	No         Answer = 2
)

var answerNames = map[Answer]string{Yes: "yes", No: "no"}

// String says the answer in words; "" when there is none.
func (a Answer) String() string { return answerNames[a] }

// Reach is who notices when the change goes wrong.
type Reach int

// The answers to "who notices if it goes wrong?", best first.
const (
	ReachUnanswered Reach = 0
	ReachNobody     Reach = 1
	ReachOneTeam    Reach = 2
	ReachMany       Reach = 3
	ReachEverybody  Reach = 4 // or money, safety or personal data
)

// Reaches lists the answers, best first.
var Reaches = []Reach{ReachNobody, ReachOneTeam, ReachMany, ReachEverybody}

var reachNames = map[Reach]string{
	ReachNobody: "nobody", ReachOneTeam: "one team", ReachMany: "many users",
	ReachEverybody: "everybody, or money, safety or personal data",
}

// String says the answer in words; "" when there is none.
func (r Reach) String() string { return reachNames[r] }

// Times is how often this work was done before.
type Times int

// The answers to "how often was this done before?". Without one Gatehouse
// counts by itself.
const (
	TimesCounted Times = 0
	TimesNever   Times = 1
	TimesSome    Times = 2 // once to four times
	TimesOften   Times = 3 // at least five times
)

// TimesDone lists the answers, the most often first.
var TimesDone = []Times{TimesOften, TimesSome, TimesNever}

var timesNames = map[Times]string{TimesNever: "never", TimesSome: "one to four times", TimesOften: "at least five times"}

// String says the answer in words; "" when there is none.
func (t Times) String() string { return timesNames[t] }

// oftenEnough is from how many clean runs on work counts as often done.
const oftenEnough = 5

// timesOf turns a count into an answer.
func timesOf(n int) Times {
	switch {
	case n >= oftenEnough:
		return TimesOften
	case n > 0:
		return TimesSome
	}
	return TimesNever
}

// RiskAnswers are what a person answers about risk. They are material. Users,
// Rehearsed, RollbackTested and Reversible are asked and optional; DoneBefore,
// Peak and Parties are computed, and an answer corrects what was computed.
type RiskAnswers struct {
	Users          Reach  `json:",omitzero"` // who notices if it goes wrong
	Rehearsed      Answer `json:",omitzero"` // in staging, with the same artifact
	RollbackTested Answer `json:",omitzero"`
	Reversible     Answer `json:",omitzero"` // no data is lost by going back
	DoneBefore     Times  `json:",omitzero"`
	Peak           Answer `json:",omitzero"` // in peak hours
	Parties        Answer `json:",omitzero"` // other teams or vendors are involved
}

// wrong are the fields whose answer is none that the form offers.
func (a RiskAnswers) wrong() map[Field]bool {
	out := map[Field]bool{}
	for field, answer := range map[Field]Answer{FieldRehearsed: a.Rehearsed, FieldRollbackTested: a.RollbackTested,
		FieldReversible: a.Reversible, FieldPeak: a.Peak, FieldParties: a.Parties} {
		if answer < Unanswered || answer > No {
			out[field] = true
		}
	}
	if a.Users < ReachUnanswered || a.Users > ReachEverybody {
		out[FieldUsers] = true
	}
	if a.DoneBefore < TimesCounted || a.DoneBefore > TimesOften {
		out[FieldDoneBefore] = true
	}
	return out
}

// question is one of the eight questions of the questionnaire: what it weighs
// for a change, and why.
type question struct {
	name  string
	weigh func(m Material, f Facts) (points int, why string)
}

// questionnaire weighs the eight questions of the change process (research:
// users, tier, done before, rehearsed, rollback tested, data reversible,
// others involved, peak hours): 0 to 3 points each, 2 at most for the last two.
var questionnaire = []question{
	{"users", func(m Material, _ Facts) (int, string) {
		if m.Risk.Users == ReachUnanswered {
			return 3, "who notices was not answered, which counts as " + ReachEverybody.String()
		}
		return int(m.Risk.Users) - 1, m.Risk.Users.String() + " would notice"
	}},
	{"tier", func(m Material, f Facts) (int, string) {
		tier := tierOf(&Change{Material: m}, f)
		return 3 - int(tier), "the most critical service is tier " + number(int(tier))
	}},
	{"done before", func(m Material, f Facts) (int, string) {
		times := doneBefore(m, f)
		return map[Times]int{TimesOften: 0, TimesSome: 1, TimesNever: 3}[times], "done before " + times.String()
	}},
	{"rehearsed", func(m Material, _ Facts) (int, string) { return yesOr(m.Risk.Rehearsed, "rehearsed", "not rehearsed") }},
	{"rollback tested", func(m Material, _ Facts) (int, string) {
		return yesOr(m.Risk.RollbackTested, "the rollback was tested", "the rollback was not tested")
	}},
	{"reversible", func(m Material, _ Facts) (int, string) {
		return yesOr(m.Risk.Reversible, "data can be brought back", "data can't be brought back")
	}},
	{"others involved", func(m Material, f Facts) (int, string) {
		if others, why := otherParties(m, f); others {
			return 2, why
		}
		return 0, "nobody else is involved"
	}},
	{"peak hours", func(m Material, f Facts) (int, string) {
		if peak, why := peakHours(m, f); peak {
			return 2, why
		}
		return 0, "outside peak hours"
	}},
}

// questionnaireBands: from how many points on a band begins. Every sum from 0
// to 22 lies in exactly one.
var questionnaireBands = []struct {
	from  int
	level RiskLevel
}{{0, RiskLow}, {7, RiskMedium}, {13, RiskHigh}, {20, RiskVeryHigh}}

// mostPoints is what the worst answers to all questions come to.
const mostPoints = 22

// weighed adds up the questionnaire, and names what added to it.
func weighed(m Material, f Facts) (int, string) {
	sum := 0
	var why []string
	for _, q := range questionnaire {
		points, words := q.weigh(m, f)
		if sum += points; points > 0 {
			why = append(why, words)
		}
	}
	if len(why) == 0 {
		return sum, "nothing speaks against it"
	}
	return sum, strings.Join(why, "; ")
}

func bandOf(points int) RiskLevel {
	level := RiskLow
	for _, band := range questionnaireBands {
		if points >= band.from {
			level = band.level
		}
	}
	return level
}

// yesOr weighs a yes-or-no question whose good answer is yes.
func yesOr(a Answer, yes, no string) (int, string) {
	switch a {
	case Yes:
		return 0, yes
	case No:
		return 3, no
	}
	return 3, "whether " + yes + " was not answered, which counts as no"
}

// doneBefore is the person's answer, else what Gatehouse counted.
func doneBefore(m Material, f Facts) Times {
	if m.Risk.DoneBefore != TimesCounted {
		return m.Risk.DoneBefore
	}
	return timesOf(f.Around.DoneBefore)
}

// otherParties: the person's answer, else whether several teams look after the
// services touched.
func otherParties(m Material, f Facts) (bool, string) {
	if m.Risk.Parties != Unanswered {
		return m.Risk.Parties == Yes, "others are involved"
	}
	teams := map[TeamID]bool{}
	for _, slug := range m.Services {
		if s, known := f.Services[slug]; known {
			teams[s.Team] = true
		}
	}
	return len(teams) > 1, number(len(teams)) + " teams are involved"
}

// peakHours: the person's answer, else whether the window meets the working
// hours of the one who looks after a service touched.
func peakHours(m Material, f Facts) (bool, string) {
	if m.Risk.Peak != Unanswered {
		return m.Risk.Peak == Yes, "in peak hours"
	}
	for _, slug := range m.Services {
		owner := f.People[f.Services[slug].Owner]
		if next := f.Settings.Hours.Next(owner, m.Window.Start); next.Before(m.Window.End) && len(f.Settings.Hours.Days) > 0 {
			return true, "in the working hours of its users, as far as Gatehouse knows"
		}
	}
	return false, ""
}
