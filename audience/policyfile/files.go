package policyfile

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/grpcaud/grpcaud/audience/access"
)

// files are the first file of a matrix and the files that it includes.
type files struct {
	contents []content // as they were on the disk
	digest   string    // of the contents
	readers  []*reader // of the contents, in their order
	matrix   access.Matrix
	byTenant access.Matrix // the matrix, with the tenants of issuers
	owners   map[place]*reader
	warnings []*access.Problem // about a matrix that has mistakes too
	proto    []*Error          // findings about options of .proto files
}

// place is an entry of the matrix: its section and its name.
type place struct{ section, name string }

// read reads the file at path and the files that it includes. The method policy
// returns the errors.
func read(path string) *files { return readWith(path, nil) }

// readWith is read where the files at some paths have these contents.
func readWith(path string, edited map[string][]byte) *files {
	open := func(path string) content {
		if data, ok := edited[path]; ok {
			return content{path: path, data: data}
		}
		return open(path)
	}
	f := &files{contents: []content{open(path)}}
	main := &reader{file: path, dir: filepath.Dir(path), top: true, first: path}
	f.add(main, f.contents[0])
	for _, path := range included(path, main.patterns) {
		c := open(path)
		f.contents = append(f.contents, c)
		f.add(&reader{file: path, dir: filepath.Dir(path), first: main.file}, c)
	}
	f.digest = digest(f.contents)
	return f
}

// parse reads a file that is in memory.
func parse(name string, data []byte) *files {
	f := &files{contents: []content{{path: name, data: data}}}
	f.digest = digest(f.contents)
	f.add(&reader{file: name, top: true, first: name}, f.contents[0])
	f.digest = digest(f.contents)
	return f
}

// patterns returns the patterns of the first file's includes.
func (f *files) patterns() []string { return f.readers[0].patterns }

// changed returns the first path whose content differs from that in other; if there is
// none, the path of the first file.
func (f *files) changed(other *files) string {
	for i, c := range f.contents {
		if other != nil && i < len(other.contents) && c.path == other.contents[i].path && !bytes.Equal(c.data, other.contents[i].data) {
			return c.path
		}
	}
	return f.contents[0].path
}

// add adds the content of one file to the matrix.
func (f *files) add(r *reader, c content) {
	f.readers = append(f.readers, r)
	switch {
	case c.tooLarge():
		r.tooLarge()
		return
	case c.err != nil && !r.top:
		r.at(1, 0, "cannot be read: %v", c.err)
		return
	case c.err != nil:
		return
	}
	r.root = r.document(c.data)
	if r.root == nil {
		return
	}
	m := r.matrix(r.root)
	if r.top {
		f.matrix.Issuers = m.Issuers
	} else {
		r.reportReserved(r.root, "")
	}
	join(f, r, "services", &f.matrix.Services, m.Services)
	join(f, r, "clients", &f.matrix.Clients, m.Clients)
	join(f, r, "external", &f.matrix.External, m.External)
	r.before = map[string]int{"public": len(f.matrix.Public), "never": len(f.matrix.Never)}
	f.matrix.Public = append(f.matrix.Public, m.Public...)
	r.statements, f.matrix.Never = m.Never, append(f.matrix.Never, m.Never...)
}

// join adds a section of one file to the same section of all files.
func join[T any](f *files, r *reader, section string, all *map[string]T, one map[string]T) {
	for _, name := range slices.Sorted(maps.Keys(one)) {
		at := place{section, name}
		if other, twice := f.owners[at]; twice {
			n := locate(other.root, []string{section, name})
			r.finding(locate(r.root, []string{section, name}), "%q stands at %s:%d:%d already", name, other.file, n.Line, n.Column)
			continue
		}
		if f.owners == nil {
			f.owners = map[place]*reader{}
		}
		if *all == nil {
			*all = map[string]T{}
		}
		f.owners[at], (*all)[name] = r, one[name]
	}
}

// policy checks the form of the files, then the rights of the included files, and then
// the meaning. It stops after a step that has findings: otherwise one misspelled key
// would cause a finding at each reference to it.
func (f *files) policy(options []access.MethodOptions) (*access.Policy, error) {
	if first := f.contents[0]; first.err != nil && !first.tooLarge() {
		return nil, fmt.Errorf("policyfile: %w", first.err)
	}
	if err := joined(f.findings()); err != nil {
		return nil, err
	}
	f.limits(options)
	if err := joined(f.findings()); err != nil {
		return nil, err
	}
	policy, err := access.New(f.matrix, options...)
	if err != nil {
		if known, ok := errors.AsType[interface {
			error
			Warnings() []*access.Problem
		}](err); ok {
			f.warnings = known.Warnings()
		}
		f.problem(err)
		return nil, joined(f.findings())
	}
	f.operations(policy)
	if err := joined(f.findings()); err != nil {
		return nil, err
	}
	return policy.WithGeneration(f.digest).WithPlaces(f.places()), nil
}

// findings lists all findings, file by file.
func (f *files) findings() []*Error {
	var all []*Error
	for _, r := range f.readers {
		all = append(all, inOrder(r.findings)...)
	}
	return append(all, f.proto...)
}

// problem turns each [access.Problem] that err joins into a finding.
func (f *files) problem(err error) {
	switch e := err.(type) {
	case *access.Problem:
		f.place(e)
	case interface{ Unwrap() []error }:
		for _, err := range e.Unwrap() {
			f.problem(err)
		}
	}
}

// sections are the first keys in the path of a problem that is about a file.
var sections = []string{"issuers", "services", "clients", "external", "public", "never"}

// lists are the sections that are lists. They may be in several files.
var lists = map[string]bool{"public": true, "never": true}

// place adds a problem to the findings about its file.
func (f *files) place(p *access.Problem) {
	if e, r := f.placed(p); r == nil {
		f.proto = append(f.proto, e)
	} else {
		r.add(e)
	}
}

// placed returns a problem as a finding with its place, and the file; the file is nil
// for an option of a .proto file.
func (f *files) placed(p *access.Problem) (*Error, *reader) {
	if !slices.Contains(sections, p.Path[0]) {
		return &Error{File: strings.TrimSuffix(p.Error(), ": "+p.Text), Text: p.Text, Severity: p.Severity}, nil
	}
	r, n := f.locate(p.Path)
	return &Error{r.file, n.Line, n.Column, p.Text + f.proof(p.Proof), p.Severity}, r
}

// proof writes the calls of a proof with their places.
func (f *files) proof(hops []access.Hop) string {
	var b strings.Builder
	for _, hop := range hops {
		at := ""
		if _, inFile := f.owners[place{hop.Path[0], hop.Path[1]}]; inFile || lists[hop.Path[0]] {
			r, n := f.locate(hop.Path)
			at = " at " + r.placeOf(n)
		}
		fmt.Fprintf(&b, " → %v (%s%s)", hop, hop.Entry, at)
	}
	return b.String()
}

// locate returns the file and the node at a path. If no file has it, the result is the
// first file.
func (f *files) locate(path []string) (*reader, *yaml.Node) {
	r := f.readers[0]
	if len(path) == 1 {
		return r, locate(r.root, path)
	}
	if owner, ok := f.owners[place{path[0], path[1]}]; ok {
		r = owner
	}
	if i, err := strconv.Atoi(path[1]); err == nil && lists[path[0]] {
		for _, other := range f.readers {
			if other.root != nil && other.before[path[0]] <= i {
				r = other
			}
		}
		path = slices.Concat([]string{path[0], strconv.Itoa(i - r.before[path[0]])}, path[2:])
	}
	return r, locate(r.root, path)
}
