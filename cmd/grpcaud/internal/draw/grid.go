package draw

import (
	"fmt"
	"slices"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
)

// class is a set of names that the same entries are about, so that they share a row or
// column.
type class struct {
	names   []string // empty for all that no entry names
	entries []int
}

// classes sorts the names in entries into classes, in the order of the entries. For an
// entry, of returns the names that it lists, whether it is about every name, and the
// names that it is not about all the same.
func classes(entries []entry, of func(entry) (names []string, every bool, but []string)) []class {
	var order, last, keys []string
	var every []int
	listed, except := map[string][]int{}, map[string][]int{}
	for i, e := range entries {
		names, all, but := of(e)
		if all {
			every = append(every, i)
		}
		for _, name := range names {
			listed[name] = append(listed[name], i)
		}
		for _, name := range but {
			except[name] = append(except[name], i)
		}
		order, last = append(order, names...), append(last, but...)
	}
	byKey := map[string]*class{}
	for _, name := range unique(append(order, last...)) {
		in := slices.DeleteFunc(append(listed[name], every...), func(i int) bool { return slices.Contains(except[name], i) })
		slices.Sort(in)
		in = slices.Compact(in)
		key := fmt.Sprint(in)
		if byKey[key] == nil {
			byKey[key] = &class{entries: in}
			keys = append(keys, key)
		}
		byKey[key].names = append(byKey[key].names, name)
	}
	var out []class
	for _, key := range keys {
		out = append(out, *byKey[key])
	}
	if len(every) > 0 {
		out = append(out, class{entries: every})
	}
	return out
}

func clientClasses(entries []entry) []class {
	return classes(entries, func(e entry) ([]string, bool, []string) { return e.Clients, e.AnyClient, nil })
}

func methodClasses(entries []entry) []class {
	return classes(entries, func(e entry) ([]string, bool, []string) {
		if slices.Contains(e.Methods, descriptor.EveryMethod) {
			return slices.DeleteFunc(slices.Clone(e.Methods), func(m string) bool { return m == descriptor.EveryMethod }), true, e.closed
		}
		return e.Methods, false, e.closed
	})
}

// unique returns values in their order, each once.
func unique(values []string) []string {
	seen := map[string]bool{}
	return slices.DeleteFunc(values, func(v string) bool {
		again := seen[v]
		seen[v] = true
		return again
	})
}

// entriesOfBoth returns the entries that are about both.
func entriesOfBoth(client, method class) []int {
	var in []int
	for _, i := range client.entries {
		if slices.Contains(method.entries, i) {
			in = append(in, i)
		}
	}
	return in
}

// What stands for all that no entry names.
const (
	anyClient  = "any %sclient"
	allMethods = "all %smethods"
)

// titles returns the names of a class for a table, in which it may be alone.
func titles(c class, alone bool, form string) []string {
	switch {
	case len(c.names) > 0:
		return c.names
	case alone:
		return []string{fmt.Sprintf(form, "")}
	default:
		return []string{fmt.Sprintf(form, "other ")}
	}
}

// cell holds the entries that let the clients of a row call the methods of a column.
// They are alternatives.
type cell []entry

// grid is a service as a table.
type grid struct {
	Columns [][]string // the methods
	Rows    []gridRow
}

type gridRow struct {
	Clients []string
	Cells   []gridCell
}

// gridCell is a cell with what stands behind it.
type gridCell struct {
	cell
	Why why
}

// grid returns s as a table, with a row for each class of clients and a column for each
// class of methods.
func (s service) grid() grid {
	var g grid
	methods, clients := methodClasses(s.Allow), clientClasses(s.Allow)
	for _, m := range methods {
		g.Columns = append(g.Columns, titles(m, len(methods) == 1, allMethods))
	}
	for i, c := range clients {
		row := gridRow{Clients: titles(c, len(clients) == 1, anyClient)}
		for j, m := range methods {
			var alternatives cell
			for _, i := range entriesOfBoth(c, m) {
				alternatives = append(alternatives, s.Allow[i])
			}
			id := fmt.Sprintf("why-%s-%d-%d", s.id, i, j)
			row.Cells = append(row.Cells, gridCell{alternatives, s.why(id, row.Clients, g.Columns[j], alternatives, newEntry(c.names, m.names))})
		}
		g.Rows = append(g.Rows, row)
	}
	return g
}

// demands writes the demands on the caller in words, each alternative once.
func (c cell) demands() []string {
	var out []string
	for _, e := range c {
		if text := e.demands.String(); !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return out
}
