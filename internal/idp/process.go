package idp

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// patience is how long a server may take to start.
const patience = 5 * time.Minute

// supervise is the script of a shell that runs "$@", a server, for us. Its
// standard input is the line between us: a word on it asks the server to end;
// when it breaks, we are gone, by whatever death, and so goes the server, with
// "$0", its folder. The shell and all that it starts are a process group, which
// is killed as one.
const supervise = `
exec 3<&0 </dev/null
trap : TERM
{ trap : TERM; "$@" 3<&-; kill -KILL 0; } &
read -r _ <&3 || { rm -rf "$0"; kill -KILL 0; }
kill -TERM 0
sleep 20
kill -KILL 0
`

// A process is a server that runs as a child of this process.
type process struct {
	dir   string // its working directory and log
	args  []string
	env   []string
	ready func(context.Context) error // asks it once; nil if it answers as it should

	mu   sync.Mutex     // held to start and to stop
	line io.WriteCloser // nil while it is stopped
	done chan struct{}  // closed when it has ended
}

// start starts p and returns when it is ready. It does nothing if p runs. Of
// one that does not start, only the error remains.
func (p *process) start() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.line != nil {
		return nil
	}
	log, err := os.OpenFile(p.log(), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command("sh", append([]string{"-c", supervise, p.dir}, p.args...)...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = p.dir, append(os.Environ(), p.env...), log, log
	leadGroup(cmd)
	line, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	p.line, p.done = line, make(chan struct{})
	go func() {
		cmd.Wait() // that the shell was killed says nothing
		close(p.done)
	}()
	if err := p.await(); err != nil {
		p.stopLocked()
		os.RemoveAll(p.dir)
		return err
	}
	return nil
}

// await returns when p is ready, has ended, or is out of time.
func (p *process) await() error {
	late := time.NewTimer(patience)
	defer late.Stop()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		err := p.ready(context.Background())
		if err == nil {
			return nil
		}
		select {
		case <-again.C:
		case <-p.done:
			return fmt.Errorf("%s ended: %s", p.args[0], p.tail())
		case <-late.C:
			return fmt.Errorf("%s is not ready after %v: %w: %s", p.args[0], patience, err, p.tail())
		}
	}
}

// stop asks p to end and returns when it has. It does nothing if p is stopped.
func (p *process) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.line != nil {
		p.stopLocked()
	}
}

func (p *process) stopLocked() {
	io.WriteString(p.line, "stop\n") // fails if it has ended already
	<-p.done
	p.line = nil
}

// remove stops p for good.
func (p *process) remove() {
	p.stop()
	os.RemoveAll(p.dir)
}

func (p *process) log() string { return filepath.Join(p.dir, "log") }

// tail returns the end of the log.
func (p *process) tail() []byte {
	log, err := os.ReadFile(p.log())
	if err != nil {
		return []byte(err.Error())
	}
	return bytes.TrimSpace(log[max(0, len(log)-4000):])
}

// tell shows the end of the log if t has failed.
func (p *process) tell(t testing.TB) {
	if t.Failed() {
		t.Logf("%s: %s", p.args[0], p.tail())
	}
}
