package models

import (
	"slices"
	"strings"
)

// Gaps says which changes no rule of the policy covers, one sentence a kind:
// "emergency changes in test and development at very high risk". Standard
// changes count at low and medium risk only: no template covers more.
func (p Policy) Gaps() []string {
	var out []gap
	for _, kind := range []ChangeType{Standard, Normal, Emergency} {
		levels := RiskLevels
		if kind == Standard {
			levels = []RiskLevel{RiskLow, RiskMedium}
		}
		for _, env := range Environments {
			for _, level := range levels {
				if rest := p.uncovered(kind, env, level); rest != "" {
					out = widen(out, gap{kind, []Environment{env}, []RiskLevel{level}, rest})
				}
			}
		}
	}
	words := make([]string, len(out))
	for i, g := range out {
		words[i] = g.words()
	}
	return words
}

type gap struct {
	kind   ChangeType
	envs   []Environment
	levels []RiskLevel
	rest   string // which of them: " of tier 0 and 1"; " " = all
}

// widen adds a gap to one that differs in its risk only, and then in its
// environment only, so that a large hole is one line.
func widen(list []gap, g gap) []gap {
	if n := len(list) - 1; n >= 0 && list[n].kind == g.kind && list[n].rest == g.rest && slices.Equal(list[n].envs, g.envs) {
		g.levels = append(slices.Clone(list[n].levels), g.levels...)
		list = list[:n]
	}
	for i, x := range list {
		if x.kind == g.kind && x.rest == g.rest && slices.Equal(x.levels, g.levels) {
			list[i].envs = append(slices.Clone(x.envs), g.envs...)
			return list
		}
	}
	return append(list, g)
}

func (g gap) words() string {
	out := string(g.kind) + " changes"
	if len(g.envs) < len(Environments) {
		var envs []string
		for _, e := range g.envs {
			envs = append(envs, string(e))
		}
		out += " in " + list(envs, "")
	}
	all := len(RiskLevels)
	if g.kind == Standard {
		all = 2
	}
	if len(g.levels) < all {
		var levels []string
		for _, l := range g.levels {
			levels = append(levels, l.String())
		}
		out += " at " + list(levels, "") + " risk"
	}
	return out + strings.TrimRight(g.rest, " ")
}

// uncovered says for which of these changes no rule matches: "" for none,
// " " for all of them.
func (p Policy) uncovered(kind ChangeType, env Environment, level RiskLevel) string {
	var tiers []string
	debts, expedited := map[bool]bool{}, map[bool]bool{}
	holes, all := 0, 0
	for tier := Tier(0); tier <= 3; tier++ {
		hole := false
		for _, flags := range [][2]bool{{false, false}, {false, true}, {true, false}, {true, true}} {
			all++
			if !slices.ContainsFunc(p.Rules, func(r Rule) bool { return r.When.covers(kind, env, level, tier, flags[0], flags[1]) }) {
				holes++
				hole, debts[flags[0]], expedited[flags[1]] = true, true, true
			}
		}
		if hole {
			tiers = append(tiers, number(int(tier)))
		}
	}
	if holes == 0 {
		return ""
	}
	var rest string
	if len(tiers) < 4 {
		rest += " of tier " + list(tiers, "")
	}
	if len(debts) == 1 {
		rest += map[bool]string{true: " with open debts", false: " without open debts"}[debts[true]]
	}
	if len(expedited) == 1 {
		rest += map[bool]string{true: " that are expedited", false: " that are not expedited"}[expedited[true]]
	}
	return rest + " "
}

// covers is matches for what a change might be.
func (m Match) covers(kind ChangeType, env Environment, level RiskLevel, tier Tier, debts, expedited bool) bool {
	return oneOf(m.Types, kind) && oneOf(m.Environments, env) && oneOf(m.Risks, level) && oneOf(m.Tiers, tier) &&
		(m.Debts == nil || *m.Debts == debts) && (m.Expedited == nil || *m.Expedited == expedited)
}

// Idle names the rules that can never set anything, because those before them
// cover all that they match. By index into Rules.
func (p Policy) Idle() []int {
	var out []int
	for i, rule := range p.Rules {
		if !rule.reaches(p.Rules[:i]) {
			out = append(out, i)
		}
	}
	return out
}

func (r Rule) reaches(before []Rule) bool {
	for _, kind := range ChangeTypes {
		for _, env := range Environments {
			for _, level := range RiskLevels {
				for tier := Tier(0); tier <= 3; tier++ {
					for _, flags := range [][2]bool{{false, false}, {false, true}, {true, false}, {true, true}} {
						covers := func(x Rule) bool { return x.When.covers(kind, env, level, tier, flags[0], flags[1]) }
						if covers(r) && !slices.ContainsFunc(before, covers) {
							return true
						}
					}
				}
			}
		}
	}
	return false
}
