package slackfake

import (
	"cmp"
	"strconv"
	"time"
)

func itoa(n int) string { return strconv.Itoa(n) }

// userJSON is a person as users.info shows them; the address only with users:read.email.
func (s *Server) userJSON(u *User, email, locale bool) obj {
	zone := u.TZ
	if zone == "" {
		zone = "UTC"
	}
	label, offset := "Coordinated Universal Time", 0
	if loc, err := time.LoadLocation(zone); err == nil {
		label, offset = s.cfg.Now().In(loc).Zone()
	}
	team := u.TeamID
	if team == "" {
		team = s.cfg.Team.ID
	}
	profile := obj{"real_name": u.RealName, "display_name": cmp.Or(u.DisplayName, u.Name), "title": u.Title, "team": team}
	if email {
		profile["email"] = u.Email
	}
	o := obj{"id": u.ID, "team_id": team, "name": u.Name, "deleted": u.Deleted, "color": u.Color, "real_name": u.RealName, "profile": profile,
		"is_bot": u.IsBot, "is_app_user": false, "updated": s.cfg.Now().Unix()}
	if u.Deleted {
		return o
	}
	o["tz"], o["tz_label"], o["tz_offset"] = zone, label, offset
	o["is_admin"], o["is_owner"], o["is_primary_owner"] = u.IsAdmin, false, false
	o["is_restricted"], o["is_ultra_restricted"] = u.IsRestricted || u.IsUltraRestricted, u.IsUltraRestricted
	if team != s.cfg.Team.ID {
		o["is_stranger"] = true
	}
	if locale {
		o["locale"] = "en-US"
		if u.Locale != "" {
			o["locale"] = u.Locale
		}
	}
	return o
}

// bot is the app's own user.
func (s *Server) bot() *User {
	return &User{ID: s.app.botUser, Name: s.app.name, RealName: s.app.name, IsBot: true, TZ: "UTC", Color: "4a5568"}
}

func (c *call) userInfo() (obj, error) {
	id := strOf(c.args, "user")
	u := c.world.user(id)
	if id == c.app.botUser {
		u = c.bot()
	}
	if u == nil || u.ID != id {
		return nil, no("user_not_found")
	}
	return obj{"user": c.userJSON(u, c.has("users:read.email"), boolOf(c.args, "include_locale"))}, nil
}

func (c *call) userList() (obj, error) {
	list := []any{}
	for _, u := range append(c.world.Users[:len(c.world.Users):len(c.world.Users)], c.bot()) {
		list = append(list, c.userJSON(u, c.has("users:read.email"), boolOf(c.args, "include_locale")))
	}
	from, to, meta, err := c.page(len(list), len(list), 1000)
	if err != nil {
		return nil, err
	}
	return obj{"members": list[from:to], "cache_ts": c.cfg.Now().Unix(), "response_metadata": meta}, nil
}

func (c *call) groupList() (obj, error) {
	list := []any{}
	for _, g := range c.world.Groups {
		if g.Disabled && !boolOf(c.args, "include_disabled") {
			continue
		}
		o := obj{"id": g.ID, "team_id": c.cfg.Team.ID, "is_usergroup": true, "name": g.Name, "handle": g.Handle, "description": "", "date_delete": 0}
		if g.Disabled {
			o["date_delete"] = c.cfg.Now().Unix()
		}
		if boolOf(c.args, "include_users") {
			o["users"] = g.Users
		}
		if boolOf(c.args, "include_count") {
			o["user_count"] = itoa(len(g.Users))
		}
		list = append(list, o)
	}
	return obj{"usergroups": list}, nil
}

func (c *call) groupUsers() (obj, error) {
	id := strOf(c.args, "usergroup")
	g := c.world.group(id)
	if g == nil || g.ID != id || g.Disabled && !boolOf(c.args, "include_disabled") {
		return nil, no("no_such_subteam")
	}
	return obj{"users": append([]string{}, g.Users...)}, nil
}

func (c *call) botsInfo() (obj, error) {
	id := strOf(c.args, "bot")
	if id != "" && id != c.app.botID {
		return nil, no("bot_not_found")
	}
	return obj{"bot": obj{"id": c.app.botID, "deleted": false, "name": c.app.name, "updated": 1700000000, "app_id": c.app.id, "user_id": c.app.botUser}}, nil
}

func (c *call) teamInfo() (obj, error) {
	t := c.cfg.Team
	return obj{"team": obj{"id": t.ID, "name": t.Name, "domain": t.Domain, "email_domain": "", "icon": obj{}}}, nil
}

// SetUser adds or changes a person (by id, else name) and sends user_change to the app.
func (s *Server) SetUser(u User) {
	s.mu.Lock()
	u.ID = idFor("U", u.ID, u.Name)
	if old := s.world.user(u.ID); old != nil {
		*old = u
	} else {
		s.world.Users = append(s.world.Users, &u)
	}
	ev := obj{"type": "user_change", "user": s.userJSON(&u, false, true), "event_ts": s.ts()}
	s.touch("state", "")
	s.mu.Unlock()
	s.Emit(ev)
}

// SetUserGroup adds or changes a user group and sends subteam_members_changed.
func (s *Server) SetUserGroup(g UserGroup) error {
	s.mu.Lock()
	g.ID = idFor("S", g.ID, g.Handle)
	g.Users = append([]string{}, g.Users...)
	if err := s.world.resolve(g.Users); err != nil {
		s.mu.Unlock()
		return err
	}
	if old := s.world.group(g.ID); old != nil {
		*old = g
	} else {
		s.world.Groups = append(s.world.Groups, &g)
	}
	ev := obj{"type": "subteam_members_changed", "subteam_id": g.ID, "team_id": s.cfg.Team.ID, "event_ts": s.ts()}
	s.touch("state", "")
	s.mu.Unlock()
	s.Emit(ev)
	return nil
}
