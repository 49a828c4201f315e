package tokenrequest

import (
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/cli"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/explain"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/files"
	"github.com/grpcaud/grpcaud/tokensource"
)

// Subject is the token of a caller, to be exchanged for one with another audience (RFC
// 8693). The zero value is none.
type Subject struct {
	Token  tokensource.Token
	Issuer string // its URL
}

// SubjectFlags are the flags that name a subject.
type SubjectFlags struct {
	flag   string // that names the file
	file   string // empty for none
	issuer string // its name in the matrix; empty if the token says it
}

// Flags adds the flags to cmd. flag names the file, and usage describes it.
func (f *SubjectFlags) Flags(cmd *cobra.Command, flag, usage string) {
	f.flag = flag
	cmd.Flags().StringVar(&f.file, flag, "", usage+"; - is standard input")
	cmd.Flags().StringVar(&f.issuer, "subject-issuer", "", "the issuer of the file that made the token in --"+flag+", if that is opaque and does not say so")
	cli.Complete(cmd, "subject-issuer", cli.FromMatrix(files.IssuerNames))
}

// Given reports whether there is a subject.
func (f *SubjectFlags) Given() bool { return f.file != "" }

// Read reads the subject; without a file it is the zero value.
func (f *SubjectFlags) Read(cmd *cobra.Command, m access.Matrix) (Subject, error) {
	switch {
	case f.file == "" && f.issuer != "":
		return Subject{}, fmt.Errorf("--subject-issuer is the issuer of the token in --%s, which is missing", f.flag)
	case f.file == "":
		return Subject{}, nil
	}
	named := ""
	if f.issuer != "" {
		if err := files.CheckName("issuer", f.issuer, maps.Keys(m.Issuers)); err != nil {
			return Subject{}, err
		}
		named = m.Issuers[f.issuer].URL
	}
	text, err := ReadToken(cmd, f.file)
	if err != nil {
		return Subject{}, err
	}
	says, _ := explain.Decode(text).Claims["iss"].(string)
	switch {
	case says == "" && named == "":
		return Subject{}, fmt.Errorf("%s: the token does not say which issuer made it; name that issuer of the file with --subject-issuer", f.file)
	case says == "":
		says = named
	case named != "" && says != named:
		return Subject{}, fmt.Errorf("%s: the token says that %q made it, and not %q, the issuer %s of the file: leave out --subject-issuer", f.file, says, named, f.issuer)
	}
	return Subject{tokensource.NewToken(text, time.Time{}), says}, nil
}

// ReadToken reads the token in the file at path; a dash is standard input.
func ReadToken(cmd *cobra.Command, path string) (string, error) {
	text, err := files.ReadInput(cmd, path, "token", explain.MaxInput)
	if err != nil {
		return "", err
	}
	token, _ := explain.CleanToken(string(text))
	switch {
	case token == "":
		return "", fmt.Errorf("%s: no token in it", path)
	case strings.ContainsFunc(token, func(r rune) bool { return r < '!' || r > '~' }):
		return "", fmt.Errorf("%s: not a token: it has characters that no header can carry", path)
	}
	return token, nil
}
