package revoke

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/grpcaud/grpcaud/audience/revocation/shared"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
)

// Report is an [output.Answer] that says what was revoked, or would be, and which
// replicas know it.
type Report struct {
	Target   Target
	Replicas []shared.Replica
	Took     time.Duration // until the last of them knew it, or was given up
	DryRun   bool
}

// missing returns the replicas that do not know the list.
func (r *Report) missing() []shared.Replica {
	return slices.DeleteFunc(slices.Clone(r.Replicas), func(r shared.Replica) bool {
		return r.Behind == 0 && !r.Differs && !r.Stale()
	})
}

// Exit implements [output.Answer].
func (r *Report) Exit() error {
	if len(r.Replicas) == 0 || len(r.missing()) > 0 {
		return output.No
	}
	return nil
}

// Write implements [output.Answer].
func (r *Report) Write(p *output.Page, format string) {
	if format == "json" {
		p.JSON(r.json())
		return
	}
	title := "revoked"
	if r.DryRun {
		title = "would be revoked"
	}
	p.Printf("%s: %s\n", p.Colour(output.Bold, title), r.Target.Part())
	p.Table("  ", r.rows())
	r.writeReach(p)
	r.writeReplicas(p)
}

// rows names the tokens.
func (r *Report) rows() [][]string {
	e := r.Target.Entry
	rows := [][]string{{"issuer", output.Printable(r.Target.issuer) + ", " + output.Printable(e.Issuer)}}
	for _, row := range [][]string{{"jti", e.ID}, {"sid", e.Session}, {"sub", e.Subject}, {"client", e.Client}} {
		if row[1] != "" {
			rows = append(rows, []string{row[0], output.Printable(row[1])})
		}
	}
	if !e.IssuedBefore.IsZero() {
		rows = append(rows, []string{"issued before", output.Stamp(e.IssuedBefore)})
	}
	if r.Target.single != nil {
		rows = append(rows, []string{"note", "the signature of the token was not checked"})
	}
	return append(rows, []string{"until", output.Stamp(e.Expires)})
}

func (r *Report) writeReach(p *output.Page) {
	if len(r.Target.Reach) == 0 {
		p.Printf("no rule of the matrix admits such tokens\n")
		return
	}
	rows := [][]string{p.Header("service", "clients", "methods")}
	for _, row := range r.Target.Reach {
		rows = append(rows, []string{output.Printable(row.Service), output.List(row.Clients), output.List(row.Methods)})
	}
	p.Table("", rows)
}

func (r *Report) writeReplicas(p *output.Page) {
	missing := r.missing()
	verb := "know it"
	if r.DryRun {
		verb = "follow the list and are up to date"
	}
	switch {
	case len(r.Replicas) == 0:
		p.Printf("%s\n", nobody)
	case len(missing) == 0 && r.DryRun:
		p.Printf("%d of %s %s\n", len(r.Replicas), output.Plural(len(r.Replicas), "replica"), verb)
	default:
		p.Printf("%d of %s %s, after %v\n", len(r.Replicas)-len(missing), output.Plural(len(r.Replicas), "replica"), verb, r.Took.Round(time.Millisecond))
	}
	for _, one := range missing {
		p.Printf("%s\n", p.Colour(output.Bad, fmt.Sprintf("%s: %s", output.Printable(one.ID), strings.Join(problems(one), "; "))))
	}
}

// json is the report for programs.
func (r *Report) json() any {
	e := r.Target.Entry
	reach := r.Target.Reach
	if reach == nil {
		reach = []Reach{}
	}
	missing := []string{}
	for _, one := range r.missing() {
		missing = append(missing, one.ID)
	}
	return struct {
		Revoked      bool      `json:"revoked"`
		Issuer       string    `json:"issuer"`
		ID           string    `json:"jti,omitempty"`
		Session      string    `json:"sid,omitempty"`
		Subject      string    `json:"sub,omitempty"`
		Client       string    `json:"client,omitempty"`
		IssuedBefore time.Time `json:"issued_before,omitzero"`
		Until        time.Time `json:"until"`
		Part         string    `json:"part"`
		Reach        []Reach   `json:"reach"`
		Replicas     int       `json:"replicas"`
		Missing      []string  `json:"missing"`
		Seconds      float64   `json:"seconds"`
	}{!r.DryRun, e.Issuer, e.ID, e.Session, e.Subject, e.Client, e.IssuedBefore, e.Expires, r.Target.Part(), reach, len(r.Replicas), missing, r.Took.Round(time.Millisecond).Seconds()}
}
