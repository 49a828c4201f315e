package decision_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/audience/decision"
)

// disk is a file whose writes can wait and fail.
type disk struct {
	wait chan struct{} // writes wait until it is closed; nil for none

	mu      sync.Mutex // guards the fields below
	text    strings.Builder
	writes  int // that will succeed before the failing one; counted only if there is one
	written int // bytes of the failing one
	failing error
	forever bool
}

// fail makes the write after so many others fail, when a number of bytes is written.
func (d *disk) fail(after, written int, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.writes, d.written, d.failing = after, written, err
}

func (d *disk) Write(p []byte) (int, error) {
	if d.wait != nil {
		<-d.wait
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.writes--; d.failing == nil || d.writes >= 0 {
		return d.text.Write(p)
	}
	n, err := min(d.written, len(p)), d.failing
	d.text.WriteString(string(p[:n]))
	if !d.forever {
		d.failing = nil
	}
	return n, err
}

func (d *disk) Close() error { return nil }

// open ends a line that is cut off, as [decision.OpenFile] does.
func (d *disk) open() (io.WriteCloser, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if text := d.text.String(); text != "" && !strings.HasSuffix(text, "\n") {
		d.text.WriteByte('\n')
	}
	return d, nil
}

func (d *disk) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.text.String()
}

func openDisk(t *testing.T, d *disk, log io.Writer) *decision.File {
	t.Helper()
	file, err := decision.OpenOutput(slog.New(slog.NewTextHandler(log, nil)), d.open, decision.Buffer(64<<10))
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// gapText returns the line of a gap.
func gapText(t *testing.T, at time.Time) string {
	t.Helper()
	var text string
	synctest.Test(t, func(t *testing.T) {
		d := &disk{}
		file := openDisk(t, d, io.Discard)
		d.fail(0, 0, errors.New("disk full"))
		file.Record(t.Context(), decision.Record{Time: at})
		synctest.Wait()
		if err := file.Close(); err != nil {
			t.Error(err)
		}
		text = d.String()
	})
	return text
}

// TestFullDiskBufferIsRecordedAsAGap shows that no call waits for a disk that does not
// answer, that memory stays bounded, and that what is dropped is told with count and span.
func TestFullDiskBufferIsRecordedAsAGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{wait: make(chan struct{})}
		var log strings.Builder
		file := openDisk(t, d, &log)
		start := time.Now()
		const calls = 10_000
		for i := range calls {
			r := full
			r.Time = start.Add(time.Duration(i) * time.Millisecond)
			file.Record(t.Context(), r) // waits for nothing: the test would hang
			if i == 0 {
				synctest.Wait() // the first is being written
			}
		}
		close(d.wait)
		synctest.Wait()
		after := full
		after.Time = start.Add(time.Hour)
		file.Record(t.Context(), after)
		if err := file.Close(); err != nil {
			t.Error(err)
		}
		records, gaps, skipped := read(t, d.String())
		if len(skipped) > 0 || len(gaps) != 1 {
			t.Fatalf("gaps %v, skipped %v, want one gap", gaps, skipped)
		}
		g := gaps[0]
		if got := uint64(len(records)) + g.Records; got != calls+1 || len(records) < 50 || len(records) > 1000 {
			t.Errorf("%d records and %d missing, want %d together", len(records), g.Records, calls+1)
		}
		lastKept := records[len(records)-2].Time
		if g.Reason != "full" || !g.First.After(lastKept) || g.First.After(lastKept.Add(time.Second)) || !g.Last.Equal(start.Add((calls-1)*time.Millisecond)) || !records[len(records)-1].Time.Equal(after.Time) {
			t.Errorf("gap %+v, want the time between %v and the last call", g, lastKept)
		}
		if !strings.Contains(log.String(), "missing") {
			t.Errorf("log %q, want to be told of the gap", log.String())
		}
	})
}

// TestRecordThatIsLargerThanTheBuffer shows that nobody evades the records with a token that
// makes its record long.
func TestRecordThatIsLargerThanTheBuffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{}
		file := openDisk(t, d, io.Discard)
		for range 2 {
			file.Record(t.Context(), decision.Record{Time: time.Now(), Scopes: []string{strings.Repeat("<", 16<<10)}})
			synctest.Wait()
		}
		if err := file.Close(); err != nil {
			t.Error(err)
		}
		if text := d.String(); strings.Count(text, `"grpcaud.decision"`) != 2 || strings.Contains(text, "gap") {
			t.Errorf("%d bytes, want two records and no gap", len(text))
		}
	})
}

// TestFailedWriteIsRecordedAsAGap shows that the lines of a failed write are counted, also
// when a part of them was written, and that the gap is written without a further call.
func TestFailedWriteIsRecordedAsAGap(t *testing.T) {
	length := len(lines(t, full))
	for written, whole := range map[int]int{0: 0, 10: 0, length: 1, length + length/2: 1, 2*length - 1: 2, 3*length - 2: 2} {
		synctest.Test(t, func(t *testing.T) {
			d := &disk{wait: make(chan struct{})}
			var log strings.Builder
			file := openDisk(t, d, &log)
			file.Record(t.Context(), full)
			synctest.Wait() // it is being written; the next three are written together
			for range 3 {
				file.Record(t.Context(), full)
			}
			d.fail(1, written, errors.New("no space left on device"))
			close(d.wait)
			time.Sleep(time.Minute)
			records, gaps, skipped := read(t, d.String())
			if len(gaps) != 1 || gaps[0].Records != uint64(3-whole) || gaps[0].Reason != "error" || gaps[0].Error != "no space left on device" || !gaps[0].First.Equal(full.Time) || !gaps[0].Last.Equal(full.Time) {
				t.Errorf("%d bytes written: gaps %+v, want one of %d records", written, gaps, 3-whole)
			}
			if cut := written%length != 0 && written%length != length-1; len(records) != 1+whole || skipped.MaybeRecords() != cut {
				t.Errorf("%d bytes written: %d records, skipped %v", written, len(records), skipped)
			}
			if err := file.Close(); err != nil {
				t.Error(err)
			}
			if !strings.Contains(log.String(), "level=ERROR") || !strings.Contains(log.String(), "no space left") {
				t.Errorf("log %q, want the error", log.String())
			}
		})
	}
}

func TestFileEndsALineThatWasCutOff(t *testing.T) {
	path := filepath.Join(t.TempDir(), "d.jsonl")
	text := lines(t, full)
	if err := os.WriteFile(path, []byte(text+text[:50]), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := decision.OpenFile(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	file.Record(t.Context(), full)
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	file.Record(t.Context(), full) // after Close it does nothing
	if records, _, skipped := read(t, content(t, path)); len(records) != 2 || len(skipped) != 1 || skipped[0].Line != 2 {
		t.Errorf("%d records, skipped %v, want two, and the line that was cut off", len(records), skipped)
	}
}

func TestReopenedFileIsTheNewOne(t *testing.T) {
	path := filepath.Join(t.TempDir(), "d.jsonl")
	file, err := decision.OpenFile(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	file.Record(t.Context(), full)
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	file.Reopen()
	file.Record(t.Context(), full)
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	old, _, _ := read(t, content(t, path+".1"))
	now, gaps, _ := read(t, content(t, path))
	if len(old)+len(now) != 2 || len(now) < 1 || len(gaps) != 0 {
		t.Errorf("%d records in the renamed file, %d and gaps %v in the new one", len(old), len(now), gaps)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v, want a file that its owner alone can read", info.Mode(), err)
	}
}

func TestFileThatCannotBeOpenedIsAnError(t *testing.T) {
	folder := t.TempDir()
	for _, path := range []string{folder, filepath.Join(folder, "none", "d.jsonl"), os.DevNull} {
		if _, err := decision.OpenFile(path, nil); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("OpenFile(%s): %v, want an error that names it", path, err)
		}
	}
	if _, err := decision.OpenFile(filepath.Join(folder, "d.jsonl"), nil, decision.Buffer(1)); err == nil {
		t.Error("a buffer of one byte is accepted")
	}
}

// TestCloseDoesNotWaitForEver shows that a disk that never answers does not keep a server
// from ending.
func TestCloseDoesNotWaitForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{wait: make(chan struct{})}
		file := openDisk(t, d, io.Discard)
		file.Record(t.Context(), full)
		began := time.Now()
		if err := file.Close(); err == nil || time.Since(began) > time.Minute {
			t.Errorf("Close: %v after %v, want an error", err, time.Since(began))
		}
		close(d.wait)
	})
}

// TestRecordsThatNoGapTellsOfAreAnErrorOfClose shows that a loss is never silent.
func TestRecordsThatNoGapTellsOfAreAnErrorOfClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{failing: errors.New("no space left on device"), forever: true}
		var log strings.Builder
		file := openDisk(t, d, &log)
		for range 3 {
			file.Record(t.Context(), full)
			time.Sleep(10 * time.Minute)
		}
		if err := file.Close(); err == nil || !strings.Contains(err.Error(), "3 records") || !strings.Contains(err.Error(), "no space left") {
			t.Errorf("Close: %v, want the number of records and the error", err)
		}
		if n := strings.Count(log.String(), "\n"); n != 1 {
			t.Errorf("%d log lines, want one: %s", n, log.String())
		}
	})
}

func TestUsersAreNamedAsConfigured(t *testing.T) {
	key := []byte("0123456789abcdef")
	hashed, err := decision.HashedUsers(key)
	if err != nil {
		t.Fatal(err)
	}
	key[0] = 'x' // the key was copied
	again, err := decision.HashedUsers([]byte("0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	other, err := decision.HashedUsers([]byte("0123456789abcdeX"))
	if err != nil {
		t.Fatal(err)
	}
	alice := hashed.Format("https://a", "alice")
	if len(alice) != len("hmac-sha256:")+32 || alice != again.Format("https://a", "alice") || strings.Contains(alice, "alice") {
		t.Errorf("alice is %q, want a digest that is the same again", alice)
	}
	for _, different := range []string{other.Format("https://a", "alice"), hashed.Format("https://b", "alice"), hashed.Format("https://aa", "lice"), hashed.Format("https://a", "bob")} {
		if different == alice {
			t.Error("two keys, issuers or users have one digest")
		}
	}
	if decision.KeptUsers().Format("i", "alice") != "alice" || decision.LeftOutUsers().Format("i", "alice") != "" || (decision.Users{}).Format("i", "alice") != "" || hashed.Format("i", "") != "" {
		t.Error("users are not named as configured")
	}
	if _, err := decision.HashedUsers(make([]byte, 15)); err == nil {
		t.Error("a short key is accepted")
	}
	for _, text := range []string{fmt.Sprintf("%v %+v %#v %s", hashed, hashed, hashed, hashed), fmt.Sprintf("%+v", struct{ u decision.Users }{hashed})} {
		if strings.Contains(text, "012345") || strings.Contains(text, "48 49 50") || strings.Contains(text, "0x30, 0x31") {
			t.Errorf("the key is printed: %s", text)
		}
	}
}

func BenchmarkFileRecord(b *testing.B) {
	file, err := decision.OpenOutput(nil, func() (io.WriteCloser, error) { return nopCloser{io.Discard}, nil })
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	b.ReportAllocs()
	for b.Loop() {
		file.Record(context.Background(), full)
	}
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }
