package shared

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/valkey-io/valkey-go"

	"github.com/grpcaud/grpcaud/audience/revocation"
)

// batch is how many entries are sent or read at once.
const batch = 500

// state is what the store says about the list.
type state struct {
	epoch  string        // of another one, what was known before is lost
	change int64         // the number of the last change
	age    time.Duration // of the epoch
	id     string        // of the change that was asked about
}

// beat asks for the state, and for the id of a change.
func (l *List) beat(ctx context.Context, client valkey.Client, change int64) (state, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	answer, err := beatScript.Exec(ctx, client, l.keys.all(), []string{rand.Text(), strconv.FormatInt(change, 10)}).AsStrSlice()
	if err != nil {
		return state{}, fmt.Errorf("shared: the store: %w", err)
	}
	if len(answer) != 5 {
		return state{}, fmt.Errorf("shared: the store answers %d values, want 5", len(answer))
	}
	number, errNumber := strconv.ParseInt(answer[1], 10, 64)
	age, errAge := strconv.ParseInt(answer[2], 10, 64)
	now, errNow := strconv.ParseInt(answer[4], 10, 64)
	if err := errors.Join(errNumber, errAge, errNow); err != nil {
		return state{}, fmt.Errorf("shared: the store answers %q: %w", answer, err)
	}
	return state{answer[0], number, time.Duration(age) * time.Millisecond, answer[3]}, checkClock(time.UnixMilli(now))
}

// checkClock refuses a store whose clock is so far ahead that it drops entries while their
// tokens are admitted here.
func checkClock(store time.Time) error {
	if ahead := time.Until(store); ahead > revocation.Leeway {
		return fmt.Errorf("shared: the clock of the store is %v ahead of this machine's, so that it drops entries too early: set both clocks, to within %v", ahead.Round(time.Second), revocation.Leeway)
	}
	return nil
}

// send stores entries.
func (l *List) send(ctx context.Context, client valkey.Client, entries ...revocation.Entry) error {
	for part := range slices.Chunk(entries, batch) {
		calls := make([]valkey.LuaExec, len(part))
		for i, e := range part {
			longer := strconv.FormatInt(revocation.Leeway.Milliseconds(), 10)
			calls[i] = valkey.LuaExec{Keys: l.keys.all(), Args: slices.Concat([]string{rand.Text()}, arguments(e), []string{longer, strconv.Itoa(l.settings.bound)})}
		}
		for _, answer := range l.execute(ctx, client, calls) {
			if err := l.sent(answer); err != nil {
				return err
			}
		}
	}
	return nil
}

// sent reads the answer to an entry that was sent.
func (l *List) sent(answer valkey.ValkeyResult) error {
	values, err := answer.AsStrSlice()
	switch {
	case err != nil:
		return fmt.Errorf("shared: the store: %w", err)
	case len(values) == 4 && values[0] == "full":
		return revocation.ErrFull
	case len(values) != 4 || values[0] != "ok":
		return fmt.Errorf("shared: the store answers %q", values)
	}
	number, err := strconv.ParseInt(values[2], 10, 64)
	if err != nil {
		return fmt.Errorf("shared: the store answers the number %q", values[2])
	}
	l.advance(values[1], change{number: number, id: values[3]})
	return nil
}

func (l *List) execute(ctx context.Context, client valkey.Client, calls []valkey.LuaExec) []valkey.ValkeyResult {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return revokeScript.ExecMulti(ctx, client, calls...)
}

// read takes over all entries of the store, and calls found with each.
func (l *List) read(ctx context.Context, client valkey.Client, found func(text string)) error {
	cursor := uint64(0)
	for {
		ctx, cancel := context.WithTimeout(ctx, patience)
		scan, err := client.Do(ctx, client.B().Hscan().Key(l.keys.entries).Cursor(cursor).Count(batch).Build()).AsScanEntry()
		cancel()
		if err != nil {
			return fmt.Errorf("shared: the store: %w", err)
		}
		for i := 1; i < len(scan.Elements); i += 2 { // digest, entry, digest, entry, …
			if err := l.take(scan.Elements[i]); err != nil {
				return err
			}
			found(scan.Elements[i])
		}
		if cursor = scan.Cursor; cursor == 0 {
			return nil
		}
	}
}

// wait waits for changes after the one with a number, for a moment. None is no error.
func (l *List) wait(ctx context.Context, client valkey.Client, after int64) ([]change, error) {
	ctx, cancel := context.WithTimeout(ctx, l.settings.pulse+patience)
	defer cancel()
	answer, err := client.Do(ctx, client.B().Xread().Count(batch).Block(l.settings.pulse.Milliseconds()).Streams().Key(l.keys.changes).Id(fmt.Sprintf("%d-0", after)).Build()).AsXRead()
	if valkey.IsValkeyNil(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("shared: the store: %w", err)
	}
	var changes []change
	for _, e := range answer[l.keys.changes] {
		var c change
		if _, err := fmt.Sscanf(e.ID, "%d-0", &c.number); err != nil {
			return nil, fmt.Errorf("shared: a change has the number %q", e.ID)
		}
		c.entry, c.id = e.FieldValues["entry"], e.FieldValues["id"]
		changes = append(changes, c)
	}
	return changes, nil
}

// take puts an entry of the store into memory.
func (l *List) take(text string) error {
	e, err := parse(text)
	if err != nil {
		return err
	}
	return l.memory.Revoke(e)
}
