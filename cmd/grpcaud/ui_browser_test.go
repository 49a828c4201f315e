package main_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	grpcaud "github.com/grpcaud/grpcaud/cmd/grpcaud"
)

// browser is a command ui that runs, and a browser that has opened its page.
type browser struct {
	base     string // the URL of the server, without a slash at its end
	folder   string // the path of the pages, likewise; empty before they are open
	next     string // the address for another browser
	out, log *growing
	client   *http.Client
	stop     func() int // ends the command, and returns its exit status
}

// show runs the command ui for the matrix at path, until the test ends, and opens its page.
func show(t *testing.T, path string, args ...string) *browser {
	t.Helper()
	b := started(t, append([]string{"ui", path}, args...))
	b.open(t)
	return b
}

// open opens the page with the address of the terminal.
func (b *browser) open(t *testing.T) {
	t.Helper()
	a := b.get(t, strings.TrimPrefix(b.next, b.base))
	a.want(t, http.StatusOK, "<h1>Access matrix</h1>")
	b.folder = strings.TrimSuffix(a.path, "/")
	b.out.wait(t, "The next browser opens it with")
}

// address matches an address that ui prints.
var address = regexp.MustCompile(`(http://[^/\s]+)/\?key=[A-Z2-7]{26}\n`)

// started runs the command ui, whose page nobody has opened.
func started(t *testing.T, args []string) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	b := &browser{out: &growing{grown: make(chan struct{})}, log: &growing{grown: make(chan struct{})}}
	b.client = &http.Client{Jar: jar, Transport: &http.Transport{}, Timeout: time.Minute}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	ended := make(chan int, 1)
	go func() { ended <- grpcaud.Run(ctx, args, strings.NewReader(""), b.out, b.log) }()
	b.stop = sync.OnceValue(func() int {
		cancel()
		code := <-ended
		b.client.CloseIdleConnections()
		return code
	})
	t.Cleanup(func() {
		if code := b.stop(); t.Failed() {
			t.Logf("exit status %d\n%s", code, b.log)
		}
	})
	b.out.wait(t, "Interrupt to end.\n")
	found := address.FindStringSubmatch(b.out.String())
	if found == nil {
		t.Fatalf("no address in\n%s", b.out)
	}
	b.base, b.next = found[1], strings.TrimSpace(found[0])
	return b
}

// request returns a request of the browser. The changes are made to it last.
func (b *browser) request(t *testing.T, method, path, body string, changes ...func(*http.Request)) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, b.base+b.folder+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", b.base)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for _, change := range changes {
		change(r)
	}
	return r
}

// answer is what a browser got.
type answer struct {
	status int
	header http.Header
	text   string
	path   string // after the last redirect
}

// send sends a request, and follows redirects.
func (b *browser) send(t *testing.T, r *http.Request) answer {
	t.Helper()
	response, err := b.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, string(text), response.Request.URL.Path}
}

func (b *browser) get(t *testing.T, path string) answer {
	t.Helper()
	return b.send(t, b.request(t, http.MethodGet, path, ""))
}

// paste sends a token in the form for it.
func (b *browser) paste(t *testing.T, token string) answer {
	t.Helper()
	return b.send(t, b.request(t, http.MethodPost, "/token", url.Values{"token": {token}}.Encode()))
}

// want checks the status of an answer, and that its page has each text.
func (a answer) want(t *testing.T, status int, texts ...string) {
	t.Helper()
	if a.status != status {
		t.Errorf("status = %d, want %d\n%s", a.status, status, a.text)
	}
	for _, text := range texts {
		if !strings.Contains(a.text, text) {
			t.Errorf("got no %q in\n%s", text, a.text)
		}
	}
}

// lacks checks that the page has none of the texts.
func (a answer) lacks(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(a.text, text) {
			t.Errorf("got %q in\n%s", text, a.text)
		}
	}
}

// changes follows the changes that the page hears of: it returns the data of each event.
func (b *browser) changes(t *testing.T) <-chan string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	response, err := b.client.Do(b.request(t, http.MethodGet, "/events", "").WithContext(ctx))
	if err != nil {
		t.Fatal(err)
	}
	if got := response.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Fatalf("content type of the events = %q", got)
	}
	events := make(chan string)
	var reader sync.WaitGroup
	reader.Go(func() {
		defer close(events)
		for lines := bufio.NewScanner(response.Body); lines.Scan(); {
			data, ok := strings.CutPrefix(lines.Text(), "data: ")
			if !ok {
				continue
			}
			select {
			case events <- data:
			case <-ctx.Done():
				return
			}
		}
	})
	t.Cleanup(func() {
		cancel()
		response.Body.Close()
		reader.Wait()
	})
	return events
}
