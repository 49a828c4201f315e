package dev

import (
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
)

// Write writes what the user of the issuers needs: lines for a shell, with comments. It is
// the only place that shows the secrets, which are made for this process alone.
func (s *Server) Write(p *output.Page) {
	m := s.issuers.Policy().Matrix()
	for _, name := range slices.Sorted(maps.Keys(m.Issuers)) {
		p.Printf("# issuer %s: %s\n", output.Printable(name), m.Issuers[name].URL)
	}
	for _, u := range s.options.Users {
		p.Printf("# user %s%s\n", output.Printable(u.Name), output.Printable(rolesText(u.Roles)))
	}
	if len(s.options.Users) > 0 {
		p.Printf("# Users log in at /authorize of an issuer, by authorization code with PKCE.\n")
	}
	p.Printf("# Rotate the keys: kill -HUP %d, or curl -X POST http://%s/rotate\n", os.Getpid(), s.plain.Addr())
	p.Printf("\n# Programs read this file in the place of %s:\n#   %s\n", output.Printable(s.options.Path), output.Printable(s.options.Output))
	if lines := s.exports(nil); len(lines) > 0 {
		p.Printf("\n# The clients' secrets, for each terminal:\n%s\n", strings.Join(lines, "\n"))
	}
	s.writeExamples(p)
	p.Printf("\n# %s is followed. Interrupt to end.\n", output.Printable(s.options.Path))
}

// rolesText returns the roles of a user, to follow the name.
func rolesText(roles []string) string {
	if len(roles) == 0 {
		return ", without roles"
	}
	return ", roles: " + strings.Join(roles, ", ")
}

// writeExamples writes the calls to try.
func (s *Server) writeExamples(p *output.Page) {
	yes, no := s.examples()
	if yes.client == "" && !s.hasGRPC() {
		p.Printf("\n# Every service is called over HTTP alone: grpcaud token %s gives their clients tokens.\n", output.ShellWord(s.options.Output))
		return
	}
	if yes.client == "" {
		s.writeNoExample(p)
		return
	}
	flags := ""
	if s.certificates.used() {
		flags = " --issuer-ca " + output.ShellWord(s.certificates.authority())
	}
	p.Printf("\n# A server of %s: yours, or\n", output.Printable(yes.service))
	p.Printf("grpcaud serve %s --service %s --addr %s --plaintext\n", output.ShellWord(s.options.Output), output.ShellWord(yes.service), exampleAddr)
	if yes.method == anyMethod {
		p.Printf("\n# %s names no method of %s: write one of yours in the place of %s.\n", output.Printable(s.options.Path), output.Printable(yes.service), anyMethod)
	}
	p.Printf("\n# A call of it that is admitted:\n%s\n", yes.line(s.options.Output, flags))
	if no.client != "" {
		p.Printf("\n# A call that is refused:\n%s\n", no.line(s.options.Output, flags))
	} else {
		p.Printf("\n# No call to refuse: every client may call every method of %s that the matrix names.\n", output.Printable(yes.service))
	}
}

// writeNoExample says why there is no call to try.
func (s *Server) writeNoExample(p *output.Page) {
	path := output.Printable(s.options.Path)
	switch {
	case !s.forUsers():
		p.Printf("\n# No client may call a service yet: open a method in %s.\n", path)
	case len(s.options.Users) == 0:
		p.Printf("\n# Each open method is for users, who log in at a client: begin again with --user.\n")
	default:
		p.Printf("\n# Each open method is for users, who log in at a client: a program of yours, as in docs/client.md.\n")
	}
}

// WriteNewSecrets writes the secrets that came after before, which are the secrets at some
// time.
func (s *Server) WriteNewSecrets(p *output.Page, before map[string]string) {
	for _, line := range s.exports(before) {
		p.Printf("%s\n", line)
	}
}

// Secrets returns the secrets as they are now, by environment variable.
func (s *Server) Secrets() map[string]string { return s.issuers.Environment() }

// exports returns a line for each secret that is not known yet.
func (s *Server) exports(known map[string]string) []string {
	format := "export %s=%s"
	if runtime.GOOS == "windows" {
		format = `$env:%s = "%s"`
	}
	env := s.issuers.Environment()
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(env)) {
		if known[name] != env[name] {
			lines = append(lines, fmt.Sprintf(format, name, env[name]))
		}
	}
	if s.certificates.used() && known == nil {
		lines = append(lines, "# for clients with certificates, on Linux:", fmt.Sprintf(format, "SSL_CERT_FILE", output.ShellWord(s.certificates.authority())))
	}
	return lines
}
