package review

import "go.yaml.in/yaml/v3"

// piece is one item of a list or one pair of a mapping in flow style, such as [a, b].
type piece struct {
	lead     int // where the comments above it begin
	from, to int // without comments and white space around it
	comma    int // where the comma behind it is; -1 if there is none
	next     int // behind the comma and a comment on its line
}

// flowItems returns the pieces of a list in flow style, one for each item.
func (d *document) flowItems(list *yaml.Node) ([]piece, error) {
	at, err := d.offset(list)
	if err != nil {
		return nil, err
	}
	all, err := d.pieces(at)
	if err != nil || len(all) != len(list.Content) {
		return nil, errForm
	}
	return all, nil
}

// pieces returns the pieces of a list or a mapping that begins at an offset.
func (d *document) pieces(open int) ([]piece, error) {
	if d.data[open] != '[' && d.data[open] != '{' {
		return nil, errForm
	}
	none := piece{lead: -1, from: -1, comma: -1}
	var all []piece
	depth, current, behind := 0, none, open+1
	for i := open + 1; i < len(d.data); i++ {
		switch c := d.data[i]; {
		case isBlank(c):
		case c == '#' && isBlank(d.data[i-1]):
			if i >= behind {
				current.begin(i)
			}
			i = d.endOfLine(i) - 1
		case (c == ']' || c == '}') && depth == 0:
			if current.from >= 0 {
				all = append(all, current)
			}
			return all, nil
		case c == ',' && depth == 0:
			current.comma, current.next = i, d.behindComma(i)
			all, current, behind = append(all, current), none, current.next
		default:
			current.begin(i)
			if current.from < 0 {
				current.from = i
			}
			i, depth = d.token(i, open, depth)
			current.to = i + 1
		}
	}
	return nil, errForm
}

// begin notes where a piece, or a comment above it, begins.
func (p *piece) begin(at int) {
	if p.lead < 0 {
		p.lead = at
	}
}

// token returns where the character or the quoted text at i ends, and how deep the text is
// nested behind it.
func (d *document) token(i, open, depth int) (end, nested int) {
	switch c := d.data[i]; {
	case c == '[' || c == '{':
		return i, depth + 1
	case c == ']' || c == '}':
		return i, depth - 1
	case (c == '"' || c == '\'') && d.beginsToken(i, open):
		return d.endOfQuotes(i), depth
	default:
		return i, depth
	}
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

func (d *document) endOfLine(i int) int {
	for i < len(d.data) && d.data[i] != '\n' && d.data[i] != '\r' {
		i++
	}
	return i
}

// behindComma returns what follows a comma and the comment on its line, if there is one.
func (d *document) behindComma(comma int) int {
	i := comma + 1
	for i < len(d.data) && (d.data[i] == ' ' || d.data[i] == '\t') {
		i++
	}
	if i > comma+1 && i < len(d.data) && d.data[i] == '#' {
		return d.endOfLine(i)
	}
	return comma + 1
}

// beginsToken reports whether a quote begins a text: inside of a plain one it is a letter.
func (d *document) beginsToken(i, open int) bool {
	for i--; i > open && isBlank(d.data[i]); i-- {
	}
	c := d.data[i]
	return c == '[' || c == '{' || c == ',' || c == ':'
}

// endOfQuotes returns where the text that begins with a quote ends.
func (d *document) endOfQuotes(i int) int {
	quote := d.data[i]
	for i++; i < len(d.data); i++ {
		switch {
		case quote == '"' && d.data[i] == '\\':
			i++
		case d.data[i] != quote:
		case quote == '\'' && i+1 < len(d.data) && d.data[i+1] == quote:
			i++
		default:
			return i
		}
	}
	return len(d.data) - 1
}

// without removes pieces, of which some stay, with their comments.
func without(all []piece, gone func(int) bool) []edit {
	var edits []edit
	for i := 0; i < len(all); i++ {
		if !gone(i) {
			continue
		}
		end := i
		for end < len(all) && gone(end) {
			end++
		}
		switch {
		case end < len(all):
			edits = append(edits, edit{from: all[i].lead, to: all[end].lead})
		case all[i-1].next > all[i-1].comma+1: // the comment of the one before stays
			edits = append(edits, edit{from: all[i-1].comma, to: all[i-1].comma + 1}, edit{from: all[i].lead, to: all[end-1].to})
		default:
			edits = append(edits, edit{from: all[i-1].to, to: all[end-1].to})
		}
		i = end
	}
	return edits
}
