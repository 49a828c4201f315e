package access

import (
	"maps"
	"slices"
	"time"
)

// Overdue returns a warning for each entry, service, client and API whose
// [Purpose.ReviewBy] is before now, at most 1000, in the order of the sections, and by
// name.
func (p *Policy) Overdue(now time.Time) []*Problem {
	c := &checker{written: p.written}
	for at, purpose := range p.matrix.purposes {
		if purpose.isOverdue(now) {
			c.warn(at.to("review_by"), "%s", purpose.overdue())
		}
	}
	return c.warnings
}

// review is one time by which a guarded service or an entry must be reviewed.
type review struct {
	purpose Purpose
	name    string // with the place in the file
}

// addReviews adds the reviews of a service and of its entries.
func (g *Guard) addReviews(p *Policy, name string, service Service) {
	only := Matrix{Services: map[string]Service{name: service}}
	for at, purpose := range only.purposes {
		if purpose.ReviewBy.IsZero() {
			continue
		}
		text := (&Problem{Path: at}).place()
		if place := p.Place(at...); place != "" {
			text += " (" + place + ")"
		}
		g.reviews = append(g.reviews, review{purpose, text})
	}
}

// Overdue returns a text for the log about each guarded service, and each entry of one,
// whose [Purpose.ReviewBy] is before now; and the time at which the next review will be
// overdue, which is zero if none will.
func (g *Guard) Overdue(now time.Time) (texts []string, next time.Time) {
	for _, r := range g.reviews {
		switch by := r.purpose.ReviewBy; {
		case r.purpose.isOverdue(now):
			texts = append(texts, r.name+": "+r.purpose.overdue())
		case next.IsZero() || by.Before(next):
			next = by
		}
	}
	return texts, next
}

// purposes yields every purpose of the matrix with its path.
func (m Matrix) purposes(yield func(path, Purpose) bool) {
	for _, name := range slices.Sorted(maps.Keys(m.Services)) {
		service := m.Services[name]
		if !yield(path{"services", name}, service.Purpose) {
			return
		}
		for i, allow := range service.Allow {
			if !yield(path{"services", name}.item("allow", i), allow.ownedBy(service.Owner)) {
				return
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.Clients)) {
		if !yield(path{"clients", name}, m.Clients[name].Purpose) {
			return
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.External)) {
		if !yield(path{"external", name}, m.External[name].Purpose) {
			return
		}
	}
}
