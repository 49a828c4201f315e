package learn

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/recorded"
)

// right is what one client may do with one method of a service.
type right struct {
	recorded.Count
	of             party
	client, method string // their names in the matrix
	kind           access.CallerKind
	scopes         []string // sorted
}

// entry is what stands under allow: several rights that differ in their clients or in
// their methods alone.
type entry struct {
	recorded.Count
	clients, methods []string
	kind             access.CallerKind
	scopes           []string
}

// entriesOf returns the entries that admit these rights, and nothing else: the methods of a
// client share an entry where kind and scopes are the same, and so do clients that have the
// same methods.
func entriesOf(rights []right) []entry {
	byClient := map[string]*entry{}
	for _, r := range rights {
		e := group(byClient, join(r.client, string(r.kind), join(r.scopes...)), entry{clients: []string{r.client}, kind: r.kind, scopes: r.scopes})
		e.methods = append(e.methods, r.method)
		e.Add(r.Count)
	}
	merged := map[string]*entry{}
	for _, key := range slices.Sorted(maps.Keys(byClient)) {
		e := byClient[key]
		slices.Sort(e.methods)
		to := group(merged, join(string(e.kind), join(e.scopes...), join(e.methods...)), entry{methods: e.methods, kind: e.kind, scopes: e.scopes})
		to.clients = append(to.clients, e.clients...)
		to.Add(e.Count)
	}
	all := make([]entry, 0, len(merged))
	for _, e := range merged {
		slices.Sort(e.clients)
		all = append(all, *e)
	}
	slices.SortFunc(all, func(a, b entry) int {
		return cmp.Or(slices.Compare(a.clients, b.clients), slices.Compare(a.methods, b.methods), cmp.Compare(a.kind, b.kind), slices.Compare(a.scopes, b.scopes))
	})
	return all
}

func group(to map[string]*entry, key string, e entry) *entry {
	if to[key] == nil {
		to[key] = &e
	}
	return to[key]
}

// join returns a key of texts, none of which has a zero byte unless it is such a key.
func join(texts ...string) string {
	return fmt.Sprintf("%d\x00", len(texts)) + strings.Join(texts, "\x00")
}

// why says where the entry is from.
func (e *entry) why() string {
	return fmt.Sprintf("learnt from %s, first %s, last %s", output.Plural(e.Records, "call"), output.Day(e.First), output.Day(e.Last))
}
