package draw

import (
	"strings"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
)

// Write writes d in one of the formats of the command.
func (d *Drawing) Write(p *output.Page, format string) {
	switch format {
	case "markdown":
		d.markdown(p)
	case "mermaid":
		d.mermaid(p)
	case "dot":
		d.dot(p)
	case "html":
		d.html(p)
	case "json":
		p.JSON(d)
	default:
		d.table(p)
	}
}

func (d *Drawing) table(p *output.Page) {
	for i, s := range d.Services {
		if i > 0 {
			p.Printf("\n")
		}
		p.Printf("%s  %s\n", p.Colour(output.Bold, output.Printable(s.Name)), p.Colour(output.Faint, s.about()))
		if words := s.inWords(); words != "" {
			p.Printf("  %s\n", words)
		}
		for _, remark := range s.Remarks {
			p.Printf("  %s\n", p.Colour(output.Doubt, output.Printable(remark)))
		}
		if len(s.Allow) == 0 {
			continue
		}
		rows := [][]string{{"clients", "methods", "the token needs"}}
		for _, e := range s.Allow {
			rows = append(rows, []string{output.Few(e.clientNames()), output.Few(e.methodNames()), e.demands.String()})
		}
		columns(rows, s.entryPurposes())
		headed(p, "  ", rows)
	}
	if len(d.Clients) > 0 {
		p.Printf("\n")
		headed(p, "", d.clientTable())
	}
	if len(d.Public) > 0 {
		p.Printf("\n%s  %s\n", p.Colour(output.Bold, "public"), output.List(d.Public))
	}
}

// headed writes a table whose first row has the titles.
func headed(p *output.Page, indent string, rows [][]string) {
	titles := make([]string, len(rows[0]))
	for i, title := range rows[0] {
		titles[i] = strings.ToUpper(title)
	}
	rows[0] = p.Header(titles...)
	p.Table(indent, rows)
}

// about names the audiences, the issuers, the gRPC services and the operations of s.
func (s service) about() string {
	about := "audience " + output.Join(s.Audiences, " or ")
	if len(s.Issuers) > 0 {
		about += ", issuer " + output.Join(s.Issuers, " or ")
	}
	if len(s.GRPC) > 0 {
		about += ", gRPC " + output.List(s.GRPC)
	}
	if len(s.HTTP) > 0 {
		about += ", HTTP " + output.Few(s.HTTP)
	}
	return about
}
