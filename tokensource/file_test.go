package tokensource_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/tokensource"
)

// projected returns a JWT for audience with a lifetime of d from now.
func projected(audience, id string, d time.Duration) string {
	return jwt(fmt.Sprintf(`{"aud":[%q],"iat":%d,"exp":%d,"jti":%q}`, audience, time.Now().Unix(), time.Now().Add(d).Unix(), id))
}

// volume is a directory in the form of a projected volume of Kubernetes: token is a
// link into ..data, which is a link to a directory that never changes.
type volume string

func (v volume) path() string { return filepath.Join(string(v), "token") }

func (v volume) write(t *testing.T, text string) {
	t.Helper()
	dir, err := os.MkdirTemp(string(v), "..2026_")
	if err != nil {
		t.Fatal(err)
	}
	swap := filepath.Join(string(v), "..data_tmp")
	for _, err := range []error{
		os.WriteFile(filepath.Join(dir, "token"), []byte(text), 0o644),
		os.Symlink(filepath.Base(dir), swap),
		os.Rename(swap, filepath.Join(string(v), "..data")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join("..data", "token"), v.path()); err != nil && !errors.Is(err, fs.ErrExist) {
		t.Fatal(err)
	}
}

func newFile(t *testing.T, path string, opts ...tokensource.Option) *tokensource.Cache {
	t.Helper()
	s, err := tokensource.NewFile(path, append(opts, silent)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// look requests a token now, and again after the file has been read.
func look(t *testing.T, s *tokensource.Cache) (tokensource.Token, error) {
	t.Helper()
	_, _ = s.Token(t.Context(), orders)
	synctest.Wait()
	return s.Token(t.Context(), orders)
}

func TestFileIsReadEverySecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := volume(t.TempDir())
		s := newFile(t, v.path())
		if _, err := s.Token(t.Context(), orders); !errors.Is(err, tokensource.ErrUnavailable) || !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), v.path()) {
			t.Errorf("no file: got %v, want ErrUnavailable and the path", err)
		}
		first := projected("order-status", "1", time.Hour)
		v.write(t, " "+first+"\r\n\n")
		time.Sleep(time.Second)
		token := must(t, s, orders)
		if token.Reveal() != first || time.Until(token.Expiry()) != time.Hour-time.Second {
			t.Errorf("got %q until %v, want the file's until its exp", token.Reveal(), token.Expiry())
		}
		second := projected("order-status", "2", time.Hour)
		v.write(t, second)
		if must(t, s, orders).Reveal() != first {
			t.Error("the file is read more than once a second")
		}
		time.Sleep(time.Second)
		asked := time.Now()
		if token, err := look(t, s); err != nil || token.Reveal() != second || time.Since(asked) != 0 {
			t.Errorf("swapped: got %q, %v after %v, want the new one at once", token.Reveal(), err, time.Since(asked))
		}
	})
}

func TestUnusableFileLeavesTheOldTokenInUse(t *testing.T) {
	whole := jwt(`{"aud":"order-status","jti":"other"}`)
	for name, row := range map[string]struct {
		text string
		want error // when the old token has ended
	}{
		"empty":            {"", tokensource.ErrUnavailable},
		"only a newline":   {"\n", tokensource.ErrUnavailable},
		"no bearer token":  {"to ken", tokensource.ErrUnavailable},
		"cut in payload":   {whole[:len(whole)/2], tokensource.ErrUnavailable},
		"cut at signature": {whole[:strings.LastIndex(whole, ".")+1], tokensource.ErrUnavailable},
		"too large":        {strings.Repeat("a", 65<<10), tokensource.ErrUnavailable},
		"large":            {strings.Repeat("a", 17<<10), tokensource.ErrUnavailable},
		"ended":            {jwt(`{"aud":"order-status","exp":1}`), tokensource.ErrUnavailable},
		"another audience": {jwt(`{"aud":"human-resource"}`), tokensource.ErrMismatch},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := volume(t.TempDir())
				first := projected("order-status", "1", 10*time.Minute)
				v.write(t, first)
				s, begin := newFile(t, v.path()), time.Now()
				must(t, s, orders)
				v.write(t, row.text)
				for ; time.Since(begin) < 9*time.Minute+30*time.Second; time.Sleep(time.Second / 2) {
					if token, err := s.Token(t.Context(), orders); err != nil || token.Reveal() != first {
						t.Fatalf("after %v: got %q, %v", time.Since(begin), token.Reveal(), err)
					}
				}
				if _, err := s.Token(t.Context(), orders); !errors.Is(err, row.want) {
					t.Errorf("30 s before the end: got %v, want %v", err, row.want)
				}
				last := projected("order-status", "2", time.Hour)
				v.write(t, last)
				time.Sleep(time.Second)
				if token, err := s.Token(t.Context(), orders); err != nil || token.Reveal() != last {
					t.Errorf("mended: got %q, %v", token.Reveal(), err)
				}
			})
		})
	}
}

// TestFileCutInSignatureIsNotUsed shows that a prefix of the token before is recognised
// as such.
func TestFileCutInSignatureIsNotUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := volume(t.TempDir())
		first := projected("order-status", "1", time.Hour)
		v.write(t, first)
		s := newFile(t, v.path())
		must(t, s, orders)
		v.write(t, first[:len(first)-4])
		time.Sleep(time.Second)
		if token, err := look(t, s); err != nil || token.Reveal() != first {
			t.Errorf("got %q, %v, want the whole token", token.Reveal(), err)
		}
	})
}

// TestTokenOfAFileExpires30sEarly shows it also for a process that has just started.
func TestTokenOfAFileExpires30sEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := volume(t.TempDir())
		v.write(t, projected("order-status", "1", time.Hour))
		s := newFile(t, v.path())
		must(t, s, orders)
		time.Sleep(time.Hour - 31*time.Second)
		must(t, s, orders)
		if _, err := look(t, s); err != nil {
			t.Errorf("31 s before: %v", err)
		}
		time.Sleep(time.Second)
		for name, s := range map[string]*tokensource.Cache{"old": s, "new": newFile(t, v.path())} {
			if _, err := s.Token(t.Context(), orders); !errors.Is(err, tokensource.ErrUnavailable) {
				t.Errorf("%s source, 30 s before the end: got %v, want ErrUnavailable", name, err)
			}
		}
	})
}

func TestOpaqueTokenOfAFileEnds5minAfterTheLastRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "token")
		if err := os.WriteFile(path, []byte("opaque\n"), 0o666); err != nil {
			t.Fatal(err)
		}
		s, begin := newFile(t, path), time.Now()
		for ; time.Since(begin) < time.Hour; time.Sleep(10 * time.Second) {
			must(t, s, orders)
		}
		synctest.Wait()
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		for ; time.Since(begin) < time.Hour+4*time.Minute; time.Sleep(10 * time.Second) {
			must(t, s, orders)
		}
		time.Sleep(time.Minute)
		if _, err := s.Token(t.Context(), orders); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("got %v, want that there is no file", err)
		}
	})
}

func TestBadPathsAndRequestsOfAFileAreRefused(t *testing.T) {
	dir := t.TempDir()
	for _, row := range []struct {
		path string
		opts []tokensource.Option
	}{
		{"", nil},
		{dir, []tokensource.Option{tokensource.Bound(0)}},
	} {
		if _, err := tokensource.NewFile(row.path, row.opts...); err == nil {
			t.Errorf("NewFile(%q): got no error", row.path)
		}
	}
	s := newFile(t, dir)
	if _, err := s.Token(t.Context(), orders); !errors.Is(err, tokensource.ErrUnavailable) || !strings.Contains(err.Error(), "regular") {
		t.Errorf("directory: got %v, want ErrUnavailable", err)
	}
	for _, r := range []tokensource.Request{
		{},
		{Audience: "a", Subject: tokensource.NewToken("subject", time.Time{}), SubjectIssuer: issuer},
	} {
		if _, err := s.Token(t.Context(), r); !errors.Is(err, tokensource.ErrRefused) {
			t.Errorf("%+v: got %v, want ErrRefused", r, err)
		}
	}
}
