package learn

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/recorded"
)

// Base is the text of an access matrix, whose entries are replaced. The zero value is none.
type Base struct {
	Name string
	Text []byte
}

// Matrix returns the access matrix that admits the calls of the collector, which are from
// these records, and nothing else. What is not learnt is listed on stderr. The matrix was
// loaded, and compared with what was learnt, before it is returned. The error says that
// nothing can be learnt, or what in the base forbids it.
func (c *Collector) Matrix(read recorded.Count, from Base, set descriptor.Set, stderr io.Writer) ([]byte, error) {
	var b *base
	if from.Text != nil {
		var err error
		if b, err = newBase(from.Name, from.Text, set.Options); err != nil {
			return nil, err
		}
	}
	p := newPlan(c, b, set)
	p.make()
	p.unlearnt.write(stderr)
	if len(p.services) == 0 {
		return nil, errors.New("no call in it that can be learnt: what is learnt are calls that were let through, with genuine tokens that are addressed to the service. A matrix that only names services is enough, with rollout: [{mode: observe, …}]; older servers record no token for methods without an entry")
	}
	text, err := p.file(p.head(read))
	if err != nil {
		return nil, err
	}
	policy, err := policyfile.Parse(cmp.Or(from.Name, "the learnt matrix"), text, set.Options...)
	if err != nil {
		return nil, fmt.Errorf("what was learnt is no access matrix, so that no file is written: %w", err)
	}
	if err := p.prove(policy.Matrix()); err != nil {
		return nil, fmt.Errorf("no file is written, since it did not pass its own test: %w", err)
	}
	p.note(stderr)
	return text, nil
}

// note says what else is to know.
func (p *plan) note(stderr io.Writer) {
	if p.base != nil {
		for _, name := range slices.Sorted(maps.Keys(p.base.matrix.Services)) {
			s, learnt := p.services[name]
			switch {
			case !learnt && len(p.base.matrix.Services[name].Allow) > 0:
				p.notes = append(p.notes, fmt.Sprintf("service %q: no calls of it were learnt, and its entries are left as they are", name))
			case !learnt:
				p.notes = append(p.notes, fmt.Sprintf("service %q: no calls of it were learnt", name))
			default:
				for _, demand := range lost(s.service) {
					p.notes = append(p.notes, fmt.Sprintf("service %q: in the base, %s; the learnt entries say nothing of it", name, demand))
				}
			}
		}
	}
	const most = 40
	for i, note := range p.notes {
		if i == most {
			fmt.Fprintf(stderr, "grpcaud: and %d more of these\n", len(p.notes)-most)
			return
		}
		fmt.Fprintf(stderr, "grpcaud: %s\n", output.Printable(note))
	}
}

// printable returns a text for a comment.
func printable(text string) string {
	return strings.Trim(strconv.Quote(text), `"`)
}
