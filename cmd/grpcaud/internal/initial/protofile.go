package initial

import (
	"fmt"
	"strconv"
	"strings"
)

// ReadProto returns the services that the text of a .proto file declares. It reads the
// package, the option go_package, services and methods, and skips everything else: imports
// are not needed for the names. What it does not understand is an error with its line.
func ReadProto(name, text string) ([]Service, error) {
	r := &protoReader{text: text, line: 1, declared: map[string]bool{}}
	r.next()
	for r.err == nil && r.token != "" {
		r.declaration()
	}
	if r.err != nil {
		return nil, fmt.Errorf("%s:%d: %w; a descriptor set works as well: protoc --descriptor_set_out=set.binpb --include_imports %s, or buf build -o set.binpb", name, r.line, r.err, name)
	}
	for i := range r.services {
		r.services[i].Package, r.services[i].GoPackage = r.pkg, r.goPackage
	}
	return r.services, nil
}

// protoReader reads a .proto file, token by token. After an error, every token is empty.
type protoReader struct {
	text  string // that is not read yet
	token string // empty at the end; a string begins with its quote
	line  int
	err   error

	pkg, goPackage string
	services       []Service
	declared       map[string]bool // the names of the services
}

// fail keeps the first error.
func (r *protoReader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
	r.token, r.text = "", ""
}

// declaration reads one declaration at the top of the file.
func (r *protoReader) declaration() {
	switch keyword := r.take(); keyword {
	case ";", "export", "local": // the last two are before a message or an enum, since edition 2024
	case "package":
		var b strings.Builder
		for r.token != ";" && r.token != "" {
			b.WriteString(r.take())
		}
		r.pkg = b.String()
		r.want(";")
	case "option":
		if r.token == "go_package" {
			r.take()
			r.want("=")
			r.goPackage = r.quoted()
		}
		r.skip()
	case "service":
		r.service()
	case "syntax", "edition", "import":
		r.skip()
	case "message", "enum", "extend":
		r.skip()
	default:
		r.fail("want a declaration of a .proto file, got %.40q", keyword)
	}
}

// service reads a service after its keyword.
func (r *protoReader) service() {
	s := Service{Short: r.name()}
	r.want("{")
	for r.token != "}" && r.err == nil {
		switch keyword := r.take(); keyword {
		case ";":
		case "rpc":
			s.Methods = append(s.Methods, r.name())
			r.skip()
		case "option", "stream":
			r.skip()
		default:
			r.fail("service %s: want rpc or option, got %.40q", s.Short, keyword)
		}
	}
	r.want("}")
	if r.declared[s.Short] {
		r.fail("service %s is declared twice", s.Short)
	}
	r.declared[s.Short] = true
	r.services = append(r.services, s)
}

// name takes an identifier.
func (r *protoReader) name() string {
	if r.token == "" || !identifier(rune(r.token[0])) || r.token[0] <= '9' {
		r.fail("want a name, got %.40q", r.token)
	}
	return r.take()
}

// quoted takes a string.
func (r *protoReader) quoted() string {
	token := r.take()
	if len(token) < 2 {
		r.fail("want a string, got %.40q", token)
		return ""
	}
	inner := token[1 : len(token)-1]
	if token[0] == '\'' {
		inner = strings.ReplaceAll(inner, `"`, `\"`)
	}
	text, err := strconv.Unquote(`"` + inner + `"`)
	if err != nil {
		r.fail("want a string, got %.40q", token)
	}
	return text
}

// want takes this token.
func (r *protoReader) want(token string) {
	if r.token != token {
		r.fail("want %q, got %.40q", token, r.token)
		return
	}
	r.take()
}

// skip takes everything to the end of a declaration: a semicolon, or a block in braces.
func (r *protoReader) skip() {
	var open []string
	closing := map[string]string{"{": "}", "[": "]", "(": ")"}
	assigned := false // as in option (x) = {…};, whose block ends in a semicolon
	for r.err == nil {
		token := r.take()
		switch {
		case token == "":
			r.fail("the file ends within a declaration")
		case closing[token] != "":
			open = append(open, closing[token])
		case strings.Contains("}])", token):
			if len(open) == 0 || open[len(open)-1] != token {
				r.fail("a %q that nothing opens", token)
				return
			}
			open = open[:len(open)-1]
			if token == "}" && len(open) == 0 && !assigned {
				return
			}
		case token == "=" && len(open) == 0:
			assigned = true
		case token == ";" && len(open) == 0:
			return
		}
	}
}

// take returns the token, and reads the next.
func (r *protoReader) take() string {
	token := r.token
	r.next()
	return token
}

// next reads the next token.
func (r *protoReader) next() {
	r.blank()
	if r.text == "" {
		r.token = ""
		return
	}
	end := 1
	switch c := rune(r.text[0]); {
	case c == '"' || c == '\'':
		for end < len(r.text) && rune(r.text[end]) != c && r.text[end] != '\n' {
			if r.text[end] == '\\' {
				end++
			}
			end++
		}
		if end >= len(r.text) || rune(r.text[end]) != c {
			r.fail("a string that does not end")
			return
		}
		end++
	case identifier(c):
		for end < len(r.text) && identifier(rune(r.text[end])) {
			end++
		}
	}
	r.token, r.text = r.text[:end], r.text[end:]
}

// blank skips white space and comments.
func (r *protoReader) blank() {
	for r.text != "" {
		n := 0
		switch {
		case strings.ContainsRune(" \t\r\n\f\v\ufeff", firstRune(r.text)):
			n = len(string(firstRune(r.text)))
		case strings.HasPrefix(r.text, "//"):
			if n = strings.IndexByte(r.text, '\n'); n < 0 {
				n = len(r.text)
			}
		case strings.HasPrefix(r.text, "/*"):
			end := strings.Index(r.text[2:], "*/")
			if end < 0 {
				r.fail("a comment that does not end")
				return
			}
			n = end + len("/**/")
		default:
			return
		}
		r.line += strings.Count(r.text[:n], "\n")
		r.text = r.text[n:]
	}
}

func firstRune(text string) rune {
	for _, r := range text {
		return r
	}
	return 0
}

// identifier reports whether c can be in an identifier.
func identifier(c rune) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}
