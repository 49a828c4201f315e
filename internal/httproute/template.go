package httproute

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// ParseTemplate reads a path template of google.api.http for requests of this method, such
// as "/v1/{name=shelves/*}:archive". A ** may match no segment at all, and stands at the
// end.
func ParseTemplate(method, text string) (*Route, error) {
	if len(text) > maxText {
		return nil, fmt.Errorf("got %d bytes, want at most %d", len(text), maxText)
	}
	if err := checkMethod(method); err != nil {
		return nil, err
	}
	path, ok := strings.CutPrefix(text, "/")
	if !ok {
		return nil, errors.New("want a path that begins with a slash")
	}
	t := template{rest: path}
	if err := t.read(); err != nil {
		return nil, err
	}
	return &Route{text: method + " " + text, method: method, template: true, shapes: t.shapes()}, nil
}

// template is a path template while it is read.
type template struct {
	rest     string // what was not read yet
	fields   []string
	segments []segment
	deep     bool   // whether it ends with **
	verb     string // with the colon; empty for none
}

// read reads the whole template.
func (t *template) read() error {
	if t.rest == "" {
		t.segments = []segment{literal("")}
		return nil
	}
	for {
		if err := t.item(); err != nil {
			return err
		}
		if verb, ok := strings.CutPrefix(t.rest, ":"); ok {
			return t.readVerb(verb)
		}
		if t.rest == "" {
			return nil
		}
		var ok bool
		if t.rest, ok = strings.CutPrefix(t.rest, "/"); !ok {
			return fmt.Errorf("want a slash or a colon before %.64q", t.rest)
		}
	}
}

// item reads a variable, or one segment outside variables.
func (t *template) item() error {
	variable, ok := strings.CutPrefix(t.rest, "{")
	if !ok {
		end := strings.IndexAny(t.rest, "/{}")
		if end < 0 {
			end = len(t.rest)
		}
		text := t.rest[:end]
		if colon := strings.IndexByte(text, ':'); colon >= 0 && end == len(t.rest) {
			text = text[:colon]
		}
		t.rest = t.rest[len(text):]
		return t.add(text)
	}
	inside, rest, ok := strings.Cut(variable, "}")
	if !ok {
		return errors.New("a brace is not closed")
	}
	t.rest = rest
	field, segments, constrained := strings.Cut(inside, "=")
	for name := range strings.SplitSeq(field, ".") {
		if !identifier(name) {
			return fmt.Errorf("%.64q is not the name of a field", field)
		}
	}
	if slices.Contains(t.fields, field) {
		return fmt.Errorf("the field %s occurs twice", field)
	}
	t.fields = append(t.fields, field)
	if !constrained {
		segments = "*"
	}
	for part := range strings.SplitSeq(segments, "/") {
		if err := t.add(part); err != nil {
			return err
		}
	}
	return nil
}

// add adds one segment.
func (t *template) add(text string) error {
	if t.deep {
		return errors.New("** stands before the end")
	}
	switch {
	case text == "**":
		t.deep = true
		return nil
	case text == "*":
		t.segments = append(t.segments, wildcard(""))
		return nil
	case strings.ContainsAny(text, "*{}="):
		return fmt.Errorf("%.64q is not a segment: want a text, * or **", text)
	}
	text, err := literalText(text)
	if err == nil {
		t.segments = append(t.segments, literal(text))
	}
	return err
}

// readVerb reads the end of the template. A verb needs no escapes, so that it ends the
// segment of a request in one way only.
func (t *template) readVerb(text string) error {
	if _, err := literalText(text); err != nil || url.PathEscape(text) != text || strings.ContainsAny(text, ":*=") {
		return fmt.Errorf("%.64q is not a verb, such as :cancel", ":"+text)
	}
	t.verb = ":" + text
	return nil
}

// shapes returns the shapes of the paths that match. The verb ends the last segment,
// whichever that is.
func (t *template) shapes() []shape {
	var all []shape
	if n := len(t.segments); n > 0 {
		segments := slices.Clone(t.segments)
		if last := &segments[n-1]; last.wild {
			last.suffix = t.verb
		} else {
			*last = literal(last.literal + t.verb)
		}
		all = append(all, shape{segments: segments})
	}
	if t.deep {
		all = append(all, shape{segments: append(slices.Clone(t.segments), wildcard(t.verb)), rest: true})
	}
	return all
}
