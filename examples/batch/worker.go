package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"

	"github.com/grpcaud/grpcaud/audience"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
)

// worker does at night what was asked for by day. It calls as itself: what it
// may do is the matrix's to say, whoever asked.
type worker struct {
	people hrv1.HumanResourceClient // as itself
	log    *slog.Logger
}

func (w *worker) work(ctx context.Context, text []byte) error {
	var j job
	if err := json.Unmarshal(text, &j); err != nil {
		return fmt.Errorf("job: %w", err)
	}
	ctx = audience.NewRecordContext(ctx, j.Asked) // for the audit line; it grants nothing
	reply, err := w.people.GetEmployee(ctx, &hrv1.GetEmployeeRequest{EmployeeId: "e-2"})
	if err != nil {
		return err
	}
	w.log.InfoContext(ctx, "clerk told at night", "clerk", reply.GetEmployee().GetName(), "callers", reply.GetCallers())
	return nil
}
