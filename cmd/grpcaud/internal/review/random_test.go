package review_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// The names of random matrices.
var (
	randomServices = []string{"s0", "s1", "s2"}
	randomClients  = []string{"c0", "c1", "c2", "c3"}
	randomMethods  = []string{"GetA", "GetB", "ListC", "WatchD"}
)

// writer writes a random matrix in random styles.
type writer struct {
	*rand.Rand
	strings.Builder
}

func (w *writer) oneIn(n int) bool { return w.IntN(n) == 0 }

// some returns one or more of the names.
func (w *writer) some(names []string) []string {
	all := slices.Clone(names)
	w.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:1+w.IntN(len(all))]
}

func (w *writer) line(indent int, format string, args ...any) {
	w.WriteString(strings.Repeat(" ", indent) + fmt.Sprintf(format, args...) + "\n")
}

// comment sometimes writes a comment, an empty line, or both.
func (w *writer) comment(indent int) {
	if w.oneIn(4) {
		w.line(0, "")
	}
	if w.oneIn(3) {
		w.line(indent, "# A comment, with 'quotes', [brackets] and a #.")
	}
}

// list writes a key with a list of names.
func (w *writer) list(indent int, key string, names []string) {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = name
		if name == "*" || w.oneIn(4) {
			quoted[i] = []string{`"` + name + `"`, "'" + name + "'"}[w.IntN(2)]
		}
	}
	switch w.IntN(4) {
	case 0:
		w.line(indent, "%s:", key)
		for _, name := range quoted {
			w.comment(indent + 2)
			w.line(indent+2, "- %s%s", name, []string{"", "  # why"}[w.IntN(2)])
		}
	case 1:
		w.line(indent, "%s: [", key)
		for _, name := range quoted {
			w.line(indent+4, "%s,%s", name, []string{"", " # it's one, of [them]"}[w.IntN(2)])
		}
		w.line(indent+2, "]")
	default:
		w.line(indent, "%s: [%s]", key, strings.Join(quoted, ", "))
	}
}

// service writes a service.
func (w *writer) service(name string) {
	w.comment(2)
	w.line(2, "%s:", name)
	w.line(4, "grpc: [random.%s]", name)
	if w.oneIn(5) {
		w.list(4, "closed", []string{"Closed"})
	}
	if w.oneIn(6) {
		w.line(4, "allow: [{clients: [c0, c1], methods: [GetA, GetB], scopes: none}, {clients: [c2], methods: ['*'], scopes: [read]}]")
		return
	}
	w.line(4, "allow:")
	dash := 4 + 2*w.IntN(2)
	for range 1 + w.IntN(3) {
		w.comment(dash)
		w.entry(dash)
	}
	w.comment(2)
}

// entry writes an entry whose dash has this column.
func (w *writer) entry(dash int) {
	methods := w.some(randomMethods)
	switch w.IntN(5) {
	case 0:
		methods = []string{"*"}
	case 1:
		methods = []string{"*", "GetA"}
	}
	if w.oneIn(6) {
		w.line(dash, "- {clients: [c1, c3], methods: [%s], scopes: none} # of one line", "'"+strings.Join(methods, "', '")+"'")
		return
	}
	if w.oneIn(8) {
		w.line(dash, "- clients: any")
	} else {
		w.line(dash, "- scopes: %s", []string{"none", "[read]", "[read, write]"}[w.IntN(3)])
		w.list(dash+2, "clients", w.some(randomClients))
		w.list(dash+2, "methods", methods)
		w.demands(dash + 2)
		return
	}
	w.list(dash+2, "methods", methods)
	w.line(dash+2, "scopes: none")
	w.demands(dash + 2)
}

func (w *writer) demands(indent int) {
	if w.oneIn(4) {
		w.line(indent, "roles: [clerk]")
	}
	if w.oneIn(5) {
		w.line(indent, "claims: {department: [hr]}")
	}
	if w.oneIn(8) {
		w.line(indent, "acr: [gold]")
		return
	}
	if w.oneIn(4) {
		w.line(indent, "callers: %s", []string{"users", "services"}[w.IntN(2)])
	}
	if w.oneIn(10) {
		w.line(indent, "optional: true")
	}
}

// randomFiles writes a matrix as two files, of which the first includes the second.
func randomFiles(seed uint64) (first, second string) {
	w := &writer{Rand: rand.New(rand.NewPCG(seed, 6))}
	w.line(0, "version: 1\nincludes: [team.yaml]\nissuers: {corp: {url: 'https://idp.example.com'}}\nservices:")
	w.service(randomServices[0])
	w.service(randomServices[1])
	w.line(0, "clients: {c0: {}, c1: {}, c2: {}, c3: {}}")
	first = w.String()
	w.Reset()
	w.line(0, "version: 1\nservices:")
	w.service(randomServices[2])
	second = w.String()
	if w.oneIn(3) {
		second = strings.ReplaceAll(second, "\n", "\r\n")
	}
	if w.oneIn(4) {
		first = strings.TrimRight(first, "\n")
	}
	return first, second
}
