package verifier_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/verifier"
	"github.com/grpcaud/grpcaud/testutil"
)

// keysFile is a file of keys in the test's own directory.
type keysFile struct {
	t    *testing.T
	path string
}

func newKeysFile(t *testing.T, keys ...any) keysFile {
	f := keysFile{t, filepath.Join(t.TempDir(), "jwks.json")}
	f.write(jwks(t, keys...))
	f.date(f.path, time.Now().Add(-time.Hour))
	return f
}

func (f keysFile) date(path string, at time.Time) { f.must(os.Chtimes(path, at, at)) }

func (f keysFile) dated() time.Time {
	info, err := os.Stat(f.path)
	f.must(err)
	return info.ModTime()
}

func (f keysFile) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// write changes the file in its place.
func (f keysFile) write(data []byte) {
	f.must(os.WriteFile(f.path, data, 0o600))
	f.date(f.path, time.Now())
}

// rename puts another file in its place, with the same time.
func (f keysFile) rename(data []byte) {
	f.must(os.WriteFile(f.path+".new", data, 0o600))
	f.date(f.path+".new", f.dated())
	f.must(os.Rename(f.path+".new", f.path))
}

// project puts the file where Kubernetes has it: behind two symbolic links, of
// which the first is changed. The time of the file stays.
func (f keysFile) project(data []byte) {
	dir := filepath.Dir(f.path)
	version, err := os.MkdirTemp(dir, "..version")
	f.must(err)
	f.must(os.WriteFile(filepath.Join(version, "jwks.json"), data, 0o600))
	f.date(filepath.Join(version, "jwks.json"), f.dated())
	f.must(os.Symlink(filepath.Base(version), filepath.Join(dir, "..new")))
	f.must(os.Rename(filepath.Join(dir, "..new"), filepath.Join(dir, "..data")))
	if _, err := os.Readlink(f.path); err != nil {
		f.must(os.Remove(f.path))
		f.must(os.Symlink(filepath.Join("..data", "jwks.json"), f.path))
	}
}

func (f keysFile) verifier() *verifier.Verifier {
	transport := roundTripper(nil) // to use it would panic
	return verifierOf(f.t, []access.Issuer{{URL: corp, KeysFile: f.path}}, verifier.Transport(transport))
}

// TestChangedKeysFileIsRead shows that new keys in a file are used, and removed ones
// are not, within seconds, in whichever way the file changes, and that no issuer is
// asked.
func TestChangedKeysFileIsRead(t *testing.T) {
	for name, change := range map[string]func(keysFile, []byte){
		"written":             keysFile.write,
		"renamed":             keysFile.rename,
		"kubernetes, 1st":     keysFile.project,
		"kubernetes, 2nd":     func(f keysFile, data []byte) { f.project([]byte("{}")); f.project(data) },
		"missing for a while": func(f keysFile, data []byte) { f.must(os.Remove(f.path)); time.Sleep(time.Minute); f.write(data) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				issuer, old, next := newIssuer(), testutil.NewKey("ES256"), testutil.NewKey("ES256")
				file := newKeysFile(t, old.JWK())
				v := file.verifier()
				_, err := v.Verify(t.Context(), mint(issuer, testutil.SignedBy(old)))
				want(t, "old key", err, "")
				change(file, jwks(t, next.JWK()))
				time.Sleep(31 * time.Second) // the longest back-off
				_, err = v.Verify(t.Context(), mint(issuer, testutil.SignedBy(next)))
				want(t, "new key", err, "")
				_, err = v.Verify(t.Context(), mint(issuer, testutil.SignedBy(old)))
				want(t, "old key, gone", err, audience.CauseKeyUnknown)
			})
		})
	}
}

// TestFileUnknownKey shows that a token of a key that was just added does not wait for
// the next regular check of the file.
func TestFileUnknownKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer, next := newIssuer(), testutil.NewKey("ES256")
		file := newKeysFile(t, testutil.NewKey("ES256").JWK())
		v := file.verifier()
		if err := v.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		file.rename(jwks(t, next.JWK()))
		began := time.Now()
		_, err := v.Verify(t.Context(), mint(issuer, testutil.SignedBy(next)))
		want(t, "new key", err, "")
		if waited := time.Since(began); waited > time.Second {
			t.Errorf("waited %v", waited)
		}
	})
}

// TestSecondChangeOfAKeysFileIsSeen shows that a second change is seen although the
// file's time does not differ from that after the first.
func TestSecondChangeOfAKeysFileIsSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer, first, second := newIssuer(), testutil.NewKey("ES256"), testutil.NewKey("ES256")
		file := newKeysFile(t, first.JWK())
		file.date(file.path, time.Now())
		v := file.verifier()
		_, err := v.Verify(t.Context(), mint(issuer, testutil.SignedBy(first)))
		want(t, "first key", err, "")
		file.write(jwks(t, second.JWK()))
		_, err = v.Verify(t.Context(), mint(issuer, testutil.SignedBy(second)))
		want(t, "second key", err, "")
	})
}

// TestBadKeysFileLeavesTheOldKeys shows that after a file became unreadable the old
// keys are used, and the stats have the error.
func TestBadKeysFileLeavesTheOldKeys(t *testing.T) {
	for name, spoil := range map[string]func(keysFile){
		"half":    func(f keysFile) { f.write([]byte(`{"keys":[`)) },
		"empty":   func(f keysFile) { f.write(nil) },
		"no keys": func(f keysFile) { f.write([]byte(`{"keys":[]}`)) },
		"too large": func(f keysFile) {
			f.write(append(jwks(f.t, testutil.NewKey("ES256").JWK()), bytes.Repeat([]byte(" "), 1<<20)...))
		},
		"missing":   func(f keysFile) { f.must(os.Remove(f.path)) },
		"directory": func(f keysFile) { f.must(os.Remove(f.path)); f.must(os.Mkdir(f.path, 0o700)) },
	} {
		t.Run(name, func(t *testing.T) { goesBad(t, spoil) })
	}
}

// goesBad checks that old keys outlive what spoil does to their file.
func goesBad(t *testing.T, spoil func(keysFile)) {
	synctest.Test(t, func(t *testing.T) {
		issuer, key := newIssuer(), testutil.NewKey("ES256")
		file := newKeysFile(t, key.JWK())
		warm := file.verifier()
		_, err := warm.Verify(t.Context(), mint(issuer, testutil.SignedBy(key)))
		want(t, "before", err, "")
		spoil(file)
		time.Sleep(time.Hour)
		_, err = warm.Verify(t.Context(), mint(issuer, testutil.SignedBy(key)))
		want(t, "warm", err, "")
		if f := warm.Stats()[0]; f.LastError == nil || f.Failures == 0 || f.Keys != 1 || f.Age < 59*time.Minute {
			t.Errorf("figures = %+v, want the failures and the age", f)
		}
		_, err = file.verifier().Verify(t.Context(), mint(issuer, testutil.SignedBy(key)))
		want(t, "cold", err, audience.CauseKeysUnavailable)
	})
}
