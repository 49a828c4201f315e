package policyfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"
)

// namedPath is a path that a file writes down.
type namedPath struct {
	node *yaml.Node
	path string // as it is opened
}

// paths requires that each path in an included file is in the folder of that file, and
// that no other file has the same path.
func (f *files) paths() {
	owners := map[string]*reader{}
	for _, r := range f.readers {
		for _, p := range r.paths {
			if !r.top && !f.ownFile(r, p) {
				continue
			}
			target := resolved(p.path)
			owner := owners[target]
			if owner == nil {
				owners[target] = r
			} else if owner != r {
				r.finding(p.node, "%s names this file too: each file has credentials of its own", owner.file)
			}
		}
	}
}

// ownFile requires that one path is in the folder of its file, both as written and
// after symbolic links are followed.
func (f *files) ownFile(r *reader, p namedPath) bool {
	inside, err := filepath.Rel(r.dir, p.path)
	if filepath.IsAbs(p.node.Value) || err != nil || !filepath.IsLocal(inside) {
		r.finding(p.node, "want a file in the folder of this one or below: only %s may name others", r.first)
		return false
	}
	for _, other := range f.readers[1:] {
		if within(r.dir, other.dir) && within(resolved(other.dir), resolved(p.path)) {
			r.finding(p.node, "the folder of this file is that of %s", other.file)
			return false
		}
	}
	if err := contained(r.dir, inside); err != nil {
		r.finding(p.node, "want a file that no link leads out of the folder of this one to: %v", err)
		return false
	}
	return true
}

// resolved returns where links lead on the way to path, as far as there is
// anything.
func resolved(path string) string {
	target, err := filepath.EvalSymlinks(path)
	switch dir := filepath.Dir(path); {
	case err == nil:
		return target
	case dir == path:
		return path
	default:
		return filepath.Join(resolved(dir), filepath.Base(path))
	}
}

// within reports whether path is below the folder.
func within(folder, path string) bool {
	inside, err := filepath.Rel(folder, path)
	return err == nil && inside != "." && inside != ".." && !strings.HasPrefix(inside, ".."+string(filepath.Separator))
}

// contained reports whether the links on the way to a path stay in the folder.
// A path that does not exist, or that this process may not read, is not a mistake of
// the file.
func contained(folder, path string) error {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	defer root.Close()
	_, err = root.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return nil
	}
	return err
}
