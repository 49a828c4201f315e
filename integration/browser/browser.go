// Package browser drives Chromium through pages of this project, as a person would: it
// clicks on what has a name, types, reads, and looks for faults.
package browser

import (
	"context"
	"os"
	"os/exec"
	"testing"

	"github.com/chromedp/chromedp"
)

// programs are the names under which systems install Chromium.
var programs = []string{"chromium", "chromium-browser", "google-chrome"}

// Browser is a running Chromium with cookies of its own.
type Browser struct {
	ctx context.Context
}

// Open starts Chromium without a window. It ends with t, and with it all pages. Where
// there is no Chromium, t is skipped.
func Open(t *testing.T) *Browser {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program(t)),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.DisableGPU,
	)
	if os.Getuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium has no sandbox for root
	}
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx, chromedp.WithErrorf(t.Logf))
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("browser: Chromium does not start: %v", err)
	}
	return &Browser{ctx}
}

func program(t *testing.T) string {
	t.Helper()
	for _, name := range programs {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skipf("browser: none of %q is installed; Debian's package is chromium", programs)
	return ""
}
