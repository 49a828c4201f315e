package web

import (
	"embed"
	"net/http"
)

//go:embed assets
var assets embed.FS

// Assets serves the stylesheet, the script and the icon below /assets/.
func Assets() http.Handler {
	files := http.FileServerFS(assets)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isAsset(r) {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Cache-Control", "no-cache")
		files.ServeHTTP(w, r)
	})
}

// isAsset reports whether a request is for one of these files, which are the same for
// everybody.
func isAsset(r *http.Request) bool {
	switch r.URL.Path {
	case "/assets/style.css", "/assets/follow.js", "/assets/icon.svg":
		return true
	default:
		return false
	}
}
