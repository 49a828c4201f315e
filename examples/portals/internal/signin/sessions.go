package signin

import (
	"context"
	"slices"
	"sync"
	"time"
)

// perUser is how many sessions a user may have; the oldest ends first.
const perUser = 20

// sessions are the sessions of a portal.
type sessions struct {
	mu     sync.Mutex // guards the fields below
	byID   map[string]*Session
	byUser map[string][]*Session // by subject, the oldest first
	ended  []ending              // of late
}

// redeemTime is how long after its login has ended a session may still begin: the provider
// has given the code, and the portal waits for the tokens.
const redeemTime = time.Minute

// ending is why some sessions have ended.
type ending struct {
	meant func(*Session) bool
	why   error
	until time.Time // a session that begins later has another login
}

func newSessions() *sessions {
	return &sessions{byID: map[string]*Session{}, byUser: map[string][]*Session{}}
}

// add keeps a session until it ends. It ends at once if its login has ended in the meantime.
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
	for _, e := range all.ended {
		if time.Now().Before(e.until) && e.meant(s) {
			s.End(e.why)
		}
	}
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
	now := time.Now()
	all.mu.Lock()
	all.ended = slices.DeleteFunc(all.ended, func(e ending) bool { return now.After(e.until) })
	all.ended = append(all.ended, ending{match, why, now.Add(redeemTime)})
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
