package verifier

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/grpcaud/grpcaud/internal/regularfile"
	"github.com/grpcaud/grpcaud/internal/remedy"
)

const (
	fileAge      = 5 * time.Second // how often a file of keys is looked at
	fileCooldown = time.Second     // how often tokens may have it looked at
	fileSettled  = 2 * time.Second // a change sooner after the last may leave the file's time as it is
)

// keysFile gets the keys of one issuer from a file, and reads it again when it
// has changed: another file under the name, as a rename or a symbolic link
// brings it, or another time or size. It is used by one fetch at a time.
type keysFile struct {
	path string
	uses []string    // of the keys that count
	last *snapshot   // what was read
	info os.FileInfo // of the file it was read from
}

// fetch returns the keys, and how long they may be used unasked.
func (f *keysFile) fetch(context.Context) (*snapshot, time.Duration, error) {
	file, info, err := regularfile.Open(f.path)
	if err != nil {
		return nil, 0, fmt.Errorf("keys file: %w", err)
	}
	defer file.Close()
	if f.changed(info) {
		if f.last, err = f.read(file); err != nil {
			f.info = nil
			return nil, 0, err
		}
		f.info = info
	}
	keys := *f.last
	return &keys, fileAge, nil
}

func (f *keysFile) changed(info os.FileInfo) bool {
	return f.info == nil || !os.SameFile(f.info, info) || f.info.Size() != info.Size() ||
		!f.info.ModTime().Equal(info.ModTime()) || time.Since(info.ModTime()) < fileSettled
}

func (f *keysFile) read(file *os.File) (*snapshot, error) {
	data, err := regularfile.ReadOpen(file, maxDocument)
	if err != nil {
		return nil, fmt.Errorf("keys file: %w", err)
	}
	keys, err := parseKeys(data, f.uses)
	if err != nil {
		what, cause := remedy.Split(err)
		return nil, remedy.With(fmt.Errorf("keys file %s: %w", file.Name(), cause), what)
	}
	return keys, nil
}
