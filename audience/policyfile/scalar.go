package policyfile

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// scalar reads one value by its text, whatever type YAML gives it. parse reports
// whether the text is valid.
func (r *reader) scalar(want string, parse func(string) bool) value {
	return value{want: want, read: func(n *yaml.Node) {
		switch {
		case r.isProbe(n, func() schema { return ofKind(aString, want) }):
		case !r.isPlain(n) || n.Kind == yaml.ScalarNode && parse(n.Value):
		case n.Tag == aString:
			r.finding(n, "want %s, got %.32q", want, n.Value)
		default:
			r.finding(n, "want %s, got %s", want, kinds[n.Tag])
		}
	}}
}

// duration reads a Go duration. Zero is a finding: a key that is left out means the
// default, and there is no way to write "no limit".
func (r *reader) duration(to *time.Duration) value {
	return r.scalar("a duration such as 30s or 12h", func(text string) (ok bool) {
		d, err := time.ParseDuration(text)
		*to = d
		return err == nil && d > 0
	})
}

// date reads a day, which means its end in UTC, or a time.
func (r *reader) date(to *time.Time) value {
	return r.scalar("a date such as 2027-01-31 or 2027-01-31T12:00:00Z", func(text string) bool {
		day, err := time.Parse(time.DateOnly, text)
		if err == nil {
			*to = day.AddDate(0, 0, 1)
			return true
		}
		*to, err = time.Parse(time.RFC3339, text)
		return err == nil
	})
}

// oneOf reads one of these words.
func oneOf[T any](r *reader, to *T, words map[string]T) value {
	names := slices.Sorted(maps.Keys(words))
	return r.among(names, r.scalar(strings.Join(names, " or "), func(text string) (ok bool) {
		*to, ok = words[text]
		return ok
	}))
}

// env reads the name of an environment variable. It does not repeat a wrong value:
// that may be the secret.
func (r *reader) env(to *string) value {
	v := r.text("the name of an environment variable", to)
	read := v.read
	v.read = func(n *yaml.Node) {
		if read(n); strings.HasPrefix(*to, "$") {
			r.finding(n, "want %s, without $", v.want)
		}
	}
	return v
}

// path reads the path of a file. A relative path starts from the folder of the matrix.
func (r *reader) path(to *string) value {
	v := r.text("the path of a file", to)
	read := v.read
	v.read = func(n *yaml.Node) {
		if read(n); *to == "" {
			return
		}
		if !filepath.IsAbs(*to) {
			*to = filepath.Join(r.dir, *to)
		}
		r.paths = append(r.paths, namedPath{n, *to})
	}
	return v
}
