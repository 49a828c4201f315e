package policyfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"go.yaml.in/yaml/v3"
)

// namedPath is a path in a file.
type namedPath struct {
	node *yaml.Node
	path string // as the file is opened
}

// paths requires that each path in an included file is in the folder of that file, and
// that no other file has the same path.
func (f *files) paths() {
	type ownedFile struct {
		located
		owner *reader
	}
	var owned []ownedFile
	for _, r := range f.readers {
		r.folder = locateFile(r.dir)
	}
	for _, r := range f.readers {
		for _, p := range r.paths {
			target := locateFile(p.path)
			if !r.top && !f.ownFile(r, p, target) {
				continue
			}
			if i := slices.IndexFunc(owned, func(o ownedFile) bool { return o.owner != r && o.same(target) }); i >= 0 {
				r.finding(p.node, "%s names this file too: each file has credentials of its own", owned[i].owner.file)
				continue
			}
			owned = append(owned, ownedFile{target, r})
		}
	}
}

// ownFile requires that one path is in the folder of its file, both as written and
// after symbolic links are followed.
func (f *files) ownFile(r *reader, p namedPath, target located) bool {
	inside, err := filepath.Rel(r.dir, p.path)
	if filepath.IsAbs(p.node.Value) || err != nil || !filepath.IsLocal(inside) {
		r.finding(p.node, "want a file in the folder of this one or below: only %s may name others", r.first)
		return false
	}
	for _, other := range f.readers[1:] {
		if r.folder.holds(other.folder) && other.folder.holds(target) {
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

// resolved returns path without symbolic links, as far as the path exists.
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

// located is a file or a folder. It may have several names: by links, by upper and
// lower case, by mounts.
type located struct {
	path  string      // absolute, without links
	info  fs.FileInfo // nil if it does not exist
	above []located   // the folders that it is in
}

func locateFile(path string) located {
	path = resolved(path)
	if absolute, err := filepath.Abs(path); err == nil {
		path = absolute
	}
	l := located{path: path}
	l.info, _ = os.Stat(path)
	for dir := filepath.Dir(path); dir != path; path, dir = dir, filepath.Dir(dir) {
		info, _ := os.Stat(dir)
		l.above = append(l.above, located{path: dir, info: info})
	}
	return l
}

// same reports whether l and other are the same file or folder.
func (l located) same(other located) bool {
	return l.path == other.path || l.info != nil && other.info != nil && os.SameFile(l.info, other.info)
}

// holds reports whether other is below the folder l.
func (l located) holds(other located) bool { return slices.ContainsFunc(other.above, l.same) }

// contained returns an error if the links on the way to a path leave the folder. A
// path that does not exist, or that this process may not read, is not an error.
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
