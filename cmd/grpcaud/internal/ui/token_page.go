package ui

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/explain"
)

// judgeTimeout is how long issuers may take.
const judgeTimeout = 20 * time.Second

// verdict is what the servers say about a token.
type verdict struct {
	*explain.Judgement
	Notes                      []string // that hold for every method
	Admitted, Refused, Unclear int      // services
	Header, Claims             [][]string
}

// Kind implements result.
func (verdict) Kind() string { return "verdict" }

// tokenPage shows the form for a token.
func (s *Server) tokenPage(w http.ResponseWriter, _ *http.Request) {
	s.tokenResult(w, http.StatusOK, nil)
}

func (s *Server) tokenResult(w http.ResponseWriter, status int, result result) {
	p := s.page("token", "Judge a token")
	p.Content, p.Result = s.options.Keys.Offline, result
	p.write(w, status)
}

// judge judges the token of the form. Nothing keeps it.
func (s *Server) judge(w http.ResponseWriter, r *http.Request) {
	text, err := readForm(w, r, "token")
	if err == nil && len(text) > explain.MaxInput {
		err = errLarge
	}
	token, notes := explain.CleanToken(text)
	switch {
	case err == errLarge:
		s.tokenResult(w, http.StatusRequestEntityTooLarge, notice{"This is too large to be a token", "It has more than 256 KiB, and servers read 16 KiB at most. Paste the token alone.", false})
	case err != nil:
		s.tokenResult(w, http.StatusBadRequest, notice{"The form could not be read", "Paste the token into the form of this page again.", false})
	case token == "":
		s.tokenResult(w, http.StatusBadRequest, notice{"There is no token", "Paste one, such as the access_token of a token endpoint's response, or the header Authorization.", false})
	default:
		s.judgeToken(w, r, token, notes)
	}
}

func (s *Server) judgeToken(w http.ResponseWriter, r *http.Request, token string, notes []string) {
	ctx, cancel := context.WithTimeout(r.Context(), judgeTimeout)
	defer cancel()
	now := time.Now()
	judgement, err := explain.Judge(ctx, s.file.now().Policy, s.options.Set, s.options.Keys, token, now)
	if err != nil {
		s.tokenResult(w, http.StatusUnprocessableEntity, notice{"The token could not be judged", errorLines(err)[0], false})
		return
	}
	v := verdict{Judgement: judgement, Header: explain.MemberRows(judgement.Header, now), Claims: explain.MemberRows(judgement.Decoded.Claims, now)}
	v.count()
	v.Notes = append(notes, v.commonNotes()...)
	s.tokenResult(w, http.StatusOK, v)
}

// count counts the services by the best verdict at one of their methods.
func (v *verdict) count() {
	for _, service := range v.Services {
		switch best(service) {
		case explain.Admitted:
			v.Admitted++
		case explain.Unclear:
			v.Unclear++
		default:
			v.Refused++
		}
	}
}

// best returns the best verdict at a method of a service that is not public.
func best(s explain.ServiceJudgement) string {
	verdict := explain.Refused
	for _, m := range s.Methods {
		switch {
		case m.Verdict == explain.Admitted && len(m.Checks) > 0:
			return explain.Admitted
		case m.Verdict == explain.Unclear:
			verdict = explain.Unclear
		}
	}
	return verdict
}

// commonNotes returns the notes that are at every method, and removes them there.
func (v *verdict) commonNotes() []string {
	var common []string
	first := true
	v.each(func(x *explain.Explanation) {
		if first {
			common, first = slices.Clone(x.Notes), false
		}
		common = slices.DeleteFunc(common, func(note string) bool { return !slices.Contains(x.Notes, note) })
	})
	v.each(func(x *explain.Explanation) {
		x.Notes = slices.DeleteFunc(x.Notes, func(note string) bool { return slices.Contains(common, note) })
	})
	return common
}

// each calls do for each explanation.
func (v *verdict) each(do func(*explain.Explanation)) {
	for _, service := range v.Services {
		for _, m := range service.Methods {
			do(m.Explanation)
		}
	}
}

// mark is the word for a check that the style sheet has a colour for.
func mark(c explain.Check) string {
	switch {
	case c.OK:
		return "ok"
	case c.Cause.Reason() == audience.ReasonIssuerUnavailable:
		return "unknown"
	default:
		return "no"
	}
}
