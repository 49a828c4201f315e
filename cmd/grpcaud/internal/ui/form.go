package ui

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"time"
)

// maxRest is how much of a form that is too large is read before the answer, in bytes, so
// that a browser reads the answer. maxForm bounds what is kept.
const (
	maxForm = 1 << 20
	maxRest = 64 << 20
)

var (
	errLarge = errors.New("the form is too large")
	errForm  = errors.New("the request is no form of this page")
)

// readForm returns a field of a form of this page. A field that is there twice, or beside
// others, is an error.
func readForm(w http.ResponseWriter, r *http.Request, field string) (string, error) {
	limitReading(w)
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return "", errForm
	}
	data, err := io.ReadAll(io.LimitReader(r.Body, maxForm+1))
	switch {
	case err != nil:
		return "", errForm
	case len(data) > maxForm:
		skipRest(r)
		return "", errLarge
	}
	values, err := url.ParseQuery(string(data))
	if err != nil || len(values) != 1 || len(values[field]) != 1 {
		return "", errForm
	}
	return values.Get(field), nil
}

// limitReading gives a request half a minute to arrive.
func limitReading(w http.ResponseWriter) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(30 * time.Second)) // which every connection can
}

// skipRest reads what is left of a request.
func skipRest(r *http.Request) { _, _ = io.Copy(io.Discard, io.LimitReader(r.Body, maxRest)) }
