package browser

import (
	"os"
	"path/filepath"

	"github.com/chromedp/chromedp"
)

// Screenshots is the environment variable that names the folder for pictures. Without
// it they go where the test keeps its artifacts (go test -artifacts).
const Screenshots = "GRPCAUD_SCREENSHOTS"

// Screenshot writes a picture of the whole page, name.png.
func (p *Page) Screenshot(name string) {
	p.t.Helper()
	picture := get(p, "is drawn", chromedp.FullScreenshot(100))
	dir := os.Getenv(Screenshots)
	if dir == "" {
		dir = p.t.ArtifactDir()
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o644); err != nil {
		p.t.Errorf("browser: %v", err)
	}
}
