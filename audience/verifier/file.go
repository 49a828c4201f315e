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
	fileAge      = 5 * time.Second // between two checks of a file of keys
	fileCooldown = time.Second     // between two checks that tokens cause
	fileSettled  = 2 * time.Second // a second change within this time may leave the modification time unchanged
)

// keysFile reads the keys of one issuer from a file. It reads the file again when it
// has changed: when there is another file under its name, as after a rename or with
// another symbolic link, or when its time or size differs. Only one fetch at a time
// may use it.
type keysFile struct {
	path string
	uses []string    // of the keys that are read
	last *snapshot   // the keys that were read last
	info os.FileInfo // of the file from which they were read
}

// fetch returns the keys, and how long they are used before the next check.
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
