package decision

// name reads a text that comes again and again.
func (p *parser) name(to *string) bool {
	text, ok := p.text()
	if ok {
		*to = p.kept(text)
	}
	return ok
}

// list reads a list of texts that come again and again.
func (p *parser) list(to *[]string) bool {
	if !p.next('[') {
		return false
	}
	for first := true; !p.next(']'); first = false {
		if !first && !p.next(',') {
			return false
		}
		text, ok := p.text()
		if !ok {
			return false
		}
		*to = append(*to, p.kept(text))
	}
	return true
}

// kept returns text as a string, without a new copy if it has come before.
func (p *parser) kept(text []byte) string {
	if known, ok := p.names[string(text)]; ok {
		return known
	}
	name := string(text)
	if len(p.names) < maxNames && len(name) <= maxNameSize {
		p.names[name] = name
	}
	return name
}

// maxNameSize is the size of the longest text that is kept to be used again, in bytes.
const maxNameSize = 256
