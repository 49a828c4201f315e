package review

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/decision"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/recorded"
)

// cell is the grant of one method to one client by one entry.
type cell struct {
	service *service
	entry   int
	client  string // empty for any client, and for calls without a token
	method  string // its short name
}

// uses are the calls that the matrix of a review admits, by what admits them. A call that
// several entries may have admitted is a use of each.
type uses struct {
	*Counter
	cells    map[cell]*recorded.Count
	called   map[cell]map[string]bool     // the methods of an entry that were called; the rest of the cell is empty
	observed map[*service]map[string]bool // the methods that a rollout let through, by their short names
	rowsOf   map[*service][]*row
	complete bool // whether no record is known to be missing
}

func (c *Counter) uses() *uses {
	u := &uses{Counter: c, cells: map[cell]*recorded.Count{}, called: map[cell]map[string]bool{}, observed: map[*service]map[string]bool{}, rowsOf: map[*service][]*row{}}
	u.complete = len(c.log.Gaps) == 0 && len(c.log.Unread) == 0 && c.uncounted == 0
	for _, w := range c.sorted() {
		u.rowsOf[w.service] = append(u.rowsOf[w.service], w)
		for _, i := range w.verdict.entries {
			u.add(w, i)
		}
		if w.outcome == decision.WouldRefuse {
			if u.observed[w.service] == nil {
				u.observed[w.service] = map[string]bool{}
			}
			u.observed[w.service][short(w.method)] = true
		}
	}
	return u
}

func (u *uses) add(w *row, entry int) {
	at := cell{w.service, entry, "", short(w.method)}
	if slices.Contains(w.service.matrix.Allow[entry].Clients, w.client) {
		at.client = w.client
	}
	if u.cells[at] == nil {
		u.cells[at] = &recorded.Count{}
	}
	u.cells[at].Add(w.Count)
	all := cell{service: w.service, entry: entry}
	if u.called[all] == nil {
		u.called[all] = map[string]bool{}
	}
	u.called[all][at.method] = true
}

// of returns the uses of one method by one client, by an entry: its own, and for an entry
// that demands no token also the calls without one.
func (u *uses) of(s *service, entry int, client, method string) recorded.Count {
	var t recorded.Count
	for _, name := range []string{client, ""} {
		if used := u.cells[cell{s, entry, name, method}]; used != nil && (name == client || s.matrix.Allow[entry].Optional) {
			t.Add(*used)
		}
		if client == "" {
			break
		}
	}
	return t
}

// known reports whether what has no record of a service was not used.
func (u *uses) known(s *service) bool { return u.complete && u.services[s.number].Records > 0 }

// clientsOf returns the clients of an entry; an empty name stands for any client.
func clientsOf(a access.Allow) []string {
	if a.AnyClient {
		return []string{""}
	}
	return a.Clients
}

// methodsOf returns the methods of an entry, in its order. Those that "*" stands for are the
// ones that are known, also by a call, and that it does include.
func (u *uses) methodsOf(s *service, entry int) []string {
	a := s.matrix.Allow[entry]
	if !slices.Contains(a.Methods, descriptor.EveryMethod) {
		return a.Methods
	}
	all := maps.Clone(s.methods)
	maps.Copy(all, u.called[cell{service: s, entry: entry}])
	for _, method := range s.matrix.Closed {
		delete(all, method)
	}
	return slices.Sorted(maps.Keys(all))
}

// timesOf writes a count for a report.
func timesOf(c recorded.Count) Times { return Times{c.Records, point(c.First), point(c.Last)} }

// point returns a time in UTC; nil for the zero time.
func point(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// purpose returns the purpose of an entry, with the owner of the service if it has none.
func (s *service) purpose(entry int) Purpose {
	p := purposeOf(s.matrix.Allow[entry].Purpose)
	p.Owner = cmp.Or(p.Owner, s.matrix.Owner)
	return p
}

func purposeOf(p access.Purpose) Purpose { return Purpose{p.Why, p.Owner, p.LastDay()} }

// span says of how long a time there are records of a service.
func (u *uses) span(s *service) string {
	t := u.services[s.number]
	return fmt.Sprintf("in %s of records of %s (%s)", length(t.Last.Sub(t.First)), output.Printable(s.name), output.Days(t.First, t.Last))
}

// length writes a duration in its largest unit.
func length(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return strconv.Itoa(int(d.Hours()/24)) + " days"
	case d >= 2*time.Hour:
		return strconv.Itoa(int(d.Hours())) + " hours"
	case d >= 2*time.Minute:
		return strconv.Itoa(int(d.Minutes())) + " minutes"
	default:
		return "less than two minutes"
	}
}
