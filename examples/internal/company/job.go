package company

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
)

// job is a message of the queue: what is to be done, and who asked for it. It contains no
// token.
type job struct {
	Order  string          `json:"order"`
	Asked  audience.Record `json:"asked"`
	Name   string          `json:"name"` // of the user, as people know it
	Status ordersv1.Status `json:"status"`
}

// mostJobs is how many jobs can wait. An update that would leave one more is refused.
const mostJobs = 100

// Jobs is the queue of what is left for the night. Each message is text that [Company.Work]
// reads.
func (c *Company) Jobs() <-chan []byte { return c.orders.jobs }

// Work does a job of the queue as the worker, which calls as itself: the matrix says what it
// may do, whoever asked. It tells the sales department, and returns the entry that it adds to
// the audit trail. A job that fails can be done again.
func (c *Company) Work(ctx context.Context, text []byte) (Entry, error) {
	var j job
	if err := json.Unmarshal(text, &j); err != nil {
		return Entry{}, fmt.Errorf("job: %w", err)
	}
	if c.worker == nil {
		return Entry{}, errors.New("the access matrix has no client " + NightWorker + ", which does the jobs")
	}
	ctx = audience.NewRecordContext(ctx, j.Asked) // for the log line of the call; it grants nothing
	reply, err := c.worker.GetEmployee(ctx, &hrv1.GetEmployeeRequest{EmployeeId: "e-2"})
	if err != nil {
		return Entry{}, err
	}
	e := Entry{Time: time.Now(), Order: j.Order, Status: j.Status, Told: reply.GetEmployee().GetName(), Callers: reply.GetCallers(), Asked: j.Asked, Employee: j.Name, Worker: NightWorker}
	c.orders.trail.add(e)
	return e, nil
}
