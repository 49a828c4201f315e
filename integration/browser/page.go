package browser

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// patience is how long a page may take for what it is asked for. What has to be quick
// has a time of its own.
const patience = 30 * time.Second

// Page is one tab.
type Page struct {
	t   *testing.T
	ctx context.Context

	mu     sync.Mutex
	faults []string
}

// Page opens an empty tab of this width, in CSS pixels. It shares the cookies of the
// other tabs.
func (b *Browser) Page(t *testing.T, width int64) *Page {
	t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx)
	t.Cleanup(cancel)
	p := &Page{t: t, ctx: ctx}
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("browser: no new page: %v", err)
	}
	console := chromedp.Console(ctx)
	go func() {
		for m, err := range console {
			if err != nil {
				return // the page was closed
			}
			p.keep(m)
		}
	}()
	var options []chromedp.EmulateViewportOption
	if width < 600 {
		options = append(options, chromedp.EmulateMobile, chromedp.EmulatePortrait)
	}
	p.do("opens", chromedp.EmulateViewport(width, 800, options...))
	return p
}

// keep keeps what the console shows as an error.
func (p *Page) keep(m chromedp.ConsoleMessage) {
	if m.Type != "error" && !m.IsException() {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = append(p.faults, m.Text+" "+m.URL)
}

// Faults returns what the console showed as an error since it was last asked.
func (p *Page) Faults() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	faults := p.faults
	p.faults = nil
	return faults
}

// do performs an action; the test ends if it fails.
func (p *Page) do(what string, action chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	get(p, what, action)
}

// get is do for an action with a value.
func get[T any](p *Page, what string, action chromedp.Action[T]) T {
	p.t.Helper()
	value, err := within(p, patience, action)
	if err != nil {
		p.t.Fatalf("browser: the page %s: %v\n%s", what, err, p.describe())
	}
	return value
}

func within[T any](p *Page, limit time.Duration, action chromedp.Action[T]) (T, error) {
	ctx, cancel := context.WithTimeout(p.ctx, limit)
	defer cancel()
	return chromedp.Run(ctx, action)
}

// describe returns where the page is and what it shows, for the message of a failed test.
func (p *Page) describe() string {
	text, err := within(p, 5*time.Second, chromedp.Evaluate[string](`location.href + "\n" + (document.body?.innerText ?? "")`))
	if err != nil {
		return err.Error()
	}
	return text
}

// Go opens an address.
func (p *Page) Go(url string) {
	p.t.Helper()
	p.do("opens "+url, chromedp.Navigate(url))
}

// Click clicks on the first visible link, button or summary with this text.
func (p *Page) Click(text string) {
	p.t.Helper()
	path := fmt.Sprintf(`//*[self::a or self::button or self::summary][contains(normalize-space(.), %s)]`, quoted(text))
	p.do("is clicked on "+text, chromedp.Click(path, chromedp.NodeVisible))
}

// Fill pastes text into the field with this label, instead of what is there.
func (p *Page) Fill(label, text string) {
	p.t.Helper()
	path := fmt.Sprintf(`//*[@id=//label[contains(normalize-space(.), %s)]/@for] | //label[contains(normalize-space(.), %[1]s)]//*[self::input or self::textarea]`, quoted(label))
	p.do("has "+label+" filled in", chromedp.Steps(
		chromedp.Focus(path),
		chromedp.Evaluate[chromedp.Void](`document.activeElement.select()`),
		chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
			_, err := cdp.Call(ctx, t, input.InsertText, input.InsertTextParams{Text: text})
			return err
		})))
}

// Choose chooses an option of the list with this label, by typing its text.
func (p *Page) Choose(label, option string) {
	p.t.Helper()
	path := fmt.Sprintf(`//select[@id=//label[contains(normalize-space(.), %s)]/@for]`, quoted(label))
	p.do("has "+option+" chosen", chromedp.SendKeys(path, option))
}

// Press presses keys, such as [kb.Tab], wherever the focus is.
func (p *Page) Press(keys ...string) {
	p.t.Helper()
	p.do("takes keys", chromedp.KeyEvent(strings.Join(keys, "")))
}

// TabTo presses the tabulator until the focus is on something with this text or label,
// at most 60 times.
func (p *Page) TabTo(text string) {
	p.t.Helper()
	var seen []string
	for range 60 {
		p.Press(kb.Tab)
		focus := p.Focus()
		if strings.Contains(focus, text) {
			return
		}
		seen = append(seen, focus)
	}
	p.t.Fatalf("browser: the tabulator does not reach %q; it reaches\n%s", text, strings.Join(seen, "\n"))
}

// Focus returns the text, the label or the name of what has the focus.
func (p *Page) Focus() string {
	p.t.Helper()
	return get(p, "has a focus", chromedp.Evaluate[string](`(() => {
		const e = document.activeElement;
		const label = e.labels?.[0]?.innerText ?? e.getAttribute("aria-label") ?? "";
		return (label || e.innerText || e.value || e.tagName).trim();
	})()`))
}

// Text returns what the page shows.
func (p *Page) Text() string {
	p.t.Helper()
	return get(p, "shows text", chromedp.Evaluate[string](`document.body?.innerText ?? ""`))
}

// Wait waits until the page shows text, without anything being done.
func (p *Page) Wait(text string) {
	p.t.Helper()
	p.WaitFor(patience, text)
}

// WaitFor is [Page.Wait] with a time of its own. The page may go elsewhere meanwhile.
func (p *Page) WaitFor(limit time.Duration, text string) {
	p.t.Helper()
	shows := fmt.Sprintf(`(document.body?.innerText ?? "").toLowerCase().includes(%s.toLowerCase())`, js(text))
	ctx, cancel := context.WithTimeout(p.ctx, limit)
	defer cancel()
	poll := chromedp.Poll[bool](shows, chromedp.WithPollingTimeout(0), chromedp.WithPollingInterval(20*time.Millisecond))
	for {
		_, err := chromedp.Run(ctx, poll)
		switch {
		case err == nil:
			return
		case ctx.Err() != nil:
			p.t.Fatalf("browser: the page does not show %q within %v\n%s", text, limit, p.describe())
		}
	}
}

// WaitAgain loads the page again until it shows text.
func (p *Page) WaitAgain(text string) {
	p.t.Helper()
	for end := time.Now().Add(patience); !strings.Contains(p.Text(), text); {
		if time.Now().After(end) {
			p.t.Fatalf("browser: the page does not show %q within %v\n%s", text, patience, p.describe())
		}
		p.do("is loaded again", chromedp.Reload())
	}
}

// URL returns the address of the page.
func (p *Page) URL() string {
	p.t.Helper()
	return get(p, "has an address", chromedp.Location())
}

// Fits reports a page that has to be scrolled sideways.
func (p *Page) Fits() {
	p.t.Helper()
	if more := p.overflow(); more > 0 {
		p.t.Errorf("browser: %s is %d pixels wider than the window", p.URL(), more)
	}
}

// overflow returns by how many pixels the page is wider than the window.
func (p *Page) overflow() int {
	p.t.Helper()
	return get(p, "has a width", chromedp.Evaluate[int](`document.documentElement.scrollWidth - document.documentElement.clientWidth`))
}
