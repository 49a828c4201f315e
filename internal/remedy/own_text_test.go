package remedy_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/internal/remedy"
)

// closedLists returns the causes and the reasons, as the source of package audience has
// them.
func closedLists(t *testing.T) (causes []audience.Cause, reasons []audience.Reason) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../../audience/reason.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		of, _ := spec.Type.(*ast.Ident)
		value, _ := spec.Values[0].(*ast.BasicLit)
		if of == nil || value == nil {
			return true
		}
		text, err := strconv.Unquote(value.Value)
		if err != nil {
			t.Fatal(err)
		}
		switch of.Name {
		case "Cause":
			causes = append(causes, audience.Cause(text))
		case "Reason":
			reasons = append(reasons, audience.Reason(text))
		}
		return true
	})
	if len(causes) < 40 || len(reasons) < 15 {
		t.Fatalf("%d causes and %d reasons were found", len(causes), len(reasons))
	}
	return causes, reasons
}

// TestOwnTextsAreKnown shows that every cause and every reason is recognised, in each
// form in which this module writes it.
func TestOwnTextsAreKnown(t *testing.T) {
	causes, reasons := closedLists(t)
	about := func(text string) remedy.About {
		t.Helper()
		m, ok := remedy.Recognise(text)
		if !ok || m.Stack != "grpcaud" || m.Means == "" || m.Look == "" {
			t.Errorf("Recognise(%q) = %+v, %t", text, m, ok)
		}
		return m.About
	}
	for _, c := range causes {
		bare := about(string(c))
		for _, text := range []string{
			(&audience.Refusal{Cause: c, Got: "plaintext", Want: "TLS", Hint: "x"}).Error(),
			fmt.Sprintf(`level=WARN msg="call refused" reason=%s cause=%s code=Unauthenticated`, c.Reason(), string(c)),
			fmt.Sprintf(`{"msg":"call refused","cause":"%s","reason":"%s"}`, string(c), c.Reason()),
			fmt.Sprintf("err=%q", c.Error()),
		} {
			if got := about(text); got != bare {
				t.Errorf("%q is about %s, and %s about %s", text, got, c, bare)
			}
		}
	}
	for _, r := range reasons {
		bare := about(string(r))
		for _, text := range []string{
			r.Phrase(),
			fmt.Sprintf("rpc error: code = Unauthenticated desc = %s", r.Phrase()),
			fmt.Sprintf("%s (%s, request ABC)", r.Phrase(), r),
			fmt.Sprintf("%s; reason %s", r.Phrase(), r),
			fmt.Sprintf("%s: %s; reason %s, error %s", r.Status(), r.Phrase(), r, r.Challenge()),
			fmt.Sprintf("%s: %s", r.Status(), r.Phrase()),
			fmt.Sprintf("ERROR:\n  Code: Unauthenticated\n  Message: %s\n", r.Phrase()),
		} {
			if got := about(text); got != bare {
				t.Errorf("%q is about %s, and %s about %s", text, got, r, bare)
			}
		}
	}
}

// TestOwnTextsAreNotGuessed shows that a word of the lists inside another text, or a
// phrase inside another sentence, is not taken for a text of this module.
func TestOwnTextsAreNotGuessed(t *testing.T) {
	for _, text := range []string{
		"ACCESS_TOKEN_EXPIRED_OR_SO", "the certificate has EXPIRED", "licence REVOKED", "the access token expired", "we have no token for the call of today", "EXPIREDISH",
		strings.ToLower(string(audience.CauseKeyUnknown)),
	} {
		if m, ok := remedy.Recognise(text); ok && m.Stack == "grpcaud" {
			t.Errorf("Recognise(%q) = %+v", text, m)
		}
	}
}
