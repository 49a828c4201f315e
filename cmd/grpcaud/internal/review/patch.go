package review

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
	"github.com/grpcaud/grpcaud/internal/regularfile"
)

// Patch proposes a narrower matrix.
type Patch struct {
	// Text is a unified diff of its files; empty if there is nothing to narrow.
	Text string

	// Folder is where it is to be applied; empty for the current one.
	Folder string

	// Left says what is left alone, and why. Notes say what else is to be known.
	Left, Notes []string
}

// patcher makes a [Patch].
type patcher struct {
	*uses
	documents map[string]*document // by their paths
	of        map[*service]*document
}

// Patch returns the patch that leaves out what no record shows to be used. It was tried: the
// real parser reads the result, and the real engine admits by it every call of the records
// that the matrix admits, and nothing else that the matrix refuses.
//
// The error says that the files cannot be read, or are others than those that the review is
// about.
func (c *Counter) Patch() (*Patch, error) {
	p := &patcher{uses: c.uses(), documents: map[string]*document{}, of: map[*service]*document{}}
	if err := p.open(); err != nil {
		return nil, err
	}
	candidates, left := p.narrowings()
	patch := &Patch{Left: left}
	accepted, why := p.grow(nil, candidates)
	patch.Left = append(patch.Left, why...)
	if len(accepted) == 0 {
		return patch, nil
	}
	edits, narrow, err := p.try(accepted)
	if err != nil {
		return nil, err
	}
	if err := p.prove(narrow); err != nil {
		return nil, fmt.Errorf("the patch is not written, since it did not pass its own test: %w", err)
	}
	patch.Notes = p.notes(accepted)
	patch.Folder, patch.Text = p.diff(edits)
	return patch, nil
}

// maxFile is the size of the largest file of a matrix, in bytes.
const maxFile = 8 << 20

// open reads the files of the matrix.
func (p *patcher) open() error {
	files := map[string][]byte{}
	for _, path := range policyfile.Files(p.matrix) {
		data, err := regularfile.Read(path, maxFile)
		if err != nil {
			return err
		}
		files[path] = data
		if p.documents[path], err = newDocument(path, data); err != nil {
			return err
		}
	}
	policy, err := policyfile.LoadEdited(p.matrix, files, p.set.Options...)
	if err != nil || policy.Generation() != p.judge.policy.Generation() {
		return cmp.Or(err, fmt.Errorf("%s has changed while the records were read: try again", p.matrix))
	}
	for name, s := range p.judge.services {
		for _, d := range p.documents {
			if d.service(name) != nil {
				p.of[s] = d
			}
		}
	}
	return nil
}

// grow adds to the accepted narrowings those of the candidates that can be written, and says
// why the others are left alone. It tries them together, and halves them if that fails.
func (p *patcher) grow(accepted, candidates []narrowing) (grown []narrowing, left []string) {
	if len(candidates) == 0 {
		return accepted, nil
	}
	all := slices.Concat(accepted, candidates)
	_, _, err := p.try(all)
	if err == nil {
		return all, nil
	}
	if n := candidates[0]; len(candidates) == 1 {
		return accepted, []string{n.service.entries[n.entry].Name + ": " + strings.ReplaceAll(err.Error(), "\n", "; ")}
	}
	half := len(candidates) / 2
	accepted, left = p.grow(accepted, candidates[:half])
	accepted, more := p.grow(accepted, candidates[half:])
	return accepted, append(left, more...)
}

// byService sorts narrowings by their services.
func byService(all []narrowing) map[*service][]narrowing {
	sorted := map[*service][]narrowing{}
	for _, n := range all {
		sorted[n.service] = append(sorted[n.service], n)
	}
	return sorted
}

// edits returns the edits that these narrowings are, by the documents.
func (p *patcher) edits(all []narrowing) (map[*document][]edit, error) {
	edits := map[*document][]edit{}
	for s, of := range byService(all) {
		d := p.of[s]
		if d == nil {
			return nil, errors.New("its service is in no file")
		}
		_, closed := p.apply(s, of)
		more, err := d.narrow(s.name, of, closed)
		if err != nil {
			return nil, err
		}
		edits[d] = append(edits[d], more...)
	}
	for _, of := range edits {
		if err := sortEdits(of); err != nil {
			return nil, err
		}
	}
	return edits, nil
}

// try returns the edits that these narrowings are, and the policy of the edited files, which
// say what the narrowings leave and nothing else.
func (p *patcher) try(all []narrowing) (map[*document][]edit, *access.Policy, error) {
	edits, err := p.edits(all)
	if err != nil {
		return nil, nil, err
	}
	edited := map[string][]byte{}
	for d, of := range edits {
		edited[d.path] = d.apply(of)
	}
	policy, err := policyfile.LoadEdited(p.matrix, edited, p.set.Options...)
	if err != nil {
		return nil, nil, fmt.Errorf("the file would not load without it: %w", err)
	}
	want := p.judge.policy.Matrix()
	for s, of := range byService(all) {
		want.Services[s.name], _ = p.apply(s, of)
	}
	if !reflect.DeepEqual(policy.Matrix(), want) {
		return nil, nil, errForm
	}
	return edits, policy, nil
}

// notes say what an operator must know of these narrowings.
func (p *patcher) notes(all []narrowing) []string {
	var notes []string
	for _, n := range all {
		every := slices.Contains(n.service.matrix.Allow[n.entry].Methods, descriptor.EveryMethod)
		if every && !n.service.complete {
			notes = append(notes, n.service.entries[n.entry].Name+` had "*": which other methods the service has is not known without --descriptors. Name them under closed, or the server does not start.`)
		}
	}
	return notes
}

// diff returns the unified diff of all files, and the folder in which to apply it.
func (p *patcher) diff(edits map[*document][]edit) (folder, text string) {
	var b strings.Builder
	for _, path := range slices.Sorted(maps.Keys(p.documents)) {
		d := p.documents[path]
		if len(edits[d]) == 0 {
			continue
		}
		name := fromHere(path)
		if !filepath.IsLocal(fromHere(p.matrix)) {
			folder = filepath.Dir(p.matrix)
			if relative, err := filepath.Rel(folder, path); err == nil {
				name = relative
			}
		}
		b.WriteString(d.unified(filepath.ToSlash(name), edits[d]))
	}
	return folder, b.String()
}

// fromHere returns a path as it is from the current folder, if it is in it.
func fromHere(path string) string {
	folder, err := os.Getwd()
	if err != nil || !filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	if relative, err := filepath.Rel(folder, path); err == nil && filepath.IsLocal(relative) {
		return relative
	}
	return filepath.Clean(path)
}
