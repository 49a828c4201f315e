package recorded_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spf13/cobra"

	"github.com/grpcaud/grpcaud/audience/decision"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/files"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/recorded"
)

const (
	line = `{"time":"2026-11-29T12:00:0%dZ","type":"grpcaud.decision","version":1,"method":"/a.B/C","caller":"none","decision":"refused","mode":"enforce","duration_ns":1}` + "\n"
	hole = `{"time":"2026-11-29T12:01:00Z","type":"grpcaud.gap","version":1,"records":%d,"first":"2026-11-29T12:00:1%dZ","last":"2026-11-29T12:00:2%dZ","reason":"full"}` + "\n"
)

func record(second int) string { return fmt.Sprintf(line, second) }

// command is one with this standard input, and what it writes to standard error.
func command(ctx context.Context, in io.Reader) (*cobra.Command, *bytes.Buffer) {
	cmd, stderr := &cobra.Command{}, &bytes.Buffer{}
	cmd.SetContext(ctx)
	cmd.SetIn(&files.StandardInput{Reader: in})
	cmd.SetErr(stderr)
	return cmd, stderr
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func zipped(text string) string {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return out.String()
}

func nothing(*decision.Record) error { return nil }

func TestFilesPipesAndStandardInputAreReadInTheirOrder(t *testing.T) {
	cmd, _ := command(t.Context(), strings.NewReader(record(3)))
	paths := []string{write(t, "a.jsonl", record(5)+fmt.Sprintf(hole, 7, 2, 3)), "-", write(t, "b.gz", zipped(record(1)+fmt.Sprintf(hole, 2, 0, 1)))}
	var seconds []int
	gaps := 0
	log, err := recorded.Read(cmd, paths, func(r *decision.Record) error {
		seconds = append(seconds, r.Time.Second())
		return nil
	}, func(decision.Gap) error { gaps++; return nil })
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(seconds, gaps), "[5 3 1] 2"; got != want {
		t.Errorf("records and gaps %s, want %s", got, want)
	}
	got := fmt.Sprintln(log.Records, log.First.Second(), log.Last.Second(), log.Gaps, log.Missing.Records, log.Missing.First.Second(), log.Missing.Last.Second(), log.Files[1].Name, log.Files[2].Records)
	if want := "3 1 5 2 9 10 23 standard input 1\n"; got != want {
		t.Errorf("log %s, want %s", got, want)
	}
}

// TestWhatIsNotReadIsReported has a hostile name in the log, and in the file's name.
func TestWhatIsNotReadIsReported(t *testing.T) {
	path := write(t, "a\x1b[2J.jsonl", record(1)+"{\"a\x1b[2J\":\n"+"listening\n"+fmt.Sprintf(hole, 3, 0, 0))
	cmd, _ := command(t.Context(), nil)
	log, err := recorded.Read(cmd, []string{path}, nothing, nil)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := log.Report(&out); err != nil {
		t.Error(err)
	}
	for _, want := range []string{"no JSON object", "first line 3: listening", "cut off", "3 records are missing, in gaps of the log (1) between 2026-11-29T12:00:10Z and 2026-11-29T12:00:20Z"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("report %q lacks %q", out.String(), want)
		}
	}
	if strings.Contains(out.String(), "\x1b") {
		t.Errorf("report %q has an escape", out.String())
	}
}

func TestWholeLogIsComplete(t *testing.T) {
	cmd, stderr := command(t.Context(), nil)
	log, err := recorded.Read(cmd, []string{write(t, "a.jsonl", record(1)+"listening\n")}, nothing, nil)
	if err != nil || log.Gaps > 0 || stderr.Len() > 0 {
		t.Errorf("log %+v, error %v, standard error %q", log, err, stderr)
	}
}

// TestLogWithoutRecordsIsAnError has another file, an empty one and a compressed empty one.
func TestLogWithoutRecordsIsAnError(t *testing.T) {
	cmd, _ := command(t.Context(), nil)
	paths := []string{write(t, "access.yaml", "version: 1\n"), write(t, "empty.jsonl", ""), write(t, "empty.gz", zipped(""))}
	log, err := recorded.Read(cmd, paths, nothing, nil)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	err = log.Report(&out)
	if err == nil || !strings.Contains(err.Error(), "no record of a decision in "+strings.Join(paths, ", ")) || !strings.Contains(out.String(), "access.yaml: 1 skipped (no JSON object)") {
		t.Errorf("error %v, report %q", err, out.String())
	}
}

func TestWhatCannotBeReadIsAnError(t *testing.T) {
	file, folder := write(t, "a.jsonl", record(1)), t.TempDir()
	link := filepath.Join(folder, "link")
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	failed := errors.New("enough")
	for want, paths := range map[string][]string{
		"is a folder: name the files in it":              {folder},
		"no such file":                                   {filepath.Join(folder, "none")},
		"are the same file: its calls would count twice": {file, link},
		"standard input can be read once":                {"-", "-"},
		"a device, want a regular file":                  {os.DevNull},
		"enough":                                         {file},
		"line 1: the pipe broke":                         {"-"},
	} {
		in := io.Reader(strings.NewReader(""))
		if strings.Contains(want, "pipe broke") {
			in, want = broken{}, "standard input: line 1: the pipe broke"
		}
		cmd, _ := command(t.Context(), in)
		_, err := recorded.Read(cmd, paths, func(*decision.Record) error { return failed }, nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: error %v, want %q", paths, err, want)
		}
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("the pipe broke") }

func TestReadingEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	waiting, writer := io.Pipe()
	defer writer.Close() // ends the goroutine that reads
	file := write(t, "a.jsonl", strings.Repeat(record(1), 10000))
	for _, path := range []string{"-", file} {
		cmd, _ := command(ctx, waiting)
		time.AfterFunc(time.Millisecond, cancel)
		if path == file {
			cancel()
		}
		if err := ended(t, cmd, path); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: error %v, want that of the context", path, err)
		}
	}
}

// ended returns the error of a reading that must end soon.
func ended(t *testing.T, cmd *cobra.Command, path string) error {
	t.Helper()
	result := make(chan error, 1)
	go func() {
		_, err := recorded.Read(cmd, []string{path}, nothing, nil)
		result <- err
	}()
	select {
	case err := <-result:
		return err
	case <-time.After(10 * time.Second):
		t.Fatalf("%s: the reading goes on", path)
		return nil
	}
}

func TestProgressIsWiped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line := recorded.NewProgress(4<<20, 3000)
		line.Add(1 << 20)
		line.Add(1 << 10) // too soon to be drawn
		time.Sleep(time.Second)
		line.Add(1 << 20)
		line.End()
		want := "\r\x1b[K1.0 MiB of 4.0 MiB (25 %), 3000 records, 3000000/s" + "\r\x1b[K2.0 MiB of 4.0 MiB (50 %), 3000 records, 3000/s" + "\r\x1b[K"
		if got := line.String(); got != want {
			t.Errorf("progress %q, want %q", got, want)
		}
		pipe := recorded.NewProgress(-1, 5)
		pipe.Add(10)
		if got := pipe.String(); !strings.Contains(got, "0 KiB, 5 records") || strings.Contains(got, "of") {
			t.Errorf("progress of a pipe %q", got)
		}
	})
}
