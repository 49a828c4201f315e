package draw

import "github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"

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
		titles := []string{"CLIENTS", "METHODS", "THE TOKEN NEEDS"}
		if s.said() {
			titles = append(titles, "REVIEW BY", "OWNER", "WHY")
		}
		rows := [][]string{p.Header(titles...)}
		for _, e := range s.Allow {
			row := []string{output.Few(e.clientNames()), output.Few(e.methodNames()), e.demands.String(), e.ReviewBy, output.Printable(e.Owner), output.Printable(e.Why)}
			rows = append(rows, row[:len(titles)])
		}
		p.Table("  ", rows)
	}
	if len(d.Clients) > 0 {
		rows := [][]string{p.Header("CLIENT", "REVIEW BY", "OWNER", "WHY")}
		for _, c := range d.Clients {
			rows = append(rows, []string{output.Printable(c.Name), c.ReviewBy, output.Printable(c.Owner), output.Printable(c.Why)})
		}
		p.Printf("\n")
		p.Table("", rows)
	}
	if len(d.Public) > 0 {
		p.Printf("\n%s  %s\n", p.Colour(output.Bold, "public"), output.List(d.Public))
	}
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
