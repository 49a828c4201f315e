package company

import (
	"slices"
	"sync"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
)

// Entry is one line of the audit trail: which change of an order an employee was told
// about, and who asked for it.
type Entry struct {
	// Time is when the employee was told.
	Time time.Time

	// Order is the order, and Status what it was changed to.
	Order  string
	Status ordersv1.Status

	// Told is the name of the employee who was told.
	Told string

	// Callers are the callers that human-resource saw when it was asked for that employee,
	// the nearest caller first.
	Callers []string

	// Asked says who asked for the change: the user, and the portal of the user.
	Asked audience.Record

	// Employee is the name with which that user logs in, as [Config.Login] reads it.
	Employee string

	// Worker is the client that did this later, as itself. It is empty if order-status did
	// it on behalf of the user, during the call of the user.
	Worker string
}

// mostEntries is how many entries the trail keeps.
const mostEntries = 1000

// trail is the audit trail. Its zero value is empty.
type trail struct {
	mu      sync.Mutex // guards entries
	entries []Entry
}

// add adds an entry. The oldest entry is dropped from a trail that is full.
func (t *trail) add(e Entry) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.entries) == mostEntries {
		t.entries = slices.Delete(t.entries, 0, 1)
	}
	t.entries = append(t.entries, e)
}

// Trail returns the latest 1,000 entries of the audit trail, the oldest first.
func (c *Company) Trail() []Entry {
	c.orders.trail.mu.Lock()
	defer c.orders.trail.mu.Unlock()
	return slices.Clone(c.orders.trail.entries)
}
