package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/grpcaud/grpcaud/audience"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
)

// worker does at night what was asked for by day. It calls as itself: the matrix says
// what it may do, whoever asked.
type worker struct {
	people hrv1.HumanResourceClient // as itself
	out    io.Writer
}

func (w *worker) work(ctx context.Context, text []byte) error {
	var j job
	if err := json.Unmarshal(text, &j); err != nil {
		return fmt.Errorf("job: %w", err)
	}
	ctx = audience.NewRecordContext(ctx, j.Asked) // for the log line of the call; it grants nothing
	reply, err := w.people.GetEmployee(ctx, &hrv1.GetEmployeeRequest{EmployeeId: "e-2"})
	if err != nil {
		return err
	}
	fmt.Fprintf(w.out, "  %s is told; human-resource saw the callers %q.\n", reply.GetEmployee().GetName(), reply.GetCallers())
	return nil
}
