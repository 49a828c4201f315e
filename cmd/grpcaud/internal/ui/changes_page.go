package ui

import (
	"errors"
	"fmt"
	"html/template"
	"io"
	"net/http"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/draw"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
)

// maxMatrix is the size of the largest matrix that the form takes, in bytes.
const maxMatrix = 8 << 20

// comparison is what a change changes.
type comparison struct {
	Before, After string // the names of the files
	Count         int
	Changes       template.HTML
	Followed      bool // both files are followed
}

// Kind implements result.
func (comparison) Kind() string { return "comparison" }

// changesPage shows the changes since the matrix of --against, and a form for another one.
func (s *Server) changesPage(w http.ResponseWriter, _ *http.Request) {
	s.changesResult(w, http.StatusOK, nil)
}

func (s *Server) changesResult(w http.ResponseWriter, status int, result result) {
	p := s.page("changes", "Changes")
	p.Result = result
	if s.against != nil {
		p.Content = s.comparison(s.against.path, s.against.now().Policy, true)
	}
	p.write(w, status)
}

func (s *Server) comparison(name string, before *access.Policy, followed bool) comparison {
	changes := draw.Compare(before.Matrix(), s.file.now().Policy.Matrix())
	return comparison{name, s.file.path, len(changes), changes.HTML(), followed}
}

// compare compares the matrix of the form, which is the one before the change, with the
// one that is shown.
func (s *Server) compare(w http.ResponseWriter, r *http.Request) {
	name, data, err := readFile(w, r, "file")
	switch {
	case errors.Is(err, errLarge):
		s.changesResult(w, http.StatusRequestEntityTooLarge, notice{"The file is too large", fmt.Sprintf("A matrix has at most %d MiB.", maxMatrix>>20), false})
		return
	case err != nil:
		s.changesResult(w, http.StatusBadRequest, notice{"No file came", "Choose the access matrix before the change, and compare again.", false})
		return
	}
	policy, err := policyfile.Parse(name, data, s.options.Set.Options...)
	if err != nil {
		s.changesResult(w, http.StatusUnprocessableEntity, fileMistakes{name, errorLines(err)})
		return
	}
	s.changesResult(w, http.StatusOK, s.comparison(name, policy, false))
}

// fileMistakes are why a file of the form is no matrix.
type fileMistakes struct {
	Name  string
	Lines []string
}

// Kind implements result.
func (fileMistakes) Kind() string { return "mistakes" }

// readFile returns the name and the content of the only file of a form.
func readFile(w http.ResponseWriter, r *http.Request, field string) (string, []byte, error) {
	limitReading(w)
	parts, err := r.MultipartReader()
	if err != nil {
		return "", nil, errForm
	}
	part, err := parts.NextPart()
	if err != nil || part.FormName() != field || part.FileName() == "" {
		return "", nil, errForm
	}
	data, err := io.ReadAll(io.LimitReader(part, maxMatrix+1))
	switch {
	case err != nil:
		return "", nil, errForm
	case len(data) > maxMatrix:
		skipRest(r)
		return "", nil, errLarge
	}
	return output.Printable(part.FileName()), data, nil
}
