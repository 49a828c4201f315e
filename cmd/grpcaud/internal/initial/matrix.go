package initial

import (
	"bytes"
	_ "embed"
	"slices"
	"strconv"
	"strings"
	"text/template"
)

//go:embed access.yaml.tmpl
var matrixText string

var matrixTemplate = template.Must(template.New("access.yaml").Funcs(template.FuncMap{"plain": plain}).Parse(matrixText))

// Matrix returns a first access matrix of services that [Sort] has named. Every method is
// closed. Source says where the services are from.
func Matrix(source string, services []Service) []byte {
	method := "Get"
	if i := slices.IndexFunc(services, func(s Service) bool { return len(s.Methods) > 0 }); i >= 0 {
		method = services[i].Methods[0]
	}
	var b bytes.Buffer
	if err := matrixTemplate.Execute(&b, map[string]any{"Source": oneLine(source), "Services": services, "Method": method}); err != nil {
		panic(err) // the template does not fit the data
	}
	return b.Bytes()
}

// plain returns a name as YAML writes it: quoted where it would mean something else, as
// true, 1e3 and 2026-01-01 do.
func plain(name string) string {
	if name[0] <= '9' || slices.Contains([]string{"true", "false", "yes", "no", "on", "off", "y", "n", "null"}, strings.ToLower(name)) {
		return strconv.Quote(name)
	}
	return name
}

// oneLine returns text for a comment.
func oneLine(text string) string { return strings.Trim(strconv.Quote(text), `"`) }
