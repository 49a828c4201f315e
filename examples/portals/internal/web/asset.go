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
		switch r.URL.Path {
		case "/assets/style.css", "/assets/follow.js", "/assets/icon.svg":
			w.Header().Set("Cache-Control", "no-cache")
			files.ServeHTTP(w, r)
		default:
			http.NotFound(w, r)
		}
	})
}
