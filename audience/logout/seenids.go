package logout

import (
	"errors"
	"maps"
	"sync"
	"time"
)

// maxSeen is how many logout tokens are remembered. Only the issuer can make genuine ones.
const maxSeen = 16384

// errTooMany says that the ids of more logout tokens cannot be kept.
var errTooMany = errors.New("logout: too many logout tokens within a few minutes")

// seenIDs has the ids of the logout tokens that came, until they would be refused anyway.
type seenIDs struct {
	mu   sync.Mutex // guards ends
	ends map[string]time.Time
}

// add adds an id until a time, or returns an error: it is there, or there is no room.
func (s *seenIDs) add(id string, now, until time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if end, ok := s.ends[id]; ok && !now.After(end) {
		return ErrReplayed
	}
	if len(s.ends) >= maxSeen {
		maps.DeleteFunc(s.ends, func(_ string, end time.Time) bool { return now.After(end) })
	}
	if len(s.ends) >= maxSeen {
		return errTooMany
	}
	if s.ends == nil {
		s.ends = map[string]time.Time{}
	}
	s.ends[id] = until
	return nil
}

func (s *seenIDs) remove(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.ends, id)
}
