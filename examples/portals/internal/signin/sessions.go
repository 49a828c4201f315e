package signin

import (
	"context"
	"slices"
	"sync"
)

// perUser is how many sessions a user may have; the oldest ends first.
const perUser = 20

// sessions are the sessions of a portal.
type sessions struct {
	mu     sync.Mutex // guards the fields below
	byID   map[string]*Session
	byUser map[string][]*Session // by subject, the oldest first
}

func newSessions() *sessions {
	return &sessions{byID: map[string]*Session{}, byUser: map[string][]*Session{}}
}

// add keeps a session until it ends.
func (all *sessions) add(s *Session) {
	if oldest := all.insert(s); oldest != nil {
		oldest.End(ErrTooOld)
	}
	context.AfterFunc(s.ctx, func() { all.remove(s) })
}

// insert returns the session that has to make room, if there is one.
func (all *sessions) insert(s *Session) *Session {
	all.mu.Lock()
	defer all.mu.Unlock()
	all.byID[s.id] = s
	own := append(all.byUser[s.User.Subject], s)
	all.byUser[s.User.Subject] = own
	if len(own) > perUser {
		return own[0]
	}
	return nil
}

func (all *sessions) remove(s *Session) {
	all.mu.Lock()
	defer all.mu.Unlock()
	delete(all.byID, s.id)
	rest := slices.DeleteFunc(all.byUser[s.User.Subject], func(other *Session) bool { return other == s })
	if len(rest) == 0 {
		delete(all.byUser, s.User.Subject)
		return
	}
	all.byUser[s.User.Subject] = rest
}

// find returns the session of that id; nil if there is none, or it has ended.
func (all *sessions) find(id string) *Session {
	all.mu.Lock()
	s := all.byID[id]
	all.mu.Unlock()
	if s == nil || s.ctx.Err() != nil {
		return nil
	}
	return s
}

// endMatching ends the sessions that match.
func (all *sessions) endMatching(match func(*Session) bool, why error) {
	all.mu.Lock()
	var out []*Session
	for _, s := range all.byID {
		if match(s) {
			out = append(out, s)
		}
	}
	all.mu.Unlock()
	for _, s := range out {
		s.End(why) // which removes it, and needs the lock for that
	}
}
