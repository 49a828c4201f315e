package docs_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/testutil"
)

// A page is read from top to bottom: the latest matrix is in access.yaml; a token is
// its header and its claims, and claims alone change the latest token for one run of
// the program. A page may leave out what a run prints, but may not invent it.
func TestEveryExplanationIsReal(t *testing.T) {
	program := build(t)
	for _, p := range pages(t) {
		t.Run(p.name, func(t *testing.T) {
			s := story{dir: t.TempDir(), program: program}
			for _, b := range p.blocks {
				switch {
				case b.isMatrix():
					s.write(t, "access.yaml", []byte(b.text))
				case b.language == "json":
					s.token(t, b.text)
				case b.language == "console" && strings.HasPrefix(b.text, "$ grpcaud explain "):
					s.explain(t, b.text)
				}
			}
		})
	}
}

// built is the folder of the program that the tests build, until they end.
var built string

func TestMain(m *testing.M) {
	var err error
	if built, err = os.MkdirTemp("", "grpcaud-docs-*"); err != nil {
		panic(err)
	}
	defer os.RemoveAll(built)
	m.Run()
}

// build returns the path of the program.
func build(t *testing.T) string {
	t.Helper()
	program, err := buildOnce()
	if err != nil {
		t.Fatal(err)
	}
	return program
}

// buildOnce builds the program. It opens every folder of the tree: the go command uses a
// cached result of a test while the files that the test opened are unchanged, and it does not
// know what go build opens.
var buildOnce = sync.OnceValues(func() (string, error) {
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && len(d.Name()) > 2 && strings.HasPrefix(d.Name(), ".") {
			return filepath.SkipDir
		}
		return err
	})
	if err != nil {
		return "", err
	}
	program := filepath.Join(built, "grpcaud")
	if out, err := exec.Command("go", "build", "-o", program, "../cmd/grpcaud").CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return program, nil
})

// story is the state of a page while it is read.
type story struct {
	dir, program   string
	header, claims testutil.Claims // of the latest token
	changes        testutil.Claims // to its claims, until the next run
}

func (s *story) write(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func (s *story) token(t *testing.T, text string) {
	t.Helper()
	var objects []testutil.Claims
	for d := json.NewDecoder(strings.NewReader(text)); ; {
		var object testutil.Claims
		if err := d.Decode(&object); err == io.EOF {
			break
		} else if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		objects = append(objects, object)
	}
	switch len(objects) {
	case 1:
		s.changes = objects[0]
	case 2:
		s.header, s.claims, s.changes = objects[0], objects[1], nil
	default:
		t.Fatalf("got %d objects, want claims, or a header and claims:\n%s", len(objects), text)
	}
}

// explain runs a command and looks for each line that is below it on the page.
func (s *story) explain(t *testing.T, text string) {
	t.Helper()
	s.sign(t)
	command, shown, _ := strings.Cut(strings.TrimSuffix(text, "\n"), "\n")
	args, _, _ := strings.Cut(strings.TrimPrefix(command, "$ grpcaud "), " < token")
	run := exec.CommandContext(t.Context(), s.program, append(strings.Fields(args), "--token-file=token", "--jwks=keys.json", "--offline")...)
	run.Dir = s.dir
	out, err := run.CombinedOutput()
	if _, answered := errors.AsType[*exec.ExitError](err); err != nil && !answered {
		t.Fatal(err)
	}
	rest := words(string(out))
	for line := range strings.SplitSeq(shown, "\n") {
		if line == "…" {
			continue
		}
		_, after, found := strings.Cut(rest, words(line))
		if !found {
			t.Fatalf("%s\ndoes not print %q, but\n%s", command, line, out)
		}
		rest = after
	}
}

// words returns a text with single spaces.
func words(text string) string { return strings.Join(strings.Fields(text), " ") }

// issuedNow returns the claims of the latest token as if it were issued now.
func (s *story) issuedNow() testutil.Claims {
	claims := maps.Clone(s.claims)
	age := time.Now().Unix() - int64(claims["iat"].(float64))
	for _, name := range []string{"iat", "nbf", "exp", "auth_time"} {
		if at, ok := claims[name].(float64); ok {
			claims[name] = int64(at) + age
		}
	}
	return claims
}

// sign writes the token, issued now, and the keys of its issuer.
func (s *story) sign(t *testing.T) {
	t.Helper()
	claims := s.issuedNow()
	maps.Copy(claims, s.changes)
	s.changes = nil
	issuer := testutil.NewIssuer(s.claims["iss"].(string))
	s.write(t, "token", []byte(issuer.Mint(claims, testutil.Header("typ", s.header["typ"]))))
	response, err := (&http.Client{Transport: issuer.Transport()}).Get(strings.TrimSuffix(issuer.URL(), "/") + string(testutil.JWKS))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	keys, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	s.write(t, "keys.json", keys)
}
