// Command zitadel is an authorization server for tests: the example server of
// github.com/zitadel/oidc on loopback, with what the library leaves to its
// user decided as the company of our examples would.
//
//	zitadel ADDRESS
//
// An audience is asked for as a scope, urn:zitadel:iam:org:project:id:AUDIENCE:aud.
// POST /admin/rotate makes a new key, which is kept with those before it in
// keys.json of the working directory.
package main

import (
	"log"
	"log/slog"
	"net/http"
	"os"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: zitadel ADDRESS")
	}
	if err := serve(os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

func serve(addr string) error {
	s, err := newStore()
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/", exampleop.SetupServer("http://"+addr, s, slog.Default(), false))
	mux.HandleFunc("POST /admin/rotate", func(w http.ResponseWriter, _ *http.Request) {
		if err := s.keys.rotate(); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	return http.ListenAndServe(addr, mux)
}
