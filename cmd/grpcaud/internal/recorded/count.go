package recorded

import (
	"math"
	"time"
)

// Count counts records about something. The zero value counts none.
type Count struct {
	Records uint64    `json:"records"`
	First   time.Time `json:"first"` // the time of the earliest; zero for none
	Last    time.Time `json:"last"`
}

// One counts one record, of this time.
func One(at time.Time) Count { return Count{1, at, at} }

// Add adds what another count has. A number that is too large stays the largest.
func (c *Count) Add(other Count) {
	if other.Records == 0 {
		return
	}
	if c.Records == 0 || other.First.Before(c.First) {
		c.First = other.First
	}
	if other.Last.After(c.Last) {
		c.Last = other.Last
	}
	if c.Records += other.Records; c.Records < other.Records {
		c.Records = math.MaxUint64
	}
}
